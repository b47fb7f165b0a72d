"""The certificate of everything training is given: the split, contexts, prefixes, prompts, texts, embeddings, pools."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.seal import require_whole
from sracl_core.artifacts.tables import list_size, read_table
from sracl_core.embed.encoders.protocol import Encoder
from sracl_core.ingest.allowed import allowed_attributes
from sracl_core.leakage.inputs.attributes import check_attributes
from sracl_core.leakage.inputs.embeddings import check_embeddings, check_encoding, check_keys
from sracl_core.leakage.inputs.index import check_index
from sracl_core.leakage.inputs.pools import Space, check_pool, check_search, matrix
from sracl_core.leakage.inputs.prompts import check_contexts, check_prefixes, check_prompts, rebuild
from sracl_core.leakage.inputs.spaces import check_semantic, check_space
from sracl_core.leakage.inputs.texts import check_texts, count_named_later, written_by
from sracl_core.leakage.inputs.unasked import Unasked, check_unasked
from sracl_core.leakage.shared.certificate import Check, Names, certificate, digests_of
from sracl_core.leakage.shared.origins import check_origins
from sracl_core.leakage.shared.split import Method, check_split, check_user_counts
from sracl_core.params.certify import CertifyParams
from sracl_core.params.data import DataParams
from sracl_core.params.embed import NOT_BROUGHT, TABLE, EmbedParams
from sracl_core.params.mine import MineParams
from sracl_core.params.profile import TEXTS_NOT_BROUGHT, ProfileParams
from sracl_core.profile.engines.protocol import Engine
from sracl_core.profile.prompting.requests import item_requests, user_requests
from sracl_core.ragged import Ragged
from sracl_core.retrieval.space import item_space, user_space
from sracl_core.schemas.ingest import INTERACTIONS, ITEMS, SEQUENCES, USERS
from sracl_core.schemas.pools import pool_schema
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.schemas.profiles import CONTEXTS, PROFILES
from sracl_core.vectors import embeddings_schema

SEMANTIC = "mine.vectors is semantic, so pools are mined from the embeddings"


@dataclass(frozen=True)
class InputFiles:
    """The artifacts that stand between the raw logs and training."""

    interactions: Path
    items: Path
    users: Path
    sequences: Path
    item_texts: Path
    user_texts: Path
    item_contexts: Path
    prefixes: Path
    item_profiles: Path
    user_profiles: Path
    item_embeddings: Path
    user_embeddings: Path
    item_vectors: Path
    user_vectors: Path
    item_space: Path
    user_space: Path
    item_index: Path
    user_index: Path
    item_pool: Path
    user_pool: Path

    def of(self, kind: str, what: str) -> Path:
        """Return the file of a `kind` ("item" or "user"): its profiles, embeddings, space, index or pool."""
        return getattr(self, f"{kind}_{what}")

    def all(self) -> list[Path]:
        """Return every file."""
        return [getattr(self, field.name) for field in fields(self)]


@dataclass(frozen=True)
class InputParams:
    """The parameters that say how those artifacts were made, and how much of them is made again."""

    method: Method
    data: DataParams
    profile: ProfileParams
    embed: EmbedParams
    mine: MineParams
    certify: CertifyParams


@dataclass(frozen=True)
class Makers:
    """What makes a text or a vector again, each loaded when it is first needed.

    `extractive` and `engine` take the items (schema ITEMS). `extractive` returns the engine of that name, which stands
    in for others, and `engine` the one of `profile.engine` where it is repeatable, else None. `encoder` returns the
    encoder of `embed.engine`, None where a team brought its vectors along.
    """

    extractive: Callable[[pa.Table], Engine]
    engine: Callable[[pa.Table], Engine | None]
    encoder: Callable[[], Encoder | None]


def certify_inputs(
    files: InputFiles, params: InputParams, makers: Makers, origins: Mapping[Path, Provenance]
) -> dict[str, Any]:
    """Return the certificate of the inputs of training.

    `origins` is the provenance that artifacts must have. Each check stands on those before it: the split on the
    interactions, contexts and prefixes on the split, prompts on these, embeddings and pools on the prefixes. Raises
    LeakageError, naming check and rows, at the first that does not hold, and ArtifactError for a missing or damaged
    file.
    """
    for path in files.all():  # a damaged file is named itself, not one that was made from it
        require_whole(path)
    digests = digests_of(files.all())
    items, users = read_table(files.items, ITEMS), read_table(files.users, USERS)
    contexts, prefixes = read_table(files.item_contexts, CONTEXTS), read_table(files.prefixes, PREFIXES)
    sequences = read_table(files.sequences, SEQUENCES)
    names = Names(users["user_id"], items["item_id"])
    checks = [
        check_origins(origins),
        check_unasked(_unasked(files, params)),
        check_split(read_table(files.interactions, INTERACTIONS), sequences, params.method, names),
        check_user_counts(users, sequences, names),
        check_attributes(items, allowed_attributes(params.data), params.data.source_part),
    ]
    # Prompts are built again from the proven training part alone.
    train = Ragged.from_column(sequences["train"])
    checks += [check_items(items, train), check_contexts(contexts, train, names)]
    checks += [check_prefixes(prefixes, train, names)]
    kinds = (
        ("item", item_requests(items, contexts, train, params.profile.items), np.arange(1, len(items) + 1)),
        ("user", user_requests(items, prefixes, train, params.profile.users), np.arange(len(prefixes))),
    )
    chosen = makers.engine(items)
    writer = makers.extractive(items) if chosen is None else chosen
    for kind, requests, keys in kinds:
        profiles = read_table(files.of(kind, "profiles"), PROFILES)
        rebuilt = rebuild(kind, requests, len(keys), writer, profiles)
        checks.append(check_prompts(kind, profiles, rebuilt))
        named = 0
        if kind == "user":
            proven = written_by(profiles, writer.name)
            named = count_named_later(profiles, proven, prefixes, sequences, items["title"].to_pylist())
        checks.append(check_texts(kind, profiles, rebuilt, no_other=chosen is not None, named_later=named))
        apart = kind == "user" and params.mine.exclude_same_user
        space = _read_space(kind, files.of(kind, "embeddings"), keys, prefixes["user"].to_numpy() if apart else None)
        checks += _check_vectors(space, profiles, params, makers)
        rows = _sample(space, params)
        if params.mine.vectors == "semantic":
            checks.append(check_semantic(space))
        else:
            mined = _read_space(kind, files.of(kind, "space"), keys, space.users)
            made = item_space(train, len(items), params.mine) if kind == "item" else None
            if made is None:
                of_items = _read_space("item", files.item_space, np.arange(1, len(items) + 1), None).vectors
                made = user_space(of_items, train, prefixes, params.mine)
            checks.append(check_space(mined, rows, made, params.mine.vectors))
            space = mined
        checks.append(check_index(files.of(kind, "index"), space))
        pool = files.of(kind, "pool")
        checks += _check_pools(space, read_table(pool, pool_schema(list_size(pool, "neighbour"))), rows, params)
    return certificate(checks, digests)


def check_items(items: pa.Table, train: Ragged) -> Check:
    """Prove that items are numbered 1, 2, 3, … and that training holds no other (schema ITEMS)."""
    numbers = items["item"].to_numpy()
    what = "items are numbered 1, 2, 3, … in the catalogue, each with an id of its own, and training holds no other."
    check = Check("items", len(numbers), what, made_by="ingest")
    check.require_none(
        numbers != np.arange(1, len(numbers) + 1),
        "the items are not numbered",
        lambda row: f"row {row}: {numbers[row]}",
    )
    check.require_distinct(items["item_id"], "items")
    unknown = (train.values < 1) | (train.values > len(numbers))
    check.require_none(unknown, "the training part holds unknown items", lambda row: f"item {train.values[row]}")
    return check


def _unasked(files: InputFiles, params: InputParams) -> list[Unasked]:
    """The files that the parameters may ask for, and why those that they don't have no row."""
    found: list[Unasked] = []
    no_vectors = NOT_BROUGHT if params.embed.engine_part != TABLE else ""
    no_space = SEMANTIC if params.mine.vectors == "semantic" else ""
    brought = {"item": params.profile.texts_brought("items"), "user": params.profile.texts_brought("users")}
    for kind, texts in brought.items():
        no_texts = "" if texts else TEXTS_NOT_BROUGHT
        found += [
            Unasked(files.of(kind, "texts"), no_texts, "own_texts"),
            Unasked(files.of(kind, "vectors"), no_vectors, "own_vectors"),
            Unasked(files.of(kind, "space"), no_space, "space"),
        ]
    return found


def _read_space(kind: str, path: Path, keys: np.ndarray, users: np.ndarray | None) -> Space:
    """The embeddings at `path`, which must be those of `keys`."""
    table = read_table(path, embeddings_schema(list_size(path, "embedding")))
    return Space(kind, check_keys(kind, table["key"].to_numpy(), keys), matrix(table, "embedding"), users)


def _sample(space: Space, params: InputParams) -> np.ndarray:
    """The rows of `space` that are made again, ascending."""
    random = np.random.default_rng(params.certify.seed)
    return np.sort(random.choice(len(space.keys), min(params.certify.sample, len(space.keys)), replace=False))


def _check_vectors(space: Space, profiles: pa.Table, params: InputParams, makers: Makers) -> list[Check]:
    """The checks of the embeddings of one kind, a sample of them made again."""
    rows = _sample(space, params)
    texts = _texts_of(profiles, space.keys[rows])
    encoder = makers.encoder() if len(rows) else None
    return [check_embeddings(space), check_encoding(space, rows, texts, encoder)]


def _check_pools(space: Space, pool: pa.Table, rows: np.ndarray, params: InputParams) -> list[Check]:
    """The checks of the pools that were mined in `space`, those of `rows` searched again."""
    return [check_pool(pool, space, params.mine.k), check_search(pool, space, rows if len(pool) else rows[:0])]


def _texts_of(profiles: pa.Table, keys: np.ndarray) -> list[str]:
    """The texts of the profiles with these keys, in their order."""
    order = np.argsort(profiles["key"].to_numpy())
    rows = order[np.searchsorted(profiles["key"].to_numpy()[order], keys)]
    return profiles["text"].take(pa.array(rows)).to_pylist()
