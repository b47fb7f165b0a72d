"""Stage certify_inputs: proof that all training is given comes from training interactions, or failure."""

from functools import cache
from pathlib import Path

import pyarrow as pa

from sracl_core.artifacts.provenance import Provenance
from sracl_core.device import pick_device
from sracl_core.documents import write_sealed
from sracl_core.embed.encoders.protocol import Encoder
from sracl_core.embed.vectors import load_encoder
from sracl_core.ground.console import say
from sracl_core.leakage.inputs.check import InputFiles, InputParams, Makers, certify_inputs
from sracl_core.leakage.shared.certificate import summary
from sracl_core.params.certify import CertifyParams
from sracl_core.params.data import DataParams
from sracl_core.params.embed import TABLE, EmbedParams
from sracl_core.params.mine import MineParams
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.section import Section, read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.split import SplitParams
from sracl_core.profile.engines.extractive import Extractive
from sracl_core.profile.engines.protocol import Engine, EngineSettings
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_repeatable
from stages.entry import PARAMS_FILE, In, Out, provenance, run

KINDS = ("item", "user")


def main(
    params_file: Path = PARAMS_FILE,
    interactions: In = Path("data/interim/interactions.parquet"),
    items: In = Path("data/interim/items.parquet"),
    users: In = Path("data/interim/users.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    item_contexts: In = Path("data/interim/item_contexts.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    item_profiles: In = Path("data/artifacts/item_profiles.parquet"),
    user_profiles: In = Path("data/artifacts/user_profiles.parquet"),
    item_embeddings: In = Path("data/artifacts/item_embeddings.parquet"),
    user_embeddings: In = Path("data/artifacts/user_embeddings.parquet"),
    item_vectors: In = Path("data/interim/item_vectors.parquet"),
    user_vectors: In = Path("data/interim/user_vectors.parquet"),
    item_space: In = Path("data/artifacts/item_space.parquet"),
    user_space: In = Path("data/artifacts/user_space.parquet"),
    item_index: In = Path("data/artifacts/item.faiss"),
    user_index: In = Path("data/artifacts/user.faiss"),
    item_pool: In = Path("data/artifacts/item_pool.parquet"),
    user_pool: In = Path("data/artifacts/user_pool.parquet"),
    item_texts: In = Path("data/interim/item_texts.parquet"),
    user_texts: In = Path("data/interim/user_texts.parquet"),
    certificate: Out = Path("data/artifacts/certificate_inputs.json"),
) -> None:
    """Certify the inputs of training; any leak ends the run without a certificate."""
    certificate.unlink(missing_ok=True)  # a certificate of an earlier run must not outlive a failed check
    files = InputFiles(
        interactions=interactions,
        items=items,
        users=users,
        sequences=sequences,
        item_texts=item_texts,
        user_texts=user_texts,
        item_contexts=item_contexts,
        prefixes=prefixes,
        item_profiles=item_profiles,
        user_profiles=user_profiles,
        item_embeddings=item_embeddings,
        user_embeddings=user_embeddings,
        item_vectors=item_vectors,
        user_vectors=user_vectors,
        item_space=item_space,
        user_space=user_space,
        item_index=item_index,
        user_index=user_index,
        item_pool=item_pool,
        user_pool=user_pool,
    )
    params = InputParams(
        method=read_section(params_file, SplitParams, only=("method",)).method,
        data=read_section(params_file, DataParams, only=("source", "sources", "attributes")),
        profile=read_section(params_file, ProfileParams, only=("engine", "engines", "domain", "llm", "items", "users")),
        embed=read_section(params_file, EmbedParams),
        mine=read_section(params_file, MineParams),
        certify=read_section(params_file, CertifyParams),
    )
    embed = params.embed
    runtime = read_section(params_file, RuntimeParams)

    def settings(catalogue: pa.Table) -> EngineSettings:
        own = params.profile
        return EngineSettings(
            Catalogue.from_table(catalogue), own.domain, own.items, own.llm, runtime, own.engine_params
        )

    def extractive(catalogue: pa.Table) -> Engine:
        return Extractive(settings(catalogue))

    def engine(catalogue: pa.Table) -> Engine | None:
        return load_repeatable(params.profile.engine_part, settings(catalogue))

    @cache
    def encoder() -> Encoder | None:
        if embed.engine_part == TABLE:
            return None
        return load_encoder(embed.engine_part, embed.engine_params, str(pick_device(runtime)))

    result = certify_inputs(files, params, Makers(extractive, engine, encoder), _origins(params_file, files, embed))
    write_sealed(certificate, result)
    say(summary(result))


def _origins(params_file: Path, files: InputFiles, embed: EmbedParams) -> dict[Path, Provenance]:
    """The provenance that each artifact must have: of the stage that makes it, as that stage works it out."""
    by_items = read_section(params_file, ProfileParams, only=("engine", "engines", "domain", "llm", "items"))
    by_users = read_section(params_file, ProfileParams, only=("engine", "engines", "domain", "llm", "users"))
    by_k = read_section(params_file, MineParams, only=("k", "vectors"))
    mine = read_section(params_file, MineParams, only=("k", "exclude_same_user", "vectors"))
    own_space = read_section(params_file, MineParams, only=("vectors", "dimension", "seed"))
    by_space: list[Section] = [own_space] if own_space.vectors != "semantic" else []
    mined = {kind: mine.chosen(files.of(kind, "embeddings"), files.of(kind, "space")) for kind in KINDS}
    read = [files.items, files.sequences]
    in_items, in_prefixes = [files.item_profiles, files.item_vectors], [files.user_profiles, files.user_vectors]
    of_items = provenance("profile_items", [by_items], [*read, files.item_texts], by_items.engine_part)
    of_users = provenance("profile_users", [by_users], [*read, files.user_texts], by_users.engine_part)
    texts = read_section(params_file, ProfileParams, only=("engine", "engines"))
    vectors = read_section(params_file, EmbedParams, only=("engine", "engines"))
    named = texts.texts_brought("items") or texts.texts_brought("users")
    told = [files.items, files.users]
    of_texts = provenance("own_texts", [texts], told) if named else provenance("own_texts", [], [])
    of_vectors = provenance("own_vectors", [], [])
    if vectors.engine_part == TABLE:
        of_vectors = provenance("own_vectors", [vectors], [*told, files.sequences, files.prefixes])
    return {
        files.item_texts: of_texts,
        files.user_texts: of_texts,
        files.item_vectors: of_vectors,
        files.user_vectors: of_vectors,
        files.item_contexts: of_items,
        files.item_profiles: of_items,
        files.prefixes: of_users,
        files.user_profiles: of_users,
        files.item_embeddings: provenance("embed@item", [embed], in_items, embed.engine_part),
        files.user_embeddings: provenance("embed@user", [embed], in_prefixes, embed.engine_part),
        files.item_pool: provenance("mine_items", [by_k], [mined["item"], files.item_index]),
        files.user_pool: provenance("mine_users", [mine], [mined["user"], files.user_index, files.prefixes]),
        files.item_space: provenance("space", by_space, read if by_space else []),
        files.user_space: provenance("space", by_space, [*read, files.prefixes] if by_space else []),
    }


if __name__ == "__main__":
    run(main)
