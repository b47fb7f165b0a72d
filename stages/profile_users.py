"""Stage profile_users: the training prefixes, and a short profile of each."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.ground.console import say
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.own_texts import user_texts
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import user_requests
from sracl_core.project import committed_profiles, project_store
from sracl_core.schemas.ingest import ITEMS
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.sequences import read_training_part
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    texts: In = Path("data/interim/user_texts.parquet"),
    prefixes: Out = Path("data/interim/prefixes.parquet"),
    profiles: Out = Path("data/artifacts/user_profiles.parquet"),
) -> None:
    """List the training prefixes and write their profiles."""
    params = read_section(
        params_file, ProfileParams, only=("engine", "engines", "max_fallback", "domain", "llm", "users")
    )
    runtime = read_section(params_file, RuntimeParams)
    source = provenance("profile_users", [params], [items, sequences, texts], params.engine_part)
    catalogue = read_table(items, ITEMS)
    train = read_training_part(sequences, items, catalogue.num_rows)
    listed = build_prefixes(train, params.users)
    write_table(prefixes, listed, PREFIXES, source)
    own = user_texts(texts, params)
    known = Catalogue.from_table(catalogue)
    settings = EngineSettings(known, params.domain, params.users, params.llm, runtime, params.engine_params, own)
    engine = load_engine(params.engine_part, settings)
    requests = user_requests(catalogue, listed, train, params.users)
    counts = write_profile_table(
        profiles,
        requests,
        engine,
        project_store(),
        source,
        max_fallback=params.max_fallback,
        total=listed.num_rows,
        earlier=committed_profiles(profiles),
    )
    say(f"profile_users: {counts.line('user', engine)}")


if __name__ == "__main__":
    run(main)
