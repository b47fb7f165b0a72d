"""The evaluate command on a stored model: its files, its table, and that it builds on a clean certificate only."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.documents import write_sealed
from sracl_core.evaluation.record import require_recorded
from sracl_core.ground.errors import ArtifactError
from sracl_core.leakage.shared.certificate import TRAINING_CHECKS, Check, certificate, digests_of
from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.model.store import save_backbone
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.ranks import RANKS
from tests.leakage.world import N_ITEMS, clean_world

ROOT = Path(__file__).resolve().parents[2]


def stage(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stages.evaluate"]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    sequences = clean_world()["sequences"]
    write_table(tmp_path / "data/interim/sequences.parquet", sequences, sequences.schema, Provenance("test", "", ""))
    torch.manual_seed(0)
    params = SASRecParams(hidden=8, layers=1, heads=2, feed_forward=16, dropout=0.5, max_length=6)
    backbone = build_backbone("sasrec", N_ITEMS, params)
    artifacts = tmp_path / "data/artifacts"
    save_backbone(
        artifacts / "model.safetensors",
        artifacts / "model.json",
        name="sasrec",
        backbone=backbone,
        state=backbone.state_dict(),
        training={},
        provenance=Provenance("train", "", ""),
    )
    files = [tmp_path / "data/interim/sequences.parquet", artifacts / "model.safetensors", artifacts / "model.json"]
    checks = [Check(name, 1, "It holds.", "train") for name in TRAINING_CHECKS]
    write_sealed(artifacts / "certificate_training.json", certificate(checks, digests_of(files)))
    return tmp_path


def test_files_and_table(folder: Path) -> None:
    outputs = [
        folder / "data/artifacts" / name for name in ("ranks.parquet", "metrics.json", "slices.json", "evaluation.json")
    ]
    written = []
    for _ in range(2):
        done = stage(folder)
        assert (done.returncode, done.stderr) == (0, "")
        written.append([path.read_bytes() for path in outputs])
    assert written[0] == written[1]
    assert len(read_table(outputs[0], RANKS)) == 2 * 13  # user 3 only trains
    metrics = json.loads(written[0][1])
    assert (metrics["test"]["users"], metrics["test"]["users_without_target"]) == (13, 1)
    assert {"split", "slice", "metric", "value", "n"} == set(json.loads(written[0][2])[0])
    assert re.search(rf"test +13 .* {metrics['test']['ndcg@20']:.4f} ", done.stdout)
    assert "test: users left out: 1 without a target" in done.stdout

    require_recorded(outputs[3], outputs[:3])
    outputs[1].write_text(outputs[1].read_text().replace('"users": 13', '"users": 14'))
    with pytest.raises(ArtifactError, match=r"metrics\.json is not what the evaluation wrote"):
        require_recorded(outputs[3], outputs[:3])


@pytest.mark.parametrize(("certificate", "told"), [(None, "does not exist"), ({"clean": False}, "not a clean leakage")])
def test_nothing_is_evaluated_without_a_clean_certificate(
    folder: Path, certificate: dict[str, object] | None, told: str
) -> None:
    path = folder / "data/artifacts/certificate_training.json"
    path.unlink()
    if certificate is not None:
        write_sealed(path, certificate)
    done = stage(folder)
    assert done.returncode == 1 and told in done.stderr and "Traceback" not in done.stderr
    assert not (folder / "data/artifacts/metrics.json").exists()


def test_validation_and_test_swapped_after_certification_are_not_evaluated(folder: Path) -> None:
    path = folder / "data/interim/sequences.parquet"
    table = read_table(path, SEQUENCES)
    swapped = table.set_column(2, "valid", table["test"]).set_column(3, "test", table["valid"])
    write_table(path, swapped, SEQUENCES, Provenance("test", "", ""))
    done = stage(folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "sequences.parquet is not the file that data/artifacts/certificate_training.json certified" in done.stderr
