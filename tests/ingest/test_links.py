"""Links into other folders, as DVC makes them, are read and told; what would hang is not opened."""

import os
import socket
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.links import link_notes
from sracl_core.ingest.raw.folder import RawFolder

PATTERNS = ("interactions.csv",)


def test_a_link_out_of_the_folder_is_read_and_told(tmp_path: Path) -> None:
    raw, cache = tmp_path / "raw", tmp_path / "cache"
    for folder in (raw / "sub", cache):
        folder.mkdir(parents=True)
    (cache / "a1b2").write_text("x")
    (raw / "interactions.csv").symlink_to(cache / "a1b2")
    (raw / "sub/items.csv").symlink_to(cache / "a1b2")
    folder = RawFolder(raw)
    first = folder.find(PATTERNS, "interactions")
    second = folder.find(("items.csv",), "items", "sub/items.csv")
    for file in (first, second):
        with file.open() as (stream, _):
            assert stream.read() == b"x"
    assert link_notes(raw, [first.path, second.path]) == [
        f"interactions.csv is a link that leads out of data.path; its target is read: {cache}/a1b2",
        f"sub/items.csv is a link that leads out of data.path; its target is read: {cache}/a1b2",
    ]


def test_files_and_links_within_the_folder_are_not_told(tmp_path: Path) -> None:
    raw, name = tmp_path / "raw", tmp_path / "name"
    raw.mkdir()
    name.symlink_to(raw)  # data.path may be a link itself
    (raw / "log.csv").write_text("x")
    (raw / "interactions.csv").symlink_to("log.csv")
    assert link_notes(name, [name / "interactions.csv", name / "log.csv"]) == []


@pytest.mark.parametrize("name", ["interactions.csv", "interactions.csv.gz"])
@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("pipe", "a named pipe"),
        ("socket", "a socket"),
        ("gone", "a link that leads nowhere: No such file or directory"),
        ("round", "a link that leads nowhere: Too many levels of symbolic links"),
        ("/dev/zero", "a link to a device"),
        ("linked pipe", "a link to a named pipe"),
    ],
)
def test_what_is_no_file_is_named_and_never_opened(
    tmp_path: Path, name: str, chosen: bool, target: str, expected: str
) -> None:
    path = tmp_path / name
    with socket.socket(socket.AF_UNIX) as server:
        match target:
            case "pipe":
                os.mkfifo(path)
            case "socket":
                server.bind(str(path))
            case "linked pipe":
                os.mkfifo(tmp_path / "pipe")
                path.symlink_to("pipe")
            case "round":
                path.symlink_to(name)
            case _:
                path.symlink_to(target)
        with pytest.raises(DataError) as caught:
            RawFolder(tmp_path).find(PATTERNS, "interactions", name if chosen else None)
    where = f"data.interactions_file: {name}" if chosen else str(path)
    assert str(caught.value) == f"{where} is {expected}. Put the file itself there."


def test_what_nobody_needs_may_be_anything(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.zip")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "interactions.csv").write_text("x")
    folder = RawFolder(tmp_path)
    assert folder.find(PATTERNS, "interactions").name == "interactions.csv"
    assert folder.listing() == "interactions.csv, pipe.zip (a named pipe), zero (a link to a device)"
    with pytest.raises(DataError, match=r"holds no file of items.*pipe.zip \(a named pipe\)"):
        folder.find(("items.csv",), "items")


@pytest.mark.parametrize(
    "chosen", ["../interactions.csv", "sub/../../interactions.csv", "/etc/passwd", "..", "a\0b/.."]
)
def test_a_name_that_leads_out_is_no_file_of_the_folder(tmp_path: Path, chosen: str) -> None:
    raw = tmp_path / "raw"
    (raw / "sub").mkdir(parents=True)
    (tmp_path / "interactions.csv").write_text("x")
    with pytest.raises(DataError, match=r"^data.interactions_file: .*(lies outside|is a folder)"):
        RawFolder(raw).find(PATTERNS, "interactions", chosen)
