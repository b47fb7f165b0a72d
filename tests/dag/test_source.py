"""What is read from the source: imports, packages, parts, parameters, on a small project that has one of each kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dag import source

PROJECT = {
    "sracl_core/__init__.py": 'LAZY = {"deep": "sracl_core.unused"}\n',
    "sracl_core/unused.py": "",
    "sracl_core/a/__init__.py": '"""But a docstring."""\n',
    "sracl_core/a/plain.py": "from . import sibling\n",
    "sracl_core/a/sibling.py": "B = 1\n",
    "sracl_core/b/__init__.py": "B = 1\n",
    "sracl_core/b/late.py": "def f():\n    import sracl_core.c.typed\n    import numpy\n",
    "sracl_core/c/__init__.py": "",
    "sracl_core/c/typed.py": "if TYPE_CHECKING:\n    from sracl_core import unused\n",
    "sracl_core/c/parts/__init__.py": "",
    "sracl_core/c/parts/one.py": "from sracl_core.d import used_by_part\n",
    "sracl_core/c/loader.py": 'def f(name):\n    return load_plugin("sracl_core.c.parts", name)\n',
    "sracl_core/d/__init__.py": "",
    "sracl_core/d/used_by_part.py": "D = 1\n",
    "stages/__init__.py": "",
    "stages/first.py": (
        "from sracl_core.a.plain import something\nfrom sracl_core.b.late import f\n"
        "def main(params_file: Path = PARAMS_FILE):\n"
        "    read_section(params_file, TrainParams, only=('alpha', 'beta'))\n"
        "    read_section(params_file, MineParams)\n"
        "    read_section(params_file, MineParams, only=('k',))\n"
        "    read_section(params_file, RuntimeParams)\n"
    ),
    "stages/second.py": "from sracl_core.c import loader\ndef main(): pass\n",
    "stages/wrong.py": "def main():\n    read_section(PARAMS_FILE, MineParams, only=('k'))\n    load_plugin(a, b)\n",
}


@pytest.fixture(autouse=True)
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(source, "ROOT", tmp_path)
    forget()
    yield
    forget()


def forget() -> None:
    for remembered in (*(source.modules, source.imports, source.closure, source.runs_nothing, source.plugin_packages),):
        remembered.cache_clear()


def test_closure_follows_late_imports_packages_and_plugins() -> None:
    first = {"a/__init__", "a/plain", "a/sibling", "b/__init__", "b/late", "c/__init__", "c/typed"}
    assert source.code_of("stages.first") == {
        "stages/__init__.py",
        "stages/first.py",
        "sracl_core/__init__.py",
        *(f"sracl_core/{name}.py" for name in first),
    }
    second = {"c/__init__", "c/loader", "c/parts/__init__", "c/parts/one", "d/__init__", "d/used_by_part"}
    assert source.code_of("stages.second") == {
        "stages/__init__.py",
        "stages/second.py",
        "sracl_core/__init__.py",
        *(f"sracl_core/{name}.py" for name in second),
    }


def test_templates_below_a_package_are_code(tmp_path: Path) -> None:
    template = tmp_path / "sracl_core/a/templates/items/one.j2"
    template.parent.mkdir(parents=True)
    template.write_text("")
    assert "sracl_core/a/templates/items/one.j2" in source.code_of("stages.first")
    assert "sracl_core/a/templates/items/one.j2" not in source.code_of("stages.second")


def test_parameters_are_read_from_the_source() -> None:
    """A part of a section adds nothing to the whole of it, and `runtime` is no parameter of a stage."""
    assert source.params_of("stages.first") == {"train.alpha", "train.beta", "mine"}


def test_what_cannot_be_read_is_told_with_its_line() -> None:
    with pytest.raises(source.ConventionError, match=r"stages\.wrong, line 2: .*write only=\('k',\)"):
        source.params_of("stages.wrong")
    with pytest.raises(source.ConventionError, match=r"stages\.wrong, line 3: .*package as a literal"):
        source.plugin_packages("stages.wrong")


def test_a_directory_stands_for_all_below_it() -> None:
    files = frozenset({"sracl_core/d/__init__.py", "sracl_core/d/used_by_part.py", "sracl_core/a/plain.py"})
    assert source.compact(files) == ["sracl_core/a/plain.py", "sracl_core/d"]


def test_a_file_that_runs_nothing_is_left_out() -> None:
    files = frozenset({"sracl_core/a/__init__.py", "sracl_core/a/plain.py", "sracl_core/b/__init__.py"})
    assert source.compact(files) == ["sracl_core/a/plain.py", "sracl_core/b/__init__.py"]
