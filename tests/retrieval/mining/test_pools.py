"""Candidate pools, exact to the tie, against a search in plain NumPy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import ParamsError
from sracl_core.retrieval.index.faiss_index import build_index
from sracl_core.retrieval.mining import pools as pools_module
from sracl_core.retrieval.mining.pools import candidate_pools, pool_table
from sracl_core.schemas.pools import pool_schema


def unit(values: np.ndarray) -> np.ndarray:
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def plain_pools(
    keys: np.ndarray, vectors: np.ndarray, k: int, groups: np.ndarray
) -> tuple[list[list[int]], list[list[np.float32]]]:
    neighbours, scores = [], []
    for row in range(len(keys)):
        scored = sorted(
            (-np.multiply(vectors[row], vectors[other]).sum(), keys[other])
            for other in range(len(keys))
            if groups[other] != groups[row]
        )[:k]
        neighbours.append([int(key) for _, key in scored])
        scores.append([-score for score, _ in scored])
    return neighbours, scores


def check(keys: np.ndarray, vectors: np.ndarray, k: int, groups: np.ndarray | None) -> None:
    index = build_index(keys, vectors)
    neighbours, scores = candidate_pools(index, keys, vectors, k, groups)
    expected = plain_pools(keys, vectors, k, np.arange(len(keys)) if groups is None else groups)
    assert neighbours.tolist() == expected[0]
    assert np.array_equal(scores, np.array(expected[1], dtype=np.float32))
    assert neighbours.dtype == np.int64
    assert scores.dtype == np.float32


@st.composite
def worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None]:
    """Few directions, so that vectors repeat and others tie; users of very different sizes; k up to the last."""
    count = draw(st.integers(2, 40))
    dimension = draw(st.integers(1, 5))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    if draw(st.booleans()):
        whole = generator.integers(-1, 2, (count, dimension))
        whole[~whole.any(axis=1), 0] = 1
        vectors = unit(whole.astype(np.float64))
    else:
        vectors = unit(generator.normal(size=(count, dimension)))[generator.integers(0, count, count)]
    users = None
    if draw(st.booleans()):
        users = np.sort(generator.integers(0, draw(st.integers(2, 8)), count) ** 2 // 3)
    largest = 1 if users is None else int(np.bincount(users).max())
    keys = np.cumsum(generator.integers(1, 4, count))
    k = draw(st.integers(1, max(1, count - largest)))
    return keys, vectors, k, users


@settings(max_examples=300, deadline=None)
@given(worlds())
def test_pools_are_those_of_the_plain_search(world: tuple[np.ndarray, np.ndarray, int, np.ndarray | None]) -> None:
    keys, vectors, k, users = world
    largest = 1 if users is None else int(np.bincount(users).max())
    if len(keys) - largest < k:
        with pytest.raises(ParamsError, match=r"mine\.k"):
            candidate_pools(build_index(keys, vectors), keys, vectors, k, users)
    else:
        check(keys, vectors, k, users)


@pytest.mark.parametrize("dimension", [3, 17, 64, 129])
def test_many_near_ties_in_high_dimensions(dimension: int) -> None:
    """Clusters much tighter than rounding: the index alone cannot order them."""
    generator = np.random.default_rng(dimension)
    centres = generator.normal(size=(6, dimension))
    near = centres[generator.integers(0, 6, 300)] + 1e-7 * generator.normal(size=(300, dimension))
    check(np.arange(300), unit(near), 10, np.sort(generator.integers(0, 40, 300)))


def test_a_user_with_most_of_the_prefixes() -> None:
    generator = np.random.default_rng(0)
    vectors = unit(generator.normal(size=(400, 8)))
    users = np.concatenate([np.zeros(370, np.int64), np.arange(1, 31)])
    check(np.arange(400), vectors, 30, users)


def test_one_vector_for_all() -> None:
    vectors = unit(np.ones((50, 4)))
    check(np.arange(50) * 2, vectors, 10, None)
    check(np.arange(50) * 2, vectors, 10, np.arange(50) // 20)


def test_small_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    vectors = unit(generator.normal(size=(200, 6)))[generator.integers(0, 120, 200)]
    users = np.sort(generator.integers(0, 30, 200))
    whole = candidate_pools(build_index(np.arange(200), vectors), np.arange(200), vectors, 7, users)
    monkeypatch.setattr(pools_module, "TILE_BYTES", 1)
    tiled = candidate_pools(build_index(np.arange(200), vectors), np.arange(200), vectors, 7, users)
    assert np.array_equal(whole[0], tiled[0])
    assert np.array_equal(whole[1], tiled[1])


def test_too_few_others_name_k_and_what_was_found() -> None:
    vectors = unit(np.eye(4))
    index = build_index(np.arange(4), vectors)
    with pytest.raises(ParamsError, match=r"mine\.k is 4, but the keys number 4.* 3 others .*mine\.k to 3"):
        candidate_pools(index, np.arange(4), vectors, 4)
    with pytest.raises(ParamsError, match=r"mine\.k is 2, but 3 of the 4 keys are of one user.* 1 others "):
        candidate_pools(index, np.arange(4), vectors, 2, np.array([0, 1, 1, 1]))


def test_the_table_has_the_artifacts_schema() -> None:
    vectors = unit(np.random.default_rng(2).normal(size=(6, 3)))
    neighbours, scores = candidate_pools(build_index(np.arange(6), vectors), np.arange(6), vectors, 2)
    table = pool_table(np.arange(6), neighbours, scores)
    assert table.schema == pool_schema(2)
    assert table["neighbour"].to_pylist() == neighbours.tolist()
