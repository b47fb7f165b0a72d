"""What every objective promises beside every backbone, whichever they are; `sracl check` tries the same."""

import pytest

from sracl_core.commands.contract.promises import PROMISES, switched_off
from sracl_core.commands.contract.world import small_inputs, small_params
from sracl_core.params.train import OBJECTIVES
from tests.model.sizes import WAYS


@pytest.mark.parametrize(("mode", "backbone"), WAYS)
@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("promise", PROMISES)
def test_it_is_kept(promise: str, objective: str, backbone: str, mode: str) -> None:
    assert PROMISES[promise](small_inputs(), small_params(backbone, objective, mode)) == ""


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if name != "plain"])
def test_every_objective_has_a_weight_that_switches_it_off(objective: str) -> None:
    off = switched_off(small_params("sasrec", objective, "causal")).objective_params
    assert off != small_params("sasrec", objective, "causal").objective_params
