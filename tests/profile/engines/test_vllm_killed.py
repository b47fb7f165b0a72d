"""A process of the real vLLM is killed while it answers: one line, and what was answered is kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sracl_core.profile.store.answers import AnswerStore
from tests.needs import needs_vllm

ROOT = Path(__file__).resolve().parents[3]


@needs_vllm
@pytest.mark.slow
def test_a_killed_process_of_the_engine_is_told_in_a_line(tiny_model: Path, tmp_path: Path) -> None:
    paths = [str(tiny_model), str(tmp_path / "store"), str(tmp_path / "table")]
    # One core for each process: on a machine with one NUMA node vLLM shares none out by itself.
    cores = sorted(os.sched_getaffinity(0))
    done = subprocess.run(
        (sys.executable, "-m", "tests.profile.engines.dying", *paths),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "VLLM_CPU_OMP_THREADS_BIND": f"{cores[0]}|{cores[-1]}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(told) == 1 and told[0].startswith("error: vLLM stopped while it was answering"), done.stderr
    assert "lower runtime.vllm_gpu_share" in told[0]
    assert AnswerStore(tmp_path / "store").contents().num_rows >= 1
    assert not (tmp_path / "table").exists()
