"""Parts chosen by name."""

from pathlib import Path

import pytest

from sracl_core.ground.errors import ModelError
from sracl_core.ground.plugins import check_name, code_of_part, load_plugin, part_digest, require_part, require_subclass
from sracl_core.params.data import SOURCES


@pytest.mark.parametrize("name", ["table", "package.module:Name", "module:name_2"])
def test_known_names_and_import_paths_pass(name: str) -> None:
    assert check_name(name, SOURCES) == name


@pytest.mark.parametrize("name", ["", ":", "module:", ":Name", "..a:B", "C:\\data", "a b:C", "a:b:c", "package.module"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="nor an import path"):
        check_name(name, SOURCES)


def test_the_nearest_name_is_given() -> None:
    with pytest.raises(ValueError, match="did you mean 'movielens'"):
        check_name("movielen", SOURCES)


def test_a_part_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "part.py").write_text("PLUGIN = 'by name'\nclass Mine: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert load_plugin("theirs", "part") == "by name"
    assert load_plugin("sracl_core.anything", "theirs.part:Mine").__name__ == "Mine"


def test_loading_leaves_no_byte_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would change the hash of a folder that DVC watches."""
    (tmp_path / "watched").mkdir()
    (tmp_path / "watched/part.py").write_text("class Mine: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    load_plugin("sracl_core.anything", "watched.part:Mine")
    assert [path.name for path in (tmp_path / "watched").iterdir()] == ["part.py"]


def test_the_digest_covers_the_package_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "digested"
    (package / "deep/__pycache__").mkdir(parents=True)
    (package / "deep/part.py").write_text("raise RuntimeError\n")
    (tmp_path / "alone.py").write_text("raise RuntimeError\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert part_digest("table") == ""
    assert code_of_part("digested.deep.part:Mine") == package
    assert code_of_part("alone:Mine") == tmp_path / "alone.py"
    before, alone = part_digest("digested.deep.part:Mine"), part_digest("alone:Mine")
    (package / "deep/__pycache__/part.pyc").write_text("x")
    (tmp_path / "other.py").write_text("x")
    assert (part_digest("digested.deep.part:Mine"), part_digest("alone:Mine")) == (before, alone)
    (package / "words.txt").write_text("x")
    assert part_digest("digested.deep.part:Mine") != before
    with pytest.raises(ModelError, match="cannot be found"):
        part_digest("no_such_module_anywhere:Part")


def test_what_is_no_part_is_told() -> None:
    with pytest.raises(ModelError, match=r"'a:B' is no encoder: it lacks encode, dimension\. It is the dict"):
        require_part("a:B", {}, "encoder", ("keys", "encode", "dimension"))
    assert require_part("a:B", {}, "mapping", ("keys",)) == {}
    with pytest.raises(
        ModelError, match=r"'a:b' is the builtin_function_or_method len, expected a subclass of builtins:dict"
    ):
        require_subclass("a:b", len, dict)
    assert require_subclass("a:b", dict, dict) is dict


def test_a_part_that_memory_did_not_suffice_for_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "part_of_a_full_machine.py").write_text("raise ImportError('libx.so: failed to map segment')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="failed to map segment"):
        load_plugin("sracl_core.model.backbones", "part_of_a_full_machine:Mine")


@pytest.mark.parametrize("name", ["no_such_module_anywhere:Part", "pathlib:NoSuchPart", "no_such_source"])
def test_a_path_that_leads_nowhere(name: str) -> None:
    with pytest.raises(ModelError, match=r"could not be loaded .* must be installed"):
        load_plugin("sracl_core.ingest.sources", name)
