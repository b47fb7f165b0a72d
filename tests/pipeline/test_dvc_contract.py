"""`dvc.yaml`, as DVC itself reads it, declares just what each stage's code reads and writes: nothing else."""

import re
from functools import cache
from typing import Any

import pytest
from dvc.repo import Repo
from ruamel.yaml import YAML

from dag import source
from dag.stages import PARAMS_FILE, PARAMS_VALID, stages

STAGES = {name: stage for stage in stages() for name in stage.names}
each_stage = pytest.mark.parametrize("name", STAGES)


@cache
def declared() -> dict[str, Any]:
    """The stages of dvc.yaml, by what DVC calls them."""
    with Repo(str(source.ROOT)) as repo:
        return {stage.name: stage for stage in repo.index.stages if getattr(stage, "name", None)}


@cache
def shipped() -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load(source.ROOT / "params.yaml")


def resolved(path: str) -> str:
    """`${data.path}` as params.yaml has it."""
    section, _, key = path.removeprefix("${").removesuffix("}").partition(".")
    return shipped()[section][key] if path.startswith("${") else path


def place(name: str, path: str) -> str:
    """A path of a stage, for the kind that stands in the stage's name: `embed@item`."""
    stage = STAGES[name]
    return stage.filled(path)[stage.names.index(name)] if "$" not in path else resolved(path)


def deps(name: str) -> tuple[set[str], list[str]]:
    """The dependencies of a stage on data, and on code of the project but for parts that may come from outside."""
    paths = [str(dep) for dep in declared()[name].deps if not hasattr(dep, "params")]
    parts = {resolved(part) for part in STAGES[name].parts}
    code = [path for path in paths if path.partition("/")[0] in source.PACKAGES and path not in parts]
    return set(paths) - set(code), code


def files(dependency: str) -> set[str]:
    return {dependency} if (source.ROOT / dependency).is_file() else source.files_below(dependency)


def runs_nothing(path: str) -> bool:
    return source.runs_nothing(source.ROOT / path)


def test_there_are_stages_and_each_module_is_one() -> None:
    written = {name for name in source.modules() if name.startswith("stages.")} - {"stages.entry"}
    assert written == {stage.module for stage in STAGES.values()}
    assert set(declared()) == set(STAGES)


@each_stage
def test_the_command_runs_the_module(name: str) -> None:
    arguments = name.partition("@")[2].split("-") if "@" in name else []
    assert declared()[name].cmd == " ".join(["python -m", STAGES[name].module, *arguments])


@each_stage
def test_code_dependencies(name: str) -> None:
    needed, (_, code) = source.code_of(STAGES[name].module), deps(name)
    missing = {path for path in needed - set().union(*map(files, code)) if not runs_nothing(path)}
    too_wide = [dep for dep in code if not files(dep) or not files(dep) <= needed]
    twice = [dep for dep in code if any(dep.startswith(f"{other}/") for other in code)]
    assert (missing, too_wide, twice, len(code)) == (set(), [], [], len(set(code)))


def chosen(param: str) -> str:
    """`train.backbones.${train.backbone}` as the shipped parameters fill it in."""
    return re.sub(r"\$\{(\w+)\.(\w+)\}", lambda found: shipped()[found[1]][found[2]], param)


@each_stage
def test_params(name: str) -> None:
    read = {param for dep in declared()[name].deps for param in getattr(dep, "params", ())}
    assert read == {chosen(param) for param in source.params_of(STAGES[name].module)}
    assert not any(param == "runtime" or param.startswith("runtime.") for param in read)


@each_stage
def test_data_paths(name: str) -> None:
    stage, (data, _) = STAGES[name], deps(name)
    wanted = {place(name, path) for path in stage.reads} | {resolved(part) for part in stage.parts}
    made = {str(out) for other in declared().values() for out in other.outs}
    if {"data", "data.path"} & stage.params:
        wanted.add(shipped()["data"]["path"])
    if source.calls(stage.module, "check_params"):
        wanted.add(PARAMS_FILE)
    elif not {place(name, path) for path in stage.reads} & made:
        wanted.add(PARAMS_VALID)  # a first stage: a wrong parameter must stop it too
    assert data == wanted
    assert {str(out) for out in declared()[name].outs} == {place(name, out.path) for out in stage.writes}


@each_stage
def test_what_is_read_another_stage_has_written(name: str) -> None:
    made = {str(out) for other in declared().values() if other.name != name for out in other.outs}
    assert {place(name, path) for path in STAGES[name].reads} <= made


def test_every_output_is_declared_once() -> None:
    outs = [str(out) for stage in declared().values() for out in stage.outs]
    assert len(outs) == len(set(outs))


def test_outputs_are_kept_as_their_stage_says() -> None:
    outs = {str(out): out for stage in declared().values() for out in stage.outs}
    assert {path for path, out in outs.items() if not out.use_cache} == {
        "data/artifacts/metrics.json",
        "data/artifacts/slices.json",
    }
    assert {path for path, out in outs.items() if out.persist} == {PARAMS_VALID}
    assert {path for path, out in outs.items() if out.metric} == {"data/artifacts/metrics.json"}
    assert outs["data/artifacts/slices.json"].plot == {"template": "slices", "x": "value", "y": "slice"}


def modules_that_call(*called: str) -> set[str]:
    return {name for name in source.modules() if any(source.calls(name, function) for function in called)}


def test_parameters_are_read_by_stages_only() -> None:
    """A section read deeper down would escape the params lists above."""
    readers = modules_that_call("read_section", "check_params")
    assert all(name.startswith(("stages.", "sracl_core.commands.")) for name in readers)


def test_modules_are_loaded_by_name_in_two_places_only() -> None:
    """Anything else would escape the import closure."""
    assert modules_that_call("import_module", "__import__") <= {"sracl_core", "sracl_core.ground.plugins"}


def test_code_is_python_and_templates_only() -> None:
    """Another file beside the code would be read by a stage without being its dependency."""
    found = (path for package in source.PACKAGES for path in (source.ROOT / package).rglob("*") if path.is_file())
    known = (".pyc", *(f".{end}" for end in source.CODE))
    others = [path for path in found if path.suffix not in known and path.name != "py.typed"]
    assert not others


def test_no_stage_runs_the_writer_of_dvc_yaml() -> None:
    """It may change without a stage's running again."""
    texts = [path.read_text(encoding="utf-8") for path in source.modules().values()]
    assert not [text for text in texts if "from dag" in text or "import dag" in text]
