"""What a backbone promises of its states: each promise is a function that says what broke it."""

from collections.abc import Callable

import torch
from torch import Tensor

from sracl_core.commands.contract.world import N_ITEMS
from sracl_core.model.backbone import Backbone, comes_back

WINDOWS = ([3, 7, 2, 9], [5], [1, 2, 3], [4, 4, 8, 1])


def look_back_alone(backbone: Backbone) -> str:
    """A state depends on its own position and earlier ones; it may look ahead where `only_prefixes` says so."""
    if not backbone.reads_prefixes:
        return ""
    before, after = (backbone(torch.tensor([[3, 7, 2, *later]])) for later in ((9, 4), (11, 15)))
    if not _close(before[:, :3], after[:, :3]):
        return "the first 3 states change with later items; return the reason in only_prefixes of its Params"
    return "" if not _close(before[:, 3], after[:, 3]) else "a state does not change with the item at its position"


def padding_changes_nothing(backbone: Backbone) -> str:
    """Zeros on the right leave the states before them as they are."""
    alone, padded = backbone(torch.tensor([[3, 7, 2]])), backbone(torch.tensor([[3, 7, 2, 0, 0]]))
    if padded.shape != (1, 5, backbone.params.hidden):
        return f"states of items [1, 5] have the shape {list(padded.shape)}, expected [1, 5, {backbone.params.hidden}]"
    return "" if _close(alone, padded[:, :3]) else "states change with zeros on the right of their window"


def packed_windows_are_windows(backbone: Backbone) -> str:
    """`encode` finds for packed windows what `forward` does for each alone, at what is read, and of none none."""
    items, lengths = _packed(WINDOWS)
    expected = torch.cat([backbone(torch.tensor([window]))[0] for window in WINDOWS])
    if not _close(backbone.encode(items, lengths), expected):
        return "encode finds other states than forward, window by window"
    read = torch.tensor([11, 4, 4])
    if not _close(backbone.encode(items, lengths, read), expected[read]):
        return "encode finds other states at what is read than at all"
    nothing = torch.zeros(0, dtype=torch.int64)
    found = backbone.encode(nothing, nothing, nothing)
    return "" if not len(found) else f"encode makes {len(found)} states of no windows"


def a_masked_item_keeps_its_place(backbone: Backbone) -> str:
    """An item 0 within a window, or at its end, is encoded beside other windows as alone."""
    masked = ([3, 0, 2, 9], [0], [1, 2, 0])
    states = backbone.encode(*_packed(masked))
    if not states.isfinite().all():
        return "the states of windows with a masked item (0) are not finite"
    alone = torch.cat([backbone.encode(*_packed((window,))) for window in masked])
    return "" if _close(states, alone) else "a window with a masked item (0) has other states beside other windows"


def items_are_scored_by_their_vectors(backbone: Backbone) -> str:
    """`item_vectors` has a row for every item."""
    shape, expected = list(backbone.item_vectors().shape), [N_ITEMS, backbone.params.hidden]
    return "" if shape == expected else f"item_vectors has the shape {shape}, expected {expected}"


def its_weights_are_all_it_is(backbone: Backbone) -> str:
    """A saved model of it is the same, though it is built without what this one was built with."""
    said = "loaded from its weights and buffers it is another; keep in them all that it is built with"
    return "" if comes_back(backbone) else said


STATE_PROMISES: dict[str, Callable[[Backbone], str]] = {
    "a state looks back alone": look_back_alone,
    "padding changes nothing": padding_changes_nothing,
    "packed windows are windows": packed_windows_are_windows,
    "a masked item keeps its place": a_masked_item_keeps_its_place,
    "every item has a vector": items_are_scored_by_their_vectors,
    "saved and loaded it is the same": its_weights_are_all_it_is,
}


def _packed(windows: tuple[list[int], ...]) -> tuple[Tensor, Tensor]:
    items = torch.tensor([item for window in windows for item in window])
    return items, torch.tensor([len(window) for window in windows])


def _close(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-4, atol=1e-5)  # single precision
