"""What a training needs of embedding and retrieval: read where its objective or backbone uses it, else left alone."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sracl_core.ground.errors import ArtifactError, ParamsError
from sracl_core.params.mine import MineParams
from sracl_core.params.needs import Need
from sracl_core.retrieval.reading.files import RetrievalFiles, needed_files
from sracl_core.retrieval.reading.neighbours import read_neighbours
from sracl_core.retrieval.shortage import Shortage, advice, find_shortage
from sracl_core.vectors import read_embeddings


@dataclass(frozen=True)
class Needed:
    """The pools and embeddings of a training, and the files that were `read` for them.

    `item_pool` int64 [n_items, k], `user_pool` int64 [P, k] and `embeddings` float32 [P, D] of the P prefixes; k or D
    is 0 where the objective does not use it. `text_vectors` float32 [n_items, D] of the items; None where nobody does.
    """

    item_pool: np.ndarray
    user_pool: np.ndarray
    embeddings: np.ndarray
    text_vectors: np.ndarray | None
    read: list[Path]


def read_needed(
    files: RetrievalFiles, n_items: int, prefix_users: np.ndarray, needs: list[Need], mine: MineParams
) -> Needed:
    """Return what a training with these `needs` uses of `files`; nothing else is opened.

    `prefix_users` int64 [P] are the users of the prefixes, `mine` the parameters the pools were made with. Raises
    ParamsError, with everything that helps, when pools are needed that could not be filled, and ArtifactError for a
    missing or damaged file.
    """
    item_pool, user_pool = np.empty((n_items, 0), np.int64), np.empty((len(prefix_users), 0), np.int64)
    embeddings = np.empty((len(prefix_users), 0), np.float32)
    wanted = {need.artifact for need in needs}
    problems: list[str] = []
    if "user_pool" in wanted:
        user_pool = read_neighbours(files.user_pool, np.arange(len(prefix_users)), mine.k)
        if not len(user_pool):
            users = prefix_users if mine.exclude_same_user else None
            what = "training prefixes"
            shortage = find_shortage(what, mine.k, len(prefix_users), users)
            problems.append(_why_missing(files.user_pool, _needing(needs, "user_pool"), what, shortage))
    if "item_pool" in wanted:
        item_pool = read_neighbours(files.item_pool, np.arange(1, n_items + 1), mine.k)
        if not len(item_pool):
            shortage = find_shortage("items", mine.k, n_items)
            problems.append(_why_missing(files.item_pool, _needing(needs, "item_pool"), "items", shortage))
    if problems:
        raise ParamsError("\n  ".join(["Training needs candidate pools that could not be filled.", *problems]))
    if "user_embeddings" in wanted:
        embeddings = _vectors(files.user_embeddings, np.arange(len(prefix_users)), "prefixes")
    text_vectors = None
    if "item_embeddings" in wanted:
        text_vectors = _vectors(files.item_embeddings, np.arange(1, n_items + 1), "items")
    return Needed(item_pool, user_pool, embeddings, text_vectors, needed_files(files, needs))


def _vectors(path: Path, expected: np.ndarray, what: str) -> np.ndarray:
    """The unit vectors at `path`; raises ArtifactError where they are of other keys than those `expected` of `what`."""
    keys, vectors = read_embeddings(path)
    if not np.array_equal(keys, expected):
        raise ArtifactError(f"{path} has other keys than the {len(expected)} {what}. Run `dvc repro` to make it again.")
    return vectors


def _needing(needs: list[Need], artifact: str) -> list[Need]:
    return [need for need in needs if need.artifact == artifact]


def _why_missing(path: Path, needs: list[Need], what: str, shortage: Shortage | None) -> str:
    """One line: who needs the pools of `what` at `path`, why there are none, and all that helps.

    Raises ArtifactError when nothing prevents pools: then the empty file was made with other data or parameters.
    """
    if shortage is None:
        raise ArtifactError(
            f"{path} holds no pools, though there is enough to fill them: it was made with other data or parameters. "
            "Run `dvc repro` to make it again."
        )
    use = "; ".join(f"{need.why} candidate pools of {what}" for need in needs)
    without = f"set {' and '.join(need.without for need in needs)}"
    return f"{use}. {shortage.cause} {advice([without, *shortage.remedies])}"
