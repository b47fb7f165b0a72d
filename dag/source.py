"""What modules import and call, read from the source without running it.

The conventions it relies on (docs/architecture.md):
- parameters come from `read_section(params_file, XParams, only=("a", "b"))`, or from `check_params(params_file)`;
- parts chosen by name come from `load_plugin("package.of.the.kind", …)`, with the package written out, or from
  `load_outside("package.of.the.kind", …)` where those that come along are not looked at.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from sracl_core.params.backbone import BackboneChoice
from sracl_core.params.check import SECTIONS
from sracl_core.params.reading.problems import written_fields
from sracl_core.params.reading.section import Section

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("sracl_core", "stages")
CODE = ("py", "j2")  # how the names of files end that a stage runs or renders
CLASSES: tuple[type[Section], ...] = (*SECTIONS, BackboneChoice)
SECTION_CLASSES = {section.__name__: section for section in CLASSES}


class ConventionError(Exception):
    """A stage is written in a way this reader does not understand; the message says how to write it."""


@cache
def modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name; a package's name stands for its `__init__.py`."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a source file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(module: str, function: str) -> list[ast.Call]:
    """Return every call of `function` (or of an attribute of that name) in `module`."""
    found = [node for node in _running_nodes(tree(modules()[module])) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func).split(".")[-1] == function]


@cache
def imports(module: str) -> frozenset[str]:
    """Return the project's modules that `module` imports, wherever in its code, and the parts it may load by name."""
    path = modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names: set[str] = set()
    for node in _running_nodes(tree(path)):
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
    """Return every module that runs, or may run, when `module` does; parent packages included."""
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
    """Return the source files of the closure of `module`, and the templates below its packages, from the root on."""
    paths = {modules()[name] for name in closure(module)}
    templates = {
        found for path in paths if path.name == "__init__.py" for found in path.parent.glob("templates/*/*.j2")
    }
    return frozenset(path.relative_to(ROOT).as_posix() for path in paths | templates)


@cache
def runs_nothing(path: Path) -> bool:
    """Whether a source file is but a docstring, so that no change of it is one of what runs."""
    return path.suffix == ".py" and all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in tree(path).body
    )


def compact(files: frozenset[str], directory: str = "") -> list[str]:
    """Name `files` briefly: a directory stands for all code below it, where all of that is in `files`.

    A file that runs nothing is left out, where it isn't in such a directory.
    """
    here = sorted({name.removeprefix(directory).split("/")[0] for name in files if name.startswith(directory)})
    named: list[str] = []
    for part in here:
        path = directory + part
        if path in files:
            named += [] if runs_nothing(ROOT / path) else [path]
        elif len(below := files_below(path)) > 1 and below <= files:
            named.append(path)
        else:
            named += compact(files, f"{path}/")
    return named


def files_below(directory: str) -> set[str]:
    """Return all files of code below a directory, from the root on."""
    return {file.relative_to(ROOT).as_posix() for end in CODE for file in (ROOT / directory).rglob(f"*.{end}")}


@cache
def plugin_packages(module: str, loader: str = "load_plugin") -> list[str]:
    """Return the packages from which `module` loads parts by name; by the `loader` load_outside, only from outside."""
    packages = []
    for call in calls(module, loader):
        first = next(iter(call.args), None)
        if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
            raise ConventionError(f"{module}, line {call.lineno}: write {loader}'s package as a literal string")
        packages.append(first.value)
    return packages


def params_of(module: str) -> frozenset[str]:
    """Return the parameters `module` reads through `read_section`, as DVC names them; `runtime` is never one."""
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
    whole = {section.key for section in SECTION_CLASSES.values()}
    return frozenset(name for name in found if name in whole or name.partition(".")[0] not in found)


def _named(section: type[Section], fields: tuple[str, ...]) -> set[str]:
    """The parameters `fields` of a section (none: all of them), of parts those of the chosen one alone."""
    chosen = {kind.groups: kind.chosen_by for kind in section.kinds}
    if not fields and not chosen:
        return {section.key}
    return {
        f"{section.key}.{name}" + (f".${{{section.key}.{chosen[name]}}}" if name in chosen else "")
        for name in fields or written_fields(section)
    }


def _running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below `node` but those under `if TYPE_CHECKING:`, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _running_nodes(other)
            continue
        yield child
        yield from _running_nodes(child)
