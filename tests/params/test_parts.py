"""The code of a part from outside must be named, so that DVC sees it change; the message says what to write."""

from pathlib import Path

import pytest

from dag.source import ROOT
from sracl_core.params.check import problems_of
from sracl_core.params.parts import CHOSEN_BY, SHIPPED, PartsParams, part_problems
from tests.params.reading.test_section import changed


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a package, a module, and a package beside it."""
    root = tmp_path / "project"
    for name in ("project/own_parts/encoders/hashed.py", "project/own_module.py", "beside_parts/a.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise RuntimeError('looking for it must not run it')\n")
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.syspath_prepend(str(tmp_path))
    return root


def problems(root: Path, kind: str, name: str, written: str) -> list[str]:
    section, field, groups = CHOSEN_BY[kind]
    chosen = {field: "mine", groups: {"mine": {"part": name}}}
    return part_problems({section: chosen, "parts": {**SHIPPED, kind: written}}, root)


def test_what_is_shipped_is_there_and_right() -> None:
    assert PartsParams().model_dump() == SHIPPED
    assert all((ROOT / path).is_file() for path in SHIPPED.values())
    values = {"data": {"source": "table"}, "profile": {"engine": "vllm"}, "embed": {"engine": "sentence_transformers"}}
    assert part_problems({**values, "train": {"backbone": "sasrec"}, "parts": SHIPPED}, ROOT) == []


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("own_parts.encoders.hashed:Mine", "own_parts"),
        ("own_module:Mine", "own_module.py"),
        ("beside_parts.a:Mine", "../beside_parts"),
        ("pytest:Mine", SHIPPED["encoder"]),
    ],
)
def test_the_path_to_write_is_told(project: Path, name: str, wanted: str) -> None:
    """That of the package or module; a package among the installed ones changes by an installation alone."""
    assert problems(project, "encoder", name, wanted) == []
    assert problems(project, "encoder", name, str(project / wanted)) == [] or wanted == SHIPPED["encoder"]
    [problem] = problems(project, "encoder", name, "elsewhere")
    assert problem.startswith(f"parts.encoder: embed.engine is {name}, whose code lies in ")
    assert f"write {wanted}, so that a change of it runs the stages again" in problem


@pytest.mark.parametrize("kind", SHIPPED)
def test_every_kind_is_looked_at(project: Path, kind: str) -> None:
    [problem] = problems(project, kind, "own_parts.x:Mine", SHIPPED[kind])
    assert f"parts.{kind}: {'.'.join(CHOSEN_BY[kind][:2])} is own_parts.x:Mine" in problem
    [problem] = problems(project, kind, "no_such_package.x:Mine", SHIPPED[kind])
    assert "whose code cannot be found" in problem
    [problem] = problems(project, kind, "registered", "own_parts")
    assert problem.endswith(f"which comes with the project; write {SHIPPED[kind]}")


def test_what_is_wrong_elsewhere_is_told_elsewhere(project: Path) -> None:
    assert part_problems({}, project) == []
    assert part_problems({"parts": 7, "embed": {"engine": "a:B"}}, project) == []
    assert part_problems({"parts": {"encoder": 7}, "embed": {"engine": 7}, "train": []}, project) == []


@pytest.mark.parametrize("text", ["own_parts\0x:Mine", "own_parts\x1b[31m:Mine", "own_parts\ud800:Mine"])
def test_what_is_no_name_is_told_with_the_other_problems(project: Path, text: str) -> None:
    assert problems(project, "encoder", text, "own_parts") == []
    assert problems(project, "encoder", "own_parts:Mine", text) == []
    values = changed(embed__engine=text, parts__encoder=text)
    assert [told.partition(":")[0] for told in problems_of(values)] == ["embed.engine", "parts.encoder"]


def test_a_module_without_a_source_is_told(project: Path) -> None:
    for name in ("os:system", "sys:exit", "itertools:count"):
        [problem] = problems(project, "encoder", name, SHIPPED["encoder"])
        assert "which has no source file that could be watched for changes" in problem, name


@pytest.mark.parametrize("kind", SHIPPED)
@pytest.mark.parametrize("name", ["os:system", "no_such_package:Mine", "own_parts.x:Mine"])
def test_an_import_path_in_place_of_a_group_is_told_once(project: Path, kind: str, name: str) -> None:
    section, field, _ = CHOSEN_BY[kind]
    values = changed(**{f"{section}__{field}": name})
    [problem] = problems_of(values) + part_problems(values, project)
    assert problem.startswith(f"{section}.{field}: '{name}' is an import path; give it a group of its own")


def test_a_name_without_end_is_cut(project: Path) -> None:
    [problem] = problems(project, "encoder", f"{'x' * 4000}:Mine", "own_parts")
    assert len(problem) < 400
