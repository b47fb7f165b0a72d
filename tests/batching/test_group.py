"""Two real processes over gloo train as one process with the joint batch."""

import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from sracl_core.batching.group import ALONE, Group, open_group
from sracl_core.batching.samples import MODES
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.objectives.sracl import SRACL
from sracl_core.params.train import LOSS, OBJECTIVES
from sracl_core.recommendation.sampled_softmax import SampledSoftmaxParams
from sracl_core.training.fit import begin_training
from tests.training.processes import outcome, start, start_together, trained
from tests.training.reference import World
from tests.training.small import inputs, params

BOTH_MASKS = NegativesParams(mask_same_target=True, mask_pool=True)
FEW = SampledSoftmaxParams(negatives=5, drawn="popularity")
CASES: dict[str, dict[str, Any]] = {
    "causal": {"mode": "causal"},
    "prefix": {"mode": "prefix"},
    "causal, bank, masked": {"mode": "causal", "candidates": "bank", "negatives": BOTH_MASKS},
    "prefix, bank, gru4rec": {"mode": "prefix", "candidates": "bank", "backbone": "gru4rec"},
    "plain": {"mode": "causal", "alpha": 0.0, "beta": 0.0},
    "sampled softmax": {"mode": "causal", "loss": "sampled_softmax", "losses": LOSS.shipped(sampled_softmax=FEW)},
    "bpr, causal": {"mode": "causal", "loss": "bpr", "alpha": 0.0, "beta": 0.0},
    "bce, prefix": {"mode": "prefix", "loss": "bce"},
}
RIVALS = [(name, mode) for name in OBJECTIVES if name not in ("sracl", "plain") for mode in MODES]
BATCHES = (7, 1, 4)  # samples of the steps: uneven shares, and one that is empty


class Training:
    """A training with any objective, in double precision."""

    def __init__(self, objective: str, mode: str, group: Group) -> None:
        changes = {"objective": objective, "mode": mode}
        state = begin_training(inputs(longest=14, every=2), params(**changes), torch.device("cpu"), group)
        self.backbone, self.objective, self.steps = state.backbone.double(), state.objective.double(), state.steps
        self.weights, self.state = lambda: state.weights, state
        for part in self.objective.modules():
            if isinstance(part, SRACL):  # a member of a combination
                embeddings = part.semantics.embeddings.double()
                part.semantics = part.candidates.semantics = replace(part.semantics, embeddings=embeddings)


def gradients_of_steps(world: World | Training, group: Group) -> dict[str, Tensor]:
    """The losses and gradients of a few steps, each from weights the last one has changed."""
    found = {}
    world.objective.begin_epoch(world.backbone)
    lasts = world.steps.samples.lasts
    random = torch.Generator().manual_seed(0)
    for step, size in enumerate(BATCHES):
        drawn = lasts[torch.randint(len(lasts), (size,), generator=random)]
        losses = world.steps.losses(drawn, world.backbone, world.objective)
        for weight in world.weights():
            weight.grad = None
        losses.total().backward()
        group.add_gradients(world.weights())
        joint = losses.joint(group)
        for name, value in joint.parts().items():
            found[f"{step} {name}"] = value.detach().clone()  # a total of one part is that part
        for number, weight in enumerate(world.weights()):
            gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
            found[f"{step} {number}"] = gradient.clone()
            with torch.no_grad():
                weight.sub_(0.5 * gradient)
        if isinstance(world, Training) and world.state.second is not None:
            found |= {f"{step} {name}": value.detach() for name, value in world.state.find_second_gradients().items()}
            for number, weight in enumerate(world.state.second.weights):
                assert weight.grad is not None
                found[f"{step} second {number}"] = weight.grad.clone()
                with torch.no_grad():
                    weight.sub_(0.5 * weight.grad)
    return found


def all_cases(group: Group) -> dict[str, Tensor]:
    found = {}
    for case, changes in CASES.items():
        world = World(inputs(longest=14, every=2), params(**changes), group)
        found |= {f"{case}: {name}": value for name, value in gradients_of_steps(world, group).items()}
    for case in RIVALS:
        rival = Training(*case, group)
        found |= {f"{case}: {name}": value for name, value in gradients_of_steps(rival, group).items()}
    return found


def save_all_cases(folder: Path) -> None:
    torch.set_num_threads(1)
    with open_group(torch.device("cpu")) as group:
        save_file(all_cases(group), folder / f"{group.rank}.safetensors")


def ended_well(processes: list[Any]) -> bool:
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes] == [0] * len(processes)


def test_losses_and_gradients_are_those_of_one_process_with_the_joint_batch(tmp_path: Path) -> None:
    processes = start_together(save_all_cases, 2, tmp_path)
    expected = all_cases(ALONE)
    assert ended_well(processes)
    for rank in (0, 1):
        found = load_file(tmp_path / f"{rank}.safetensors")
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(found[name], value, msg=lambda message, n=name: f"{n}: {message}")


@pytest.mark.parametrize("backbone", ["sasrec", "tests.model.text_fed:Fed"])
def test_a_training_of_two_has_one_outcome_close_to_that_of_one(tmp_path: Path, backbone: str) -> None:
    # Begun further from zero, a key's bias, whose gradient is rounding alone, is moved by Adam in steps of full size.
    chosen = {"mode": "causal", "max_epochs": 2, "initialisation": "normal", "backbone": backbone}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = start(tmp_path / "one", chosen, 60.0)
    assert ended_well([one, *start_together(trained, 2, tmp_path / "two", chosen, 60.0)])
    assert outcome(tmp_path / "two", 0) == outcome(tmp_path / "two", 1)
    for kind in ("weights0.safetensors", "epochs0.json"):
        read = load_file if kind.endswith("safetensors") else lambda path: json.loads(path.read_text())
        alone, together = read(tmp_path / "one" / kind), read(tmp_path / "two" / kind)
        torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("moment", ["after a step", "before a checkpoint gets its name"])
def test_killed_together_they_end_with_the_same_bytes(tmp_path: Path, moment: str) -> None:
    chosen = {"mode": "prefix", "dropout": 0.3, "candidates": "bank", "max_epochs": 2}
    for name in ("undisturbed", "killed"):
        (tmp_path / name).mkdir()
    assert ended_well(start_together(trained, 2, tmp_path / "undisturbed", chosen, 0.0))
    first, second = start_together(trained, 2, tmp_path / "killed", chosen, 0.0, (moment, 5))
    first.join(120)
    assert first.exitcode == -signal.SIGKILL
    second.join(120)
    assert second.exitcode not in (0, None), "one alone does not go on"
    assert list((tmp_path / "killed").glob("checkpoints/0*"))
    assert ended_well(start_together(trained, 2, tmp_path / "killed", chosen, 0.0))
    for rank in (0, 1):
        assert outcome(tmp_path / "killed", rank) == outcome(tmp_path / "undisturbed", rank)


def test_shares_are_even_and_whole() -> None:
    for size in (1, 2, 3, 5):
        for count in range(12):
            shares = [Group(rank, size).share(count) for rank in range(size)]
            assert [row for share in shares for row in range(count)[share]] == list(range(count))
            lengths = [share.stop - share.start for share in shares]
            assert max(lengths) - min(lengths) <= 1
