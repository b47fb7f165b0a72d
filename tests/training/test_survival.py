"""A killed training ends as an undisturbed one; a stopped or broken one says where it stands."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sracl_core.ground.errors import TrainingError
from sracl_core.training.durability.checkpoints import open_checkpoints
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import Fit, fit
from sracl_core.training.state import TrainingState
from tests.training.processes import MOMENTS, outcome, start
from tests.training.small import inputs, params

CAUSAL = {"mode": "causal", "dropout": 0.3, "max_length": 5, "max_epochs": 4}
BANK = {"mode": "prefix", "dropout": 0.3, "candidates": "bank", "backbone": "gru4rec", "max_epochs": 3}
SAMPLED = CAUSAL | {"loss": "bpr", "alpha": 0.0, "max_epochs": 3}
SAMPLED |= {"optimizer": "adamw", "weight_decay": 0.1, "warmup_steps": 4, "schedule": "cosine", "clip_norm": 0.1}
MCLREC = CAUSAL | {"objective": "mclrec", "max_epochs": 3}
TEXT = {"mode": "causal", "dropout": 0.3, "alpha": 0.0, "max_epochs": 3, "backbone": "tests.model.text_fed:Fed"}
NEVER = float("inf")


def undisturbed(folder: Path, chosen: dict[str, Any]) -> tuple[bytes, bytes]:
    folder.mkdir()
    process = start(folder, chosen, NEVER)
    process.join()
    assert process.exitcode == 0
    return outcome(folder)


@pytest.mark.parametrize(
    "chosen",
    [CAUSAL, BANK, SAMPLED, MCLREC, TEXT],
    ids=["causal", "prefix-bank", "sampled", "mclrec", "text-fed"],
)
@pytest.mark.parametrize("seconds", [0.0, NEVER], ids=["every-step", "every-epoch"])
def test_killed_at_every_kind_of_moment_it_ends_with_the_same_bytes(
    tmp_path: Path, chosen: dict[str, Any], seconds: float
) -> None:
    expected = undisturbed(tmp_path / "undisturbed", chosen)
    folder = tmp_path / "killed"
    folder.mkdir()
    for number, moment in enumerate(MOMENTS):
        process = start(folder, chosen, seconds, (moment, number % 2 + 1))
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"it was not killed {moment}"
    assert list(folder.glob("checkpoints/0*")), "the last one goes on from a checkpoint"
    process = start(folder, chosen, seconds)
    process.join()
    assert process.exitcode == 0
    assert outcome(folder) == expected


def test_killed_at_random_times_it_ends_with_the_same_bytes(tmp_path: Path) -> None:
    chosen = CAUSAL | {"max_epochs": 12}
    expected = undisturbed(tmp_path / "undisturbed", chosen)
    folder = tmp_path / "killed"
    folder.mkdir()
    seed = random.randrange(10**6)
    draw = random.Random(seed)
    kills = 0
    while True:
        process = start(folder, chosen, 0.0)
        while not (folder / "started").exists():
            time.sleep(0.005)
        (folder / "started").unlink()
        process.join(draw.uniform(0.02, 0.2 + 0.02 * kills))
        if process.exitcode is not None:
            break
        process.kill()
        process.join()
        kills += 1
    assert process.exitcode == 0
    assert kills >= 2
    assert outcome(folder) == expected, f"after {kills} kills, seed {seed}"
    process = start(folder, chosen, 0.0)  # a finished training has nothing left to do
    process.join()
    assert outcome(folder) == expected


def train_in(folder: Path, chosen: Any, on_step: Callable[[TrainingState], None] | None = None) -> Fit:
    with open_checkpoints(folder, 0.0) as checkpoints, pytest.MonkeyPatch.context() as patch:
        if on_step is not None:
            original = TrainingState.add_losses

            def add(state: TrainingState, parts: dict) -> None:
                original(state, parts)
                on_step(state)

            patch.setattr(TrainingState, "add_losses", add)
        ignored: Callable[[Epoch], None] = lambda epoch: None  # noqa: E731
        device = torch.device("cpu")
        return fit(inputs(), chosen, device, tile_bytes=2**20, on_epoch=ignored, checkpoints=checkpoints)


@pytest.mark.parametrize(
    ("number", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)], ids=["ctrl-c", "term"]
)
def test_a_signal_leaves_a_checkpoint_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture, number: signal.Signals, ends: type[BaseException]
) -> None:
    def stop(state: TrainingState) -> None:
        if len(state.epochs) == 1 and state.step == 2:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    with pytest.raises(ends):
        train_in(tmp_path, params(), stop)
    assert signal.getsignal(number) == before
    (kept,) = tmp_path.glob("0*")
    assert f"stopped in epoch 2 after step 2. Run the same again and it goes on from {kept}." in capsys.readouterr().err
    done = train_in(tmp_path, params())
    assert "goes on in epoch 2 after step 2" in capsys.readouterr().err
    undisturbed = train_in(tmp_path / "other", params())
    assert all(torch.equal(w, undisturbed.model.state[name]) for name, w in done.model.state.items())


def test_a_broken_gradient_is_named_with_its_step_samples_and_checkpoint(tmp_path: Path) -> None:
    def spoil(state: TrainingState) -> None:
        if len(state.epochs) == 1 and state.step == 1:
            with torch.no_grad():
                state.objective.synthesizer.attention.fill_(float("nan"))  # type: ignore[union-attr]

    with pytest.raises(TrainingError) as told:
        train_in(tmp_path, params(alpha=0.5, beta=0.5), spoil)
    message = str(told.value)
    assert "loss (total), loss (inter_user), gradient is not finite in epoch 2, step 2" in message
    assert "user " in message and "train.learning_rate" in message
    (kept,) = tmp_path.glob("0*")
    assert f"The last good checkpoint is {kept}." in message


def test_a_failed_allocation_says_what_to_lower(tmp_path: Path) -> None:
    def fail(state: TrainingState) -> None:
        torch.empty(2**62, dtype=torch.int8)

    with pytest.raises(TrainingError, match=r"did not fit into memory.*Lower train\.batch_size \(now 8\).*mine\.k"):
        train_in(tmp_path, params(), fail)
    with pytest.raises(TrainingError) as told:
        train_in(tmp_path, params(candidates="bank"), fail)
    assert "mine.k" not in str(told.value)


def test_other_errors_pass(tmp_path: Path) -> None:
    def fail(state: TrainingState) -> None:
        raise RuntimeError("another")

    with pytest.raises(RuntimeError, match="another"):
        train_in(tmp_path, params(), fail)
