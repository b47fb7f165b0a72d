"""An artifact that was made otherwise than from what is beside it is named, with how it differs."""

from dataclasses import replace
from pathlib import Path

import pytest

from sracl_core.artifacts.provenance import Provenance, source_digest
from sracl_core.artifacts.tables import write_table
from sracl_core.ground.errors import LeakageError
from sracl_core.leakage.shared.origins import check_origins
from sracl_core.schemas.ingest import USERS

HERE = Provenance("embed@item", "parameters", "files", "code")


def written(path: Path, provenance: Provenance) -> Path:
    write_table(path, USERS.empty_table(), USERS, provenance)
    return path


def test_what_was_made_as_expected_passes(tmp_path: Path) -> None:
    check = check_origins({written(tmp_path / name, HERE): HERE for name in ("one", "two")})
    assert (check.check, check.examined) == ("origins", 2)


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("producer", "another stage made it"),
        ("params_digest", "other parameters"),
        ("source_digest", "other files than those beside it"),
        ("code_digest", "other code"),
    ],
)
def test_each_difference_is_told(tmp_path: Path, field: str, told: str) -> None:
    path = written(tmp_path / "item_embeddings.parquet", replace(HERE, **{field: "other"}))
    fine = written(tmp_path / "fine.parquet", HERE)
    with pytest.raises(
        LeakageError, match=rf"(?s)'origins' failed.*1 of 2 .*item_embeddings\.parquet: .*{told}"
    ) as caught:
        check_origins({fine: HERE, path: HERE})
    assert "--single-item embed@item" in str(caught.value)
    assert "fine.parquet" not in str(caught.value)


def test_a_file_changed_beside_its_product_is_seen(tmp_path: Path) -> None:
    source = tmp_path / "profiles"
    source.write_text("one")
    path = written(tmp_path / "x", replace(HERE, source_digest=source_digest([source])))
    check_origins({path: replace(HERE, source_digest=source_digest([source]))})
    source.write_text("two")
    with pytest.raises(LeakageError, match="from other files"):
        check_origins({path: replace(HERE, source_digest=source_digest([source]))})
