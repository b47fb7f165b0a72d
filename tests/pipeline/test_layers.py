"""The rules of the house (docs/architecture.md) that the code itself can show."""

import ast
from pathlib import Path

import pytest

from dag import source

GROUND = {
    "ground", "artifacts", "schemas",
    "documents", "prefixes", "progress", "ragged", "sequences", "unit_vectors", "vectors",
}  # fmt: skip
BASE = GROUND | {"params"}
# Room → the rooms it may import, besides itself. A room is a package or a module right below sracl_core.
MAY_IMPORT: dict[str, set[str]] = {
    **dict.fromkeys(GROUND, GROUND),
    "ground": set(),
    "params": GROUND,
    "device": BASE,
    "sample": BASE,
    "ingest": BASE,
    "profile": BASE | {"ingest"},
    "own": BASE | {"ingest"},
    "embed": BASE | {"device"},
    "retrieval": BASE,
    "model": BASE | {"device"},
    "evaluation": BASE | {"device", "model"},
    "recommendation": BASE | {"device", "model"},
    "batching": BASE | {"device", "model"},
    "objectives": BASE | {"device", "model", "batching"},
    "training": BASE | {"device", "model", "batching", "recommendation", "objectives", "evaluation"},
    "leakage": BASE | {"ingest", "profile", "embed", "retrieval", "model"},
}
MAY_IMPORT["project"] = BASE | {"profile"}
MAY_IMPORT["commands"] = {*MAY_IMPORT}
MAY_IMPORT["cli"] = {"sracl_core", *MAY_IMPORT}
SOURCES = sorted(
    path for folder in (*source.PACKAGES, "dag", "tests", "benchmarks") for path in (source.ROOT / folder).rglob("*.py")
)
PROGRAM = [path for path in SOURCES if path.relative_to(source.ROOT).parts[0] != "tests"]
LONGEST = 250

# What can run code, or stop a clean load, hidden in data.
FORBIDDEN_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {
    "eval", "exec", "torch.load", "torch.save", "pandas.read_pickle", "pd.read_pickle", "yaml.load",
    "yaml.unsafe_load", "os.system", "os.popen",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.relative_to(source.ROOT).as_posix()


def room_of(module: str) -> str:
    """`sracl_core.ingest.split` lies in `ingest`; the package itself is `sracl_core`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("module", [name for name in source.modules() if name.startswith("sracl_core.")])
def test_lower_rooms_never_import_higher_ones(module: str) -> None:
    room = room_of(module)
    assert room in MAY_IMPORT, f"{room} is a new room: give it a line in docs/architecture.md and in this test"
    # A part declares its own parameters, which are loaded by its name from below: nobody there knows more of it.
    parts = source.plugin_packages(module) if room == "params" else []
    imported = {
        name
        for name in source.imports(module)
        if name != "sracl_core" and not any(f"{name}.".startswith(f"{package}.") for package in parts)
    }
    stages = {name for name in imported if name.partition(".")[0] == "stages"}
    higher = {name for name in imported - stages if room_of(name) not in MAY_IMPORT[room] | {room}}
    assert not stages | higher


@pytest.mark.parametrize("module", [name for name in source.modules() if name.startswith("stages.")])
def test_no_stage_imports_another(module: str) -> None:
    assert {name for name in source.imports(module) if name.startswith("stages.")} <= {"stages.entry"}


def test_packages_import_nothing_of_ours() -> None:
    """An import there would widen the dependencies of every stage that uses the package.

    The stages' own is the exception: before anything heavy is imported, streams and threads must be set.
    """
    packages = [name for name, path in source.modules().items() if path.name == "__init__.py" and name != "stages"]
    assert {room_of(name) for name in source.imports("stages")} <= GROUND
    assert {name: sorted(source.imports(name)) for name in packages if source.imports(name)} == {}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_code_hides_in_data(path: Path) -> None:
    found = []
    for node in ast.walk(source.tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.partition(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module] * (node.module.partition(".")[0] in FORBIDDEN_MODULES)
            found += [alias.name for alias in node.names if f"{node.module}.{alias.name}" in FORBIDDEN_CALLS]
        elif isinstance(node, ast.Call):
            found += [ast.unparse(node.func)] * (ast.unparse(node.func) in FORBIDDEN_CALLS)
            found += [
                "allow_pickle=True" for option in node.keywords
                if option.arg in ("allow_pickle", "trust_remote_code") and ast.unparse(option.value) != "False"
            ]  # fmt: skip
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST


@pytest.mark.parametrize("path", PROGRAM, ids=name_of)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(source.tree(path))


def test_the_rooms_are_in_the_picture() -> None:
    picture = (source.ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {room_of(name) for name in source.modules() if name.startswith("sracl_core.")}
    missing = {room for room in rooms if f"{room}.py`" not in picture and f"sracl_core/{room}/`" not in picture}
    assert not missing
