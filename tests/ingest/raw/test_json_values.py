"""JSON that is not one object a line: lists and printed objects, of any size, with the lines they begin in."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw import lines
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.json_values import ValueReader, first_values, is_one_a_line

RECORDS = [
    {"user_id": "u1", "text": 'a "quoted" ]}\n line'},
    {"user_id": "ü", "n": 1.50, "deep": {"a": [1, {"b": []}]}},
    {},
]


def file(path: Path, text: str | bytes) -> RawFile:
    (path / "file.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return RawFile("file.json", path / "file.json")


def read(path: Path, text: str | bytes) -> list[tuple[int, str, str | None]]:
    batches = ValueReader(file(path, text)).batches()
    return [(row["line"], row["text"], row["damage"]) for batch in batches for row in batch.to_pylist()]


FORMS = {
    "list": json.dumps(RECORDS),
    "printed list": json.dumps(RECORDS, indent=1, ensure_ascii=False),
    "list, one a line": "[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n",
    "printed one after another": "\n".join(json.dumps(record, indent=4) for record in RECORDS),
    "with commas between": ",\n".join(json.dumps(record, indent=4) for record in RECORDS),
    "several lists": "\n".join(json.dumps([record]) for record in RECORDS),
}


@pytest.mark.parametrize("block", [1, 5, 1 << 20])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_values(
    tmp_path: Path, form: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BLOCK_BYTES", block)
    assert [json.loads(text) for _, text, _ in read(tmp_path, FORMS[form])] == RECORDS
    assert not is_one_a_line(file(tmp_path, FORMS[form]))
    assert [json.loads(text) for text in first_values(file(tmp_path, FORMS[form]), 2)] == RECORDS[:2]


def test_numbers_of_lines_are_those_where_a_value_begins(tmp_path: Path) -> None:
    assert [line for line, _, _ in read(tmp_path, '[\n {\n "a": 1\n },\n\n {"b":\n 2}, {"c": 3}\n]')] == [2, 6, 7]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}\n{"b": 2}\n', True),
        ('\n\n{"a": 1}\n', True),
        ('{"a": broken\n{"b": 2}\n', True),
        ("no json", True),
        ("", True),
        ('{"a": 1} {"b": 2}', False),
        ('[{"a": 1}]', False),
        ('{"a": 1},\n{"b": 2},\n', False),
        ('{"a": 1} rubbish\n{"b": 2}\n', True),
    ],
)
def test_lines_are_told_from_other_forms(tmp_path: Path, text: str, expected: bool) -> None:
    assert is_one_a_line(file(tmp_path, text)) == expected


def test_a_list_on_one_line_is_read_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than any line may be; what is held stays near one block."""
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1 << 16)
    rows = [{"user_id": f"u{n}", "pad": "x" * 1000} for n in range(20_000)]
    found = file(tmp_path, json.dumps(rows))
    assert found.path.stat().st_size > 20_000_000
    assert sum(1 for _ in ValueReader(found).records()) == len(rows)


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        ('[{"a": 1},\n{"a": oops}]', 2, '{"a": oops}]'),
        ('[\n{"a": 1}, {"a": ', 2, '{"a": '),
        ('[{"a": 1}\nnonsense]', 2, "nonsense"),
        ('[{"a":' + "[" * 100_000, 1, '{"a":['),
    ],
)
def test_where_no_value_ends_the_line_is_named(tmp_path: Path, text: str, line: int, shown: str) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert f"file.json, line {line}: no JSON value that ends" in str(error.value)
    assert shown.strip() in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"a": 1},\n{"a": 2},\n', "the list is not closed.*cut short"),
        ('[{"a": 1},\n{"a": 2}', "the list is not closed"),
        (
            '[["u", 1], ["v", 2]]',
            "line 1: a list within the list; expected a JSON object a line, or one list of objects",
        ),
        ('[{"a": 1}]]', "line 1: a ] without its \\["),
    ],
)
def test_a_list_must_be_whole_and_hold_objects(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(DataError, match=f"file.json.*{expected}"):
        read(tmp_path, text)


def test_bytes_that_are_not_utf8_damage_their_value_alone(tmp_path: Path) -> None:
    found = read(tmp_path, b'[{"a": "caf\xe9"}, {"a": "ok"}]')
    assert [(text, damage) for _, text, damage in found] == [
        ('{"a": "caf?"}', "is not UTF-8 text"),
        ('{"a": "ok"}', None),
    ]


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=5)
values = st.dictionaries(texts, st.recursive(texts | st.integers() | st.none(), st.lists, max_leaves=4))


@given(records=st.lists(values, min_size=1, max_size=6), indent=st.sampled_from([None, 1]), block=st.integers(1, 40))
def test_any_list_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, records: list, indent: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)
        text = json.dumps(records, indent=indent, ensure_ascii=block % 2 == 0)
        found = read(tmp_path_factory.mktemp("json"), text)
    assert [json.loads(text) for _, text, _ in found] == records
