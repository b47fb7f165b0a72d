"""Texts that a team brings along: found by id in any form of file, and every record accounted for."""

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.session import open_session
from sracl_core.own.texts import OwnTexts, write_own_texts
from sracl_core.params.own import TextColumns, TextTableParams
from sracl_core.schemas.ingest import ITEMS, REJECTED, USERS

NOBODY = Provenance("test", "", "")
Run = Callable[..., tuple[list[tuple], list[tuple], list[str]]]


@pytest.fixture
def run(raw: Path, tmp_path: Path) -> Run:
    """Read own texts in `raw` for the items 7, 8, x and the users u, v with 4 and 1 training items."""
    items = pa.table({"item": [1, 2, 3], "item_id": ["7", "8", "x"]})
    items = pa.Table.from_pylist(items.to_pylist(), schema=ITEMS)
    users = pa.table({"user": [0, 1], "user_id": ["u", "v"], "n_train": [4, 1]}, schema=USERS)

    def read(max_rejected: float = 0.0, **table: object) -> tuple[list[tuple], list[tuple], list[str]]:
        outputs = OwnTexts(*(tmp_path / f"{name}.parquet" for name in ("items", "users", "rejected")))
        with open_session(tmp_path, memory_gb=1, threads=1) as session:
            told = write_own_texts(
                session,
                RawFolder(raw),
                TextTableParams(**table),
                items=items,
                users=users,
                outputs=outputs,
                provenance=NOBODY,
                max_rejected=max_rejected,
            )
        found = [
            [tuple(row.values()) for row in read_table(path).to_pylist()] for path in (outputs.items, outputs.users)
        ]
        assert read_table(outputs.rejected, REJECTED).num_rows == (1 if max_rejected else 0)
        return found[0], found[1], told

    return read


def test_without_files_there_are_no_texts(run: Run) -> None:
    assert run() == ([], [], [])


@pytest.mark.parametrize("form", ["csv", "utf16", "jsonl", "parquet"])
def test_items_are_found_by_their_ids_in_any_form(run: Run, raw: Path, form: str) -> None:
    rows = [("7", "seven, and more"), ("x", "Ünïcode")]
    file = raw / f"texts.{'csv' if form == 'utf16' else form}"
    if form == "parquet":
        pq.write_table(pa.table({"item_id": ["7", "x"], "text": [text for _, text in rows]}), file)
    elif form == "jsonl":
        file.write_text("".join(json.dumps({"item_id": one, "text": text}) + "\n" for one, text in rows))
    else:
        text = "item_id,text\n" + "".join(f'{one},"{text}"\n' for one, text in rows)
        file.write_text(text, encoding="utf-16" if form == "utf16" else "utf-8")
    assert run(items=file.name) == ([(1, "seven, and more"), (3, "Ünïcode")], [], [f"items: 2 texts from {file.name}"])


def test_every_record_is_accounted_for(run: Run, raw: Path) -> None:
    (raw / "t.csv").write_text("item_id,text\n7,first\n7,second\n8,\nnobody,lost\n,without id\n")
    items, _, told = run(items="t.csv", max_rejected=0.5)
    assert items == [(1, "first")]
    assert told == [
        "items: 1 texts from t.csv; 1 of items that the training part does not have ('nobody'); 1 of items that were "
        "there before; the first counts; 1 without a text; 1 of 5 records rejected"
    ]
    with pytest.raises(DataError, match=r"(?s)1 of 5 records.*t\.csv, line 6, column item_id: is empty"):
        run(items="t.csv")


def test_floats_are_the_whole_numbers_they_were(run: Run, raw: Path) -> None:
    pq.write_table(pa.table({"item_id": [7.0, 8.0], "text": ["a", "b"]}), raw / "t.parquet")
    assert run(items="t.parquet")[0] == [(1, "a"), (2, "b")]


def test_a_text_of_a_prefix_is_found_by_user_and_end(run: Run, raw: Path) -> None:
    (raw / "u.csv").write_text("user_id,end,text\nu,3,three\nu,1,one\nu,4,beyond\nv,1,none\n")
    _, users, told = run(users="u.csv")
    assert users == [(0, 1, "one"), (0, 3, "three")]  # the target of the last prefix is the fourth item
    assert "2 of users or prefixes that the training part does not have ('u', 'v')" in told[0]


@pytest.mark.parametrize("end", ["0", "-1", "1.5", "soon", ""])
def test_an_end_is_a_whole_number(run: Run, raw: Path, end: str) -> None:
    (raw / "u.csv").write_text(f"user_id,end,text\nu,1,one\nu,{end},two\n")
    with pytest.raises(DataError, match="column end: is not a whole number from 1 on"):
        run(users="u.csv")


def test_a_text_of_a_user_stands_for_all_prefixes(run: Run, raw: Path) -> None:
    (raw / "u.csv").write_text("who,what\nu,likes tea\n")
    columns = TextColumns(user="who", text="what", end=None)
    assert run(users="u.csv", columns=columns)[1] == [(0, 0, "likes tea")]


def test_a_missing_column_is_named_with_what_to_do(run: Run, raw: Path) -> None:
    (raw / "u.csv").write_text("user_id,text\nu,likes tea\n")
    said = r"no column 'end' \(profile\.engines\.table\.columns\.end\)\. Columns found: 'user_id', 'text'\..* it empty"
    with pytest.raises(DataError, match=said):
        run(users="u.csv")
    with pytest.raises(DataError, match=r"profile\.engines\.table\.items: .* has no file 'nowhere\.csv'"):
        run(items="nowhere.csv")
