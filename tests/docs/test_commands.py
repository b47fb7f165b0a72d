"""Commands in the README and the docs that are marked with `<!-- run -->` do run, in a small project after its run.

A mark stands on the line before a ```bash block; the block must exit with 0. Every other ```bash block is at least
valid shell. Commands that take minutes or need data of the reader's own stay unmarked.
"""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(?P<mark><!-- run -->\n+)?```bash\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(found["commands"], id=f"{page.name}-{text.count(chr(10), 0, found.start()) + 1}-{kind}", marks=marks)
    for kind, marks in (("reads", ()), ("runs", (pytest.mark.slow, pytest.mark.timeout(1200))))
    for page in PAGES
    for text in [page.read_text(encoding="utf-8")]
    for found in BLOCK.finditer(text)
    if kind == "reads" or found["mark"]
]


@pytest.mark.parametrize("commands", BLOCKS)
def test_commands_in_the_docs(commands: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if request.node.get_closest_marker("slow"):
        request.getfixturevalue("finished_project").copy(tmp_path / "project").run("bash", "-e", "-c", commands)
    else:
        subprocess.run(("bash", "-n", "-c", commands), check=True)  # -n reads commands without running them


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_docs_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_mark_stands_before_a_block() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("<!-- run -->") == sum(bool(found["mark"]) for found in BLOCK.finditer(text)), page.name
