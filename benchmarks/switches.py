"""Parameters that differ from the shipped ones, by short dotted names: `model.dropout`, `alpha`, `batch_size`."""

from typing import Any

from sracl_core.params.reading.section import Section, typed_section
from sracl_core.params.train import TrainParams

# How a short name begins → where the parameter stands in the section `train`.
PLACES = {
    "model.": "backbones.sasrec.",
    **{name: f"objectives.sracl.{name}" for name in ("alpha", "beta", "inter.", "intra.", "negatives.")},
}


def train_params(changes: dict[str, Any]) -> TrainParams:
    """Return the section `train` with `changes`, which must be right."""
    values = changed(TrainParams(), changes)
    return typed_section(TrainParams, {"train": values})[0].model_validate(values)


def changed(section: Section, changes: dict[str, Any]) -> dict[str, Any]:
    """The values of `section` with `changes` by dotted name, right or wrong: whoever checks them says which."""
    values: dict[str, Any] = section.model_dump()
    for name, value in changes.items():
        *groups, last = placed(name).split(".")
        group = values
        for part in groups:
            if not isinstance(group.get(part), dict):
                group[part] = {}
            group = group[part]
        group[last] = value
    return values


def placed(name: str) -> str:
    """Where the parameter of a short name stands in its section."""
    for short, place in PLACES.items():
        if name.startswith(short):
            return place + name.removeprefix(short)
    return name
