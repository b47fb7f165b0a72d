"""Stage `certify_training`: prove that what the trainer held comes from training interactions, or fail."""

from pathlib import Path

from sracl_core.artifacts.documents import write_json
from sracl_core.leakage.certificate import summary
from sracl_core.leakage.training import certify_training
from sracl_core.params.data import SplitParams
from sracl_core.params.section import read_section
from stages.entry import PARAMS_FILE, run


def main(
    params_file: Path = PARAMS_FILE,
    interactions: Path = Path("data/interim/interactions.parquet"),
    sequences: Path = Path("data/interim/sequences.parquet"),
    trained_on: Path = Path("data/artifacts/trained_on.parquet"),
    inputs: Path = Path("data/artifacts/certificate_inputs.json"),
    certificate: Path = Path("data/artifacts/certificate_training.json"),
) -> None:
    """Certify what training consumed; any leak ends the run without a certificate."""
    certificate.unlink(missing_ok=True)  # a certificate of an earlier run must not outlive a failed check
    split = read_section(params_file, SplitParams, only=("method",))
    result = certify_training(interactions, sequences, trained_on, inputs, split.method)
    write_json(certificate, result)
    print(summary(result))


if __name__ == "__main__":
    run(main)
