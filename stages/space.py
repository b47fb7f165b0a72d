"""Stage space: vectors of items and prefixes to mine pools from, where these are not the embeddings."""

from pathlib import Path

import numpy as np

from sracl_core.artifacts.tables import read_table
from sracl_core.ground.console import say
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import read_section
from sracl_core.retrieval.space import item_space, user_space
from sracl_core.schemas.ingest import ITEMS
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.sequences import read_training_part
from sracl_core.vectors import no_vectors, write_vectors
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    items: In = Path("data/interim/items.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    of_items: Out = Path("data/artifacts/item_space.parquet"),
    of_users: Out = Path("data/artifacts/user_space.parquet"),
) -> None:
    """Write the vectors that mine.vectors asks for; none where it is semantic."""
    params = read_section(params_file, MineParams, only=("vectors", "dimension", "seed"))
    if params.vectors == "semantic":
        for space in (of_items, of_users):  # the same bytes for all data: nothing runs because of them
            no_vectors(space, provenance("space", [], []))
        say("space: mine.vectors is semantic, so pools are mined from the embeddings")
        return
    n_items = read_table(items, ITEMS, columns=["item"]).num_rows
    train, listed = read_training_part(sequences, items, n_items), read_table(prefixes, PREFIXES)
    item_vectors = item_space(train, n_items, params)
    user_vectors = user_space(item_vectors, train, listed, params)
    write_vectors(of_items, np.arange(1, n_items + 1), item_vectors, provenance("space", [params], [items, sequences]))
    source = provenance("space", [params], [items, sequences, prefixes])
    write_vectors(of_users, listed["prefix"].to_numpy(), user_vectors, source)
    say(f"space: {params.vectors} vectors of {n_items} items and {len(user_vectors)} prefixes, {params.dimension} wide")


if __name__ == "__main__":
    run(main)
