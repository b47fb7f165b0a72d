"""Stage space_users: vectors of training prefixes to mine pools from, where these are not the embeddings."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table
from sracl_core.artifacts.vectors import no_vectors, write_vectors
from sracl_core.ground.console import say
from sracl_core.params.reading.section import read_section
from sracl_core.params.retrieval import MineParams
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.space import user_space
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.sequences import read_training_part
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    sequences: In = Path("data/interim/sequences.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    catalogue: In = Path("data/interim/items.parquet"),
    items: In = Path("data/artifacts/item_space.parquet"),
    space: Out = Path("data/artifacts/user_space.parquet"),
) -> None:
    """Write the vectors that mine.vectors asks for; none where it is semantic."""
    params = read_section(params_file, MineParams, only=("vectors", "dimension", "seed"))
    if params.vectors == "semantic":
        no_vectors(space, provenance("space_users", [], []))  # the same bytes for all data: nothing runs because of it
        say("space_users: mine.vectors is semantic, so pools are mined from the embeddings")
        return
    keys, item_vectors = read_embeddings(items)
    listed = read_table(prefixes, PREFIXES)
    vectors = user_space(item_vectors, read_training_part(sequences, catalogue, len(keys)), listed, params)
    source = provenance("space_users", [params], [sequences, prefixes, items])
    write_vectors(space, listed["prefix"].to_numpy(), vectors, source)
    say(f"space_users: {len(vectors)} {params.vectors} vectors, dimension {params.dimension}")


if __name__ == "__main__":
    run(main)
