"""How a run ends, on streams of every kind: in a line for what a person can mend, with a fitting exit status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sracl_core.ground.console import printable

ROOT = Path(__file__).resolve().parents[2]
BEGIN = """
import sys, time
from stages.entry import run
from sracl_core.ground.console import say
from sracl_core.ground.errors import DataError
from sracl_core.progress import Progress, tell
def main() -> None:
"""


def stage(body: str, shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a stage whose command is `body`; `shell` is what a shell puts behind it, such as `2>&-`."""
    program = f"{BEGIN}    {body}\nrun(main)\n"
    return in_shell(f'"$0" -c "$1" {shell}', program, **environment)


def in_shell(
    command: str, program: str = "", folder: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a `command` of a shell in `folder`, in which "$0" is Python and "$1" is `program`."""
    return subprocess.run(
        ["bash", "-c", command, sys.executable, program],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_nothing_untrusted_moves_a_cursor() -> None:
    assert (
        printable("red \x1b[31m, a bell \x07,\r over\u202eturned") == r"red \x1b[31m, a bell \x07,\r over\u202eturned"
    )
    assert printable("two\nlines\tand a tab, größe, 目录") == "two\nlines\tand a tab, größe, 目录"
    assert printable("caf\udce9") == r"caf\xe9"
    done = stage("raise DataError('a.csv: \\x1b]0;title\\x07 is no number.')")
    assert (done.returncode, done.stderr) == (1, "error: a.csv: \\x1b]0;title\\x07 is no number.\n")
    assert stage("say('\\x1b[2J')").stdout == "\\x1b[2J\n"
    assert stage("tell('\\x1b[2J')").stderr == "\\x1b[2J\n"


def test_a_closed_stderr_leaves_the_error_to_stdout() -> None:
    done = stage("raise DataError('no user.')", "2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, "error: no user.\n", "")


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_work_goes_on_without_a_stream(tmp_path: Path, closed: str) -> None:
    """And a file opened meanwhile is not the one that libraries print to."""
    path = tmp_path / "x"
    body = (
        f"tell('told'); say('said'); bar = Progress('p', 2); bar.advance(1, 'note'); file = open({str(path)!r}, 'w'); "
    )
    body += "print(file.fileno() > 2, file=file)"
    done = stage(body, closed)
    assert (done.returncode, path.read_text()) == (0, "True\n")
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_stdout_is_told() -> None:
    for body in ("say('x')", "say('x' * 100_000)"):
        done = stage(body, "> /dev/full")
        assert done.returncode == 1
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    done = stage("[say('x' * 1000) for _ in range(1000)]", "| head -c 10; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (141, "")


def test_an_encoding_without_the_signs_escapes_them() -> None:
    done = stage("say('größe →'); raise DataError('目录 is no folder.')", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (1, "gr\\xf6\\xdfe \\u2192\n")
    assert done.stderr == "error: \\u76ee\\u5f55 is no folder.\n"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("raise MemoryError", "memory did not suffice (MemoryError)"),
        ("raise RuntimeError('std::bad_alloc')", "memory did not suffice (std::bad_alloc)"),
        ('raise RuntimeError("can\'t start new thread")', "no more threads or processes"),
        ("raise OSError(28, 'No space left on device', 'out/x')", "out/x could not be written: its disk is full"),
        ("raise OSError(24, 'Too many open files', 'x')", "ulimit -n"),
        ("raise OSError(37, 'No locks available')", "a file could not be locked (No locks available)"),
        ("open('/')", "/ cannot be used: it is a folder, where a file was expected"),
        ("open('/etc/passwd/x')", "leads through a file"),
        ("open('x' * 300)", "its name is too long"),
        ("open('a\\0b')", "the character NUL"),
        ("open('caf\\ud8e9')", "caf\\ud8e9 holds bytes that are no UTF-8"),
        ("raise PermissionError(13, 'Permission denied', b'caf\\xe9')", "caf\\xe9 cannot be used: this user may not"),
    ],
)
def test_faults_of_the_machine_are_told_in_a_line(body: str, told: str) -> None:
    done = stage(body)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert told in done.stderr


@pytest.mark.parametrize("limit", ["unlimited", "100000000"])
def test_a_defect_keeps_its_traceback(limit: str) -> None:
    """Also where the addresses are limited, but to many."""
    program = f"{BEGIN}    {{}}['defect']\nrun(main)\n"
    done = in_shell(f'ulimit -v {limit}; "$0" -c "$1"', program)
    assert done.returncode == 1 and "Traceback" in done.stderr and "KeyError" in done.stderr


APP = "from sracl_core.cli import app; app(sys.argv[1:])"


@pytest.mark.parametrize("arguments", ["--help", "--version", "params check"])
def test_the_command_line_itself_ends_in_a_line_too(arguments: str) -> None:
    """The help is printed before any command runs; `app` is also called without the script."""
    program = f"import sys; {APP}"
    done = in_shell(f'"$0" -c "$1" {arguments} > /dev/full', program)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: ") and "No space left on device" in done.stderr
    closed = in_shell(f'"$0" -c "$1" {arguments} >&-', program)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_the_help_of_a_stage_may_meet_a_full_disk() -> None:
    done = in_shell('"$0" -m stages.sample --help > /dev/full', "")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_wrong_command_line_is_told_without_stderr() -> None:
    done = in_shell('"$0" -c "$1" shoow 2>&-', f"import sys; {APP}")
    assert done.returncode == 2 and done.stdout.startswith("error: the command line was not understood")


def test_a_table_nobody_reads_ends_as_other_output_does(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps({"test": {f"hr@{k}": 0.5 for k in range(9000)}}))
    done = in_shell(
        f'"$0" -c "$1" show --artifacts "{tmp_path}" | head -1; exit ${{PIPESTATUS[0]}}', f"import sys; {APP}"
    )
    assert (done.returncode, done.stderr) == (141, "")


def test_ctrl_c_ends_it_in_a_line() -> None:
    # A shell has the jobs in its background ignore SIGINT, and these tests may run in one.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program = f"{heard}{BEGIN}    say('begun'); sys.stdout.flush(); time.sleep(60)\nrun(main)\n"
    with subprocess.Popen(
        (sys.executable, "-c", program),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert (process.wait(), process.stderr.read()) == (130, "interrupted\n")


def test_ctrl_c_in_a_command_or_before_one_runs_is_told_once() -> None:
    heard = "import os, signal; signal.signal(signal.SIGINT, signal.default_int_handler); import sys"
    kill = "lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)"
    for place in ("typer.core.TyperGroup.make_context", "sracl_core.params.check.check_params"):
        program = f"{heard}, typer.core, sracl_core.cli, sracl_core.params.check\n{place} = {kill}\n"
        program += "sracl_core.cli.app(['params', 'check'])"
        done = in_shell('"$0" -c "$1"', program)
        assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n"), place


@pytest.mark.parametrize("command", ['"$0" -m stages.ingest', f'"$0" -c "import sys; {APP}" show'])
def test_ctrl_c_while_libraries_are_loaded_ends_in_a_line_too(tmp_path: Path, command: str) -> None:
    heard = "import os, signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    (tmp_path / "typer.py").write_text(f"{heard}os.kill(os.getpid(), signal.SIGINT)\n")
    done = in_shell(command, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_threads_that_lack_addresses_name_that_limit() -> None:
    """A thread that can't be started has many causes; a small limit of addresses is named before any other."""
    program = f'{BEGIN}    raise RuntimeError("can\'t start new thread")\nrun(main)\n'
    done = in_shell('ulimit -v 2560000; "$0" -c "$1"', program)
    assert done.returncode == 1
    assert "since this process may use 2.6 GB of addresses (ulimit -v). Raise ulimit -v." in done.stderr
    assert "ulimit -u" not in done.stderr


@pytest.mark.parametrize("name", ["train", "evaluate"])
def test_too_few_addresses_are_told_of(tmp_path: Path, name: str) -> None:
    """Also where a library cannot even be loaded; the limit is said before anything else."""
    done = in_shell(f'ulimit -v 450000; exec "$0" -m stages.{name}', folder=tmp_path)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert done.stderr.startswith("warning: this process may use 460.8 MB of addresses (ulimit -v)")
    assert "error: " in done.stderr or "interrupted" in done.stderr
