"""Stage embed: the profiles of items, or of prefixes, as unit vectors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sracl_core.device import pick_device
from sracl_core.embed.vectors import batch_on, embed_texts, load_encoder, read_brought, read_texts
from sracl_core.ground.console import say
from sracl_core.params.embed import NOT_BROUGHT, TABLE, EmbedParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.vectors import require_no_vectors, write_vectors
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    kind: Annotated[Literal["item", "user"], typer.Argument(help="whose profiles")],
    params_file: Path = PARAMS_FILE,
    profiles: In = Path("data/artifacts/{kind}_profiles.parquet"),
    brought: In = Path("data/interim/{kind}_vectors.parquet"),
    embeddings: Out = Path("data/artifacts/{kind}_embeddings.parquet"),
) -> None:
    """Encode the profiles of items or users."""
    source_file = Path(str(profiles).format(kind=kind))
    params = read_section(params_file, EmbedParams)
    runtime = read_section(params_file, RuntimeParams, only=("device", "threads", "deterministic", "embed_batch"))
    out, own = Path(str(embeddings).format(kind=kind)), Path(str(brought).format(kind=kind))
    origin = provenance(f"embed@{kind}", [params], [source_file, own], params.engine_part)
    keys, texts = read_texts(source_file)
    if params.engine_part == TABLE:
        vectors = read_brought(own, source_file, keys)
        write_vectors(out, keys, vectors, origin)
        say(f"embed@{kind}: {len(keys)} vectors of your own, dimension {vectors.shape[1]}")
        return
    require_no_vectors(own, NOT_BROUGHT)
    device = str(pick_device(runtime))
    encoder = load_encoder(params.engine_part, params.engine_params, device)
    vectors = embed_texts(texts, encoder, runtime.embed_batch or batch_on(device))
    write_vectors(out, keys, vectors, origin)
    distinct = f"{len(texts)} texts, {len(set(texts))} distinct"
    say(f"embed@{kind}: {distinct}, dimension {encoder.dimension}, by {encoder.name}")


if __name__ == "__main__":
    run(main)
