"""What `model.json` says of the weights beside it: how to build the backbone, where it comes from, their digest."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sracl_core.artifacts.provenance import Provenance, file_digest
from sracl_core.documents import read_sealed, write_sealed
from sracl_core.ground.errors import ArtifactError
from sracl_core.ground.outside import shown, shown_value
from sracl_core.ground.version import VERSION
from sracl_core.model.backbone import MOST_DIMENSION

FORMAT = 2
MOST_ITEMS = 2**31 - 1  # their ids are int32
AGAIN = "Train again with `dvc repro train`, or fetch both with `dvc pull`."


@dataclass(frozen=True)
class ModelDescription:
    """A backbone by name, the `n_items` it knows, its parameters, its provenance, and how training went.

    `text_dimension` is the D of the text vectors it was built with; None, and not written, where it uses none.
    """

    backbone: str
    n_items: int
    model: dict[str, Any]
    provenance: Provenance
    training: dict[str, Any]
    text_dimension: int | None = None


def write_description(path: Path, weights: Path, description: ModelDescription) -> None:
    """Write `description` at `path`, with the digest of the file `weights`, which must be written already."""
    told = asdict(description)
    if description.text_dimension is None:
        del told["text_dimension"]
    write_sealed(
        path,
        {
            "format": FORMAT,
            "version": VERSION,
            **told,
            "weights": {"sha256": file_digest(weights)},
        },
    )


def read_description(path: Path, weights: Path) -> ModelDescription:
    """Return what `path` says of the file `weights`.

    Raises ArtifactError when either is missing or damaged, or when the weights are others than those described.
    """
    told = read_sealed(path, "the description of a model")
    if told.get("format") != FORMAT:
        raise ArtifactError(f"{path} has model format {told.get('format')!r}, expected {FORMAT}. {AGAIN}")
    try:
        for name, kind in (("backbone", str), ("n_items", int)):
            if type(told[name]) is not kind:
                raise TypeError(f"{name} is {shown_value(told[name])}")
        if not 1 <= told["n_items"] <= MOST_ITEMS:
            raise ValueError(f"n_items is {shown_value(told['n_items'])}")
        dimension = told.get("text_dimension")
        if "text_dimension" in told and not (type(dimension) is int and 1 <= dimension <= MOST_DIMENSION):
            raise ValueError(f"text_dimension is {shown_value(dimension)}")
        digest = told["weights"]["sha256"]
        description = ModelDescription(
            backbone=told["backbone"],
            n_items=told["n_items"],
            model=dict(told["model"]),
            provenance=Provenance(**told["provenance"]),
            training=dict(told["training"]),
            text_dimension=dimension,
        )
    except KeyError as error:
        raise ArtifactError(f"{path} does not describe a model: {error} is missing. {AGAIN}") from None
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path} does not describe a model: {shown(str(error))}. {AGAIN}") from None
    if file_digest(weights) != digest:
        raise ArtifactError(
            f"{weights} is not the file that {path} describes: it is damaged, or of another training. {AGAIN}"
        )
    return description
