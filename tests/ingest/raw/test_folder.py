"""Which file of a folder is meant."""

import zipfile
from pathlib import Path

import pytest

from sracl_core.errors import DataError
from sracl_core.ingest.raw.folder import RawFolder

PATTERNS = ("interactions.csv", "interactions.jsonl")


def test_left_behind_files_are_passed_over_on_disk_and_in_archives(tmp_path: Path) -> None:
    for name in ("._interactions.csv", ".interactions.csv.swp", "~$interactions.csv", ".DS_Store", "Thumbs.db"):
        (tmp_path / name).write_text("x")
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
        for name in ("a/interactions.csv", "__MACOSX/a/._interactions.csv", "a/._interactions.csv", "a/Thumbs.db"):
            archive.writestr(name, "x")
    folder = RawFolder(tmp_path)
    assert [file.name for file in folder.files] == ["data.zip"]
    assert folder.find(PATTERNS, "interactions").name == "data.zip/a/interactions.csv"


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".GZ"])
def test_a_packed_file_fits_the_name_of_what_it_holds(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"Interactions.csv{suffix}").write_text("x")
    assert RawFolder(tmp_path).find(PATTERNS, "interactions").name == f"Interactions.csv{suffix}"


def test_a_text_named_zip_is_told(tmp_path: Path) -> None:
    (tmp_path / "interactions.zip").write_text("user_id,item_id\n")
    with pytest.raises(DataError, match=r"interactions.zip is not a readable zip archive.*suffix of what it holds"):
        RawFolder(tmp_path)


def test_a_hidden_file_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / ".log.csv").write_text("x")
    assert RawFolder(tmp_path).find(PATTERNS, "interactions", ".log.csv").name == ".log.csv"
