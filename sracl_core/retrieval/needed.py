"""What a training needs of retrieval: read where a contrast uses it, else left alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sracl_core.ground.errors import ArtifactError, ParamsError
from sracl_core.params.retrieval import MineParams
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.neighbours import read_neighbours
from sracl_core.retrieval.shortage import Shortage, advice, find_shortage


@dataclass(frozen=True)
class RetrievalFiles:
    """The artifacts that retrieval leaves to training."""

    item_pool: Path
    user_pool: Path
    embeddings: Path


@dataclass(frozen=True)
class Needed:
    """The pools and embeddings of a training, and the files that were `read` for them.

    `item_pool` int64 [n_items, k], `user_pool` int64 [P, k] and `embeddings` float32 [P, D] of the P prefixes; k or D
    is 0 where no contrast uses it.
    """

    item_pool: np.ndarray
    user_pool: np.ndarray
    embeddings: np.ndarray
    read: list[Path]


def needed_files(files: RetrievalFiles, train: TrainParams) -> list[Path]:
    """Return those of `files` that a training with the parameters `train` reads."""
    wanted = (
        (train.uses_user_pools, files.user_pool),
        (train.uses_item_pools, files.item_pool),
        (train.alpha > 0, files.embeddings),
    )
    return [path for used, path in wanted if used]


def read_needed(
    files: RetrievalFiles, n_items: int, prefix_users: np.ndarray, train: TrainParams, mine: MineParams
) -> Needed:
    """Return what a training with the parameters `train` uses of `files`; nothing else is opened.

    `prefix_users` int64 [P] are the users of the prefixes, `mine` the parameters the pools were made with. Raises
    ParamsError, with everything that helps, when pools are needed that could not be filled, and ArtifactError for a
    missing or damaged file.
    """
    item_pool, user_pool = np.empty((n_items, 0), np.int64), np.empty((len(prefix_users), 0), np.int64)
    embeddings = np.empty((len(prefix_users), 0), np.float32)
    problems: list[str] = []
    if train.uses_user_pools:
        user_pool = read_neighbours(files.user_pool, np.arange(len(prefix_users)), mine.k)
        if not len(user_pool):
            users = prefix_users if mine.exclude_same_user else None
            shortage = find_shortage("training prefixes", mine.k, len(prefix_users), users)
            problems.append(_why_missing(files.user_pool, *_use_of_user_pools(train), shortage))
    if train.uses_item_pools:
        item_pool = read_neighbours(files.item_pool, np.arange(1, n_items + 1), mine.k)
        if not len(item_pool):
            use = f"train.beta is {train.beta:g}: the intra-user contrast needs candidate pools of items"
            shortage = find_shortage("items", mine.k, n_items)
            problems.append(_why_missing(files.item_pool, use, "set train.beta to 0", shortage))
    if problems:
        raise ParamsError("\n  ".join(["Training needs candidate pools that could not be filled.", *problems]))
    if train.alpha > 0:
        keys, embeddings = read_embeddings(files.embeddings)
        if not np.array_equal(keys, np.arange(len(prefix_users))):
            raise ArtifactError(
                f"{files.embeddings} has other keys than the {len(prefix_users)} prefixes. Run `dvc repro` to make it "
                "again."
            )
    return Needed(item_pool, user_pool, embeddings, needed_files(files, train))


def _use_of_user_pools(train: TrainParams) -> tuple[str, str]:
    """Why training needs the pools of prefixes, and how to do without."""
    uses, without = [], []
    if train.alpha > 0:
        uses.append(
            f"train.alpha is {train.alpha:g}: the inter-user contrast needs candidate pools of training prefixes"
        )
        without.append("train.alpha to 0")
    if train.beta > 0 and train.negatives.mask_pool:
        uses.append("train.negatives.mask_pool is true: it needs candidate pools of training prefixes")
        without.append("train.negatives.mask_pool to false")
    return "; ".join(uses), f"set {' and '.join(without)}"


def _why_missing(path: Path, use: str, without: str, shortage: Shortage | None) -> str:
    """One line: what `use` the pools are of, why there are none, and all that helps.

    Raises ArtifactError when nothing prevents pools: then the empty file was made with other data or parameters.
    """
    if shortage is None:
        raise ArtifactError(
            f"{path} holds no pools, though there is enough to fill them: it was made with other data or parameters. "
            "Run `dvc repro` to make it again."
        )
    return f"{use}. {shortage.cause} {advice([without, *shortage.remedies])}"
