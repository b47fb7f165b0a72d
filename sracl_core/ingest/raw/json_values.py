"""JSON values that are not one a line: a list of records, or records printed over several lines, of any size.

Only one block and one record are held at a time. Each record becomes a line of its own for the readers that follow,
with the number of the line it begins in.
"""

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain, islice

import pyarrow as pa

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.encoding import LONGEST_LINE_BYTES
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.lines import SCHEMA, TextReader, first_lines

# Numbers stay text: only where a value ends is asked.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
_BETWEEN = re.compile(r"[\s,\[\]]*")
SHOWN = 60


def is_one_a_line(file: RawFile) -> bool:
    """Return whether each line of `file` is a value of its own.

    It is not where the file begins with `[`, or with an object that does not end in its first line and does further
    down. A first line that is simply broken leaves the others what they are.
    """
    values = ValueReader(file)
    text = next(values.blocks(), b"").decode(errors="replace").lstrip()
    if text.startswith("["):
        return False
    line = text.partition("\n")[0].rstrip()
    end = _end(line, 0) if line.startswith("{") else 0
    if end is not None:
        # What follows in the line may be a comma, or one more value.
        return not re.match(r"\s*(,\s*$|,?\s*\{)", line[end:])
    try:
        next(values.records())
    except DataError:
        return True
    return False


def is_one_value(file: RawFile) -> bool:
    """Return whether `file` is a single object, not a list and not several objects."""
    text = next(ValueReader(file).blocks(), b"").decode(errors="replace").lstrip()
    return text.startswith("{") and len(first_values(file, 2)) == 1


def first_values(file: RawFile, count: int) -> list[str]:
    """Return the text of the first `count` values of `file`, in whichever of the forms it has them."""
    if is_one_a_line(file):
        return [head.text for head in first_lines(file, count)]
    return [text for _, text in islice(ValueReader(file).records(), count)]


class ValueReader(TextReader):
    """Records that are JSON values one after another, also within `[` and `]`, with or without commas between them."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield a batch for each block of the file."""
        lines: list[int] = []
        texts: list[str] = []
        held = 0
        for line, text in self.records():
            lines.append(line)
            texts.append(text)
            held += len(text)
            if held >= LONGEST_LINE_BYTES // 2:
                yield _batch(lines, texts)
                lines, texts, held = [], [], 0
        if lines:
            yield _batch(lines, texts)

    def records(self) -> Iterator[tuple[int, str]]:
        """Yield the number of the line in which each value begins, and its text.

        Raises DataError where the text is no JSON, since what follows could not be told apart, where a list is not
        closed, as in a file that was cut short, and where a list holds lists.
        """
        decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        text, place, line, depth = "", 0, 1, 0
        for block in chain(self.blocks(), [b""]):
            text, place = text[place:] + decoder.decode(block, final=not block), 0
            while True:
                begin = _begin(text, place)
                between = text[place:begin]
                depth += between.count("[") - between.count("]")
                line += between.count("\n")
                place = begin
                if not 0 <= depth <= 1:
                    what = "a list within the list" if depth > 0 else "a ] without its ["
                    raise DataError(
                        f"{self.file.name}, line {line}: {what}; expected a JSON object a line, or one list of objects."
                    )
                end = _end(text, place) if place < len(text) else None
                # A number or word at the end of the block may go on in the next.
                if end is None or (end == len(text) and block):
                    break
                yield line, text[place:end]
                line += text.count("\n", place, end)
                place = end
            if len(text) - place > LONGEST_LINE_BYTES:
                break
        if place < len(text):
            raise DataError(self._no_value(text[place : place + SHOWN], line))
        if depth:
            raise DataError(
                f"{self.file.name}: the list is not closed: the file ends without ]. It was cut short; fetch or write "
                "it again."
            )

    def _no_value(self, begin: str, line: int) -> str:
        return (
            f"{self.file.name}, line {line}: no JSON value that ends within {LONGEST_LINE_BYTES >> 20} MiB begins "
            f"here: {' '.join(begin.split())!r}. Expected one JSON object a line, or a list of objects. If the records "
            f"lie inside one object: jq -c '.NAME[]' {self.file.name} > NEW.jsonl; if not, correct the file there."
        )


def _begin(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return found.end() if found else place


def _end(text: str, place: int) -> int | None:
    """Where the value that begins at `place` ends; None where it does not, or is no JSON."""
    try:
        return _DECODER.raw_decode(text, place)[1]
    except (ValueError, RecursionError):
        return None


def _batch(lines: list[int], texts: list[str]) -> pa.RecordBatch:
    damages: list[str | None] = [None] * len(texts)
    for place, text in enumerate(texts):
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                texts[place] = text.encode(errors="replace").decode()
                damages[place] = "is not UTF-8 text"
    columns = [pa.array(lines, pa.int64()), pa.array(texts, pa.string()), pa.array(damages, pa.string())]
    return pa.record_batch(columns, schema=SCHEMA)
