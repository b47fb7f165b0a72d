"""Runs the whole of ingest on raw files that a test writes."""

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ingest.pipeline import IngestOutputs, ingest, locate
from sracl_core.params.data import SOURCE, DataParams, TableParams
from sracl_core.params.split import SplitParams

Row = dict[str, Any]


@dataclass(frozen=True)
class Ingested:
    summary: Row
    outputs: IngestOutputs

    def rows(self, name: str) -> list[Row]:
        return read_table(getattr(self.outputs, name)).to_pylist()

    def item(self, item_id: str) -> Row:
        (row,) = [row for row in self.rows("items") if row["item_id"] == item_id]
        return row | {"attributes": dict(row["attributes"])}

    def histories(self) -> dict[str, list[tuple[str, int]]]:
        """(item id, timestamp) of each user, in the order of the artifact."""
        items = {row["item"]: row["item_id"] for row in self.rows("items")}
        users = {row["user"]: row["user_id"] for row in self.rows("users")}
        found: dict[str, list[tuple[str, int]]] = {}
        for row in self.rows("interactions"):
            found.setdefault(users[row["user"]], []).append((items[row["item"]], row["timestamp"]))
        return found

    def files(self) -> dict[str, bytes]:
        return {field.name: getattr(self.outputs, field.name).read_bytes() for field in fields(self.outputs)}


Ingest = Callable[..., Ingested]


@pytest.fixture
def run_ingest(tmp_path: Path) -> Ingest:
    """Ingest a folder; keywords are fields of DataParams or TableParams. As a rule nothing is filtered."""

    def run(
        folder: Path,
        *,
        split: SplitParams | None = None,
        out: str = "out",
        memory_gb: float = 0.5,
        threads: int | None = 2,
        **data: Any,
    ) -> Ingested:
        own = {name: data.pop(name) for name in TableParams.model_fields if name in data}
        groups = SOURCE.shipped(table=TableParams(**own))
        params = DataParams(**{"path": str(folder), "core_users": 1, "core_items": 1, "sources": groups} | data)
        outputs = IngestOutputs(*(tmp_path / out / field.name for field in fields(IngestOutputs)))
        layout = locate(folder, params)
        provenance = Provenance("ingest", "params", "source")
        ingest(layout, params, split or SplitParams(), outputs, provenance, memory_gb=memory_gb, threads=threads)
        return Ingested(json.loads(outputs.summary.read_text()), outputs)

    return run


def write_gzip(path: Path, text: str) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(text)


def write_zip(path: Path, members: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)


@pytest.fixture
def gzipped() -> Callable[[Path, str], None]:
    return write_gzip


@pytest.fixture
def zipped() -> Callable[[Path, dict[str, str]], None]:
    return write_zip
