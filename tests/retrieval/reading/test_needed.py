"""Training reads just the pools its contrasts use, and is told all that helps where they could not be filled."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import write_table
from sracl_core.ground.errors import ArtifactError, ParamsError
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.objectives.sracl import SRACLParams
from sracl_core.params.mine import MineParams
from sracl_core.params.needs import Need
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.index.faiss_index import build_index, write_index
from sracl_core.retrieval.mining.mine import mine_pools
from sracl_core.retrieval.reading.files import RetrievalFiles
from sracl_core.retrieval.reading.needed import Needed, read_needed
from sracl_core.schemas.pools import pool_schema
from sracl_core.vectors import embeddings_schema, read_embeddings
from tests.training.small import params

ORIGIN = Provenance("test", "0", "0")
MASKED = NegativesParams(mask_pool=True)


def needs(**sracl: object) -> list[Need]:
    """What SRA-CL needs with these parameters."""
    return SRACLParams.model_validate(sracl).needs("sracl")


def text_fed(**sracl: float) -> TrainParams:
    """A training whose backbone is built with text vectors."""
    return params(backbone="tests.model.text_fed:Fed", **sracl)


def mined(folder: Path, kind: str, keys: np.ndarray, k: int, users: np.ndarray | None = None) -> str:
    """Write the pools of `keys`, as the stages do; return what is told of them."""
    what = "items" if kind == "item" else "training prefixes"
    vectors = np.random.default_rng(len(keys)).normal(size=(len(keys), 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    write_index(folder / "index", build_index(keys, vectors))
    table, told = mine_pools(folder / "index", keys, vectors, what=what, k=k, users=users)
    write_table(folder / f"{kind}_pool.parquet", table, pool_schema(k), ORIGIN)
    embedded = pa.table([keys, vectors.tolist()], names=["key", "embedding"]).cast(embeddings_schema(3))
    write_table(folder / f"{kind}_embeddings.parquet", embedded, embeddings_schema(3), ORIGIN)
    return told


def retrieved(folder: Path, users: list[int], items: int, mine: MineParams) -> RetrievalFiles:
    """The files of `items` items and of prefixes that are of `users`."""
    owners = np.array(users) if mine.exclude_same_user else None
    mined(folder, "item", np.arange(1, items + 1), mine.k)
    mined(folder, "user", np.arange(len(users)), mine.k, owners)
    names = ("item_pool", "user_pool", "user_embeddings", "item_embeddings")
    return RetrievalFiles(*(folder / f"{name}.parquet" for name in names))


def need(folder: Path, users: list[int], items: int, mine: MineParams, **train: object) -> Needed:
    files = retrieved(folder, users, items, mine)
    return read_needed(files, items, np.array(users), needs(**train), mine)


def test_plain_training_opens_nothing(tmp_path: Path) -> None:
    nowhere = RetrievalFiles(*(tmp_path / name for name in "abcd"))
    found = read_needed(nowhere, 5, np.zeros(3, np.int64), needs(alpha=0.0, beta=0.0), MineParams())
    assert (found.item_pool.shape, found.user_pool.shape, found.embeddings.shape) == ((5, 0), (3, 0), (3, 0))
    assert found.text_vectors is None
    assert found.read == []


def test_each_contrast_reads_what_it_uses(tmp_path: Path) -> None:
    mine, users = MineParams(k=2), [0, 0, 1, 1]
    names = lambda found: [path.stem for path in found.read]  # noqa: E731 - short
    assert names(need(tmp_path, users, 5, mine, alpha=0.1, beta=0.0)) == ["user_pool", "user_embeddings"]
    assert names(need(tmp_path, users, 5, mine, alpha=0.0, beta=0.1)) == ["item_pool"]
    assert names(need(tmp_path, users, 5, mine, alpha=0.0, beta=0.1, negatives=MASKED)) == ["user_pool", "item_pool"]
    both = need(tmp_path, users, 5, mine)
    assert names(both) == ["user_pool", "item_pool", "user_embeddings"]
    assert (both.item_pool.shape, both.user_pool.shape, both.embeddings.shape) == ((5, 2), (4, 2), (4, 3))


def test_text_vectors_are_read_where_the_backbone_is_built_with_them(tmp_path: Path) -> None:
    mine, users = MineParams(k=2), np.array([0, 0, 1, 1])
    files = retrieved(tmp_path, users.tolist(), 5, mine)
    fed = text_fed(alpha=0.0, beta=0.0).needs
    found = read_needed(files, 5, users, fed, mine)
    assert (found.read, found.item_pool.shape) == ([files.item_embeddings], (5, 0))
    assert found.text_vectors is not None
    assert np.array_equal(found.text_vectors, read_embeddings(files.item_embeddings)[1])
    both = read_needed(files, 5, users, text_fed().needs, mine).read
    assert both == [files.user_pool, files.item_pool, files.user_embeddings, files.item_embeddings]
    with pytest.raises(ArtifactError, match=r"item_embeddings\.parquet has other keys than the 6 items\. Run `dvc rep"):
        read_needed(files, 6, users, fed, mine)
    files.item_embeddings.unlink()
    with pytest.raises(ArtifactError, match=r"item_embeddings\.parquet does not exist"):
        read_needed(files, 5, users, fed, mine)


def test_the_number_of_others_is_enough_and_one_more_is_not(tmp_path: Path) -> None:
    users = [0, 0, 1, 1, 2]
    assert need(tmp_path, users, 4, MineParams(k=3)).user_pool.shape == (5, 3)
    with pytest.raises(ParamsError) as caught:
        need(tmp_path, users, 4, MineParams(k=4))
    assert str(caught.value).splitlines() == [
        "Training needs candidate pools that could not be filled.",
        "  sracl.alpha is 0.1: the inter-user contrast needs candidate pools of training prefixes. mine.k is 4, but 2 "
        "of the 5 training prefixes are of one user, and mine.exclude_same_user leaves each of them 3 others to choose "
        "from. Set sracl.alpha to 0, or set mine.k to 3 or less, or set mine.exclude_same_user to false, or bring more "
        "data.",
        "  sracl.beta is 0.1: the intra-user contrast needs candidate pools of items. mine.k is 4, but the items "
        "number 4, which leaves each of them 3 others to choose from. Set sracl.beta to 0, or set mine.k to 3 or less, "
        "or bring more data.",
    ]


def test_a_shortage_matters_to_its_own_contrast_alone(tmp_path: Path) -> None:
    few_items = MineParams(k=3)
    need(tmp_path, [0, 1, 2, 3], 2, few_items, beta=0.0)
    with pytest.raises(ParamsError, match=r"sracl\.beta is 0\.1.*number 2, which leaves each of them 1 ") as caught:
        need(tmp_path, [0, 1, 2, 3], 2, few_items)
    assert "sracl.alpha" not in str(caught.value)
    need(tmp_path, [0, 0, 0], 9, few_items, alpha=0.0)
    with pytest.raises(
        ParamsError,
        match=r"sracl\.alpha is 0\.1.*Set sracl\.alpha to 0, or set mine\.excl",
    ) as caught:
        need(tmp_path, [0, 0, 0], 9, few_items)
    assert "sracl.beta" not in str(caught.value)


def test_masking_by_pools_needs_those_of_prefixes_too(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"mask_pool is true.*Set sracl\.negatives\.mask_pool to false, or set"):
        need(tmp_path, [0, 0], 9, MineParams(k=3), alpha=0.0, negatives=MASKED)
    with pytest.raises(
        ParamsError,
        match=r"Set sracl\.alpha to 0 and sracl\.negatives\.mask_pool to false, or set",
    ):
        need(tmp_path, [0, 0], 9, MineParams(k=3), negatives=MASKED)


def test_an_empty_pool_that_could_be_filled_is_of_another_run(tmp_path: Path) -> None:
    files = retrieved(tmp_path, [0, 1], 9, MineParams(k=3))
    with pytest.raises(ArtifactError, match=r"user_pool\.parquet holds no pools, though .*dvc repro"):
        read_needed(files, 9, np.array([0, 1]), needs(), MineParams(k=1))


def test_the_miner_says_why_and_what_helps(tmp_path: Path) -> None:
    assert mined(tmp_path, "item", np.arange(1, 5), 3).startswith("4 pools of 3, mean cosine ")
    assert mined(tmp_path, "item", np.arange(1, 5), 4) == (
        "no pools were made. mine.k is 4, but the items number 4, which leaves each of them 3 others to choose from. "
        "Training with train.objective: plain needs none. To have some: set mine.k to 3 or less, or bring "
        "more data."
    )


def test_another_table_is_no_pool(tmp_path: Path) -> None:
    files = retrieved(tmp_path, [0, 1, 2], 4, MineParams(k=1))
    wrong = RetrievalFiles(*[files.user_embeddings] * 4)
    with pytest.raises(ArtifactError, match=r"user_embeddings\.parquet has other columns than expected .*neighbour"):
        read_needed(wrong, 4, np.arange(3), needs(), MineParams(k=1))
