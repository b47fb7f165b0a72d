"""Who relies on a certificate: it must be whole, clean, complete, and of the very files in hand."""

import json
from pathlib import Path

import pytest

from sracl_core.documents import write_json, write_sealed
from sracl_core.ground.errors import ArtifactError, LeakageError
from sracl_core.leakage.shared.certificate import Check, certificate, digests_of, require_clean

CHECKS = ("one", "two")


@pytest.fixture
def certified(tmp_path: Path) -> tuple[Path, Path]:
    file = tmp_path / "pool.parquet"
    file.write_bytes(b"pools")
    path = tmp_path / "certificate.json"
    write_sealed(path, certificate([Check(name, 3, "It holds.", "mine") for name in CHECKS], digests_of([file])))
    return path, file


def test_the_certified_file_passes(certified: tuple[Path, Path]) -> None:
    path, file = certified
    require_clean(path, CHECKS, [file])


def test_other_bytes_are_refused(certified: tuple[Path, Path]) -> None:
    path, file = certified
    file.write_bytes(b"polls")
    with pytest.raises(LeakageError, match=r"pool\.parquet is not the file that .*certificate\.json certified"):
        require_clean(path, CHECKS, [file])
    file.unlink()
    with pytest.raises(ArtifactError, match=r"pool\.parquet does not exist"):
        require_clean(path, CHECKS, [file])


def test_a_file_it_does_not_name_is_refused(certified: tuple[Path, Path]) -> None:
    path, file = certified
    with pytest.raises(LeakageError, match=r"certificate\.json does not hold for .*which it does not name"):
        require_clean(path, CHECKS, [file, path])


@pytest.mark.parametrize(
    "told",
    [
        {"clean": False, "checks": [], "files": {}},
        {"clean": "yes"},
        {"clean": True},
        {"clean": True, "checks": [1]},
        {"clean": True, "checks": [{"check": "one", "examined": 1, "what": ""}]},
        {"clean": True, "checks": [{"check": "one"}, {"check": "two"}], "files": {}},
        {"clean": True, "checks": {"one": 1, "two": 2}, "files": []},
    ],
)
def test_what_is_no_clean_and_whole_certificate_is_refused(tmp_path: Path, told: dict[str, object]) -> None:
    """With the right seal; without one it is refused for that."""
    path = tmp_path / "certificate.json"
    write_sealed(path, told)
    with pytest.raises(LeakageError, match="not a clean leakage certificate"):
        require_clean(path, CHECKS, [])
    write_json(path, told)
    with pytest.raises(ArtifactError, match="is not a leakage certificate"):
        require_clean(path, CHECKS, [])


@pytest.mark.parametrize("files", [None, [], {"pool.parquet": 7}])
def test_a_certificate_that_names_no_files_is_blamed_itself(certified: tuple[Path, Path], files: object) -> None:
    path, file = certified
    told = {name: value for name, value in json.loads(path.read_text()).items() if name != "sha256"}
    write_sealed(path, {name: value for name, value in (told | {"files": files}).items() if value is not None})
    with pytest.raises(LeakageError, match=r"certificate\.json is damaged, or not ours: it does not say which files"):
        require_clean(path, CHECKS, [file])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "[" * 100_000, '{"sha256": 1}', "\u0000", '{"a": NaN, "sha256": ""}']
)
def test_what_is_no_document_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "certificate.json"
    path.write_text(text)
    with pytest.raises(ArtifactError, match=r"certificate\.json .*dvc repro"):
        require_clean(path, CHECKS, [])


def test_each_changed_character_is_seen(certified: tuple[Path, Path]) -> None:
    """One that is written otherwise is refused too, though it says the same."""
    path, file = certified
    text = path.read_text()
    for place, character in enumerate(text):
        path.write_text(text[:place] + ("1" if character != "1" else "2") + text[place + 1 :])
        with pytest.raises((ArtifactError, LeakageError)):
            require_clean(path, CHECKS, [file])
    path.write_text(text.replace("  ", "   "))
    with pytest.raises(ArtifactError, match="changed by hand"):
        require_clean(path, CHECKS, [file])
    path.write_text(text)
    require_clean(path, CHECKS, [file])
    assert json.loads(text)["files"] == digests_of([file])
