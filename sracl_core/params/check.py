"""Check a whole `params.yaml`: every section, every problem, at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sracl_core.ground.errors import ParamsError
from sracl_core.ground.outside import shown
from sracl_core.ground.root import project_root
from sracl_core.params.certify import CertifyParams
from sracl_core.params.data import DataParams
from sracl_core.params.data_folder import folder_problems
from sracl_core.params.embed import EmbedParams
from sracl_core.params.evaluate import EvaluateParams
from sracl_core.params.mine import MineParams
from sracl_core.params.parts import PartsParams, part_problems
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.names import nearest
from sracl_core.params.reading.report import report
from sracl_core.params.reading.section import Section, section_problems
from sracl_core.params.reading.veil import veiled
from sracl_core.params.reading.yaml_file import read_yaml
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.sample import SampleParams
from sracl_core.params.split import SplitParams
from sracl_core.params.train import TrainParams

SECTIONS: tuple[type[Section], ...] = (
    SampleParams,
    DataParams,
    SplitParams,
    ProfileParams,
    EmbedParams,
    MineParams,
    CertifyParams,
    TrainParams,
    EvaluateParams,
    PartsParams,
    RuntimeParams,
)


def problems_of(values: Mapping[str, Any]) -> list[str]:
    """Return every problem of the parameters in `values`, one line each."""
    keys = [section.key for section in SECTIONS]
    problems = []
    for key in values:
        if key not in keys:
            near = nearest(str(key), keys)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(keys)}"
            problems.append(veiled(f"{shown(str(key)) or repr('')}: unknown section; {hint}"))
    for section in SECTIONS:
        problems += section_problems(section, values)
    return problems


def check_params(path: Path) -> None:
    """Raise ParamsError listing every problem of the params file `path`; return when there is none.

    That the folder of the raw files is there belongs to it: `data.path` counts from the folder of `path`.
    """
    values = read_yaml(path)
    problems = [
        *problems_of(values),
        *folder_problems(values, path.parent, project_root()),
        *part_problems(values, path.parent),
    ]
    if problems:
        raise ParamsError(report(path, problems))
