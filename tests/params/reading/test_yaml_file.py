"""A hostile or broken YAML file is told line by line, quickly, and nothing is made of it."""

import os
import socket
import time
from pathlib import Path

import pytest

from sracl_core.ground.errors import ParamsError
from sracl_core.params.reading import yaml_file
from sracl_core.params.reading.yaml_file import read_yaml

SHIPPED = Path(__file__).resolve().parents[3] / "params.yaml"


def problems(path: Path, text: str | bytes) -> list[str]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    started = time.perf_counter()
    with pytest.raises(ParamsError) as caught:
        read_yaml(path)
    assert time.perf_counter() - started < 5
    first, *others = str(caught.value).splitlines()
    assert first == (f"1 problem in {path}:" if len(others) == 1 else f"{len(others)} problems in {path}:")
    assert all(line.isprintable() for line in others)
    return [line.strip() for line in others]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "params.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x 1\nb: *x\nc: [*x, &y 2]\n", [
            "line 1: the anchor &x has no place here; write each value where it belongs",
            "line 2: the alias *x stands for a value elsewhere; write the value itself here",
            "line 3: the alias *x stands for a value elsewhere; write the value itself here",
            "line 3: the anchor &y has no place here; write each value where it belongs",
        ]),
        ("a: {<<: {b: 1}}\n", ["line 1: the key << copies another group; write its values out"]),
        ("a: !!python/object/apply:os.system [x]\nb: !!binary aaaa\nc: !!set {x}\nd: !mine 1\n", [
            "line 1: the tag !!python/object/apply:os.system has no place here; write the value without it",
            "line 2: the tag !!binary has no place here; write the value without it",
            "line 3: the tag !!set has no place here; write the value without it",
            "line 4: the tag !mine has no place here; write the value without it",
        ]),
        ("a: 1\nb: {c: 1, c: 2}\n'a': 3\n", [
            "line 2: the key c stands in line 2 already (a duplicate key); keep one of them",
            "line 3: the key a stands in line 1 already (a duplicate key); keep one of them",
        ]),
        ("a: 1\n---\nb: 2\n", ["line 2: a second document begins; keep one, without --- and ... between"]),
        ("%YAML 1.1\n---\na: yes\n", [
            "line 2: the directives before it (%YAML, %TAG) have no place here; take them out",
        ]),
        ("1: {}\ntrue: {}\n~: {}\n'2': {}\n", [
            "line 1: expected the name of a section, got 1 (int); put a name in quotes, or take it out",
            "line 2: expected the name of a section, got true (bool); put a name in quotes, or take it out",
            "line 3: expected the name of a section, got ~ (null); put a name in quotes, or take it out",
        ]),
        ("? [a]\n: 1\n? {b: 1}\n: 2\n", [
            "line 1: a key must be a text, not a list or a mapping",
            "line 3: a key must be a text, not a list or a mapping",
        ]),
        (f"a: {'1' * 50_000}\nb: 0x{'f' * 50_000}\nc: 1.{'0' * 50_000}\n", [
            "line 1: a number of 50000 characters; expected at most 64",
            "line 2: a number of 50002 characters; expected at most 64",
            "line 3: a number of 50002 characters; expected at most 64",
        ]),
        ("a: 2020-13-01\nb: ._\n", [
            "line 1: '2020-13-01' looks like a date but is none (month must be in 1..12); put a text in quotes",
            "line 2: '._' looks like a number but is none (could not convert string to float: '.'); put a text in "
            "quotes",
        ]),
        ("a: 1\nb: \x00\nc: \x1b[31m\n", [
            "line 2: the character '\\x00' is part of no text; take it out",
            "line 3: the character '\\x1b' is part of no text; take it out",
        ]),
        (b"a: 1\nb: caf\xe9\n", ["line 2: it is not UTF-8 text; save the file as UTF-8 (byte 0xe9)"]),
        ("a: 1\n".encode("utf-16"), ["line 1: it is not UTF-8 text; save the file as UTF-8 (byte 0xff)"]),
        ("a: &x 1\nb: [1\n", [
            "line 1: the anchor &x has no place here; write each value where it belongs",
            "line 3: not valid YAML: while parsing a flow sequence; expected ',' or ']', but got '<stream end>'",
        ]),
        (f"{'k' * 300}: 1\n", [f"line 1: expected a key of at most 256 characters, got {'k' * 256}… (300 characters)"]),
        ('a: "\\UFFFFFFFF"\n', ["not valid YAML: Python int too large to convert to C int"]),
    ],
)  # fmt: skip
def test_every_line_with_a_problem_is_told(file: Path, text: str | bytes, expected: list[str]) -> None:
    assert problems(file, text) == expected


@pytest.mark.parametrize("text", [sign * 50_000 for sign in ("[", "- ", "{a: ", "? ", "[[[\n")])
def test_depth_has_an_end(file: Path, text: str) -> None:
    *_, problem = problems(file, text)
    assert problem.endswith("nested more than 20 levels deep; what follows was not read")


@pytest.mark.parametrize("text", ["a: [" + "1, " * 50_000 + "]", "".join(f"k{n}: 1\n" for n in range(21_000))])
def test_the_number_of_values_has_an_end(file: Path, text: str) -> None:
    (problem,) = problems(file, text)
    assert problem.endswith("expected at most 20000 keys and values in a file; what follows was not read")


def test_a_thousand_problems_are_counted_and_the_first_are_told(file: Path) -> None:
    file.write_text("".join(f"k{n}: *x\n" for n in range(1000)))
    with pytest.raises(ParamsError) as caught:
        read_yaml(file)
    first, *_, last = str(caught.value).splitlines()
    assert first == f"1000 problems in {file}:"
    assert last == "  and 900 more; correct these first"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "null\n", "\ufeff"])
def test_an_empty_file_is_called_so(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ParamsError, match=r"params\.yaml is empty; expected sections .* Restore it"):
        read_yaml(file)


def test_billions_of_laughs_are_not_laughed(file: Path) -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    assert len(problems(file, "\n".join(lines))) == 40 + 39  # an anchor and an alias a line, told once


def test_a_large_file_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with file.open("wb") as written:
        written.truncate(10**12)  # no more than a name on the disk
    with pytest.raises(ParamsError, match="is larger than 250000 bytes, so it is no file of parameters"):
        read_yaml(file)
    monkeypatch.setattr(yaml_file, "MOST_BYTES", len(SHIPPED.read_bytes()))
    assert len(read_yaml(SHIPPED)) == 11


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        told = {}
        for path in (*tmp_path.iterdir(), tmp_path, Path("/dev/zero"), tmp_path / "a\0b"):
            with pytest.raises(ParamsError, match=r"cannot be read: .*\. Name a readable YAML file\.$") as caught:
                read_yaml(path)
            told[path.name] = (
                str(caught.value).partition("cannot be read: ")[2].removesuffix(". Name a readable YAML file.")
            )
    del told["zero"], told[tmp_path.name]  # a name twice
    assert told == {
        "pipe": "it is a named pipe",
        "nowhere": "it is a link that leads nowhere: No such file or directory",
        "round": "it is a link that leads nowhere: Too many levels of symbolic links",
        "socket": "it is a socket",
        "a\0b": "embedded null byte",
    }


def test_a_mark_at_the_beginning_is_no_matter(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + SHIPPED.read_bytes())
    assert read_yaml(file) == read_yaml(SHIPPED)
