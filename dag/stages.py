"""The stages: what each declares in `stages/NAME.py`, and what else its code needs.

A stage is run as `python -m stages.NAME [argument …]`. Its function `main` says by the types of its arguments what DVC
has to know (stages/entry.py): `In` is a path that is read, `Out` one that is written, `Annotated[Path, Kept(…)]` one
that is written and kept otherwise than DVC's usual way. Each has a default `Path("…")`, in which `{kind}` stands for
the command's argument `kind`. An argument without a default is a `Literal`, and DVC runs the stage once for each of
its values.
"""

import ast
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from dag.source import ConventionError, calls, closure, code_of, modules, params_of, plugin_packages, tree
from sracl_core.params.parts import SHIPPED

PARAMS_FILE = "params.yaml"
PARAMS_VALID = "data/interim/params_valid.txt"  # written by `check`, which a first stage waits for
RAW_DATA = "${data.path}"
RAW_FOLDER = "data/raw/"
# Package of a kind of parts → dependency on the code of one from outside.
PART_CODE = {
    path.removesuffix("/__init__.py").replace("/", "."): f"${{parts.{kind}}}" for kind, path in SHIPPED.items()
}
NO_STAGES = ("stages.entry",)


@dataclass(frozen=True)
class Output:
    """A path that a stage writes, how DVC keeps it, and what DVC draws of it."""

    path: str
    under: str = "outs"
    options: dict[str, Any] = field(default_factory=dict)
    drawn: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """One stage, as its code has it; in paths, `{kind}` stands for the argument `kind`."""

    name: str
    description: str
    arguments: dict[str, tuple[str, ...]]
    reads: tuple[str, ...]
    writes: tuple[Output, ...]

    @property
    def module(self) -> str:
        """The module that runs."""
        return f"stages.{self.name}"

    @cached_property
    def code(self) -> frozenset[str]:
        """The files of the project's code that may run."""
        return code_of(self.module)

    @cached_property
    def params(self) -> frozenset[str]:
        """The parameters that are read."""
        return params_of(self.module)

    @cached_property
    def parts(self) -> frozenset[str]:
        """The dependencies on parts that may come from outside."""
        loaded = {
            package
            for name in closure(self.module)
            for loader in ("load_plugin", "load_outside")
            for package in plugin_packages(name, loader)
        }
        return frozenset(code for package, code in PART_CODE.items() if package in loaded)

    @cached_property
    def data(self) -> list[str]:
        """All that the stage depends on beside its code and single parameters."""
        found = [*self.reads]
        if {"data", "data.path"} & self.params:
            found.append(RAW_DATA)
        if calls(self.module, "check_params"):
            found.append(PARAMS_FILE)
        elif not self.reads:
            found.append(PARAMS_VALID)  # a first stage: a wrong parameter must stop it too
        return found

    @property
    def names(self) -> list[str]:
        """What DVC calls the stage: its name, or one for each value of its arguments, as `embed@item`."""
        return [f"{self.name}@{'-'.join(values)}" if values else self.name for values in product(*self._values())]

    def filled(self, path: str) -> list[str]:
        """Return `path` for each value of the stage's arguments."""
        return [path.format(**dict(zip(self.arguments, values, strict=True))) for values in product(*self._values())]

    def _values(self) -> list[tuple[str, ...]]:
        return list(self.arguments.values())


def stages() -> list[Stage]:
    """Return every stage, each after those whose results it reads, and by name where that leaves a choice."""
    found = {name: read_stage(name) for name in modules() if name.startswith("stages.") and name not in NO_STAGES}
    makers: dict[str, set[str]] = {}
    for name, stage in found.items():
        for path in (path for output in stage.writes for path in stage.filled(output.path)):
            makers.setdefault(RAW_DATA if path.startswith(RAW_FOLDER) else path, set()).add(name)

    depths: dict[str, int] = {}

    def depth(name: str, below: tuple[str, ...] = ()) -> int:
        if name in below:
            raise ConventionError(f"these stages wait for one another: {', '.join(sorted({*below}))}")
        if name not in depths:
            stage = found[name]
            needed = {path for data in stage.data for path in ([data] if "$" in data else stage.filled(data))}
            before = {maker for path in needed for maker in makers.get(path, ())}
            depths[name] = 1 + max((depth(maker, (*below, name)) for maker in before), default=0)
        return depths[name]

    return sorted(found.values(), key=lambda stage: (depth(stage.module), stage.name))


def read_stage(module: str) -> Stage:
    """Return what the module `stages.NAME` declares; raises ConventionError where it is not written as above."""
    source = tree(modules()[module])
    functions = {node.name: node for node in source.body if isinstance(node, ast.FunctionDef)}
    if "main" not in functions:
        raise ConventionError(f"{module} has no function `main`")
    first_line = (ast.get_docstring(source) or "").partition("\n")[0]
    description = first_line.partition(": ")[2].removesuffix(".")
    if not description:
        raise ConventionError(f"{module}: begin its docstring with one line, `Stage NAME: what it is for.`")
    arguments: dict[str, tuple[str, ...]] = {}
    reads: list[str] = []
    writes: list[Output] = []
    for argument, default in _with_defaults(functions["main"].args):
        where, wanted = f"{module}: {argument.arg}", argument.annotation
        kept = _call(wanted, "Kept")
        if default is None:
            arguments[argument.arg] = _values(where, wanted)
        elif _is(wanted, "In"):
            reads.append(_path(where, default))
        elif _is(wanted, "Out") or kept:
            writes.append(_output(where, _path(where, default), kept))
        elif "Path" in ast.unparse(wanted or default) and ast.unparse(default) != "PARAMS_FILE":
            raise ConventionError(f"{where} is a path: say by its type, In or Out, whether it is read or written")
    return Stage(module.removeprefix("stages."), description, arguments, tuple(reads), tuple(writes))


def _with_defaults(signature: ast.arguments) -> list[tuple[ast.arg, ast.expr | None]]:
    plain = [*signature.posonlyargs, *signature.args]
    defaults: list[ast.expr | None] = [None] * (len(plain) - len(signature.defaults)) + list(signature.defaults)
    return [*zip(plain, defaults, strict=True), *zip(signature.kwonlyargs, signature.kw_defaults, strict=True)]


def _is(annotation: ast.expr | None, name: str) -> bool:
    return isinstance(annotation, ast.Name) and annotation.id == name


def _call(annotation: ast.expr | None, name: str) -> ast.Call | None:
    """The call of `name` in `Annotated[Path, name(…)]`."""
    nodes = ast.walk(annotation) if annotation else ()
    return next((node for node in nodes if isinstance(node, ast.Call) and _is(node.func, name)), None)


def _values(where: str, annotation: ast.expr | None) -> tuple[str, ...]:
    """The values of the `Literal` in the type of an argument."""
    for node in ast.walk(annotation) if annotation else ():
        if isinstance(node, ast.Subscript) and _is(node.value, "Literal"):
            found = ast.literal_eval(node.slice)
            return found if isinstance(found, tuple) else (found,)
    raise ConventionError(f"{where} has no default: its type must be a Literal, whose values DVC gives one by one")


def _path(where: str, default: ast.expr) -> str:
    literal = default.args[0] if isinstance(default, ast.Call) and len(default.args) == 1 else None
    if not (isinstance(literal, ast.Constant) and isinstance(literal.value, str)):
        raise ConventionError(f'{where} must have the default Path("…"), one literal string')
    return literal.value.rstrip("/")


def _output(where: str, path: str, kept: ast.Call | None) -> Output:
    if kept is None:
        return Output(path)
    try:
        under = ast.literal_eval(kept.args[0]) if kept.args else "outs"
        options = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in kept.keywords}
    except ValueError:
        raise ConventionError(f"{where}: write what Kept is given as literal values") from None
    drawn = options.pop("drawn", {})
    return Output(path, under, options, {f"{path}/{name}": axes for name, axes in drawn.items()})
