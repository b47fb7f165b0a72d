"""What a backbone promises, and how one is built by name."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from sracl_core.ground.plugins import load_plugin, require_subclass
from sracl_core.model.packed import Buckets, take_rows
from sracl_core.params.train import ModelParams

PADDING = 0
INITIAL_STD = 0.02


class Backbone(nn.Module):
    """A sequence encoder f_θ with tied item vectors.

    A subclass takes `(n_items, params)`, calls `super().__init__`, which makes the item embedding ([n_items + 1, d],
    row 0 is padding), makes its own modules and calls `initialise`. It defines `forward`; `encode` too, where it knows
    a faster way to the same states. The state at a position may depend on that position and earlier ones alone, so
    that prefixes are read off a longer pass; a backbone of which this is not true sets `reads_prefixes` to False, and
    is trained in mode `prefix`.
    """

    reads_prefixes = True

    def __init__(self, n_items: int, params: ModelParams) -> None:
        super().__init__()
        self.n_items = n_items
        self.params = params
        self.item_embedding = nn.Embedding(n_items + 1, params.hidden, padding_idx=PADDING)

    @abstractmethod
    def forward(self, items: Tensor) -> Tensor:
        """Encode `items` (int64 [B, L], padded on the right with 0, L ≤ max_length) into states [B, L, d].

        States at padding mean nothing.
        """

    def encode(self, items: Tensor, lengths: Tensor, read: Tensor | None = None) -> Tensor:
        """Return the states of packed windows at the packed rows `read` int64 [R], [R, d]; at all, [T, d], if None.

        `items` is int64 [T], `lengths` int64 [B] with 1 ≤ length ≤ max_length and sum T. This pads windows to the
        longest of their bucket; a backbone that can do without, or has less to do where few rows are read, does so.
        """
        if not len(lengths):
            return self.item_vectors().new_zeros(0, self.params.hidden)
        buckets = Buckets(lengths)
        states = buckets.along_windows(items[buckets.rows], self)
        places = buckets.places()
        return take_rows(states, places if read is None else places[read])

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

    @property
    def device(self) -> torch.device:
        """The device the weights lie on."""
        return self.item_embedding.weight.device


def build_backbone(name: str, n_items: int, params: ModelParams) -> Backbone:
    """Return a freshly initialised backbone; `name` is a registered one or `package.module:Name`.

    Initialisation draws from torch's global random state. Raises ModelError when the name leads nowhere, or to
    something else than a backbone, which is then not called.
    """
    found = require_subclass(name, load_plugin("sracl_core.model.backbones", name), Backbone)
    backbone: Backbone = found(n_items, params)
    return backbone
