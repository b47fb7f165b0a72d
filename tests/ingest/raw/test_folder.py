"""Which file of a folder is meant."""

import zipfile
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
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
        RawFolder(tmp_path).find(PATTERNS, "interactions")


def test_a_hidden_file_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / ".log.csv").write_text("x")
    assert RawFolder(tmp_path).find(PATTERNS, "interactions", ".log.csv").name == ".log.csv"


def test_an_unreadable_archive_that_nobody_needs_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_text("no archive")
    (tmp_path / "interactions.csv").write_text("x")
    folder = RawFolder(tmp_path)
    assert folder.find(PATTERNS, "interactions").name == "interactions.csv"
    assert folder.find_optional(("items.csv",), "items") is None


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(DataError, match=r"interactions.csv is a link that leads nowhere"):
        RawFolder(tmp_path).find(PATTERNS, "interactions")


@pytest.mark.parametrize(
    ("name", "data", "hint"),
    [
        ("interactions.xlsx", b"\xd0\xcf\x11\xe0", "interactions.xlsx is an Excel workbook.*Save the table as CSV"),
        ("yelp.tar", b"x" * 257 + b"ustar", "yelp.tar is a tar archive. Unpack it: tar -xf yelp.tar"),
        ("interactions.csv.zst", b"(\xb5/\xfd", "Unpack it: zstd -d interactions.csv.zst"),
    ],
)
def test_what_lies_there_instead_is_named_with_what_to_do(tmp_path: Path, name: str, data: bytes, hint: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=f"holds no file of interactions.*{hint}"):
        RawFolder(tmp_path).find(PATTERNS, "interactions")


def test_a_folder_of_parts_has_its_command(tmp_path: Path) -> None:
    (tmp_path / "interactions.parquet").mkdir()
    with pytest.raises(DataError, match=r"interactions.parquet is a folder of parts; make one file of them: python -c"):
        RawFolder(tmp_path).find(("interactions.parquet",), "interactions")
