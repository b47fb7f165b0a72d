"""Whatever a file holds, a person sees a plain message: no exception of a reader gets through."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sracl_core.ground.errors import SraclError
from sracl_core.ingest.pipeline import locate
from sracl_core.ingest.raw.session import open_session
from sracl_core.params.data import DataParams

PIECES = st.sampled_from(
    [b"user_id", b"item_id", b"timestamp", b",", b"\t", b'"', b"\n", b"\r", b"\0", b"\xff", b"\xfe", b"\xef\xbb\xbf",
     b"{", b"}", b"[", b"]", b":", b"1", b" ", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"u", b"\xc3\xa9", b"\xd8\x00"]
)  # fmt: skip


HEADERS = st.sampled_from(
    [b"", b"user_id,item_id,timestamp", b"user_id, item_id, timestamp", b'"user_id"\t"item_id"\ttimestamp',
     b'{"user_id":1,"item_id":2,"timestamp":3}', b'[{"user_id":1,"item_id":2,"timestamp":3},',
     b"\xef\xbb\xbfuser_id;item_id;timestamp", b"user_id:token\titem_id:token\ttimestamp:float",
     b"userId,movieId,rating,timestamp"]
)  # fmt: skip
BYTES = st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=200)
ENCODINGS = st.sampled_from(["utf-8", "utf-8", "utf-16", "utf-32"])


def encoded(parts: tuple[bytes, bytes, bytes, str]) -> bytes:
    header, end, rest, encoding = parts
    return header + end + rest if encoding == "utf-8" else (header + end).decode().encode(encoding) + rest


@pytest.mark.parametrize(
    ("source", "name"),
    [
        *(("table", f"interactions.{suffix}") for suffix in ("csv", "jsonl", "parquet", "csv.gz")),
        ("recbole", "a.inter"),
        ("movielens", "ratings.csv"),
        ("amazon2014", "reviews_x.json"),
        ("yelp", "x_review.json"),
    ],
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.tuples(HEADERS, st.sampled_from([b"", b"\n", b"\r", b"\r\n"]), BYTES, ENCODINGS).map(encoded))
def test_no_bytes_bring_more_than_a_plain_message(tmp_path_factory, source, name, data):
    folder = tmp_path_factory.mktemp("raw")
    (folder / name).write_bytes(data)
    catalogue = {"movielens": "movies.csv", "amazon2014": "meta_x.json", "yelp": "x_business.json"}.get(source)
    if catalogue:
        (folder / catalogue).write_text("movieId,title,genres\n")
    try:
        records = locate(folder, DataParams(path=str(folder), source=source)).interactions.records
        with open_session(folder, memory_gb=0.2, threads=1) as session:
            records.load(session, "CREATE TABLE found AS SELECT line, damage, fields FROM ({records})")
            rows = session.rows("SELECT line, fields FROM found WHERE damage IS NULL")
    except SraclError as error:
        assert str(error).strip()
    else:
        assert all(len(fields) == len(records.columns) for _, fields in rows)
