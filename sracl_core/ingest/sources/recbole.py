"""RecBole atomic files: `NAME.inter` and `NAME.item`, tab-separated with typed headers (`item_id:token`).

`NAME.user` is not read: the method knows users by their histories alone. Of the catalogue's fields, those that count
what happened after the training part too (ratings, numbers of reviews, ranks) are left out. Source:
https://recbole.io/docs/user_guide/data/atomic_files.html
"""

from sracl_core.ground.errors import DataError
from sracl_core.ground.outside import shown, shown_value
from sracl_core.ingest.raw import sql
from sracl_core.ingest.raw.delimited import Delimited
from sracl_core.ingest.raw.files import RawFile
from sracl_core.ingest.raw.folder import RawFolder
from sracl_core.ingest.raw.headers import first_line
from sracl_core.ingest.sources.protocol import NO_TEXT, FunctionSource, InteractionLayout, ItemLayout, Layout
from sracl_core.ingest.text.allowed import RECBOLE
from sracl_core.params.data import DataParams

TYPES = ("token", "token_seq", "float", "float_seq")
CATEGORIES = ("class", "genre", "genres", "category", "categories")


def locate(folder: RawFolder, data: DataParams) -> Layout:
    """See Source. Catalogue and timestamps may be missing, as in some of RecBole's data sets."""
    inter = folder.find(("*.inter",), "interactions", data.interactions_file)
    item = folder.find_optional(("*.item",), "items", data.items_file)
    records = _read_header(inter, ("user_id", "item_id"))
    timestamp, rating = (name if name in records.columns else None for name in ("timestamp", "rating"))
    return Layout(
        InteractionLayout(records, "user_id", "item_id", timestamp, rating),
        _items(_read_header(item, ("item_id",))) if item else None,
        looked_for="*.item",
    )


def _items(records: Delimited) -> ItemLayout:
    field = records.field
    rest = [column for column in records.columns if column != "item_id"]

    def take(*fits: str) -> str | None:
        """Remove from `rest` and return the column of the first of these names there is."""
        found = next((column for name in fits for column in rest if column.lower() == name), None)
        if found:
            rest.remove(found)
        return found

    titles = sorted((column.lower() for column in rest if "title" in column.lower()), key=_like_a_title)
    title = take("title", *titles, "name", "item_name")
    categories, brand = take(*CATEGORIES), take("brand")
    description, price = take("description"), take("price")
    values = ", ".join(field(column) for column in rest)

    def cell(column: str | None) -> str:
        return field(column) if column else NO_TEXT

    return ItemLayout(
        records,
        "item_id",
        title=cell(title),
        brand=cell(brand),
        categories=_sequence(cell(categories)),
        parted_by=" ",
        description=(cell(description),),
        price=cell(price),
        attributes=f"tidy_map({sql.texts(rest)}, [{values}]::VARCHAR[])",
    )


def _like_a_title(column: str) -> bool:
    """False, which sorts first, for movie_title and its like; True for subtitle, title_type, …"""
    return not column.endswith(("_title", "-title", " title"))


def _sequence(value: str) -> str:
    """A token_seq is parted by blanks; those of Amazon are quoted and parted by commas: 'Toys & Games', 'Puzzles'."""
    return f"""if(contains({value}, {sql.text("', '")}), '[' || {value} || ']', {value})"""


def _read_header(file: RawFile, needed: tuple[str, ...]) -> Delimited:
    example = "user_id:token"
    header = first_line(file, None, f"a header line of typed fields such as {example}")
    names = []
    for typed in header.text.split("\t"):
        name, _, kind = typed.partition(":")
        if kind not in TYPES:
            raise DataError(
                f"{file.name}, line {header.line}: {shown_value(typed)} is not a typed field; expected name:type "
                f"such as {example}, separated by tabs, with a type of {', '.join(TYPES)}. Check data.source."
            )
        names.append(name)
    for name in needed:
        if names.count(name) != 1:
            raise DataError(
                f"{file.name}, line {header.line}: expected one field {name}, found the fields "
                f"{shown(', '.join(names))}. Rename the one that holds it to {name} in the header."
            )
    return Delimited(file, tuple(names), delimiter="\t", header=header)


PLUGIN = FunctionSource(locate, RECBOLE)
