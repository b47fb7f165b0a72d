"""Parts chosen by name."""

from pathlib import Path

import pytest

from sracl_core.errors import ModelError
from sracl_core.params.data import SOURCES
from sracl_core.plugins import check_name, load_plugin


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


@pytest.mark.parametrize("name", ["no_such_module_anywhere:Part", "pathlib:NoSuchPart", "no_such_source"])
def test_a_path_that_leads_nowhere(name: str) -> None:
    with pytest.raises(ModelError, match=r"could not be loaded .* must be installed"):
        load_plugin("sracl_core.ingest.sources", name)
