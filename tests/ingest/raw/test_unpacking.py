"""What comes out of a packed file is bounded by the disk and by what a table can shrink to."""

import gzip
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw import unpacking
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.parquet import column_names
from sracl_core.ingest.raw.unpacking import unpack

SCRIPT = """
import sys
from pathlib import Path
from sracl_core.ground.errors import StorageError
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.parquet import column_names
try:
    column_names(RawFile("file.parquet.gz", Path(sys.argv[1])))
except StorageError as error:
    print(error)
"""


def test_what_is_no_bomb_comes_out_whole(tmp_path: Path) -> None:
    found = io.BytesIO()
    unpack(io.BytesIO(b"x" * 3_000_000), found, name="f", packed=3000, folder=tmp_path)
    assert found.getvalue() == b"x" * 3_000_000


def packed_zeros(path: Path, *, zipped: bool) -> RawFile:
    """Twenty million zeros, a thousandth as large."""
    if zipped:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.parquet", b"PAR1" + bytes(20_000_000))
        return RawFile("z.zip/a.parquet", path, "a.parquet")
    path.write_bytes(gzip.compress(b"PAR1" + bytes(20_000_000)))
    return RawFile("a.parquet.gz", path)


@pytest.mark.parametrize("zipped", [True, False])
def test_more_than_any_table_holds_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zipped: bool
) -> None:
    monkeypatch.setattr(unpacking, "UNSUSPECTED_BYTES", 5_000_000)
    monkeypatch.setattr(unpacking, "LARGEST_RATIO", 500)
    file = packed_zeros(tmp_path / "packed", zipped=zipped)
    with pytest.raises(DataError) as caught:
        column_names(file)
    told = re.fullmatch(
        rf"{re.escape(file.name)} \(\d+\.\d KB\) was not unpacked: (\d+\.\d) MB have come out of it so far, more than "
        r"500 times its own size, which no table has\. If it is right, unpack it yourself and put the Parquet file in "
        r"its place\.",
        str(caught.value),
    )
    assert told
    assert float(told[1]) < 12  # not all that there is


def test_a_size_that_the_archive_lies_about_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on what comes out; a header that promises little ends the reading there."""
    monkeypatch.setattr(unpacking, "UNSUSPECTED_BYTES", 5_000_000)
    monkeypatch.setattr(unpacking, "LARGEST_RATIO", 500)
    file = packed_zeros(tmp_path / "packed", zipped=True)
    data = file.path.read_bytes()
    true, small = (20_000_004).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert data.count(true) == 2  # beside the member, and in the directory
    file.path.write_bytes(data.replace(true, small))
    with pytest.raises(DataError, match="cannot be read"):
        column_names(file)


def test_a_packed_size_that_the_archive_lies_about_lifts_no_bound(tmp_path: Path) -> None:
    """The ratio counts by it, but what is packed cannot be more than the archive: reading ends there."""
    file = packed_zeros(tmp_path / "packed", zipped=True)
    data, true = file.path.read_bytes(), file.size.to_bytes(4, "little")
    assert data.count(true) == 2
    file.path.write_bytes(data.replace(true, (2**31).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"^z\.zip/a\.parquet cannot be read: it ends too soon\. If it is damaged"):
        column_names(file)


def test_a_disk_is_left_with_its_reserve(tmp_path: Path) -> None:
    """On a real small disk: a file system of two megabytes, for files of twenty."""
    file = packed_zeros(tmp_path / "packed.gz", zipped=False)
    disk = tmp_path / "disk"
    disk.mkdir()
    command = (
        f"mount -t tmpfs -o size=2m tmpfs {disk} && TMPDIR={disk} {sys.executable} -c '{SCRIPT}' {file.path} && "
        f"ls -A {disk}"
    )
    done = subprocess.run(("unshare", "-Urm", "sh", "-c", command), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        rf"file\.parquet\.gz \(\d+\.\d KB\) was not unpacked: 2\.1 MB have come out of it so far, and of the disk of "
        rf"{re.escape(str(disk))} 1\.0 MB are free, of which 104\.9 KB are to stay so\. Free space there, set TMPDIR "
        r"to a folder with more space, or unpack the file yourself and put the Parquet file in its place\.\n",
        done.stdout,
    ), done.stdout
