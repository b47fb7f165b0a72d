"""Stage `own_texts`: texts that a team brings along, by the numbers of the items and users they are of."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table
from sracl_core.ground.console import say
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import open_session
from sracl_core.own.texts import OwnTexts, write_own_texts
from sracl_core.params.data import DataParams
from sracl_core.params.own import TextTableParams
from sracl_core.params.profile import TABLE, ProfileParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.schemas.ingest import ITEMS, USERS
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    users: In = Path("data/interim/users.parquet"),
    item_texts: Out = Path("data/interim/item_texts.parquet"),
    user_texts: Out = Path("data/interim/user_texts.parquet"),
    rejected: Out = Path("data/interim/texts_rejected.parquet"),
) -> None:
    """Read the files that the engine table names, and account for every record; with another engine, no texts."""
    data = read_section(params_file, DataParams, only=("path", "max_rejected"))
    params = read_section(params_file, ProfileParams, only=("engine", "engines"))
    runtime = read_section(params_file, RuntimeParams, only=("threads", "memory_gb"))
    table = params.engine_params if params.engine_part == TABLE else TextTableParams()
    named = [name for name in (table.items, table.users) if name is not None]
    folder = RawFolder(Path(data.path))
    with open_session(item_texts.parent, memory_gb=runtime.memory_gb, threads=runtime.threads) as session:
        told = write_own_texts(
            session,
            folder,
            table,
            items=read_table(items, ITEMS),
            users=read_table(users, USERS),
            outputs=OwnTexts(item_texts, user_texts, rejected),
            # Without a file the same bytes for all data: nothing runs because of it.
            provenance=provenance("own_texts", [params] if named else [], [items, users] if named else []),
            max_rejected=data.max_rejected,
        )
    for line in told if named else [f"profile.engine is {params.engine}, so none are brought"]:
        say(line if line.startswith("warning:") else f"own_texts: {line}")


if __name__ == "__main__":
    run(main)
