"""`dvc.yaml` declares just what each stage's code reads and writes: nothing missing, nothing too wide."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sracl_core.params.parts import SHIPPED
from tests.pipeline import dag

STAGES = dag.stages() if (dag.ROOT / "dvc.yaml").exists() else []
each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


def is_code(path: str) -> bool:
    return path.partition("/")[0] in dag.PACKAGES


def python_files(dependency: str) -> set[str]:
    """The Python files a code dependency covers."""
    path = dag.ROOT / dependency
    return (
        {dependency}
        if path.is_file()
        else {file.relative_to(dag.ROOT).as_posix() for end in dag.CODE for file in path.rglob(f"*.{end}")}
    )


def to_do(stage: str, **lists: set[str] | list[str]) -> str:
    """The failure message: what to change in dvc.yaml, each list under its own heading."""
    lines = [f"stage {stage} in dvc.yaml (see `python tests/pipeline/dag.py`):"]
    for heading, entries in lists.items():
        if entries:
            lines += [f"{heading.replace('_', ' ')}:", *(f"  - {entry}" for entry in sorted(entries))]
    return "\n".join(lines)


def test_there_are_stages_and_each_module_is_one() -> None:
    written = {name for name in dag.modules() if name.startswith("stages.")} - {"stages.entry"}
    assert written == {stage.module for stage in STAGES}


@each_stage
def test_code_dependencies(stage: dag.Stage) -> None:
    needed = dag.needs(stage.module, stage.arguments).code
    declared = [dep for dep in stage.deps if is_code(dep)]
    covered = [python_files(dep) for dep in declared]
    missing = needed - set().union(*covered)
    too_wide = [dep for dep, files in zip(declared, covered, strict=True) if not files or not files <= needed]
    twice = [
        dep
        for dep in declared
        if any(dep == other or dep.startswith(f"{other}/") for other in declared_but(dep, declared))
    ]
    assert not missing and not too_wide and not twice, to_do(
        stage.name,
        add_to_deps=dag.compact(frozenset(missing)),
        remove_from_deps_or_narrow=too_wide,
        remove_from_deps_since_another_covers_it=twice,
    )


def declared_but(dep: str, declared: list[str]) -> list[str]:
    """`declared` without one occurrence of `dep`."""
    place = declared.index(dep)
    return declared[:place] + declared[place + 1 :]


@each_stage
def test_params(stage: dag.Stage) -> None:
    needed, declared = dag.needs(stage.module, stage.arguments).params, set(stage.params)
    assert needed == declared, to_do(stage.name, add_to_params=needed - declared, remove_from_params=declared - needed)


@each_stage
def test_data_paths(stage: dag.Stage) -> None:
    need = dag.needs(stage.module, stage.arguments)
    made_elsewhere = {out for other in STAGES if other.name != stage.name for out in other.outs}
    read = {path for path in need.data if path in made_elsewhere}
    read |= need.parts
    if need.raw:
        read.add(dag.RAW_DATA)
    if need.whole_params_file:
        read.add(dag.PARAMS_FILE)
    elif not read & made_elsewhere:
        read.add(dag.PARAMS_VALID)  # a first stage: a wrong parameter must stop it too
    written = set(need.data) - made_elsewhere
    deps = {dep for dep in stage.deps if not is_code(dep)}
    outs = set(stage.outs)
    assert (read, written) == (deps, outs), to_do(
        stage.name,
        add_to_deps=read - deps,
        remove_from_deps=deps - read,
        add_to_outs=written - outs,
        remove_from_outs=outs - written,
    )


def test_every_output_is_declared_once() -> None:
    outs = [out for stage in STAGES for out in stage.outs]
    assert len(outs) == len(set(outs))


def test_parameters_are_read_by_stages_only() -> None:
    """A section read deeper down would escape the params lists above."""
    readers = {name for name in dag.modules() if dag.calls(name, "read_section") or dag.calls(name, "check_params")}
    assert all(name.startswith(("stages.", "sracl_core.commands.")) for name in readers)


def test_modules_are_loaded_by_name_in_two_places_only() -> None:
    """Anything else would escape the import closure."""
    loaders = {name for name in dag.modules() if dag.calls(name, "import_module") or dag.calls(name, "__import__")}
    assert loaders <= {"sracl_core", "sracl_core.plugins"}


def test_code_is_python_and_templates_only() -> None:
    """Another file beside the code would be read by a stage without being its dependency."""
    files = (path for package in dag.PACKAGES for path in (dag.ROOT / package).rglob("*") if path.is_file())
    known = (".pyc", *(f".{end}" for end in dag.CODE))
    others = [path for path in files if path.suffix not in known and path.name != "py.typed"]
    assert not others


# The reader of imports itself, on a small project that has one of each kind.

PROJECT = {
    "sracl_core/__init__.py": 'LAZY = {"deep": "sracl_core.unused"}\n',
    "sracl_core/unused.py": "",
    "sracl_core/a/__init__.py": "",
    "sracl_core/a/plain.py": "from . import sibling\n",
    "sracl_core/a/sibling.py": "",
    "sracl_core/b/__init__.py": "",
    "sracl_core/b/late.py": "def f():\n    import sracl_core.c.typed\n    import numpy\n",
    "sracl_core/c/__init__.py": "",
    "sracl_core/c/typed.py": "if TYPE_CHECKING:\n    from sracl_core import unused\n",
    "sracl_core/c/parts/__init__.py": "",
    "sracl_core/c/parts/one.py": "from sracl_core.d import used_by_part\n",
    "sracl_core/c/loader.py": 'def f(name):\n    return load_plugin("sracl_core.c.parts", name)\n',
    "sracl_core/d/__init__.py": "",
    "sracl_core/d/used_by_part.py": "",
    "stages/__init__.py": "",
    "stages/first.py": (
        "from sracl_core.a.plain import something\nfrom sracl_core.b.late import f\n"
        "def main(kind: str, params_file: Path = PARAMS_FILE, out: Path = Path('data/{kind}.parquet'), n: int = 3):\n"
        "    read_section(params_file, TrainParams, only=('alpha', 'beta'))\n"
        "    read_section(params_file, MineParams)\n"
        "    read_section(params_file, RuntimeParams)\n"
    ),
    "stages/second.py": "from sracl_core.c import loader\ndef main(): pass\n",
}


@pytest.fixture
def small_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {}
    for name in PROJECT:
        parts = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found[parts] = tmp_path / name
    monkeypatch.setattr(dag, "ROOT", tmp_path)
    monkeypatch.setattr(dag, "modules", lambda: found)
    forget()
    yield
    forget()


def forget() -> None:
    dag.imports.cache_clear()
    dag.closure.cache_clear()


@pytest.mark.usefixtures("small_project")
def test_closure_follows_late_imports_packages_and_plugins() -> None:
    first = {"a/__init__", "a/plain", "a/sibling", "b/__init__", "b/late", "c/__init__", "c/typed"}
    assert dag.code_of("stages.first") == {
        "stages/__init__.py",
        "stages/first.py",
        "sracl_core/__init__.py",
        *(f"sracl_core/{name}.py" for name in first),
    }
    second = {"c/__init__", "c/loader", "c/parts/__init__", "c/parts/one", "d/__init__", "d/used_by_part"}
    assert dag.code_of("stages.second") == {
        "stages/__init__.py",
        "stages/second.py",
        "sracl_core/__init__.py",
        *(f"sracl_core/{name}.py" for name in second),
    }


def test_a_loader_of_parts_needs_the_code_of_one_from_outside() -> None:
    """Of each kind that anything in the closure loads."""
    assert dag.needs("stages.ingest").parts == {"${parts.source}"}
    assert dag.needs("stages.train").parts == {"${parts.backbone}", "${parts.loss}", "${parts.objective}"}
    assert dag.needs("stages.mine_items").parts == frozenset()
    assert set(dag.PART_CODE.values()) == {f"${{parts.{kind}}}" for kind in SHIPPED}


@pytest.mark.usefixtures("small_project")
def test_params_and_paths_are_read_from_the_source() -> None:
    need = dag.needs("stages.first", ("item",))
    assert need.params == {"train.alpha", "train.beta", "mine"}
    assert need.data == {"data/item.parquet"}
    assert not need.raw
    with pytest.raises(dag.ConventionError, match="takes the arguments"):
        dag.needs("stages.first")


@pytest.mark.usefixtures("small_project")
def test_a_directory_stands_for_all_below_it() -> None:
    files = frozenset({"sracl_core/d/__init__.py", "sracl_core/d/used_by_part.py", "sracl_core/a/plain.py"})
    assert dag.compact(files) == ["sracl_core/a/plain.py", "sracl_core/d"]
