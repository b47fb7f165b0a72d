"""Every byte of a file with a trailer counts, its own too."""

from pathlib import Path

import pytest

from sracl_core.artifacts.seal import TRAILER_LENGTH, add_trailer, holds_trailer

CONTENT = b"an index of some kind\n" * 5


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "x.faiss"
    path.write_bytes(CONTENT)
    add_trailer(path)
    return path


def test_a_sealed_file_begins_with_what_was_there(sealed: Path) -> None:
    assert holds_trailer(sealed)
    assert sealed.read_bytes()[:-TRAILER_LENGTH] == CONTENT


def test_any_flipped_bit_is_seen(sealed: Path) -> None:
    whole = sealed.read_bytes()
    for place in range(len(whole)):
        sealed.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not holds_trailer(sealed), place


@pytest.mark.parametrize("kept", [0, 1, TRAILER_LENGTH - 1, TRAILER_LENGTH, TRAILER_LENGTH + 1, -1])
def test_a_shorter_file_is_seen(sealed: Path, kept: int) -> None:
    sealed.write_bytes(sealed.read_bytes()[:kept])
    assert not holds_trailer(sealed)


def test_a_longer_file_is_seen(sealed: Path) -> None:
    with sealed.open("ab") as file:
        file.write(b"\n")
    assert not holds_trailer(sealed)
    sealed.write_bytes(CONTENT)
    assert not holds_trailer(sealed)
