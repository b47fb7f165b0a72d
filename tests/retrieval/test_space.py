"""Vectors that know nothing of texts: collaborative and random ones, against plain loops."""

import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from sracl_core import unit_vectors
from sracl_core.params.mine import MineParams
from sracl_core.ragged import Ragged
from sracl_core.retrieval import space
from sracl_core.retrieval.space import item_space, user_space
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.unit_vectors import prefix_means, random_units

COLLABORATIVE = MineParams(vectors="collaborative", dimension=8)
RANDOM = MineParams(vectors="random", dimension=8)


def two_worlds() -> Ragged:
    """Users who take items 1 to 5 alone, and users who take items 6 to 10 alone; item 11 is never taken."""
    generator = np.random.default_rng(0)
    return Ragged.from_lists([(generator.permutation(5)[:4] + 1 + 5 * (user % 2)).tolist() for user in range(30)])


def prefixes_of(*rows: tuple[int, int, int]) -> pa.Table:
    listed = [{"prefix": n, "user": user, "start": start, "end": end} for n, (user, start, end) in enumerate(rows)]
    return pa.Table.from_pylist(listed, schema=PREFIXES)


def plain_ppmi(lists: list[list[int]], n_items: int) -> np.ndarray:
    pairs: Counter[tuple[int, int]] = Counter()
    for row in lists:
        for i, one in enumerate(row):
            for other in row[i + 1 : i + 1 + space.NEAR]:
                if one != other:
                    pairs[one, other] += 1
                    pairs[other, one] += 1
    of_item: Counter[int] = Counter()
    for (one, _), count in pairs.items():
        of_item[one] += count
    found, total = np.zeros((n_items, n_items)), sum(pairs.values())
    for (one, other), count in pairs.items():
        found[one - 1, other - 1] = max(0.0, math.log(count * total / (of_item[one] * of_item[other])))
    return found


@pytest.mark.parametrize("near", [20, 2])
def test_ppmi_is_that_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch, near: int) -> None:
    monkeypatch.setattr(space, "NEAR", near)
    lists = [*np.random.default_rng(1).integers(1, 12, (25, 9)).tolist(), [], [3], [4, 4]]
    assert np.allclose(space._ppmi(Ragged.from_lists(lists), 12).toarray(), plain_ppmi(lists, 12))


def test_singular_vectors_are_those_of_numpy() -> None:
    lists = np.random.default_rng(1).integers(1, 15, (40, 6)).tolist()
    left, sizes, _ = np.linalg.svd(plain_ppmi(lists, 14))
    expected = (left[:, :8] * sizes[:8]) @ left[:, :8].T
    norms = np.sqrt(np.diag(expected))
    vectors = item_space(Ragged.from_lists(lists), 14, COLLABORATIVE)
    assert np.allclose(vectors @ vectors.T, expected / np.outer(norms, norms), atol=1e-4)


def test_items_taken_together_are_near_and_worlds_apart_are_not() -> None:
    vectors = item_space(two_worlds(), 11, COLLABORATIVE)
    cosines = vectors @ vectors.T
    assert vectors.dtype == np.float32 and np.allclose(np.diag(cosines), 1, atol=1e-6)
    assert np.abs(cosines[:5, 5:10]).max() < 1e-4
    alone = random_units(11, 8, COLLABORATIVE.seed, "item")[10]
    assert np.array_equal(vectors[10], alone)


def test_the_same_data_give_the_same_bytes() -> None:
    first, second = (item_space(two_worlds(), 11, COLLABORATIVE) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_a_prefix_is_the_mean_of_the_items_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_vectors, "ROWS_AT_ONCE", 3)
    train = Ragged.from_lists([[1, 2, 3, 1, 5], [4], [2, 2, 6]])
    prefixes = prefixes_of((0, 0, 1), (0, 0, 2), (0, 2, 4), (2, 0, 1), (2, 0, 2))
    items = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    rows = prefixes.to_pylist()
    expected = [items[train[row["user"]][row["start"] : row["end"]] - 1].mean(axis=0) for row in rows]
    assert np.allclose(prefix_means(items, train, prefixes), expected, atol=1e-6)


def test_random_directions_follow_from_the_seed_alone() -> None:
    train = two_worlds()
    prefixes = prefixes_of(*((user, 0, end) for user in range(30) for end in (1, 2, 3)))
    items = item_space(train, 11, RANDOM)
    users = user_space(items, train, prefixes, RANDOM)
    assert np.allclose(np.linalg.norm(users, axis=1), 1, atol=1e-6) and len(np.unique(users, axis=0)) == len(prefixes)
    assert np.array_equal(items, item_space(Ragged.from_lists([[1, 2]]), 11, RANDOM))
    assert not np.allclose(items, item_space(train, 11, RANDOM.model_copy(update={"seed": 8})))
    assert not np.allclose(items, users[:11])


@pytest.mark.parametrize(("lists", "n_items"), [([[1, 1]], 1), ([[1, 2]], 2), ([[1], [2]], 3), ([[1, 2, 3]], 3)])
def test_the_smallest_catalogues_have_units_too(lists: list[list[int]], n_items: int) -> None:
    vectors = item_space(Ragged.from_lists(lists), n_items, COLLABORATIVE)
    assert vectors.shape == (n_items, 8) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
