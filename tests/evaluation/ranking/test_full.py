"""The tiled full ranking against a plain one, its tie rule, its masks and its complaints."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.evaluation.ranking.full import BYTES_PER_SCORE, full_ranks, tile_shape
from sracl_core.ground.errors import TrainingError
from sracl_core.ragged import Ragged

CPU = torch.device("cpu")


def plain_ranks(
    queries: torch.Tensor, items: torch.Tensor, targets: torch.Tensor, seen: list[list[int]] | None = None
) -> list[int]:
    """One user and one item at a time, in exact integers."""
    ranks = []
    for user, target in enumerate(targets.tolist()):
        scores = [sum(int(a) * int(b) for a, b in zip(queries[user], item, strict=True)) for item in items]
        masked = set(seen[user]) - {target} if seen else set()
        rivals = [score for item, score in enumerate(scores, 1) if item not in masked]
        ranks.append(sum(score >= scores[target - 1] for score in rivals))
    return ranks


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(0, 9), st.integers(1, 30), st.integers(1, 7)),
    cells=st.integers(1, 300),
    mask=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_any_tiling_gives_the_plain_ranks(shape: tuple[int, int, int], cells: int, mask: bool, seed: int) -> None:
    users, n_items, width = shape
    random = np.random.default_rng(seed)
    queries = torch.from_numpy(random.integers(-2, 3, (users, width)).astype(np.float32))  # few values: many ties
    items = torch.from_numpy(random.integers(-2, 3, (n_items, width)).astype(np.float32))
    targets = torch.from_numpy(random.integers(1, n_items + 1, users))
    lists = [random.integers(1, n_items + 1, random.integers(0, 12)).tolist() for _ in range(users)]
    seen = Ragged.from_lists(lists) if mask else None
    ranks = full_ranks(queries, items, targets, seen, tile_bytes=cells * BYTES_PER_SCORE)
    assert ranks.tolist() == plain_ranks(queries, items, targets, lists if mask else None)


@settings(max_examples=40, deadline=None)
@given(
    users=st.integers(1, 40),
    n_items=st.integers(1, 300),
    width=st.integers(1, 130),
    cells=st.integers(1, 5000),
    seed=st.integers(0, 10_000),
)
def test_a_collapsed_model_comes_last_everywhere(users: int, n_items: int, width: int, cells: int, seed: int) -> None:
    """In single precision this fails for about half of all shapes: equal columns of one product differ in a bit."""
    torch.manual_seed(seed)
    items = torch.randn(1, width).expand(n_items, width).contiguous()
    queries = torch.randn(users, width)
    queries -= queries.mean(dim=1, keepdim=True)  # as after a layer norm: sums that nearly cancel
    targets = torch.randint(1, n_items + 1, (users,))
    assert set(full_ranks(queries, items, targets, tile_bytes=cells * BYTES_PER_SCORE).tolist()) == {n_items}
    items = torch.full((n_items, width), 0.1)
    assert set(full_ranks(queries, items, targets, tile_bytes=cells * BYTES_PER_SCORE).tolist()) == {n_items}


def test_twins_of_the_target_rank_before_it_and_tiles_do_not_matter() -> None:
    torch.manual_seed(1)
    items = torch.randn(501, 64)
    twins = torch.tensor([3, 77, 250, 499])
    items[twins] = items[3].clone()
    queries = torch.randn(333, 64)
    targets = torch.randint(1, 502, (333,))
    targets[:100] = 78
    exact = (queries.double() @ items.double().T).numpy()
    expected = [
        len({item for item in range(501) if row[item] > row[target]} - set(twins.tolist()))
        + (4 if target in twins else 1 + 4 * bool(row[3] > row[target]))
        for row, target in zip(exact, (targets - 1).tolist(), strict=True)
    ]
    for cells in (11, 64, 1000, 333 * 501, 10**7):
        assert full_ranks(queries, items, targets, tile_bytes=cells * BYTES_PER_SCORE).tolist() == expected


def test_the_target_is_never_masked_and_a_seen_item_never_counts() -> None:
    items = torch.tensor([[3.0], [2.0], [1.0]])
    queries, targets = torch.ones(1, 1), torch.tensor([3])
    assert full_ranks(queries, items, targets).tolist() == [3]
    assert full_ranks(queries, items, targets, Ragged.from_lists([[1, 3, 1]])).tolist() == [2]
    assert full_ranks(-queries, items, torch.tensor([1]), Ragged.from_lists([[2, 3]])).tolist() == [1]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_named(value: float) -> None:
    queries, items, targets = torch.ones(4, 3), torch.ones(5, 3), torch.ones(4, dtype=torch.int64)
    queries[2, 1] = value
    with pytest.raises(TrainingError, match=r"the query of row 2 is not finite \(1 of 4 are not\)"):
        full_ranks(queries, items, targets)
    items[3:, 0] = value
    with pytest.raises(TrainingError, match=r"the vector of item 4 is not finite \(2 of 5 are not\).*learning_rate"):
        full_ranks(torch.ones(4, 3), items, targets)


def test_shapes_that_do_not_fit_are_refused() -> None:
    queries, items = torch.ones(2, 3), torch.ones(5, 3)
    for targets in (torch.tensor([1]), torch.tensor([0, 1]), torch.tensor([1, 6])):
        with pytest.raises(ValueError, match="targets"):
            full_ranks(queries, items, targets)
    with pytest.raises(ValueError, match="seen"):
        full_ranks(queries, items, torch.tensor([1, 2]), Ragged.from_lists([[1]]))


@settings(max_examples=100, deadline=None)
@given(users=st.integers(1, 10**8), n_items=st.integers(1, 10**8), tile_bytes=st.integers(1, 2**33))
def test_a_tile_keeps_to_its_memory(users: int, n_items: int, tile_bytes: int) -> None:
    for device in (CPU, torch.device("cuda")):
        rows, columns = tile_shape(users, n_items, tile_bytes, device)
        assert 1 <= rows <= users and 1 <= columns <= n_items
        assert rows * columns * BYTES_PER_SCORE <= max(tile_bytes, BYTES_PER_SCORE)
