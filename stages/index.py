"""Stage index: the vectors of items, or of prefixes, in a FAISS index."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sracl_core.ground.console import say
from sracl_core.retrieval.embeddings import read_embeddings
from sracl_core.retrieval.index import build_index, write_index
from stages.entry import In, Out, run


def main(
    kind: Annotated[Literal["item", "user"], typer.Argument(help="whose embeddings")],
    embeddings: In = Path("data/artifacts/{kind}_embeddings.parquet"),
    index: Out = Path("data/artifacts/{kind}.faiss"),
) -> None:
    """Index the embeddings of items or users."""
    keys, vectors = read_embeddings(Path(str(embeddings).format(kind=kind)))
    built = build_index(keys, vectors)
    write_index(Path(str(index).format(kind=kind)), built)
    say(f"index@{kind}: {built.ntotal} distinct vectors of {len(keys)}, dimension {built.d}")


if __name__ == "__main__":
    run(main)
