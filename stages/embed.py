"""Stage embed: the profiles of items, or of prefixes, as unit vectors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sracl_core.artifacts.tables import read_table
from sracl_core.device import pick_device
from sracl_core.embed.vectors import batch_on, embed_texts, load_encoder
from sracl_core.ground.console import say
from sracl_core.params.embed import TABLE, EmbedParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.schemas.profiles import PROFILES
from sracl_core.vectors import read_vectors, write_vectors
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
    table = read_table(source_file, PROFILES)
    if params.engine_part == TABLE:
        keys, vectors = read_vectors(own)
        write_vectors(out, keys, vectors, origin)
        say(f"embed@{kind}: {len(keys)} vectors of your own, dimension {vectors.shape[1]}")
        return
    device = str(pick_device(runtime))
    encoder = load_encoder(params.engine_part, params.engine_params, device)
    texts = table["text"].to_pylist()
    vectors = embed_texts(texts, encoder, runtime.embed_batch or batch_on(device))
    write_vectors(out, table["key"].to_numpy(), vectors, origin)
    distinct = f"{len(texts)} texts, {len(set(texts))} distinct"
    say(f"embed@{kind}: {distinct}, dimension {encoder.dimension}, by {encoder.name}")


if __name__ == "__main__":
    run(main)
