"""MovieLens: 100K (`u.data`, `u.item`), 1M (`ratings.dat`, `movies.dat`), 20M to 32M (`ratings.csv`, `movies.csv`).

The first two are Latin-1. Source: https://grouplens.org/datasets/movielens/
"""

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.headers import delimited_with_header
from sracl_core.ingest.raw.records import Records
from sracl_core.ingest.sources.protocol import FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.ingest.text.allowed import MOVIELENS
from sracl_core.params.data import DataParams

COLUMNS = ("userId", "movieId", "rating", "timestamp")
MOVIES = ("movieId", "title", "genres")
# The genre flags at the end of a line of u.item, in their order (u.genre); the first means none is known.
GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. The release is told by the names of the files."""
    ratings = folder.find(("u.data", "ratings.dat", "ratings.csv"), "interactions", data.interactions_file)
    movies = folder.find_optional(("u.item", "movies.dat", "movies.csv"), "items", data.items_file)
    user, item, rating, timestamp = COLUMNS
    return Layout(
        InteractionLayout(_ratings(ratings), user, item, timestamp, rating),
        _movies(movies) if movies else None,
        looked_for="u.item, movies.dat or movies.csv",
    )


def _ratings(file: RawFile) -> Records:
    match file.kind:
        case "data":
            return Delimited(file, COLUMNS, delimiter="\t")
        case "dat":
            return Delimited(file, COLUMNS, delimiter="::")
        case "csv":
            return delimited_with_header(file, COLUMNS, (",",))
    raise _unknown(file, "u.data, ratings.dat or ratings.csv")


def _movies(file: RawFile) -> ItemLayout:
    if file.kind == "item":
        columns = ("movieId", "title", "release_date", "video_release_date", "url", *GENRES)
        records: Records = Delimited(file, columns, delimiter="|", latin1=True)
        flags = ", ".join(records.field(genre) for genre in GENRES[1:])
        names = ", ".join("'" + genre.replace("'", "''") + "'" for genre in GENRES[1:])
        genres = f"list_transform(list_filter(list_zip([{names}], [{flags}]), lambda g: g[2] = '1'), lambda g: g[1])"
        return ItemLayout(
            records,
            "movieId",
            title=records.field("title"),
            categories=f"array_to_string({genres}, '|')",
            parted_by=r"\|",
            attributes=f"tidy_map(['release_date'], [{records.field('release_date')}])",
        )
    if file.kind == "dat":
        records = Delimited(file, MOVIES, delimiter="::", latin1=True)
    elif file.kind == "csv":
        records = delimited_with_header(file, MOVIES, (",",))
    else:
        raise _unknown(file, "u.item, movies.dat or movies.csv")
    return ItemLayout(
        records,
        "movieId",
        title=records.field("title"),
        categories=f"nullif({records.field('genres')}, '(no genres listed)')",
        parted_by=r"\|",
    )


def _unknown(file: RawFile, expected: str) -> DataError:
    return DataError(f"{file.name} is not a file of MovieLens; expected {expected}. Check data.source.")


PLUGIN = FunctionSource(locate, MOVIELENS)
