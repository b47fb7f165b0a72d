"""Stage index: the vectors of items, or of prefixes, in a FAISS index."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sracl_core.ground.console import say
from sracl_core.params.mine import MineParams
from sracl_core.params.reading.section import read_section
from sracl_core.retrieval.index.faiss_index import build_index, write_index
from sracl_core.vectors import read_embeddings
from stages.entry import PARAMS_FILE, In, Out, run


def main(
    kind: Annotated[Literal["item", "user"], typer.Argument(help="whose embeddings")],
    params_file: Path = PARAMS_FILE,
    embeddings: In = Path("data/artifacts/{kind}_embeddings.parquet"),
    space: In = Path("data/artifacts/{kind}_space.parquet"),
    index: Out = Path("data/artifacts/{kind}.faiss"),
) -> None:
    """Index the embeddings of items or users, or the vectors that mine.vectors asks for instead."""
    params = read_section(params_file, MineParams, only=("vectors",))
    chosen = params.chosen(embeddings, space)
    keys, vectors = read_embeddings(Path(str(chosen).format(kind=kind)))
    built = build_index(keys, vectors)
    write_index(Path(str(index).format(kind=kind)), built)
    say(f"index@{kind}: {built.ntotal} distinct vectors of {len(keys)}, dimension {built.d}")


if __name__ == "__main__":
    run(main)
