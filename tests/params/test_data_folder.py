"""`data.path` must be a folder, where the stages run."""

import os
import socket
from pathlib import Path

import pytest

from sracl_core.params.check import check_params
from sracl_core.params.data_folder import folder_problems


def problem(written: object, root: Path, origin: Path | None = None) -> str:
    """The one problem of `data.path`, or nothing."""
    found = folder_problems({"data": {"path": written}}, root, origin or root)
    assert len(found) < 2
    return "".join(found)


def test_a_folder_is_right_wherever_it_lies(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for folder in (root / "data/raw/shop", tmp_path / "outside", root / "~"):
        folder.mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "outside")
    for right in ("data/raw/shop", "./data/raw/shop/", "../outside", str(tmp_path / "outside"), "link", "~"):
        assert problem(right, root) == ""


def test_the_sample_is_made_by_a_stage(tmp_path: Path) -> None:
    for sample in ("data/raw/sample", "./data/raw/sample/", str(tmp_path / "data/raw/sample")):
        assert problem(sample, tmp_path) == ""
    assert "data/raw/samples is not a folder" in problem("data/raw/samples", tmp_path)


def test_what_dvc_tracks_may_be_fetched_later(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw/shop.dvc").touch()
    assert problem("raw/shop", tmp_path) == ""
    assert problem("raw/shop/2024", tmp_path) == ""
    assert problem("raw/shop2", tmp_path) != ""


def test_signs_of_the_shell_are_written_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("LOGS", "/logs")
    assert problem("~/shop", tmp_path).endswith("write /home/ann/shop")
    assert problem("$LOGS/shop", tmp_path).endswith("write /logs/shop")
    assert "~nobody-of-that-name/shop is not a folder" in problem("~nobody-of-that-name/shop", tmp_path)


def test_a_file_or_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").touch()
    assert problem("shop.csv", tmp_path) == (
        f"data.path: shop.csv is not a folder that can be read (looked for {tmp_path}/shop.csv); put the raw files "
        "there, or name the folder they lie in"
    )
    assert problem("/no/such/folder", tmp_path) == (
        "data.path: /no/such/folder is not a folder that can be read; put the raw files there, or name the folder they "
        "lie in"
    )
    assert problem(f"{tmp_path}/shop.csv/below", tmp_path) != ""


def test_a_temporary_copy_is_told_the_absolute_path(tmp_path: Path) -> None:
    origin, copy = tmp_path / "project", tmp_path / "project/.dvc/tmp/exps/standalone/tmp1"
    for folder in (origin / "data/raw/shop", tmp_path / "outside", copy):
        folder.mkdir(parents=True)
    assert problem("data/raw/shop", copy, origin).endswith(f"write the absolute path {origin}/data/raw/shop")
    assert problem("../outside", copy, origin).endswith(f"write the absolute path {tmp_path}/outside")
    assert problem(str(tmp_path / "outside"), copy, origin) == ""
    assert "temporary copy" not in problem("data/raw/other", copy, origin)


def test_what_dvc_would_wait_for_or_fail_at_is_told_file_by_file(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    (raw / "sub").mkdir(parents=True)
    (raw / "log.csv").touch()
    (raw / "linked.csv").symlink_to("log.csv")
    (raw / "linked folder").symlink_to("sub")
    (raw / "self").symlink_to(".")
    (raw / "a\x1b[31m\n").touch()  # DVC takes such a name
    assert folder_problems({"data": {"path": "raw"}}, tmp_path, tmp_path) == []
    os.mkfifo(raw / "sub/pipe")
    (raw / "gone").symlink_to("nowhere")
    (raw / "round").symlink_to("round")
    (raw / "zero").symlink_to("/dev/zero")
    Path(os.fsdecode(bytes(raw) + b"/caf\xe9")).touch()
    Path(os.fsdecode(bytes(raw) + b"/f\xf6lder")).mkdir()
    end = "which DVC cannot read; take it out, or put the file itself there"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(raw / "socket"))
        assert folder_problems({"data": {"path": "raw"}}, tmp_path, tmp_path) == [
            "data.path: the name of caf\\xe9 is no UTF-8 text, which DVC cannot write down; rename it",
            "data.path: the name of f\\xf6lder is no UTF-8 text, which DVC cannot write down; rename it",
            f"data.path: gone is a link that leads nowhere: No such file or directory, {end}",
            f"data.path: round is a link that leads nowhere: Too many levels of symbolic links, {end}",
            f"data.path: socket is a socket, {end}",
            f"data.path: zero is a link to a device, {end}",
            f"data.path: sub/pipe is a named pipe, {end}",
        ]


def test_of_many_unfit_files_some_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for number in range(712):
        (tmp_path / f"raw/{number:03}").symlink_to("nowhere")
    *told, last = folder_problems({"data": {"path": "raw"}}, tmp_path, tmp_path)
    assert len(told) == 20 and told[-1].startswith("data.path: 019 is a link")
    assert last.startswith("data.path: 692 more of its files")


def test_a_path_beyond_all_bounds_is_told_with_the_section_alone(tmp_path: Path) -> None:
    assert problem("x" * 5000, tmp_path) == ""


@pytest.mark.parametrize("value", [None, 3, ["a"]])
def test_what_is_no_text_is_told_elsewhere(tmp_path: Path, value: object) -> None:
    assert problem(value, tmp_path) == ""
    assert folder_problems({}, tmp_path, tmp_path) == folder_problems({"data": None}, tmp_path, tmp_path) == []


def test_it_is_reported_with_all_other_problems(tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "params.yaml"
    text = shipped.read_text(encoding="utf-8")
    for right, wrong in (("  path: data/raw/sample ", "  path: shop "), ("  k: 10 ", "  k: ten ")):
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Exception, match=r"(?s)^2 problems in .*mine\.k: .*data\.path: shop is not a folder"):
        check_params(tmp_path / "params.yaml")


def test_a_path_that_the_system_refuses_is_told(tmp_path: Path) -> None:
    assert "is not a folder that can be read" in problem("x" * 300, tmp_path)
    assert problem("a\0b", tmp_path) == ""  # told with the problems of the section


@pytest.mark.parametrize(
    "written", ["", ".", "..", "data", "data/raw", "data/interim", "data/artifacts/x", "data/raw/sample/x"]
)
def test_a_folder_that_the_stages_write_to_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "data/raw/sample/x").mkdir(parents=True)
    (tmp_path / "data/artifacts/x").mkdir(parents=True)
    (tmp_path / "data/interim").mkdir(parents=True)
    expected = "it is empty" if not written else "holds what the stages write, or is among it"
    assert expected in problem(written, tmp_path)
