"""Parquet of any column type and any name, plain, packed or in an archive."""

import datetime as dt
import gzip
import uuid
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw import parquet
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.parquet import ParquetRows, column_names
from sracl_core.ingest.raw.session import open_session


def read(path: Path, columns: tuple[str, ...]) -> list[list[str | None]]:
    records = ParquetRows(RawFile(path.name, path), columns)
    with open_session(path.parent / "work", memory_gb=0.3, threads=1) as session:
        records.load(session, "CREATE TABLE found AS SELECT record AS line, fields FROM ({records})")
        rows = session.rows("SELECT line, fields FROM found ORDER BY line")
    assert [line for line, _ in rows] == list(range(1, len(rows) + 1))
    return [fields for _, fields in rows]


def texts(tmp_path: Path, column: pa.Array) -> list[str | None]:
    pq.write_table(pa.table({"x": column}), tmp_path / "file.parquet")
    return [fields[0] for fields in read(tmp_path / "file.parquet", ("x",))]


STRUCT = pa.struct([("Colour", pa.string()), ("colour", pa.list_(pa.int32()))])
COLUMNS: dict[str, tuple[pa.Array, list[str | None]]] = {
    "text": (pa.array(["a", None, ""]), ["a", None, ""]),
    "large text": (pa.array(["ü"], pa.large_string()), ["ü"]),
    "text view": (pa.array(["ü"], pa.string_view()), ["ü"]),
    "bytes": (pa.array(["ü".encode()], pa.binary()), ["ü"]),
    "categories of pandas": (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    "whole numbers": (pa.array([2**62, -1, None]), [str(2**62), "-1", None]),
    "unsigned": (pa.array([2**64 - 1], pa.uint64()), [str(2**64 - 1)]),
    "floats that were whole": (pa.array([12.0, None, 1531001351122.0]), ["12.0", None, "1531001351122.0"]),
    "floats": (pa.array([0.5, 1e300, float("nan")]), ["0.5", "1e+300", "nan"]),
    "small floats": (pa.array([1.5, 3.0], pa.float32()), ["1.5", "3.0"]),
    "half floats": (pa.array([1.5], pa.float16()), ["1.5"]),
    "decimals": (pa.array([Decimal("9.90")]), ["9.90"]),
    "wide decimals": (pa.array([Decimal("9.90")], pa.decimal256(50, 2)), ["9.90"]),
    "truth": (pa.array([True, False]), ["true", "false"]),
    "nothing": (pa.nulls(2), [None, None]),
    "dates": (pa.array([dt.date(2019, 1, 2)]), ["2019-01-02"]),
    "times": (pa.array([dt.datetime(2019, 1, 2, 3, 4, 5)]), ["2019-01-02 03:04:05"]),
    "times with a zone": (
        pa.array([dt.datetime(2019, 1, 2, 3, 4, 5)], pa.timestamp("us", "Asia/Tokyo")),
        ["2019-01-02 03:04:05+00"],
    ),
    "nanoseconds": (pa.array([1_546_398_245_000_000_000], pa.timestamp("ns")), ["2019-01-02 03:04:05"]),
    "lists": (pa.array([["a", "b, c"], [], None]), ['["a", "b, c"]', "[]", None]),
    "large lists": (pa.array([["a"]], pa.large_list(pa.string())), ['["a"]']),
    "lists of lists": (pa.array([[["a"], ["b"]]]), ['[["a"], ["b"]]']),
    "lists of floats": (pa.array([[1.0, float("nan"), 0.5]]), ["[1, null, 0.5]"]),
    "structs whose names differ by case": (
        pa.array([{"Colour": "red", "colour": [1]}], STRUCT),
        ['{"Colour": "red", "colour": [1]}'],
    ),
    "maps": (
        pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
        ['{"a": 1}', "[]"],
    ),
    "maps of structs": (
        pa.array([[("a", {"Colour": "red", "colour": None})]], pa.map_(pa.string(), STRUCT)),
        ['{"a": {"Colour": "red", "colour": null}}'],
    ),
    "bytes of one length": (pa.array([b"abc", b"\xff\xfe\x01"], pa.binary(3)), ["abc", None]),
    "maps with keys of structs": (
        pa.array([[({"z": 1}, "x")]], pa.map_(pa.struct([("z", pa.int32())]), pa.string())),
        ['{"{\'z\': 1}": "x"}'],
    ),
    "UUIDs": (pa.array([uuid.UUID(int=5).bytes], pa.uuid()), [str(uuid.UUID(int=5))]),
    "bytes that are no text": (pa.array([b"a", b"\xff", b"c"]), ["a", None, "c"]),
    "text that is no UTF-8": (
        pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer(b"a\xff")),
        ["a", None],
    ),
    "moments that no calendar has": (pa.array([10**13, 0], pa.timestamp("s")), [None, "1970-01-01 00:00:00"]),
    "dates in lists": (pa.array([[dt.date(2019, 1, 2)]]), ['["2019-01-02"]']),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_type_becomes_text(tmp_path: Path, kind: str) -> None:
    column, expected = COLUMNS[kind]
    assert texts(tmp_path, column) == expected


NAMES = [
    "file_row_number",
    "filename",
    "line",
    "text",
    "c0",
    "Item_ID",
    "item_id",
    "ITEM_ID",
    "select",
    'a"b',
    "a.b",
    "a",
    "",
    "ü",
]


def test_no_name_means_anything_to_the_database(tmp_path: Path) -> None:
    pq.write_table(pa.table([[name, "x"] for name in NAMES], names=NAMES), tmp_path / "file.parquet")
    assert column_names(RawFile("f", tmp_path / "file.parquet")) == tuple(NAMES)
    assert read(tmp_path / "file.parquet", tuple(NAMES)) == [NAMES, ["x"] * len(NAMES)]
    assert read(tmp_path / "file.parquet", ("item_id", "filename")) == [["item_id", "filename"], ["x", "x"]]


def test_a_dotted_name_is_not_a_part_of_a_struct(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([{"b": "inside"}]), "a.b": ["outside"]})
    pq.write_table(table, tmp_path / "file.parquet")
    assert read(tmp_path / "file.parquet", ("a.b", "a")) == [["outside", '{"b": "inside"}']]


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_rows_are_numbered_over_batches_and_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 3)
    pq.write_table(pa.table({"x": [str(n) for n in range(rows)]}), tmp_path / "file.parquet", row_group_size=2)
    assert read(tmp_path / "file.parquet", ("x",)) == [[str(n)] for n in range(rows)]


def in_zip(data: bytes, path: Path) -> RawFile:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/file.parquet", data)
    return RawFile("z.zip/a/file.parquet", path, "a/file.parquet")


def in_gzip(data: bytes, path: Path) -> RawFile:
    path.write_bytes(gzip.compress(data))
    return RawFile(path.name, path)


def test_wide_rows_are_held_by_the_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue with a picture in each row: no more of it is in memory at a time than BYTES_AT_ONCE."""
    path = tmp_path / "file.parquet"
    table = pa.table({"name": [str(n) for n in range(600)], "picture": [bytes([n % 100]) * 20_000 for n in range(600)]})
    pq.write_table(table, path, use_dictionary=False, compression="zstd", row_group_size=400)
    monkeypatch.setattr(parquet, "BYTES_AT_ONCE", 1_000_000)
    held = []
    with pq.ParquetFile(path) as file:
        for batch in parquet._Columns(file, [0, 1], "f").reader():
            held.append(batch.nbytes)
    assert 12 <= len(held) < 20
    assert max(held) < 1_100_000
    assert [fields[0] for fields in read(path, ("name", "picture"))] == [str(n) for n in range(600)]


@pytest.mark.parametrize("pack", [in_zip, in_gzip])
def test_a_packed_file_is_unpacked_first_and_nothing_is_left(
    tmp_path: Path, pack: Callable[[bytes, Path], RawFile]
) -> None:
    pq.write_table(pa.table({"x": ["a"]}), tmp_path / "plain")
    file = pack((tmp_path / "plain").read_bytes(), tmp_path / "packed")
    assert column_names(file) == ("x",)
    with open_session(tmp_path / "work", memory_gb=0.3, threads=1) as session:
        ParquetRows(file, ("x",)).load(session, "CREATE TABLE found AS SELECT fields FROM ({records})")
        assert session.rows("SELECT * FROM found") == [(["a"],)]
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-20],
        lambda data: data[:20] + data[-20:],
        lambda data: data[:4] + bytes(len(data) - 12) + data[-8:],
        lambda data: data[:200] + bytes(600) + data[800:],  # found while DuckDB reads the rows
    ],
)
def test_a_damaged_file_is_one_plain_line(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "file.parquet"
    pq.write_table(pa.table({"x": [str(n) for n in range(1000)]}), path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match=r"^file.parquet cannot be read as Parquet: .*Write the file again\.$") as found:
        read(path, ("x",))
    assert not any(words in str(found.value) for words in ("Traceback", "rows_of_file", ".."))
