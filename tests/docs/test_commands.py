"""Commands in the README and the docs that are marked with `<!-- run -->` do run, in the project's folder.

A mark stands on the line before a ```bash block; the block must exit with 0. Every other ```bash block is at least
valid shell. Commands that take minutes or need data of the reader's own stay unmarked.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^(?P<mark><!-- run -->\n+)?```bash\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [
    pytest.param(found["commands"], bool(found["mark"]), id=f"{page.name}-{text.count(chr(10), 0, found.start()) + 1}")
    for page in PAGES
    for text in [page.read_text(encoding="utf-8")]
    for found in BLOCK.finditer(text)
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("commands", "marked"), BLOCKS)
def test_commands_in_the_docs(commands: str, marked: bool) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    options = ("-e",) if marked else ("-n",)  # -n reads the commands without running them
    done = subprocess.run(
        ("bash", *options, "-c", commands),
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_docs_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_mark_stands_before_a_block() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("<!-- run -->") == sum(bool(found["mark"]) for found in BLOCK.finditer(text)), page.name
