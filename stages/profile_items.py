"""Stage profile_items: a short profile of every item, and what is told of it."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.ground.console import say
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.asking.own_texts import item_texts
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.contexts import draw_contexts
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import item_requests
from sracl_core.project import committed_profiles, project_store
from sracl_core.schemas.ingest import ITEMS
from sracl_core.schemas.profiles import CONTEXTS
from sracl_core.sequences import read_training_part
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    texts: In = Path("data/interim/item_texts.parquet"),
    contexts: Out = Path("data/interim/item_contexts.parquet"),
    profiles: Out = Path("data/artifacts/item_profiles.parquet"),
) -> None:
    """Draw training contexts for the items and write the items' profiles."""
    params = read_section(
        params_file, ProfileParams, only=("engine", "engines", "max_fallback", "domain", "llm", "items")
    )
    runtime = read_section(params_file, RuntimeParams)
    source = provenance("profile_items", [params], [items, sequences, texts], params.engine_part)
    catalogue = read_table(items, ITEMS)
    train = read_training_part(sequences, items, catalogue.num_rows)
    drawn = draw_contexts(
        train, catalogue["item_id"].to_pylist(), params.items.contexts, params.items.context_items, params.items.seed
    )
    write_table(contexts, drawn, CONTEXTS, source)
    own = item_texts(texts, params)
    known = Catalogue.from_table(catalogue)
    settings = EngineSettings(known, params.domain, params.items, params.llm, runtime, params.engine_params, own)
    engine = load_engine(params.engine_part, settings)
    requests = item_requests(catalogue, drawn, train, params.items)
    counts = write_profile_table(
        profiles,
        requests,
        engine,
        project_store(),
        source,
        max_fallback=params.max_fallback,
        total=catalogue.num_rows,
        earlier=committed_profiles(profiles),
    )
    say(f"profile_items: {drawn.num_rows} contexts; {counts.line('item', engine)}")


if __name__ == "__main__":
    run(main)
