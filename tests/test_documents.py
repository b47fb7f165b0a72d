"""A sealed document is read only as it was written, in what it says and in every byte."""

from pathlib import Path

import pytest

from sracl_core.documents import read_sealed, write_sealed
from sracl_core.ground.errors import ArtifactError

SAID = {"name": "bøb", "numbers": [1, 2.5, -0.0, 1e300], "nothing": None}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    write_sealed(tmp_path / "x.json", SAID)
    return tmp_path / "x.json"


def test_what_was_written_is_read(sealed: Path) -> None:
    assert read_sealed(sealed, "an example") == SAID


def test_any_other_byte_is_refused(sealed: Path) -> None:
    whole = sealed.read_bytes()
    changed = [whole[:place] + b" " + whole[place:] for place in range(len(whole) + 1)]
    changed += [whole[:place] + whole[place + 1 :] for place in range(len(whole))]
    changed += [whole + b"\n", whole.replace(b"\n", b"\r\n"), whole.replace("ø".encode(), b"\\u00f8")]
    for content in changed:
        sealed.write_bytes(content)
        with pytest.raises(ArtifactError, match=r"x\.json .*dvc repro"):
            read_sealed(sealed, "an example")
