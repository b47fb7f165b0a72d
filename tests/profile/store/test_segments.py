"""Segments that anybody could have made: a name that fits the bytes does not make them answers."""

import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.profile.store.answers import AnswerStore
from sracl_core.profile.store.segments import ANSWERS, is_whole, write_segment
from tests.profile.store.test_journal import answer

ROW = {"address": "0" * 64, "identity": "m", "text": "t", "engine": "e", "tokens_in": 1, "tokens_out": None}


def parquet(table: pa.Table) -> bytes:
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream)
    return stream.getvalue().to_pybytes()


def of(**changes: object) -> bytes:
    return parquet(pa.Table.from_pylist([{**ROW, **changes}], schema=ANSWERS))


def not_utf8() -> bytes:
    table = pa.Table.from_pylist([ROW], schema=ANSWERS)
    text = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"], pa.binary()).buffers())
    return parquet(table.set_column(2, "text", text))


CONTENTS = {
    "nothing": b"",
    "no Parquet": b"no Parquet",
    "its end only": b"PAR1",
    "other columns": parquet(pa.table({"address": ["0" * 64]})),
    "other types": parquet(pa.Table.from_pylist([ROW]).select(ANSWERS.names)),
    "no text": of(text=None),
    "blank": of(text=" \n"),
    "no address": of(address="../../x"),
    "an address and more": of(address="0" * 64 + "\n"),
    "below nothing": of(tokens_in=-1),
    "not UTF-8": not_utf8(),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_holds_no_answers_is_left_out_and_counted(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with AnswerStore(tmp_path).writer() as writer:
        writer.add(answer(1))
    name = f"{hashlib.sha256(CONTENTS[kind]).hexdigest()}.parquet"
    (tmp_path / name).write_bytes(CONTENTS[kind])
    store = AnswerStore(tmp_path)
    for _ in range(2):
        assert list(store.find([answer(1).address, "0" * 64])) == [answer(1).address]
    store.tell_damage()
    assert f"{tmp_path}: 1 file ({name}). They are left out, and what" in capsys.readouterr().err
    assert store.compact() == 1
    assert (tmp_path / name).exists()


def test_a_whole_one_is_known(tmp_path: Path) -> None:
    path = tmp_path / f"{hashlib.sha256(of()).hexdigest()}.parquet"
    path.write_bytes(of())
    assert is_whole(path)
    assert is_whole(write_segment(tmp_path, []))
    (tmp_path / "folder.parquet").mkdir()
    assert not is_whole(tmp_path / "folder.parquet")


def test_too_many_open_files_are_no_reason_to_pay_again(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [answer(1)])
    assert is_whole(path)
    _, most = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, most))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            is_whole(path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_is_no_file_is_left_out_and_never_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with AnswerStore(tmp_path).writer() as writer:
        writer.add(answer(1))
    for number, suffix in enumerate((".journal", ".parquet")):
        os.mkfifo(tmp_path / f"pipe{suffix}")
        (tmp_path / f"folder{suffix}").mkdir()
        (tmp_path / f"link{suffix}").symlink_to(f"nowhere{number}")
    (tmp_path / ".folder.part").mkdir()
    store = AnswerStore(tmp_path)
    assert list(store.find([answer(1).address])) == [answer(1).address]
    with store.writer() as writer:
        writer.add(answer(2))
    assert "6 files (" in capsys.readouterr().err
    assert (store.compact(), store.damaged) == (2, 6)


def test_one_that_may_not_be_read_is_no_reason_to_pay_again(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [answer(1)])
    path.chmod(0)
    program = f"""
import os
from pathlib import Path
from sracl_core.ground.errors import ArtifactError
from sracl_core.profile.store.segments import is_whole
if os.geteuid() == 0:
    os.setegid(65534); os.seteuid(65534)
try:
    is_whole(Path({str(path)!r}))
except ArtifactError as error:
    print(error)
"""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=os.environ, check=False)
    assert "cannot be read (Permission denied). Its answers are paid for" in done.stdout, done.stderr
