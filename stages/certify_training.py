"""Stage `certify_training`: prove that what the trainer held and made comes from the certified inputs, or fail."""

from pathlib import Path

from sracl_core.artifacts.documents import write_sealed
from sracl_core.console import say
from sracl_core.leakage.certificate import summary
from sracl_core.leakage.training import TrainingFiles, certify_training
from sracl_core.params.data import SplitParams
from sracl_core.params.section import read_section
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.needed import RetrievalFiles, needed_files
from stages.entry import PARAMS_FILE, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    interactions: Path = Path("data/interim/interactions.parquet"),
    items: Path = Path("data/interim/items.parquet"),
    sequences: Path = Path("data/interim/sequences.parquet"),
    prefixes: Path = Path("data/interim/prefixes.parquet"),
    item_pool: Path = Path("data/artifacts/item_pool.parquet"),
    user_pool: Path = Path("data/artifacts/user_pool.parquet"),
    user_embeddings: Path = Path("data/artifacts/user_embeddings.parquet"),
    trained_on: Path = Path("data/artifacts/trained_on.parquet"),
    weights: Path = Path("data/artifacts/model.safetensors"),
    description: Path = Path("data/artifacts/model.json"),
    inputs: Path = Path("data/artifacts/certificate_inputs.json"),
    certificate: Path = Path("data/artifacts/certificate_training.json"),
) -> None:
    """Certify what training consumed and made; any leak ends the run without a certificate."""
    certificate.unlink(missing_ok=True)  # a certificate of an earlier run must not outlive a failed check
    split = read_section(params_file, SplitParams, only=("method",))
    train = read_section(params_file, TrainParams)
    read = [prefixes, *needed_files(RetrievalFiles(item_pool, user_pool, user_embeddings), train.needs)]
    files = TrainingFiles(
        interactions=interactions,
        items=items,
        sequences=sequences,
        trained_on=trained_on,
        weights=weights,
        description=description,
        inputs_certificate=inputs,
        read=read,
    )
    origin = provenance("train", [train], [sequences, items, *read], *train.parts)
    result = certify_training(files, split.method, origin, train)
    write_sealed(certificate, result)
    say(summary(result))


if __name__ == "__main__":
    run(main)
