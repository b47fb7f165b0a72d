"""Parts that are chosen by name: data sources, profile engines, encoders, backbones.

A part that comes with the project is one module named after it inside the package of its kind, with a module
constant `PLUGIN`; its name stands in the registry beside the parameter that selects it (`sracl_core/params/`).
A part from elsewhere is selected by its import path, `package.module:Name`.
"""

import re
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from sracl_core.errors import ModelError

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

    `package` is the dotted package of the kind, e.g. `sracl_core.model.backbones`. Raises ModelError when an import
    path leads nowhere.
    """
    module_name, _, attribute = name.partition(":") if ":" in name else (f"{package}.{name}", "", "PLUGIN")
    try:
        return getattr(import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ModelError(
            f"{name!r} could not be loaded for {package}: {error}. An import path has the form package.module:Name, "
            "and the package must be installed in the environment that runs the stage."
        ) from error
