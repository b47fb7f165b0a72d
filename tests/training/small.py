"""A small world to train in: random sequences, pools and embeddings, and parameters for it."""

from sracl_core.commands.contract.world import small_inputs
from sracl_core.ground.plugins import is_import_path
from sracl_core.objectives.combined import CombinedParams
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.objectives.sracl import InterParams, IntraParams, SRACLParams
from sracl_core.params.backbone import BACKBONE, BACKBONES
from sracl_core.params.reading.section import typed_section
from sracl_core.params.train import OBJECTIVE, EarlyStopParams, TrainParams
from tests.model.sizes import sizes_of

inputs = small_inputs


def params(
    alpha: float = 0.5,
    beta: float = 0.25,
    dropout: float = 0.0,
    max_length: int = 6,
    candidates: str = "gradient",
    *,
    positions: str = "relative",
    initialisation: str = "xavier",
    arrangement: str = "original",
    negatives: NegativesParams | None = None,
    **changes: object,
) -> TrainParams:
    """Small parameters; `backbone` may be an import path, which then has a group of its own."""
    sizes: dict[str, object] = {
        "hidden": 8,
        "layers": 2,
        "dropout": dropout,
        "max_length": max_length,
        "initialisation": initialisation,
        "heads": 2,
        "feed_forward": 16,
        "positions": positions,
        "arrangement": arrangement,
    }
    inter = {"similarity": "cosine", "temperature": 0.5, "dropout": dropout, "candidates": candidates}
    sracl = SRACLParams(
        alpha=alpha,
        beta=beta,
        inter=InterParams.model_validate(inter),
        intra=IntraParams(similarity="dot", temperature=1.0, substitution_rate=0.4),
        negatives=negatives or NegativesParams(),
    )
    settings: dict[str, object] = {
        "backbones": BACKBONE.shipped(**{name: sizes_of(name, **sizes) for name in BACKBONES}),
        "objectives": OBJECTIVE.shipped(
            sracl=sracl, combined=CombinedParams.shipped().model_copy(update={"sracl": sracl})
        ),
        "batch_size": 8,
        "max_epochs": 3,
        "early_stop": EarlyStopParams(metric="ndcg@5", patience=5),
        "seed": 1,
    }
    part = str(changes.get("backbone"))
    if not is_import_path(part):
        return TrainParams.model_validate(settings | changes)
    values = TrainParams.model_validate(settings | changes | {"backbone": BACKBONES[0]}).model_dump()
    group = {"part": part, **sizes_of(part, **sizes).model_dump()}
    values |= {"backbone": "mine", "backbones": {**values["backbones"], "mine": group}}
    typed, problems = typed_section(TrainParams, {TrainParams.key: values})
    assert problems == []
    return typed.model_validate(values)
