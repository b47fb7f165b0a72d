"""A switch given on the command line is checked as params are; missing results say who makes them."""

import sys
from pathlib import Path

import pytest
import typer

from dag.source import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

from trials import read_switch, recorded_by, trial_of

from sracl_core.documents import write_json
from sracl_core.ground.errors import ArtifactError


def test_a_switch_changes_what_it_names_and_nothing_else() -> None:
    trial = trial_of(read_switch('{"model.dropout": 0.4, "batch_size": 32, "mine.k": 5}'), seed=7)
    params, shipped = trial.params(), trial_of({}, seed=7).params()
    assert (params.backbone_params.dropout, params.batch_size, params.seed, trial.k) == (0.4, 32, 7, 5)
    unchanged = shipped.model_dump()
    unchanged["backbones"]["sasrec"]["dropout"] = 0.4
    assert params.model_dump() == unchanged | {"batch_size": 32}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", ["not JSON", "expected e.g."]),
        ("[1]", ["expected parameters by name", "got [1]"]),
        ('{"batchsize": 2}', ["train.batchsize: unknown parameter; did you mean train.batch_size?"]),
        (
            '{"alpha.x": 1, "mine.kk": 3}',
            ["train.objectives.sracl.alpha: input should be a valid number", "did you mean mine.k?"],
        ),
        (
            '{"model.initialisation": "he"}',
            ["sasrec.initialisation", "'xavier' or 'normal'", "got 'he'"],
        ),
    ],
)
def test_a_wrong_switch_is_told_whole(text: str, said: list[str]) -> None:
    with pytest.raises(typer.BadParameter) as raised:
        read_switch(text)
    assert [part for part in said if part not in str(raised.value)] == []


def test_results_that_are_missing_name_the_benchmark_that_makes_them(tmp_path: Path) -> None:
    results = tmp_path / "quality_search.json"
    with pytest.raises(ArtifactError) as raised:
        recorded_by("quality.py search", results)
    assert str(raised.value) == f"{results} does not exist. Run `python benchmarks/quality.py search` first."
    write_json(results, {"arms": {}})
    assert recorded_by("quality.py search", results) == {"arms": {}}
