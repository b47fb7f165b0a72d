"""Stage mine_users: k semantic neighbours of every training prefix."""

from pathlib import Path

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.ground.console import say
from sracl_core.ground.errors import ArtifactError
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import read_section
from sracl_core.retrieval.mining.mine import mine_pools
from sracl_core.schemas.pools import pool_schema
from sracl_core.schemas.prefixes import PREFIXES
from sracl_core.vectors import read_embeddings
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    embeddings: In = Path("data/artifacts/user_embeddings.parquet"),
    space: In = Path("data/artifacts/user_space.parquet"),
    index: In = Path("data/artifacts/user.faiss"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    pool: Out = Path("data/artifacts/user_pool.parquet"),
) -> None:
    """Find the k nearest prefixes of each prefix, of other users unless the parameters say otherwise."""
    params = read_section(params_file, MineParams, only=("k", "exclude_same_user", "vectors"))
    chosen = params.chosen(embeddings, space)
    keys, vectors = read_embeddings(chosen)
    listed = read_table(prefixes, PREFIXES)
    if listed["prefix"].to_pylist() != keys.tolist():
        raise ArtifactError(
            f"{chosen} and {prefixes} don't speak of the same prefixes. Run `dvc repro` to make them again."
        )
    users = listed["user"].to_numpy() if params.exclude_same_user else None
    table, told = mine_pools(index, keys, vectors, what="training prefixes", k=params.k, users=users)
    write_table(pool, table, pool_schema(params.k), provenance("mine_users", [params], [chosen, index, prefixes]))
    say(f"mine_users: {told}")


if __name__ == "__main__":
    run(main)
