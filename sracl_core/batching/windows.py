"""Windows that a step encodes beside the samples' own, collected first, so that one pass does for all of them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sracl_core.model.backbone import Backbone
from sracl_core.model.packed import spans, window_offsets


@dataclass(frozen=True)
class Windows:
    """Packed windows to encode: `items` int64 [T] with `lengths` int64 [B]; `read` int64 [R] are the rows wanted."""

    items: Tensor
    lengths: Tensor
    read: Tensor

    def encode(self, backbone: Backbone) -> Tensor:
        """Return the states at what is read, [R, d]."""
        return backbone.encode_in_training(self.items, self.lengths, self.read)

    def encode_with(self, others: "Windows", backbone: Backbone) -> tuple[Tensor, Tensor]:
        """Return what `encode` does of these and of `others`, from one pass over both."""
        joint = Windows(
            torch.cat([self.items, others.items]),
            torch.cat([self.lengths, others.lengths]),
            torch.cat([self.read, others.read + len(self.items)]),
        )
        first, second = joint.encode(backbone).split([len(self.read), len(others.read)])
        return first, second


def no_windows(device: torch.device) -> Windows:
    """Return windows of which there are none."""
    nothing = torch.zeros(0, dtype=torch.int64, device=device)
    return Windows(nothing, nothing, nothing)


def prefix_windows(items: Tensor, begins: Tensor, lasts: Tensor, *, shared: bool) -> Windows:
    """Return windows that read every prefix `items[begin:last + 1]`; `items` [N], `begins` and `lasts` int64 [M].

    If `shared` (a backbone that `reads_prefixes`), those that begin together are read off one window, which goes as far
    as the longest of them: a state in it is that of the prefix alone. With dropout they share the noise of what they
    have in common. Equal prefixes share a window in any case.
    """
    names = begins if shared else begins * len(items) + lasts  # of the window each is read off, [M]
    found, window_of = torch.unique(names, return_inverse=True)  # [B], [M]
    starts = torch.zeros_like(found).scatter_reduce(0, window_of, begins, "amax")
    lengths = torch.zeros_like(found).scatter_reduce(0, window_of, lasts - begins + 1, "amax")
    return Windows(items[spans(starts, lengths)], lengths, window_offsets(lengths)[window_of] + lasts - begins)
