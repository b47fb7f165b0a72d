"""Stage mine_users: the candidate pool of every training prefix."""

from pathlib import Path

from sracl_core.artifacts import PREFIXES, pool_schema, read_table, write_table
from sracl_core.errors import ArtifactError
from sracl_core.params.retrieval import MineParams
from sracl_core.params.section import read_section
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.index import read_index
from sracl_core.retrieval.pools import candidate_pools, pool_table
from stages.entry import PARAMS_FILE, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    embeddings: Path = Path("data/artifacts/user_embeddings.parquet"),
    index: Path = Path("data/artifacts/user.faiss"),
    prefixes: Path = Path("data/interim/prefixes.parquet"),
    pool: Path = Path("data/artifacts/user_pool.parquet"),
) -> None:
    """Find the k nearest prefixes of each prefix, of other users unless the parameters say otherwise."""
    params = read_section(params_file, MineParams, only=("k", "exclude_same_user"))
    keys, vectors = read_embeddings(embeddings)
    listed = read_table(prefixes, PREFIXES)
    if listed["prefix"].to_pylist() != keys.tolist():
        raise ArtifactError(
            f"{embeddings} and {prefixes} don't speak of the same prefixes. Run `dvc repro` to make them again."
        )
    users = listed["user"].to_numpy() if params.exclude_same_user else None
    neighbours, scores = candidate_pools(read_index(index, keys, vectors), keys, vectors, params.k, users)
    source = provenance("mine_users", [params], [embeddings, index, prefixes])
    write_table(pool, pool_table(keys, neighbours, scores), pool_schema(params.k), source)
    print(f"mine_users: {len(keys)} pools of {params.k}, mean cosine {scores.mean(dtype=float):.3f}")


if __name__ == "__main__":
    run(main)
