"""A file is what its first bytes say: packed or not, and of a kind that can be read or not."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.files import RawFile, left_behind

TEXT = b"user_id,item_id,timestamp\nu,a,1\n"


def zipped(data: bytes, name: str = "inside.csv") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, data)
        archive.writestr("__MACOSX/._inside.csv", "shadow")
    return held.getvalue()


def read(path: Path) -> bytes:
    with RawFile(path.name, path).open() as (stream, _):
        return stream.read()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "gzip in zip": lambda data: zipped(gzip.compress(data)),
    "gzip twice": lambda data: gzip.compress(gzip.compress(data)),
}


@pytest.mark.parametrize("name", ["interactions.csv", "interactions.csv.gz", "interactions.bz2"])
@pytest.mark.parametrize("packer", PACKERS)
def test_the_first_bytes_tell_the_packing_whatever_the_name(tmp_path: Path, packer: str, name: str) -> None:
    (tmp_path / name).write_bytes(PACKERS[packer](TEXT))
    assert read(tmp_path / name) == TEXT


def test_the_suffix_of_a_packed_file_is_that_of_what_it_holds(tmp_path: Path) -> None:
    kinds = [RawFile(name, tmp_path).kind for name in ("a.CSV", "a.csv.gz", "a.jsonl.xz", "a.dat.bz2", "z.zip/b.tsv")]
    assert kinds == ["csv", "csv", "jsonl", "dat", "tsv"]


def office(name: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr(name, "")
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.json"))
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"(\xb5/\xfd rest", r"file.csv is compressed with Zstandard. Unpack it: zstd -d file.csv"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip archive. Unpack it: 7z x file.csv"),
        (b"Rar!\x1a\x07\x01", "RAR archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel workbook.*as CSV"),
        (office("xl/workbook.xml"), "office document.*as CSV"),
        (tarred(), "tar archive. Unpack it: tar -xf file.csv"),
        (gzip.compress(tarred()), "tar archive"),
        (b"SQLite format 3\x00", "SQLite database"),
        (b"\x80\x04\x95\x0f", "Python pickle, which can run code"),
        (b"<!DOCTYPE html><html>", "web page, not data"),
        (b"version https://git-lfs.github.com/spec/v1\n", "pointer of Git LFS.*git lfs pull"),
        (gzip.compress(gzip.compress(gzip.compress(TEXT))), "packed more than 3 times"),
        (gzip.compress(TEXT)[:-9], "cannot be read.*fetch it again"),
        (b"PK\x03\x04 no archive", "cannot be read"),
        (lzma.compress(TEXT)[:20], "cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(tmp_path: Path, data: bytes, expected: str) -> None:
    (tmp_path / "file.csv").write_bytes(data)
    with pytest.raises(DataError, match=f"file.csv.*{expected}" if "file.csv" not in expected else expected):
        read(tmp_path / "file.csv")


def test_an_archive_with_several_members_under_another_name_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "file.csv", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "y")
    with pytest.raises(DataError, match=r"zip archive with 2 members. Give it the suffix .zip, or unpack it: unzip"):
        read(tmp_path / "file.csv")


def test_a_header_that_begins_like_a_magic_word_is_text(tmp_path: Path) -> None:
    for text in (b"BZh,item\n", b"ORC,item\n", b"PK,item\n"):
        (tmp_path / "file.csv").write_bytes(text)
        assert read(tmp_path / "file.csv") == text


@pytest.mark.parametrize(
    "name",
    ["._a.csv", ".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "~$a.xlsx", "a.csv~", "z.zip/__MACOSX/a.csv"],
)
def test_files_that_systems_leave_behind_are_no_data(name: str) -> None:
    assert left_behind(name)
    assert not left_behind("a.csv")
