"""What comes from outside may be shown, and is looked at before it is opened."""

from pathlib import Path

import pytest

from sracl_core.ground.outside import LONGEST, control_characters, no_regular_file, shown, shown_value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ü 目", "plain ü 目"),
        ("red\x1b[31m\r\n\0", "red\\x1b[31m\\r\\n\\x00"),
        ("caf\udce9", "caf\\xe9"),
        ("\ud800", "\\ud800"),
        ("\u202etxt", "\\u202etxt"),
        ("x" * (LONGEST + 1), "x" * LONGEST + f"… ({LONGEST + 1} characters)"),
    ],
)
def test_a_text_is_shown_in_one_printable_line(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert shown(text).isprintable()


def test_a_value_is_shown_whatever_it_is() -> None:
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert shown_value("a\x1b") == "'a\\x1b'"
    assert shown_value(10**5000) == shown_value(10**5000) == "a value that cannot be shown (int)"
    assert shown_value(deep) == "a value that cannot be shown (list)"
    assert len(shown_value("x" * 10**6)) < LONGEST + 40


def test_control_characters_are_found() -> None:
    assert control_characters("größe\u00a0x\u202e") == ""
    assert control_characters("a\tb\0") == "\t"
    assert control_characters("a\tb\0", allowed="\t") == "\0"


def test_a_link_to_a_file_is_a_file_and_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "up").symlink_to("..")
    found = [no_regular_file(tmp_path / name) for name in ("file", "link", "zero", "up")]
    assert found == [None, None, "a link to a device", "a link to a folder"]
    with pytest.raises(FileNotFoundError):
        no_regular_file(tmp_path / "gone")
