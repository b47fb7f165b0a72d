"""What a backbone promises, and how one is built by name."""

from abc import abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.ground.errors import ModelError
from sracl_core.ground.plugins import load_plugin, require_subclass
from sracl_core.model.packed import Buckets, take_rows
from sracl_core.params.reading.fields import Fields

PADDING = 0
INITIAL_STD = 0.02
MOST_DIMENSION = 2**16  # of text vectors: a number that is told must not ask for any memory


class BackboneParams(Fields):
    """What every backbone has; one with more parameters derives its `Params` from this."""

    hidden: int = Field(64, ge=1, le=16_384, description="dimension d of item vectors and hidden states")
    dropout: float = Field(0.5, ge=0, lt=1, description="dropout probability")
    max_length: int = Field(50, ge=2, le=100_000, description="most recent items the backbone sees")
    initialisation: Literal["xavier", "normal"] = Field(
        "xavier", description="how linear maps begin: Xavier's normal distribution, or N(0, 0.02²)"
    )

    def only_prefixes(self) -> str:
        """Return why a prefix cannot be read off a longer pass; "" where it can.

        A state may then depend on later items, or on where its window ends. Such a backbone is trained in mode
        `prefix`.
        """
        return ""


class Backbone(nn.Module):
    """A sequence encoder f_θ with tied item vectors.

    A subclass declares its parameters as `Params`, takes `(n_items, params)`, calls `super().__init__`, which makes the
    item embedding ([n_items + 1, d], row 0 is padding), makes its own modules and calls `initialise`. It defines
    `forward`; `encode_windows` too, where it knows a faster way to the same states. The state at a position may depend
    on that position and earlier ones alone, so that prefixes are read off a longer pass; a backbone of which this is
    not true says so in `BackboneParams.only_prefixes`.

    One that sets `uses_text_vectors` takes `(n_items, params, text_vectors)`, float32 [n_items, D]: row i is the unit
    vector that the stage embed made of the profile of item i + 1. Its weights may begin with them, or it keeps them as
    a buffer. A saved model is built with zeros in their place, and all it holds comes from the file of its weights.
    """

    Params: ClassVar[type[BackboneParams]] = BackboneParams
    uses_text_vectors: ClassVar[bool] = False

    def __init__(self, n_items: int, params: BackboneParams) -> None:
        super().__init__()
        self.n_items = n_items
        self.params = params
        self.text_dimension: int | None = None  # D of the text vectors it was built with
        self.precision: AbstractContextManager[object] = nullcontext()  # of passes in training
        self.item_embedding = nn.Embedding(n_items + 1, params.hidden, padding_idx=PADDING)

    @abstractmethod
    def forward(self, items: Tensor) -> Tensor:
        """Encode `items` (int64 [B, L], padded on the right with 0, L ≤ max_length) into states [B, L, d].

        States at padding mean nothing.
        """

    def encode(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        """Return the states of packed windows at the packed rows `read` int64 [R], [R, d]; at all, [T, d], if None.

        `items` is int64 [T], `lengths` int64 [B] with 1 ≤ length ≤ max_length and sum T. An item 0 is a masked one: it
        keeps its place, with the vector of padding or one of the backbone's own, and its state may be read.
        """
        if not len(lengths):
            return self.item_vectors().new_zeros(0, self.params.hidden)
        return self.encode_windows(items, lengths, read)

    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Do what `encode` promises, of one window at least.

        This pads windows to the longest of their bucket, which `forward` then sees; a backbone that can do without, or
        has less to do where few rows are read, or looks for padding in `forward`, has its own (`PackedBackbone`).
        """
        buckets = Buckets(lengths)
        states = buckets.along_windows(items[buckets.rows], self)
        places = buckets.places()
        return take_rows(states, places if read is None else places[read])

    def encode_in_training(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        """Return what `encode` does, from a pass of the precision that training chose; the states have the weights'."""
        with self.precision:
            states = self.encode(items, lengths, read)
        return states.to(self.item_embedding.weight.dtype)

    def initialise(self) -> None:
        """Fill every linear map and embedding, for a subclass to call when they are all made.

        Embeddings begin at N(0, 0.02²), the padding row and biases at zero, linear maps as `params.initialisation`
        says: `normal` at N(0, 0.02²) too (the authors' code), `xavier` at N(0, 2 / (inputs + outputs)) (Glorot &
        Bengio, 2010). Other modules keep torch's own.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear):
                if self.params.initialisation == "xavier":
                    nn.init.xavier_normal_(module.weight)
                else:
                    nn.init.normal_(module.weight, std=INITIAL_STD)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=INITIAL_STD)
                if module.padding_idx is not None:
                    nn.init.zeros_(module.weight[module.padding_idx].detach())

    def item_vectors(self) -> Tensor:
        """Return the vectors items are scored with, [n_items, d]; row i belongs to item i + 1."""
        return self.item_embedding.weight[1:]

    def vectors_of(self, items: Tensor) -> Tensor:
        """Return the vectors that `items` int64 [...] (ids from 1) are scored with, [..., d]; no other is looked at."""
        if type(self).item_vectors is not Backbone.item_vectors:  # made of something else than the embedding
            return F.embedding(items - 1, self.item_vectors())
        return F.embedding(items, self.item_embedding.weight, sparse=self.item_embedding.sparse)

    @property
    def reads_prefixes(self) -> bool:
        """Whether a state in a longer pass is that of the prefix alone."""
        return not self.params.only_prefixes()

    @property
    def device(self) -> torch.device:
        """The device the weights lie on."""
        return self.item_embedding.weight.device


class PackedBackbone(Backbone):
    """A backbone that works on packed windows, and so defines `encode_windows` in the place of `forward`."""

    @abstractmethod
    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Do what `encode` promises, of one window at least."""

    def forward(self, items: Tensor) -> Tensor:
        """Encode items [B, L] into states [B, L, d], with zeros at padding; an item 0 before others is a masked one."""
        places = torch.arange(1, items.shape[1] + 1, device=items.device)
        lengths = ((items != PADDING) * places).amax(1)  # [B]
        real = places <= lengths[:, None]
        states = self.encode(items[real], lengths)
        return states.new_zeros(*items.shape, states.shape[1]).index_put((real,), states)


def build_backbone(name: str, n_items: int, params: Any, text_vectors: Tensor | None = None) -> Backbone:
    """Return a freshly initialised backbone; `name` is a registered one or `package.module:Name`.

    `params` are of its `Params`, `text_vectors` float32 [n_items, D] those of items 1 … n, which only a backbone that
    uses them gets to see. Initialisation draws from torch's global random state. Raises ModelError when the name leads
    nowhere, or to something else than a backbone, which is then not called, and when one lacks the vectors it uses.
    """
    found: Any = backbone_class(name)
    if not found.uses_text_vectors:
        backbone: Backbone = found(n_items, params)
        return backbone
    given = _fitting(name, n_items, text_vectors)
    backbone = found(n_items, params, given)
    backbone.text_dimension = given.shape[1]
    return backbone


def _fitting(name: str, n_items: int, text_vectors: Tensor | None) -> Tensor:
    """Return `text_vectors`; raises ModelError where there are none, or not one for each of `n_items`."""
    given = "none were given"
    if text_vectors is not None:
        shape = list(text_vectors.shape)
        if text_vectors.dtype == torch.float32 and shape[:-1] == [n_items] and 1 <= shape[-1] <= MOST_DIMENSION:
            return text_vectors
        given = f"{str(text_vectors.dtype).removeprefix('torch.')} {shape} were given"
    raise ModelError(
        f"The backbone {name!r} uses the text vectors of items, and {given}. Give it float32 [{n_items}, D], D at most "
        f"{MOST_DIMENSION:,}, one for each item of the catalogue: those in item_embeddings.parquet."
    )


def comes_back(backbone: Backbone) -> bool:
    """Whether a saved model of it is the same: built with zeros for text vectors, and given weights and buffers.

    `backbone` lies on the CPU; a short history is encoded by both. No random state is changed.
    """
    blank = [] if backbone.text_dimension is None else [torch.zeros(backbone.n_items, backbone.text_dimension)]
    made: Any = type(backbone)
    with torch.random.fork_rng([]), torch.no_grad():
        again: Backbone = made(backbone.n_items, backbone.params, *blank).eval()
        again.load_state_dict(backbone.state_dict())
        items = torch.arange(1, min(backbone.n_items, backbone.params.max_length, 8) + 1)[None]
        in_training = backbone.training
        found = [(one(items), one.item_vectors()) for one in (backbone.eval(), again)]
        backbone.train(in_training)
    return all(torch.allclose(first, second) for first, second in zip(*found, strict=True))


def backbone_class(name: str) -> type[Backbone]:
    """Return the class of a backbone; raises ModelError as `build_backbone` does."""
    found: type[Backbone] = require_subclass(name, load_plugin("sracl_core.model.backbones", name), Backbone)
    return found
