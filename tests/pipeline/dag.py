"""What each stage's code says it needs, read from the source without running it.

`python tests/pipeline/dag.py` prints the deps and params that `dvc.yaml` must declare, stage by stage.

The conventions it relies on (docs/architecture.md):
- a stage is `stages/NAME.py`, run as `python -m stages.NAME [argument …]`;
- every input and output is a parameter of `main` with a default `Path("…")`, in which `{kind}` stands for the argument
  `kind`; parameters without a default are the command's arguments, in order;
- parameters come from `read_section(params_file, XParams, only=("a", "b"))`, or from `check_params(params_file)`;
- parts chosen by name come from `load_plugin("package.of.the.kind", …)`, with the package written out.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from sracl_core.params.backbone import BackboneChoice
from sracl_core.params.check import SECTIONS
from sracl_core.params.parts import SHIPPED
from sracl_core.params.section import Section

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sracl_core", "stages")
CODE = ("py", "j2")  # how the names of files end that a stage runs or renders
PARAMS_FILE = "params.yaml"
PARAMS_VALID = "data/interim/params_valid.txt"  # written by `check`, which a first stage waits for
RAW_DATA = "${data.path}"
# Package of a kind of parts → dependency on the code of one from outside.
PART_CODE = {Path(path).parent.as_posix().replace("/", "."): f"${{parts.{kind}}}" for kind, path in SHIPPED.items()}
SECTION_CLASSES = {section.__name__: section for section in (*SECTIONS, BackboneChoice)}


@dataclass(frozen=True)
class Needs:
    """What the code of one stage reads: source files, parameters, and the data files it names (in or out)."""

    code: frozenset[str]
    params: frozenset[str]
    data: frozenset[str]
    raw: bool = False
    parts: frozenset[str] = frozenset()
    whole_params_file: bool = False


@dataclass(frozen=True)
class Stage:
    """One stage as `dvc.yaml` declares it."""

    name: str
    module: str
    arguments: tuple[str, ...]
    deps: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()  # outs, metrics and plots


class ConventionError(Exception):
    """A stage is written in a way this reader does not understand; the message says how to write it."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name; a package's name stands for its `__init__.py`."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a source file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below `node` but those under `if TYPE_CHECKING:`, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from running_nodes(other)
            continue
        yield child
        yield from running_nodes(child)


def calls(module: str, function: str) -> list[ast.Call]:
    """Every call of `function` (or of an attribute of that name) in `module`."""
    found = [node for node in running_nodes(tree(modules()[module])) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func).split(".")[-1] == function]


def plugin_packages(module: str) -> list[str]:
    """The packages from which `module` loads parts by name."""
    packages = []
    for call in calls(module, "load_plugin"):
        first = next(iter(call.args), None)
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            raise ConventionError(f"{module}, line {call.lineno}: write load_plugin's package as a literal string")
        packages.append(first.value)
    return packages


@cache
def imports(module: str) -> frozenset[str]:
    """The project's modules that `module` imports itself, wherever in its code, and the parts it may load by name."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in running_nodes(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module) if part)
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    for plugins in plugin_packages(module):
        names.update(name for name in modules() if name == plugins or name.startswith(f"{plugins}."))
    return frozenset(name for name in names if name in modules())


@cache
def closure(module: str) -> frozenset[str]:
    """Every module that runs, or may run, when `module` does; parent packages included."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name not in modules():
            continue
        found.add(name)
        waiting += [name.rpartition(".")[0], *imports(name)]
    return frozenset(found)


def code_of(module: str) -> frozenset[str]:
    """The source files of the closure of `module`, and the templates that lie below its packages, from the root on."""
    paths = {modules()[name] for name in closure(module)}
    templates = {
        found for path in paths if path.name == "__init__.py" for found in path.parent.glob("templates/*/*.j2")
    }
    return frozenset(path.relative_to(ROOT).as_posix() for path in paths | templates)


def params_of(module: str) -> frozenset[str]:
    """The parameters `module` reads through `read_section`, as DVC names them; `runtime` is never one."""
    found: set[str] = set()
    for call in calls(module, "read_section"):
        where = f"{module}, line {call.lineno}"
        name = ast.unparse(call.args[1]) if len(call.args) > 1 else "nothing"
        if name not in SECTION_CLASSES:
            raise ConventionError(f"{where}: the second argument of read_section must be a section, not {name}")
        section = SECTION_CLASSES[name]
        if section.key == "runtime":
            continue
        only = [keyword.value for keyword in call.keywords if keyword.arg == "only"] + call.args[2:]
        try:
            fields = ast.literal_eval(only[0]) if only else ()
        except ValueError:
            raise ConventionError(f"{where}: write `only` as a tuple of literal strings") from None
        if isinstance(fields, str):
            raise ConventionError(f"{where}: `only` is one string; write only=({fields!r},)")
        found.update(_named(section, fields))
    return frozenset(found)


def _named(section: type[Section], fields: tuple[str, ...]) -> set[str]:
    """The parameters `fields` of a section (none: all of them), of parts those of the chosen one alone."""
    chosen = {kind.groups: kind.chosen_by for kind in section.kinds}
    if not fields and not chosen:
        return {section.key}
    return {
        f"{section.key}.{name}" + (f".${{{section.key}.{chosen[name]}}}" if name in chosen else "")
        for name in fields or section.model_fields
    }


def data_of(module: str, arguments: tuple[str, ...]) -> frozenset[str]:
    """The default paths of `main` in `module`, with its command-line `arguments` filled in."""
    functions = {node.name: node for node in tree(modules()[module]).body if isinstance(node, ast.FunctionDef)}
    if "main" not in functions:
        raise ConventionError(f"{module} has no function `main`")
    signature = functions["main"].args
    plain = [*signature.posonlyargs, *signature.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(signature.defaults)) + list(signature.defaults)
    pairs = [*zip(plain, defaults, strict=True), *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]
    positional = [argument.arg for argument, default in pairs if default is None]
    if len(positional) != len(arguments):
        raise ConventionError(f"{module} takes the arguments {positional}; the cmd in dvc.yaml gives {arguments}")
    filled = dict(zip(positional, arguments, strict=True))
    paths: set[str] = set()
    for argument, default in pairs:
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        if "Path" not in annotation or default is None or ast.unparse(default) == "PARAMS_FILE":
            continue
        literal = default.args[0] if isinstance(default, ast.Call) and len(default.args) == 1 else None
        if not (isinstance(literal, ast.Constant) and isinstance(literal.value, str)):
            raise ConventionError(f'{module}: the default of {argument.arg} must be Path("…"), one literal string')
        paths.add(literal.value.format(**filled).rstrip("/"))
    return frozenset(paths)


def needs(module: str, arguments: tuple[str, ...] = ()) -> Needs:
    """Everything `stages/NAME.py` needs, given the arguments of its cmd."""
    params = params_of(module)
    raw = bool({"data", "data.path"} & params)
    loaded = {package for name in closure(module) for package in plugin_packages(name)}
    parts = frozenset(code for package, code in PART_CODE.items() if package in loaded)
    return Needs(code_of(module), params, data_of(module, arguments), raw, parts, bool(calls(module, "check_params")))


def stages(dvc_file: Path = ROOT / "dvc.yaml") -> list[Stage]:
    """The stages `dvc_file` declares, in its order."""
    return [_stage(name, entry) for name, entry in YAML(typ="safe", pure=True).load(dvc_file)["stages"].items()]


def _stage(name: str, entry: dict[str, Any]) -> Stage:
    words = str(entry.get("cmd", "")).split()
    if words[:2] != ["python", "-m"] or not words[2].startswith("stages."):
        raise ConventionError(f"stage {name}: cmd must be `python -m stages.NAME [argument …]`, not {entry.get('cmd')}")
    outs = [path for kind in ("outs", "metrics", "plots") for path in _names(entry.get(kind))]
    return Stage(name, words[2], tuple(words[3:]), _names(entry.get("deps")), _names(entry.get("params")), tuple(outs))


def _names(entries: list[Any] | None) -> tuple[str, ...]:
    """The names in a DVC list, whose entries are plain or carry options (`- path: {cache: false}`)."""
    return tuple(str(next(iter(entry)) if isinstance(entry, dict) else entry).rstrip("/") for entry in entries or [])


def compact(files: frozenset[str], directory: str = "") -> list[str]:
    """Name `files` briefly: a directory stands for all Python files below it, where all of them are in `files`."""
    here = sorted({name.removeprefix(directory).split("/")[0] for name in files if name.startswith(directory)})
    named: list[str] = []
    for part in here:
        path = directory + part
        below = {file.relative_to(ROOT).as_posix() for end in CODE for file in (ROOT / path).rglob(f"*.{end}")}
        named += [path] if path in files or (len(below) > 1 and below <= files) else compact(files, f"{path}/")
    return named


def main() -> None:
    """Print what `dvc.yaml` must declare, for each of its stages."""
    for stage in stages():
        need = needs(stage.module, stage.arguments)
        others = [PARAMS_FILE] * need.whole_params_file + [f'"{RAW_DATA}"'] * need.raw + sorted(need.parts)
        print(f"  {stage.name}:\n    cmd: {' '.join(['python -m', stage.module, *stage.arguments])}")
        print("    # these paths, each under deps or outs:", *sorted(need.data))
        print("    deps:", *[f"- {path}" for path in [*others, *compact(need.code)]], sep="\n      ")
        if need.params:
            print("    params:", *[f"- {name}" for name in sorted(need.params)], sep="\n      ")


if __name__ == "__main__":
    main()
