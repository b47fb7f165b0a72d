"""Measure a training step with the encoder as it is, under bf16 autocast, and compiled: neither is on, since none paid.

    python benchmarks/encoder_variants.py --data OFFICE/data
    python benchmarks/encoder_variants.py --generated --device cuda

Steps turn about in one run; the first half, in which the compiler works, is not counted, the median of the rest is.
Results go to benchmarks/results/encoder_variants.json, the newest of each data set and device.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import torch
import typer
from machine import RESULTS_FOLDER
from project import chosen_inputs, keep_run
from switches import train_params
from torch import Tensor

from sracl_core.device import pick_device
from sracl_core.params.runtime import RuntimeParams
from sracl_core.training.fit import begin_training
from stages.entry import run

RESULTS = RESULTS_FOLDER / "encoder_variants.json"
BRANCHES: dict[str, dict[str, float]] = {"plain": {"alpha": 0.0, "beta": 0.0}, "both": {}}
Encode = Callable[..., Tensor]


def in_bf16(encode: Encode) -> Encode:
    """Return `encode` under autocast; its states are float32, as the losses want them."""

    def cast(items: Tensor, *arguments: Any) -> Tensor:
        with torch.autocast(items.device.type, torch.bfloat16):
            return encode(items, *arguments).float()

    return cast


VARIANTS: dict[str, Callable[[Encode], Encode]] = {
    "as it is": lambda encode: encode,
    "bf16": in_bf16,
    "compiled": lambda encode: torch.compile(encode, dynamic=True),
}


def main(
    data: Annotated[Path, typer.Option(help="the folder with interim/ and artifacts/")] = Path("data"),
    generated: Annotated[bool, typer.Option(help="take generated data of Beauty's size instead")] = False,
    steps: Annotated[int, typer.Option(help="steps of each variant, half of them counted")] = 60,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads; all if not given")] = None,
) -> None:
    """Train, print a table, write the results."""
    chosen = pick_device(RuntimeParams.model_validate({"device": device, "threads": threads}))
    name_of_data, inputs = chosen_inputs(data, generated)
    milliseconds: dict[str, dict[str, float]] = {}
    for branches, weights in BRANCHES.items():
        states = {name: begin_training(inputs, train_params(weights), chosen) for name in VARIANTS}
        batches = {}
        for name, state in states.items():
            state.begin_epoch()
            state.backbone.encode = VARIANTS[name](state.backbone.encode)  # type: ignore[method-assign]
            batches[name] = list(state.steps.batches(state.params.batch_size))
        taken: dict[str, list[float]] = {name: [] for name in states}
        for step in range(steps):
            for name, state in states.items():
                started = time.perf_counter()
                state.make_step(batches[name][step % len(batches[name])])
                if chosen.type == "cuda":
                    torch.cuda.synchronize()
                taken[name].append(1000 * (time.perf_counter() - started))
        milliseconds[branches] = {name: round(median(each[steps // 2 :]), 2) for name, each in taken.items()}
        print(branches, milliseconds[branches], flush=True)
        found = {"threads": torch.get_num_threads(), "steps_counted": steps // 2, "milliseconds_a_step": milliseconds}
        keep_run(RESULTS, name_of_data, chosen, found)


if __name__ == "__main__":
    run(main)
