"""Stage space_items: vectors of items to mine pools from, where these are not the embeddings."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts.tables import read_table
from sracl_core.artifacts.vectors import no_vectors, write_vectors
from sracl_core.ground.console import say
from sracl_core.params.reading.section import read_section
from sracl_core.params.retrieval import MineParams
from sracl_core.retrieval.space import item_space
from sracl_core.schemas.ingest import ITEMS
from sracl_core.sequences import read_training_part
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    space: Out = Path("data/artifacts/item_space.parquet"),
) -> None:
    """Write the vectors that mine.vectors asks for; none where it is semantic."""
    params = read_section(params_file, MineParams, only=("vectors", "dimension", "seed"))
    if params.vectors == "semantic":
        no_vectors(space, provenance("space_items", [], []))  # the same bytes for all data: nothing runs because of it
        say("space_items: mine.vectors is semantic, so pools are mined from the embeddings")
        return
    n_items = read_table(items, ITEMS, columns=["item"]).num_rows
    vectors = item_space(read_training_part(sequences, items, n_items), n_items, params)
    source = provenance("space_items", [params], [items, sequences])
    write_vectors(space, np.arange(1, n_items + 1), vectors, source)
    say(f"space_items: {n_items} {params.vectors} vectors, dimension {params.dimension}")


if __name__ == "__main__":
    run(main)
