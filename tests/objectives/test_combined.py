"""Several objectives at once: each as it is alone, with parameters, draws and messages of its own."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from sracl_core.commands.contract.world import small_inputs, small_params
from sracl_core.objectives.combined import MEMBERS, CombinedParams
from sracl_core.objectives.duorec import DuoRecParams
from sracl_core.objectives.icsrec import ICSRecParams
from sracl_core.objectives.mclrec import MCLRecParams
from sracl_core.objectives.protocol import Anchors, ObjectiveParams, Term, build_objective
from sracl_core.objectives.sracl import InterParams, SRACLParams
from sracl_core.params.check import problems_of
from sracl_core.params.reading.section import read_section
from sracl_core.params.train import OBJECTIVES, TrainParams
from sracl_core.training.fit import begin_training
from tests.objectives.small import CPU, anchors_of, copied, objective_of
from tests.params.reading.test_section import changed, written

BANK = SRACLParams(inter=InterParams(candidates="bank", dropout=0.0))
CALM = SRACLParams(inter=InterParams(dropout=0.0))


def combined(**members: ObjectiveParams) -> tuple[Any, Any, Anchors]:
    """A backbone, the combination of `members`, and anchors."""
    backbone, objective = objective_of("combined", CombinedParams.model_validate(members))
    return backbone, objective, anchors_of(objective, backbone)


def values(terms: list[Term]) -> dict[str, tuple[float, float]]:
    return {term.name: (term.weight, term.value.item()) for term in terms}


def test_all_others_can_be_members() -> None:
    assert set(MEMBERS) == set(OBJECTIVES) - {"plain", "combined"}


def test_the_terms_are_those_of_each_member_alone() -> None:
    backbone, objective, anchors = combined(duorec=DuoRecParams(), mclrec=MCLRecParams())
    expected = {}
    for name, member in objective.members.items():
        # The same weights and the same draws, as an objective by itself.
        own = replace(objective.context, generator=copied(member.context.generator))
        alone = build_objective(name, member.params, own)
        alone.load_state_dict(member.state_dict())
        expected |= {f"{name}_{term}": value for term, value in values(alone.terms(anchors, backbone)).items()}
        later = {f"{name}_{term}": value for term, value in values(alone.second_terms(backbone)).items()}
    assert values(objective.terms(anchors, backbone)) == expected
    assert list(expected) == ["duorec_views", "mclrec_augmented", "mclrec_learned", "mclrec_regularisation"]
    assert values(objective.second_terms(backbone)) == later  # of MCLRec, the last
    assert len(objective.second_weights) == 1


def test_a_member_draws_the_same_whoever_the_others_are() -> None:
    found = []
    for others in ({}, {"duorec": DuoRecParams()}, {"duorec": DuoRecParams(), "icsrec": ICSRecParams(intents=3)}):
        backbone, objective, anchors = combined(sracl=CALM, **others)
        before = objective.context.generator.get_state()
        objective.begin_epoch(backbone)
        terms = values(objective.terms(anchors, backbone))
        found.append(terms["sracl_intra_user"])
        assert torch.equal(objective.context.generator.get_state(), before)  # what anchors are drawn from
    assert found[0] == found[1] == found[2]
    states = [member.context.generator.get_state() for member in objective.members.values()]
    assert not any(torch.equal(one, other) for one, other in pairwise(states))


def test_members_prepare_and_hear() -> None:
    backbone, objective, anchors = combined(sracl=BANK, icsrec=ICSRecParams(intents=3))
    bank, clusters = objective.members["sracl"].candidates, objective.members["icsrec"]
    assert not clusters.centres.any()
    objective.begin_epoch(backbone)
    assert clusters.centres.any()
    before = bank.state_dict()
    kept = {name: value.clone() for name, value in before.items()}
    assert objective.observes
    objective.observe(anchors.positions, anchors.states.detach() + 1)
    assert any(not torch.equal(value, kept[name]) for name, value in bank.state_dict().items())
    assert not combined(duorec=DuoRecParams())[1].observes


def test_needs_and_advice_name_the_members_own_parameters() -> None:
    shipped = CombinedParams.shipped()
    place = "train.objectives.combined"
    needs = shipped.needs(place)
    assert {need.artifact for need in needs} == {"user_pool", "user_embeddings", "item_pool"}
    assert all(f"{place}.sracl." in need.why and f"{place}.sracl." in need.without for need in needs)
    assert CombinedParams(duorec=DuoRecParams()).needs(place) == []
    _, objective, _ = combined(sracl=SRACLParams(), duorec=DuoRecParams())
    sizes = objective.step_bytes(8, 5.0, 100.0)
    assert set(sizes) == {"candidates of sracl", "views of sracl", "views of duorec"}
    assert sizes["views of duorec"] == (8000.0, f"train.batch_size, or set {place}.duorec.weight to 0")
    assert objective.remedies() == f"mine.k, or set {place}.sracl.inter.candidates to detached or bank"
    assert objective.steadied_by() == (
        f"raise {place}.sracl.inter.temperature and {place}.sracl.intra.temperature, "
        f"or raise {place}.duorec.temperature"
    )


def test_a_member_that_is_off_is_plain() -> None:
    backbone, objective, anchors = combined(sracl=SRACLParams(alpha=0.0, beta=0.0), duorec=DuoRecParams())
    assert objective.needs_anchors
    assert list(values(objective.terms(anchors, backbone))) == ["duorec_views"]
    assert not combined(duorec=DuoRecParams(weight=0.0))[1].needs_anchors


def test_it_goes_on_from_a_checkpoint_with_every_members_draws() -> None:
    """All members at once, one of which has a second step and one a bank."""
    chosen = small_params("sasrec", "combined", "causal")
    members = {"sracl": BANK, "duorec": DuoRecParams(), "icsrec": ICSRecParams(intents=3), "mclrec": MCLRecParams()}
    groups = chosen.objectives.model_copy(update={"combined": CombinedParams.model_validate(members)})
    chosen = chosen.model_copy(update={"objectives": groups})
    state, other = (begin_training(small_inputs(), chosen, CPU) for _ in range(2))
    state.begin_epoch()
    first, second = list(state.steps.batches(7))[:2]
    state.add_losses(state.make_step(first))
    kept = state.snapshot()
    kept = type(kept)({name: tensor.clone() for name, tensor in kept.tensors.items()}, kept.record)
    expected = {name: value.item() for name, value in state.make_step(second).items()}
    assert {"mclrec_learned", "second_mclrec_learned", "sracl_inter_user", "icsrec_fine_intent"} <= set(expected)
    other.begin_epoch()
    other.restore(kept)
    assert {name: value.item() for name, value in other.make_step(second).items()} == expected


PLACE = "train__objectives__combined"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({PLACE: {}}, "train.objectives.combined: no objective is combined; give it groups of parameters by name: sra"),
        (
            {f"{PLACE}__duorce": {}},
            "train.objectives.combined.duorce: unknown parameter; did you mean train.objectives",
        ),
        ({f"{PLACE}__duorec__weight": -1.0}, "train.objectives.combined.duorec.weight: expected at least 0, got -1.0"),
        (
            {f"{PLACE}__sracl__inter__temperature": ...},
            "train.objectives.combined.sracl.inter.temperature: missing; th",
        ),
        ({f"{PLACE}__duorec": 3}, "train.objectives.combined.duorec: expected a group of parameters, got 3"),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], expected: str) -> None:
    (problem,) = problems_of(changed(**change))
    assert problem.startswith(expected)


def test_a_member_may_be_left_out_and_another_combination_has_a_name_of_its_own(tmp_path: Path) -> None:
    assert problems_of(changed(**{f"{PLACE}__duorec": ...})) == []
    values = changed(train__objective="icsrec_with_sracl")
    groups = values["train"]["objectives"]
    members = deepcopy({"icsrec": groups["icsrec"], "sracl": groups["sracl"]})
    groups["icsrec_with_sracl"] = {"part": "combined", **members}
    assert problems_of(values) == []
    params = read_section(written(tmp_path / "params.yaml", values), TrainParams)
    assert params.objective_part == "combined"
    assert list(params.objective_params.members) == ["sracl", "icsrec"]
    assert {need.why.partition(" is ")[0] for need in params.needs} == {
        "train.objectives.icsrec_with_sracl.sracl.alpha",
        "train.objectives.icsrec_with_sracl.sracl.beta",
    }


def test_the_digest_is_of_the_members_own_parameters(tmp_path: Path) -> None:
    def digest(**changes: Any) -> str:
        values = changed(train__objective="combined", **changes)
        return read_section(written(tmp_path / "params.yaml", values), TrainParams).digest()

    assert digest(train__objectives__duorec__weight=0.7) == digest()
    assert digest(train__objectives__combined__duorec__weight=0.7) != digest()
    assert digest(train__objectives__combined__duorec=...) != digest()
