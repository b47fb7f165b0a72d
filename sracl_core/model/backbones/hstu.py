"""HSTU: layers whose attention adds up without a softmax, and is gated (Zhai et al., ICML 2024).

A layer makes u, v, q and k of the normed state x of every position, by a linear map and SiLU; adds up, head by head,
a_i = Σ_{j ≤ i} SiLU(q_i · k_j + b_{i − j}) v_j / N; and adds W (norm(a) ∘ u) to what came in. N is `max_length`, as in
the authors' research code, and no count of the window's own items, so that a state is the same in a longer pass. All
heads share the bias b, which each layer learns for every distance; the first layer gets item vectors times √d. What
differs from that code:

- There are no timestamps here, and so no bias by the time between two items.
- Order is told by b alone, as in the paper's equation; the code also adds a learned vector of the place from the start.
- States and items are not brought to length 1. All linear maps have biases, and norms have weights.
"""

from collections.abc import Iterable
from typing import ClassVar, cast

from torch import Tensor, nn
from torch.nn import functional as F

from sracl_core.model.backbone import BackboneParams, PackedBackbone
from sracl_core.model.dropout import Dropout
from sracl_core.model.packed import Buckets, take_rows
from sracl_core.model.transformer import HeadsParams, distances

NORM_EPSILON = 1e-6


class HSTUParams(HeadsParams):
    """Parameters of HSTU."""


class Unit(nn.Module):
    """One layer, a sequential transduction unit."""

    def __init__(self, params: HSTUParams) -> None:
        super().__init__()
        d = params.hidden
        self.heads, self.most = params.heads, params.max_length
        self.distance_bias = nn.Embedding(params.max_length, 1)
        self.input_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.gate_value_query_key = nn.Linear(d, 4 * d)
        self.attention_norm = nn.LayerNorm(d, eps=NORM_EPSILON)
        self.output = nn.Linear(d, d)
        self.dropout = Dropout(params.dropout)

    def forward(self, states: Tensor, buckets: Buckets, read: Tensor | None = None) -> Tensor:
        """Map states [T, d], laid out as `buckets`, to states [T, d], or [R, d] at the places `read`."""
        d = states.shape[1]
        gate, looked_at = F.silu(self.gate_value_query_key(self.input_norm(states))).split([d, 3 * d], dim=1)
        attended = buckets.along_windows(looked_at, self._attend)
        if read is not None:
            states, gate, attended = (take_rows(each, read) for each in (states, gate, attended))
        return states + self.output(self.dropout(self.attention_norm(attended) * gate))

    def _attend(self, value_query_key: Tensor) -> Tensor:
        """Map [b, L, 3d] to [b, L, d]: every position adds up its own value and those before it."""
        heads = value_query_key.unflatten(2, (3, self.heads, -1))
        value, query, key = heads.permute(2, 0, 3, 1, 4)  # [b, heads, L, d / heads]
        distance = distances(value_query_key.shape[1], value_query_key.device)  # [L, L]
        scores = query @ key.transpose(2, 3) + self.distance_bias(distance).squeeze(2)
        # Padding lies on the right, so what keeps out later positions keeps it out of every real position too.
        weights = (F.silu(scores) / self.most).tril()
        return (weights @ value).transpose(1, 2).flatten(2)


class HSTU(PackedBackbone):
    """The backbone of transduction units: items · √d → dropout → units."""

    Params: ClassVar[type[BackboneParams]] = HSTUParams

    def __init__(self, n_items: int, params: HSTUParams) -> None:
        super().__init__(n_items, params)
        self.dropout = Dropout(params.dropout)
        self.layers = nn.ModuleList([Unit(params) for _ in range(params.layers)])
        self.initialise()

    def encode_windows(self, items: Tensor, lengths: Tensor, read: Tensor | None) -> Tensor:
        """Return the states at what is read; the last layer gates and maps nothing else."""
        buckets = Buckets(lengths)
        vectors = self.item_embedding(items[buckets.rows])  # [T, d]
        states = self.dropout(vectors * self.params.hidden**0.5)
        places = buckets.places()
        *earlier, last = cast(Iterable[Unit], self.layers)
        for layer in earlier:
            states = layer(states, buckets)
        return last(states, buckets, places if read is None else places[read])


PLUGIN = HSTU
