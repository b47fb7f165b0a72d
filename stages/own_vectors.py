"""Stage own_vectors: vectors that a team brings along, of every item and prefix, where embed.engine is table."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.ground.console import say
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import open_session
from sracl_core.ingest.staging.notes import file_notes
from sracl_core.ingest.staging.stage import REJECTED_TABLE
from sracl_core.own.texts import finish_account
from sracl_core.own.vectors import Known, OwnVectors
from sracl_core.params.data import DataParams
from sracl_core.params.embed import TABLE, EmbedParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.schemas.ingest import ITEMS, REJECTED, USERS
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.sequences import read_training_part
from sracl_core.vectors import no_vectors, write_vectors
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    users: In = Path("data/interim/users.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    item_vectors: Out = Path("data/interim/item_vectors.parquet"),
    user_vectors: Out = Path("data/interim/user_vectors.parquet"),
    rejected: Out = Path("data/interim/vectors_rejected.parquet"),
) -> None:
    """Read the files that the engine table names; nothing where an encoder makes the vectors."""
    data = read_section(params_file, DataParams, only=("path", "max_rejected"))
    params = read_section(params_file, EmbedParams, only=("engine", "engines"))
    runtime = read_section(params_file, RuntimeParams, only=("threads", "memory_gb"))
    if params.engine_part != TABLE:  # the same bytes for all data: nothing runs because of them
        nothing = provenance("own_vectors", [], [])
        for path in (item_vectors, user_vectors):
            no_vectors(path, nothing)
        write_table(rejected, REJECTED.empty_table(), REJECTED, nothing)
        say("own_vectors: embed.engine is an encoder, so none are brought")
        return
    source = provenance("own_vectors", [params], [items, users, sequences, prefixes])
    catalogue, listed = read_table(items, ITEMS), read_table(prefixes, PREFIXES)
    train = read_training_part(sequences, items, catalogue.num_rows)
    with open_session(item_vectors.parent, memory_gb=runtime.memory_gb, threads=runtime.threads) as session:
        session.run(REJECTED_TABLE)
        known = Known(catalogue, read_table(users, USERS), listed, train)
        own = OwnVectors(session, RawFolder(Path(data.path)), params.engine_params, known)
        of_items = own.items()
        of_users = own.users(of_items)
        counts = [count.read for count in own.counts]
        finish_account(session, counts, rejected, source, data.max_rejected)
    write_vectors(item_vectors, np.arange(1, len(of_items) + 1), of_items, source)
    write_vectors(user_vectors, listed["prefix"].to_numpy(), of_users, source)
    for line in own.told + file_notes(counts):
        say(line if line.startswith("warning:") else f"own_vectors: {line}")


if __name__ == "__main__":
    run(main)
