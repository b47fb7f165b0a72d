"""Stage evaluate: the rank of every held-out item among all items; metrics and slices."""

from pathlib import Path
from typing import Annotated

from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.device import pick_device
from sracl_core.documents import write_json
from sracl_core.evaluation.evaluate import evaluate
from sracl_core.evaluation.record import write_record
from sracl_core.evaluation.report import metrics_text
from sracl_core.ground.console import say
from sracl_core.leakage.shared.certificate import TRAINING_CHECKS, require_clean
from sracl_core.model.store import load_backbone
from sracl_core.params.backbone import BackboneChoice
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.params.reading.section import read_section
from sracl_core.params.runtime import RuntimeParams
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.ranks import RANKS
from stages.entry import PARAMS_FILE, In, Kept, Out, provenance, run


def main(
    params_file: Path = PARAMS_FILE,
    sequences: In = Path("data/interim/sequences.parquet"),
    weights: In = Path("data/artifacts/model.safetensors"),
    description: In = Path("data/artifacts/model.json"),
    certificate: In = Path("data/artifacts/certificate_training.json"),
    ranks: Out = Path("data/artifacts/ranks.parquet"),
    metrics: Annotated[Out, Kept("metrics", cache=False)] = Path("data/artifacts/metrics.json"),
    slices: Annotated[Out, Kept("plots", cache=False, template="slices", x="value", y="slice")] = Path(
        "data/artifacts/slices.json"
    ),
    record: Out = Path("data/artifacts/evaluation.json"),
) -> None:
    """Evaluate the trained model on the test and the validation split."""
    params = read_section(params_file, EvaluateParams)
    train = read_section(params_file, BackboneChoice)
    runtime = read_section(params_file, RuntimeParams, only=("device", "threads", "rank_tile_mb", "deterministic"))
    require_clean(certificate, TRAINING_CHECKS, [sequences, weights, description])
    backbone = load_backbone(weights, description, pick_device(runtime), allow=train.backbone_part)
    found = evaluate(backbone, read_table(sequences, SEQUENCES), params, int(runtime.rank_tile_mb * 1e6))
    origin = provenance("evaluate", [params], [sequences, weights, description, certificate])
    write_table(ranks, found.ranks, RANKS, origin)
    write_json(metrics, found.metrics)
    write_json(slices, found.slices)
    write_record(record, read=[sequences, weights, description, certificate], written=[ranks, metrics, slices])
    say(metrics_text(found.metrics, params.cutoffs))


if __name__ == "__main__":
    run(main)
