"""Stage certify_training: proof that what training held and made comes from certified inputs, or failure."""

from pathlib import Path

from sracl_core.documents import write_sealed
from sracl_core.ground.console import say
from sracl_core.leakage.shared.certificate import summary
from sracl_core.leakage.training import TrainingFiles, certify_training
from sracl_core.params.reading.section import read_section
from sracl_core.params.split import SplitParams
from sracl_core.params.train import TrainParams
from sracl_core.retrieval.reading.files import RetrievalFiles, needed_files
from stages.entry import PARAMS_FILE, In, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    interactions: In = Path("data/interim/interactions.parquet"),
    items: In = Path("data/interim/items.parquet"),
    sequences: In = Path("data/interim/sequences.parquet"),
    prefixes: In = Path("data/interim/prefixes.parquet"),
    item_pool: In = Path("data/artifacts/item_pool.parquet"),
    user_pool: In = Path("data/artifacts/user_pool.parquet"),
    user_embeddings: In = Path("data/artifacts/user_embeddings.parquet"),
    item_embeddings: In = Path("data/artifacts/item_embeddings.parquet"),
    trained_on: In = Path("data/artifacts/trained_on.parquet"),
    weights: In = Path("data/artifacts/model.safetensors"),
    description: In = Path("data/artifacts/model.json"),
    inputs: In = Path("data/artifacts/certificate_inputs.json"),
    certificate: Out = Path("data/artifacts/certificate_training.json"),
) -> None:
    """Certify what training consumed and made; any leak ends the run without a certificate."""
    certificate.unlink(missing_ok=True)  # a certificate of an earlier run must not outlive a failed check
    split = read_section(params_file, SplitParams, only=("method",))
    train = read_section(params_file, TrainParams)
    retrieved = RetrievalFiles(item_pool, user_pool, user_embeddings, item_embeddings)
    read = [prefixes, *needed_files(retrieved, train.needs)]
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
