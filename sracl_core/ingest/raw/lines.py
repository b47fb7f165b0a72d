"""Text files as Arrow batches of numbered lines: the form in which DuckDB takes every text format.

DuckDB's own CSV reader is as fast but loses line numbers behind a broken line and stops at a byte that is not UTF-8;
here each record knows its line, and a broken one hurts nobody else.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.encoding import LONGEST_LINE_BYTES, Utf8Reader
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.multiline import LineJoiner
from sracl_core.ingest.raw.quoting import Quoting
from sracl_core.progress import Progress

SCHEMA = pa.schema([("line", pa.int64()), ("text", pa.string()), ("damage", pa.string())])
NUMBERED = pa.schema([("record", pa.int64()), *SCHEMA])
BLOCK_BYTES = 8 << 20


@dataclass
class Remarks:
    """What is to be said of a file besides its records.

    Lines that are no records: `blank_lines`, where nothing but blanks and delimiters stands, and `repeated_headers`.
    `long_records` run over many lines, as a quote that is not closed would let them, the first from the line
    `first_long_record` on; `unreadable_cells` held bytes that
    are no text, and count as empty.
    """

    blank_lines: int = 0
    repeated_headers: int = 0
    long_records: int = 0
    first_long_record: int = 0
    unreadable_cells: int = 0


class TextReader(ABC):
    """Reads the text file `file` once, as batches of SCHEMA.

    `error` keeps what went wrong for the caller, as DuckDB swallows the exception of a stream it reads from.
    """

    def __init__(self, file: RawFile) -> None:
        self.file = file
        self.remarks = Remarks()
        self.error: DataError | None = None

    @abstractmethod
    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the records in their order."""

    def reader(self) -> pa.RecordBatchReader:
        """Return the batches as a stream of bounded memory, with the number of each record, from 1, as a column."""
        return pa.RecordBatchReader.from_batches(NUMBERED, self._numbered())

    def blocks(self) -> Iterator[bytes]:
        """Yield the file as UTF-8 with LF as the line end, about BLOCK_BYTES at a time, and show the progress."""
        with (
            self.file.open() as (stream, on_disk),
            Progress(f"reading {self.file.name}", self.file.size, "B") as progress,
        ):
            position = 0
            text = Utf8Reader(stream, self.file.name)
            while block := text.read(BLOCK_BYTES):
                yield block
                progress.advance(max(0, on_disk.tell() - position))
                position = on_disk.tell()

    def _numbered(self) -> Iterator[pa.RecordBatch]:
        first = 1
        try:
            for batch in self.batches():
                records = pa.array(np.arange(first, first + batch.num_rows))
                yield pa.record_batch([records, *batch.columns], schema=NUMBERED)
                first += batch.num_rows
        except DataError as error:
            self.error = error
            raise


class LineReader(TextReader):
    """Records that are lines; blank lines are left out and counted.

    With `quoting`, a quoted field may hold line breaks, and the record then carries the number of its first line
    (from 1). `latin1` decodes a line that is not UTF-8 as Latin-1; otherwise it is marked damaged. The line `header` is
    left out, and so are lines that say the same again, as in files that were joined with a header line each; these are
    counted. Lines of nothing but blanks and the signs of the `delimiter` are blank.
    """

    def __init__(
        self,
        file: RawFile,
        *,
        quoting: Quoting | None = None,
        latin1: bool = False,
        header: "FirstLine | None" = None,
        delimiter: str = "",
    ) -> None:
        super().__init__(file)
        self.latin1, self.header = latin1, header
        self._headers = _spellings(header.text, quoting) if header else []
        self._joiner = LineJoiner(quoting) if quoting else None
        self._blank = " \t\r\n" + (delimiter or (quoting.delimiter if quoting else ""))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield batches of about BLOCK_BYTES of text."""
        line, carry = 1, b""
        for block in chain(self.blocks(), [b""]):
            final = not block
            data = carry + block
            if final and data and not data.endswith(b"\n"):
                data += b"\n"
            # int64 [lines + 1]: where lines begin, and the end of the last whole one
            offsets = np.concatenate([[0], np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1])
            numbers = np.arange(len(offsets))
            if self._joiner:
                numbers, offsets = self._joiner.join(data, offsets, final=final)
                self.remarks.long_records = self._joiner.long_records
                if self._joiner.long_records and not self.remarks.first_long_record:
                    self.remarks.first_long_record = line + self._joiner.first_long_record
            carry = data[offsets[-1] :]
            if len(carry) > LONGEST_LINE_BYTES:
                raise DataError(
                    f"{self.file.name}, line {line + int(numbers[-1])}: longer than "
                    f"{LONGEST_LINE_BYTES >> 20} MiB. The file must hold one record a line; check data.source. If it "
                    f"is JSON with all records inside one object: jq -c '.NAME[]' {self.file.name} > NEW.jsonl"
                )
            if len(offsets) > 1:
                batch = self._batch(data[: offsets[-1]], offsets, line + numbers[:-1])
                yield batch if self.header is None else self._without(self.header, batch)
            line += int(numbers[-1])

    def _without(self, header: "FirstLine", batch: pa.RecordBatch) -> pa.RecordBatch:
        """Leave out what comes before the records, and the header wherever it stands again."""
        first = pc.less_equal(batch["line"], header.line)
        said = pc.is_in(pc.utf8_ltrim(batch["text"], "\ufeff"), value_set=pa.array(self._headers))
        again = pc.and_not(said, first)
        self.remarks.repeated_headers += pc.sum(again).as_py() or 0
        return batch.filter(pc.invert(pc.or_(first, again)))

    def _batch(self, data: bytes, offsets: np.ndarray, lines: np.ndarray) -> pa.RecordBatch:
        try:
            data.decode()
        except UnicodeDecodeError:
            text, damage = self._decode_one_by_one(data, offsets)
        else:
            buffers = [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)]
            text, damage = (
                pa.StringArray.from_buffers(len(lines), buffers[1], buffers[2]),
                pa.nulls(len(lines), pa.string()),
            )
        text = pc.ascii_rtrim(text, characters="\r\n")
        batch = pa.record_batch([pa.array(lines, pa.int64()), text, damage], schema=SCHEMA)
        filled = pc.not_equal(pc.binary_length(pc.ascii_trim(text, self._blank)), 0)
        written = batch.filter(filled)
        self.remarks.blank_lines += batch.num_rows - written.num_rows
        return written

    def _decode_one_by_one(self, data: bytes, offsets: np.ndarray) -> tuple[pa.Array, pa.Array]:
        texts: list[str] = []
        damages: list[str | None] = []
        for start, end in pairwise(offsets):
            raw, damage = data[start:end], None
            try:
                text = raw.decode()
            except UnicodeDecodeError as error:
                if self.latin1:
                    text = raw.decode("latin-1")
                else:
                    text = raw.decode(errors="replace")
                    damage = f"is not UTF-8 text (byte {error.start + 1} of the line)"
            texts.append(text)
            damages.append(damage)
        return pa.array(texts, pa.string()), pa.array(damages, pa.string())


class FirstLine(NamedTuple):
    """A line at the beginning of a file: its number from 1, its text, and why it cannot be read, if so."""

    line: int
    text: str
    damage: str | None


def _spellings(header: str, quoting: Quoting | None) -> list[str]:
    """The line `header` as it is, and with all or none of its names in quotes."""
    names = quoting.split(header) if quoting else None
    if quoting is None or names is None:
        return [header]
    return [header, quoting.delimiter.join(names), quoting.delimiter.join(f'"{name}"' for name in names)]


def first_lines(file: RawFile, count: int, *, quoting: Quoting | None = None) -> list[FirstLine]:
    """Return the first `count` records of `file` that are not blank."""
    found: list[FirstLine] = []
    for batch in LineReader(file, quoting=quoting).batches():
        head = batch.slice(0, count - len(found))
        found += map(FirstLine, *(head[name].to_pylist() for name in SCHEMA.names))
        if len(found) == count:
            break
    return found
