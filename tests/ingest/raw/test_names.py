"""Names of files and of members that no terminal and no output should meet."""

import os
import zipfile
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.folder import RawFolder

PATTERNS = ("*interactions.csv",)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"caf\xe9 interactions.csv", "caf\\xe9 interactions.csv"),
        (b"\x1b[31minteractions.csv", "\\x1b[31minteractions.csv"),
        (b"a\nb\rinteractions.csv", "a\\nb\\rinteractions.csv"),
        ("\u202einteractions.csv".encode(), "\\u202einteractions.csv"),
        ("größe interactions.csv".encode(), "größe interactions.csv"),
    ],
)
def test_a_file_is_shown_by_a_printable_name_and_read_by_its_own(tmp_path: Path, name: bytes, expected: str) -> None:
    Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text("x")
    folder = RawFolder(tmp_path)
    for chosen in (None, expected, os.fsdecode(name)):
        file = folder.find(PATTERNS, "interactions", chosen)
        assert file.name == folder.listing() == expected
        assert (file.head(), file.size) == (b"x", 1)


def test_members_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("a/\x1b[31minteractions.csv", "x")
    folder = RawFolder(tmp_path)
    for chosen in (None, "log.zip/a/\\x1b[31minteractions.csv", "log.zip/a/\x1b[31minteractions.csv"):
        file = folder.find(PATTERNS, "interactions", chosen)
        assert file.name == "log.zip/a/\\x1b[31minteractions.csv"
        assert (file.head(), file.size) == (b"x", 1)


def test_a_member_that_leads_out_of_the_archive_is_a_name_like_others(tmp_path: Path) -> None:
    """No member is ever written to the disk under its name."""
    before = sorted(tmp_path.parent.iterdir())
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("../../../interactions.csv", "x")
        archive.writestr("/etc/items.csv", "y")
    folder = RawFolder(tmp_path)
    assert folder.find(PATTERNS, "interactions").head() == b"x"
    assert folder.find(("items.csv",), "items").head() == b"y"
    assert sorted(tmp_path.parent.iterdir()) == before


def test_thousands_of_members_are_counted_not_listed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number}/interactions.csv", "")
    with pytest.raises(DataError, match=r"several files of interactions: .* and 2980 more\. Set data") as caught:
        RawFolder(tmp_path).find(PATTERNS, "interactions")
    assert len(str(caught.value)) < 2000


def damaged(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def test_a_member_whose_name_is_not_what_it_says_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("é/interactions.csv", "x")
    damaged(tmp_path / "log.zip", "é".encode(), b"\xff\xfe")  # marked as UTF-8
    with pytest.raises(DataError, match=r"log.zip is not a readable zip archive: 'utf-8' codec"):
        RawFolder(tmp_path).find(PATTERNS, "interactions")


def test_a_member_without_a_name_is_passed_over(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("interactions.csv", "x")
        archive.writestr("nameless", "y")
    damaged(tmp_path / "log.zip", b"nameless", bytes(8))  # names end at NUL
    assert [file.name for file in RawFolder(tmp_path).members] == ["log.zip/interactions.csv"]
