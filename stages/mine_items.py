"""Stage mine_items: the candidate pool of every item."""

from pathlib import Path

from sracl_core.artifacts import pool_schema, write_table
from sracl_core.params.retrieval import MineParams
from sracl_core.params.section import read_section
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.index import read_index
from sracl_core.retrieval.pools import candidate_pools, pool_table
from stages.entry import PARAMS_FILE, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    embeddings: Path = Path("data/artifacts/item_embeddings.parquet"),
    index: Path = Path("data/artifacts/item.faiss"),
    pool: Path = Path("data/artifacts/item_pool.parquet"),
) -> None:
    """Find the k nearest other items of each item."""
    params = read_section(params_file, MineParams, only=("k",))
    keys, vectors = read_embeddings(embeddings)
    neighbours, scores = candidate_pools(read_index(index, keys, vectors), keys, vectors, params.k)
    source = provenance("mine_items", [params], [embeddings, index])
    write_table(pool, pool_table(keys, neighbours, scores), pool_schema(params.k), source)
    print(f"mine_items: {len(keys)} pools of {params.k}, mean cosine {scores.mean(dtype=float):.3f}")


if __name__ == "__main__":
    run(main)
