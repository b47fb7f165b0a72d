"""Texts and vectors that a team brings along, from their files to a certificate of the inputs."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table, write_table
from sracl_core.documents import read_sealed
from sracl_core.ground.errors import LeakageError
from tests.leakage.world import clean_world
from tests.pipeline.in_process import RUNS, ingested, run

BROUGHT = {
    "profile": {"engine": "table", "engines": {"table": {"items": "texts.csv"}}},
    "embed": {"engine": "table", "engines": {"table": {"items": "vectors.parquet"}}},
}


def test_what_is_brought_is_certified_and_what_took_its_place_is_not(tmp_path: Path) -> None:
    with ingested(tmp_path, BROUGHT):
        raw, ids = Path("data/raw/sample"), clean_world()["items"]["item_id"].to_pylist()
        with (raw / "texts.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("item_id", "text"), *((one, f"about {one}") for one in ids)])
        vectors = np.random.default_rng(0).normal(size=(len(ids), 4)).tolist()
        pq.write_table(pa.table({"item_id": ids, "vector": vectors}), raw / "vectors.parquet")
        before = [one for one in RUNS if one[0].name not in ("train", "certify_training", "evaluate")]
        for stage, arguments in before:
            run(stage, arguments)
        certificate = read_sealed(Path("data/artifacts/certificate_inputs.json"), "a certificate")
        told = {check["check"]: check for check in certificate["checks"]}
        assert told["not asked for"]["examined"] == 3  # the users' texts, both spaces
        for name in ("item_texts", "user_vectors"):
            path = Path(f"data/interim/{name}.parquet")
            content = path.read_bytes()
            table = read_table(path)
            write_table(path, table, table.schema.remove_metadata(), Provenance("somebody", "", ""))
            with pytest.raises(LeakageError, match=rf"{name}\.parquet: another stage made it"):
                run(*before[-1])
            path.write_bytes(content)
