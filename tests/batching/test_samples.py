"""Which prefixes are samples, and in which window each prefix is encoded."""

import pytest
import torch

from sracl_core.batching.samples import MODES, Samples
from sracl_core.batching.sequences import Sequences
from sracl_core.ragged import Ragged

# Users of 5, 1, 0, 2 and 3 training items: flat positions 0-4, 5, -, 6-7, 8-10.
LENGTHS = (5, 1, 0, 2, 3)


def samples(mode: str, max_length: int) -> Samples:
    lists = [[100 * user + place for place in range(length)] for user, length in enumerate(LENGTHS)]
    return MODES[mode](Sequences.from_ragged(Ragged.from_lists(lists), torch.device("cpu")), max_length)


def test_causal_is_one_pass_a_user() -> None:
    found = samples("causal", max_length=2)
    assert found.every_position
    assert found.lasts.tolist() == [3, 6, 9]
    # The pass of the first user is items 2 and 3; earlier prefixes have windows of their own.
    assert found.begins.tolist()[:4] == [0, 0, 2, 2]
    assert found.begins[[6, 8, 9]].tolist() == [6, 8, 8]


def test_prefix_is_every_position_with_a_target() -> None:
    found = samples("prefix", max_length=2)
    assert not found.every_position
    assert found.lasts.tolist() == [0, 1, 2, 3, 6, 8, 9]
    assert found.begins[found.lasts].tolist() == [0, 0, 1, 2, 6, 8, 8]


@pytest.mark.parametrize("mode", MODES)
def test_with_room_enough_every_window_begins_with_the_user(mode: str) -> None:
    assert samples(mode, max_length=50).begins.tolist() == [0] * 5 + [5] + [6] * 2 + [8] * 3
