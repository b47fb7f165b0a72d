"""Stage `certify_inputs`: prove that all training is given comes from training interactions, or fail."""

from pathlib import Path

from sracl_core.artifacts.documents import write_json
from sracl_core.leakage.certificate import summary
from sracl_core.leakage.inputs import InputFiles, certify_inputs
from sracl_core.params.data import DataParams, SplitParams
from sracl_core.params.profile import ProfileParams
from sracl_core.params.retrieval import MineParams
from sracl_core.params.section import read_section
from stages.entry import PARAMS_FILE, run


def main(
    params_file: Path = PARAMS_FILE,
    interactions: Path = Path("data/interim/interactions.parquet"),
    items: Path = Path("data/interim/items.parquet"),
    users: Path = Path("data/interim/users.parquet"),
    sequences: Path = Path("data/interim/sequences.parquet"),
    item_contexts: Path = Path("data/interim/item_contexts.parquet"),
    prefixes: Path = Path("data/interim/prefixes.parquet"),
    item_profiles: Path = Path("data/artifacts/item_profiles.parquet"),
    user_profiles: Path = Path("data/artifacts/user_profiles.parquet"),
    item_embeddings: Path = Path("data/artifacts/item_embeddings.parquet"),
    user_embeddings: Path = Path("data/artifacts/user_embeddings.parquet"),
    item_pool: Path = Path("data/artifacts/item_pool.parquet"),
    user_pool: Path = Path("data/artifacts/user_pool.parquet"),
    certificate: Path = Path("data/artifacts/certificate_inputs.json"),
) -> None:
    """Certify the inputs of training; any leak ends the run without a certificate."""
    certificate.unlink(missing_ok=True)  # a certificate of an earlier run must not outlive a failed check
    split = read_section(params_file, SplitParams, only=("method",))
    data = read_section(params_file, DataParams, only=("source", "attributes"))
    profile = read_section(params_file, ProfileParams, only=("items", "users"))
    mine = read_section(params_file, MineParams)
    files = InputFiles(
        interactions=interactions,
        items=items,
        users=users,
        sequences=sequences,
        item_contexts=item_contexts,
        prefixes=prefixes,
        item_profiles=item_profiles,
        user_profiles=user_profiles,
        item_embeddings=item_embeddings,
        user_embeddings=user_embeddings,
        item_pool=item_pool,
        user_pool=user_pool,
    )
    result = certify_inputs(files, split.method, profile.items, profile.users, mine, data=data)
    write_json(certificate, result)
    print(summary(result))


if __name__ == "__main__":
    run(main)
