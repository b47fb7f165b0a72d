"""Stage mine_items: k semantic neighbours of every item."""

from pathlib import Path

from sracl_core.artifacts.tables import write_table
from sracl_core.ground.console import say
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import read_section
from sracl_core.retrieval.mining.mine import mine_pools
from sracl_core.schemas.pools import pool_schema
from sracl_core.vectors import read_embeddings
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    embeddings: In = Path("data/artifacts/item_embeddings.parquet"),
    space: In = Path("data/artifacts/item_space.parquet"),
    index: In = Path("data/artifacts/item.faiss"),
    pool: Out = Path("data/artifacts/item_pool.parquet"),
) -> None:
    """Find the k nearest other items of each item."""
    params = read_section(params_file, MineParams, only=("k", "vectors"))
    chosen = params.chosen(embeddings, space)
    keys, vectors = read_embeddings(chosen)
    table, told = mine_pools(index, keys, vectors, what="items", k=params.k)
    write_table(pool, table, pool_schema(params.k), provenance("mine_items", [params], [chosen, index]))
    say(f"mine_items: {told}")


if __name__ == "__main__":
    run(main)
