"""Parts that are chosen by name: data sources, profile engines, encoders, backbones, losses, objectives.

A part that comes with the project is one module named after it inside the package of its kind, with a module
constant `PLUGIN`; its name stands in the registry beside the parameter that selects it (`sracl_core/params/`).
A part from elsewhere is selected by its import path, `package.module:Name`.
"""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sracl_core.ground.errors import ModelError
from sracl_core.ground.faults import is_shortage

IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def check_name(value: str, names: tuple[str, ...]) -> str:
    """Return `value` if it is one of `names` or an import path `package.module:Name`.

    Raises ValueError (which pydantic turns into a reported problem) with the nearest valid name otherwise.
    """
    if value in names or IMPORT_PATH.fullmatch(value):
        return value
    near = get_close_matches(value, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"{value!r} is not one of {', '.join(names)}, nor an import path package.module:Name{hint}")


def load_plugin(package: str, name: str) -> Any:
    """Return the object that `name` stands for.

    `package` is the dotted package of the kind, e.g. `sracl_core.model.backbones`. An import path is code that runs
    here: it must come from the parameters, never from an artifact. Raises ModelError when it leads nowhere.
    """
    return _loaded(package, name, name if is_import_path(name) else f"{package}.{name}:PLUGIN")


def load_outside(package: str, name: str) -> Any:
    """Return the object that the import path `name` stands for, of the kind whose parts are in `package`.

    As `load_plugin` does, for who looks at parts from outside alone.
    """
    return _loaded(package, name, name)


def _loaded(package: str, name: str, import_path: str) -> Any:
    module_name, _, attribute = import_path.partition(":")
    try:
        with _no_byte_code():
            return getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        if is_shortage(error):  # the part may be whole
            raise
        raise ModelError(
            f"{name!r} could not be loaded for {package}: {error}. An import path has the form package.module:Name, "
            "and the package must be installed in the environment that runs the stage, or lie in the project's folder."
        ) from error


def require_part(name: str, found: Any, what: str, attributes: tuple[str, ...]) -> Any:
    """Return `found`, which `name` stands for, if it has the `attributes` of a part of the kind `what`.

    Raises ModelError, which names those it lacks, otherwise.
    """
    missing = [attribute for attribute in attributes if not hasattr(found, attribute)]
    if missing:
        raise ModelError(f"{name!r} is no {what}: it lacks {', '.join(missing)}. It is {_shown(found)}.")
    return found


def require_subclass(name: str, found: Any, parent: type) -> Any:
    """Return `found`, which `name` stands for, if it is a class derived from `parent`; raises ModelError otherwise."""
    if isinstance(found, type) and issubclass(found, parent):
        return found
    raise ModelError(f"{name!r} is {_shown(found)}, expected a subclass of {parent.__module__}:{parent.__name__}.")


def is_import_path(name: str) -> bool:
    """Whether `name` stands for a part from outside the project."""
    return ":" in name


def code_of_part(name: str) -> Path | None:
    """Return where the code of the part from outside `name` lies: the folder of its top-level package, or its file.

    Nothing is imported for it. None where there is no such package, or none with a source.
    """
    try:
        spec = find_spec(_top(name))
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin) if spec.origin and Path(spec.origin).is_file() else None


def why_no_code(name: str) -> str:
    """Return why `code_of_part` finds nothing for the part from outside `name`, and what to do, as the rest of a line.

    >>> why_no_code("sys:exit")
    "which has no source file that could be watched for changes; name a part of a package that has"
    """
    try:
        found = find_spec(_top(name)) is not None
    except (ImportError, ValueError, AttributeError):
        found = False
    if found:
        return "which has no source file that could be watched for changes; name a part of a package that has"
    return "whose code cannot be found; install it, or put it into the project's folder"


def part_digest(name: str) -> str:
    """Return the SHA-256 of the code of the part `name`; "" for one that comes with the project.

    It covers names and bytes of all files in its top-level package, or of its only module; what that imports from
    elsewhere is not covered. Raises ModelError where it cannot be found.
    """
    if not is_import_path(name):
        return ""
    code = code_of_part(name)
    if code is None:
        raise ModelError(f"The part is {name!r}, {why_no_code(name)}.")
    files = [code] if code.is_file() else sorted(path for path in code.rglob("*") if path.is_file())
    total = hashlib.sha256()
    for path in files:
        if "__pycache__" not in path.parts and path.suffix != ".pyc":
            shown = path.name if path == code else path.relative_to(code).as_posix()
            total.update(f"{shown}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
    return total.hexdigest()


def parts_digest(names: Iterable[str]) -> str:
    """Return one digest of the code of all parts `names`; "" where all of them come with the project."""
    digests = [digest for digest in map(part_digest, names) if digest]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest() if digests else ""


def _top(name: str) -> str:
    """The top-level package, or module, of an import path."""
    return name.partition(":")[0].partition(".")[0]


@contextmanager
def _no_byte_code() -> Iterator[None]:
    """Write no byte code meanwhile: it would change the hash of a folder that DVC watches."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _shown(found: Any) -> str:
    return (
        f"the {'class' if isinstance(found, type) else type(found).__name__} {getattr(found, '__name__', repr(found))}"
    )
