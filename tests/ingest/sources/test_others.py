"""MovieLens and RecBole in their true raw formats."""

import pytest

from sracl_core.ground.errors import DataError

RATED = {"196": [("1", 881250949)], "22": [("2", 878887116)]}


def check_movies(found, first_title="Misérables, Les (1995)", genres=("Animation", "Children's")):
    assert found.histories() == RATED
    assert found.item("1")["title"] == first_title
    assert tuple(found.item("1")["categories"]) == genres


def test_movielens_100k(raw, run_ingest):
    (raw / "u.data").write_text("196\t1\t3\t881250949\n22\t2\t1\t878887116\n")
    flags = "|".join("1" if place in (3, 4) else "0" for place in range(19))
    nothing = "|".join(["1"] + ["0"] * 18)
    text = f"1|Misérables, Les (1995)|01-Jan-1995||http://us.imdb.com/M|{flags}\n2|unknown||||{nothing}\n"
    (raw / "u.item").write_bytes(text.encode("latin-1"))
    found = run_ingest(raw, source="movielens")
    check_movies(found)
    assert found.item("1")["attributes"] == {"release_date": "01-Jan-1995"}
    assert found.item("2")["categories"] == []
    assert [row["user_id"] for row in found.rows("users")] == ["196", "22"], "bytewise order of external ids"


def test_movielens_1m(raw, run_ingest):
    (raw / "ratings.dat").write_text("196::1::3::881250949\n22::2::1::878887116\n")
    (raw / "movies.dat").write_bytes("1::Misérables, Les (1995)::Animation|Children's\n2::X::Drama\n".encode("latin-1"))
    check_movies(run_ingest(raw, source="movielens"))


def test_movielens_csv_in_its_zip(raw, run_ingest, zipped):
    ratings = "userId,movieId,rating,timestamp\n196,1,3.5,881250949\n22,2,1.0,878887116\n"
    movies = 'movieId,title,genres\n1,"Misérables, Les (1995)",Animation|Children\'s\n2,X,(no genres listed)\n'
    zipped(raw / "ml-20m.zip", {"ml-20m/ratings.csv": ratings, "ml-20m/movies.csv": movies, "ml-20m/tags.csv": "x"})
    found = run_ingest(raw, source="movielens")
    check_movies(found)
    assert found.item("2")["categories"] == []
    assert found.summary["interactions_file"]["file"] == "ml-20m.zip/ml-20m/ratings.csv"


def test_movielens_with_other_columns(raw, run_ingest):
    (raw / "ratings.csv").write_text("user,movieId,rating,timestamp\n")
    (raw / "movies.csv").write_text("movieId,title,genres\n")
    with pytest.raises(DataError, match=r"line 1: expected one column each userId. .*'user', 'movieId'"):
        run_ingest(raw, source="movielens")


INTER = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n1\t10\t4\t878887116.0\n1\t9\t2\t878887110\n"


def test_recbole(raw, run_ingest):
    (raw / "ml.inter").write_text(INTER)
    (raw / "ml.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "9\tThe \"Big\" One\t1995\tDrama War\n10\tX\t1996\t'Toys & Games', 'Puzzles'\n"
    )
    (raw / "ml.user").write_text("user_id:token\n1\n")
    found = run_ingest(raw, source="recbole")
    assert found.histories() == {"1": [("9", 878887110), ("10", 878887116)]}
    item = found.item("9")
    assert (item["title"], item["categories"]) == ('The "Big" One', ["Drama", "War"])
    assert item["attributes"] == {"release_year": "1995"}
    assert found.item("10")["categories"] == ["Toys & Games", "Puzzles"]
    assert run_ingest(raw, source="recbole", min_rating=3.0, out="rated").histories() == {"1": [("10", 878887116)]}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("user_id,item_id,timestamp\n", "is not a typed field; expected name:type such as user_id:token"),
        (
            "user_id:token\tbusiness_id:token\ttimestamp:float\n",
            "expected one field item_id, found the fields user_id, b",
        ),
        ("", "ml.inter is empty"),
    ],
)
def test_recbole_headers(raw, run_ingest, header, expected):
    (raw / "ml.inter").write_text(header)
    with pytest.raises(DataError) as error:
        run_ingest(raw, source="recbole")
    assert expected in str(error.value)
