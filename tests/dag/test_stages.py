"""What `main` of a stage declares, and how DVC calls the stage."""

from pathlib import Path

import pytest

from dag import source
from dag.stages import PART_CODE, Output, read_stage, stages
from sracl_core.params.parts import SHIPPED

WRITTEN = '''"""Stage own: vectors of one kind.

More of it.
"""
def main(
    kind: Annotated[Literal["item", "user"], typer.Argument(help="whose")],
    params_file: Path = PARAMS_FILE,
    profiles: In = Path("data/{kind}.parquet"),
    vectors: Out = Path("data/{kind}.vectors/"),
    metrics: Annotated[Out, Kept("metrics", cache=False)] = Path("m.json"),
    *,
    history: Annotated[Out, Kept(drawn={"plots": {"x": "step"}})] = Path("history"),
    n: int = 3,
): pass
'''


def stage_of(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch):
    path = folder / "own.py"
    path.write_text(text)
    monkeypatch.setitem(source.modules(), "stages.own", path)
    source.tree.cache_clear()
    return read_stage("stages.own")


def test_all_that_main_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = stage_of(WRITTEN, tmp_path, monkeypatch)
    assert (stage.name, stage.description) == ("own", "vectors of one kind")
    assert stage.arguments == {"kind": ("item", "user")}
    assert stage.reads == ("data/{kind}.parquet",)
    assert stage.writes == (
        Output("data/{kind}.vectors"),
        Output("m.json", "metrics", {"cache": False}),
        Output("history", drawn={"history/plots": {"x": "step"}}),
    )
    assert stage.names == ["own@item", "own@user"]
    assert stage.filled("data/{kind}.parquet") == ["data/item.parquet", "data/user.parquet"]


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("profiles: In", "profiles: Path", "profiles is a path: say by its type, In or Out"),
        ('= Path("m.json")', "= METRICS", "metrics must have the default Path"),
        ("cache=False", "cache=CACHE", "metrics: write what Kept is given as literal values"),
        ('Literal["item", "user"]', "str", "kind has no default: its type must be a Literal"),
        ("Stage own: vectors of one kind.", "Vectors", "Stage NAME: what it is for"),
        ("def main", "def other", "has no function `main`"),
    ],
)
def test_what_cannot_be_read_is_told(
    right: str, wrong: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert right in WRITTEN
    with pytest.raises(source.ConventionError, match=f"stages.own.*{told}"):
        stage_of(WRITTEN.replace(right, wrong), tmp_path, monkeypatch)


def test_a_loader_of_parts_needs_the_code_of_one_from_outside() -> None:
    """Of each kind that anything in the closure loads."""
    parts = {stage.name: stage.parts for stage in stages()}
    assert parts["ingest"] == {"${parts.source}"}
    assert parts["train"] == {"${parts.backbone}", "${parts.loss}", "${parts.objective}"}
    assert parts["check"] == set(PART_CODE.values())  # whose parameters they declare
    assert parts["mine_items"] == frozenset()
    assert set(PART_CODE.values()) == {f"${{parts.{kind}}}" for kind in SHIPPED}


def test_a_stage_comes_after_those_whose_results_it_reads() -> None:
    order = [stage.name for stage in stages()]
    pairs = [("check", "sample"), ("sample", "ingest"), ("ingest", "profile_users"), ("embed", "index")]
    pairs += [("index", "mine_items"), ("certify_inputs", "train"), ("certify_training", "evaluate")]
    assert [pair for pair in pairs if order.index(pair[0]) > order.index(pair[1])] == []
