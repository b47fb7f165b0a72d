"""Which interactions stay: dates, minimum rating, repeats, and the iterative core filter, all in SQL out of core.

Starts from the table `interactions` of `staging/`, as the view `found` reads it; ends with the tables `kept`
(user_number, item_number, moment, line), `users` (user, user_id, user_number) and `items_kept` (item, item_id,
item_number). Rows of `kept` whose user or item is in neither of the other two have left.
"""

# ruff: noqa: S608 - statements are put together from code; values of users and files go through sql.text.

from dataclasses import dataclass

from sracl_core.ground.errors import DataError
from sracl_core.ingest.raw.session import Session
from sracl_core.ingest.staging.ids import Ids
from sracl_core.ingest.staging.timestamps import MICRO, Clock
from sracl_core.params.data import DataParams
from sracl_core.progress import Progress, track


@dataclass(frozen=True)
class FilterCount:
    """What became of the good interactions: `read` of them = dropped in each way + `interactions` kept.

    `by_users` left as their user had too few, `by_items` as their item had; users are looked at first in each round.
    """

    outside_dates: int
    below_min_rating: int
    repeats: int
    by_users: int
    by_items: int
    rounds: int
    users_dropped: int
    items_dropped: int
    users: int
    items: int
    interactions: int


def filter_interactions(session: Session, data: DataParams, clock: Clock, ids: Ids) -> FilterCount:
    """Apply the dates, `data.min_rating`, `data.repeats` and the core filter; number the rest by external id, bytewise.

    With `min_rating`, an interaction without a rating does not stay. Raises DataError when nothing is left.
    """
    rated = "true" if data.min_rating is None else f"coalesce(rating >= {data.min_rating!r}, false)"
    inside = _inside(data, clock)
    good, in_time, rated_count = session.row(
        f"""SELECT count(*), count(*) FILTER (inside), count(*) FILTER (inside AND rated)
        FROM (SELECT {inside} AS inside, {rated} AS rated FROM interactions WHERE problem IS NULL)"""
    )
    session.run(
        f"""CREATE VIEW eligible AS
        SELECT {ids.user} AS user_id, {ids.item} AS item_id, {clock.moment} AS moment, record
        FROM interactions WHERE problem IS NULL AND {inside} AND {rated}"""
    )
    statements = [
        f"CREATE TABLE {axis}_ids AS SELECT {axis}_id, row_number() OVER (ORDER BY {axis}_id) AS {axis}_number "
        f"FROM (SELECT DISTINCT {axis}_id FROM eligible)"
        for axis in ("user", "item")
    ]
    statements.append(
        "CREATE TABLE kept AS SELECT user_number, item_number, moment, record "
        "FROM eligible JOIN user_ids USING (user_id) JOIN item_ids USING (item_id)"
    )
    for statement in track(statements, "numbering users and items", len(statements), "step"):
        session.run(statement)
    session.run("DROP VIEW eligible; DROP TABLE interactions")
    if data.repeats != "keep":
        _drop_repeats(session, data.repeats)
    distinct_count = _count(session)
    by_users, by_items, rounds = _core(session, data.core_users, data.core_items)
    totals = {axis: session.row(f"SELECT count(*) FROM {axis}_ids")[0] for axis in ("user", "item")}
    _number(session, "user", "users", first=0)
    _number(session, "item", "items_kept", first=1)
    users, items = (session.row(f"SELECT count(*) FROM {table}")[0] for table in ("users", "items_kept"))
    count = FilterCount(
        outside_dates=good - in_time,
        below_min_rating=in_time - rated_count,
        repeats=rated_count - distinct_count,
        by_users=by_users,
        by_items=by_items,
        rounds=rounds,
        users_dropped=totals["user"] - users,
        items_dropped=totals["item"] - items,
        users=users,
        items=items,
        interactions=distinct_count - by_users - by_items,
    )
    if count.interactions == 0:
        raise DataError(_nothing_left(good, count, data))
    return count


def _nothing_left(good: int, count: FilterCount, data: DataParams) -> str:
    causes = [
        f"{lost} {why}"
        for lost, why in (
            (count.outside_dates, "lie outside data.from and data.to"),
            (count.below_min_rating, "are below data.min_rating"),
            (count.repeats, "are repeats (data.repeats)"),
            (count.by_users, f"belong to users with fewer than {data.core_users} (data.core_users)"),
            (count.by_items, f"belong to items with fewer than {data.core_items} (data.core_items)"),
        )
        if lost
    ]
    return (
        f"no interaction is left of {good}: {'; '.join(causes)}. Change what took most of them, or bring more data; a "
        "user needs three interactions to be tested and validated."
    )


def _inside(data: DataParams, clock: Clock) -> str:
    """SQL for whether an interaction lies between the dates of the parameters."""
    start, end = (bound and bound * clock.per_second // MICRO for bound in data.window())
    bounds = [
        f"{clock.moment} >= {start}" if start is not None else "",
        f"{clock.moment} < {end}" if end is not None else "",
    ]
    return " AND ".join(f"({bound})" for bound in bounds if bound) or "true"


def _count(session: Session) -> int:
    count: int = session.row("SELECT count(*) FROM kept")[0]
    return count


def _drop_repeats(session: Session, which: str) -> None:
    direction = "ASC" if which == "first" else "DESC"
    session.run(
        f"""CREATE TABLE once AS SELECT * FROM kept QUALIFY row_number() OVER (
            PARTITION BY user_number, item_number ORDER BY moment {direction}, record {direction}) = 1;
        DROP TABLE kept; ALTER TABLE once RENAME TO kept"""
    )


def _core(session: Session, core_users: int, core_items: int) -> tuple[int, int, int]:
    """Leave in `user_counts` and `item_counts` who stays; return interactions lost by users, by items, and rounds.

    Only the counts are rewritten: a round costs one pass over `kept`, however little it drops.
    """
    for axis in ("user", "item"):
        session.run(
            f"CREATE TABLE {axis}_counts AS SELECT {axis}_number, count(*) AS n FROM kept GROUP BY {axis}_number"
        )
    by_users = by_items = rounds = 0
    with Progress("core filter", None, "round") as progress:
        while True:
            users_left, lost_by_users = _drop_below(session, "user", "item", core_users)
            items_left, lost_by_items = _drop_below(session, "item", "user", core_items)
            if not users_left and not items_left:
                return by_users, by_items, rounds
            by_users, by_items, rounds = by_users + lost_by_users, by_items + lost_by_items, rounds + 1
            progress.advance(note=f"{users_left} users and {items_left} items leave")


def _drop_below(session: Session, axis: str, other: str, least: int) -> tuple[int, int]:
    """Drop the users (items) with fewer than `least` interactions; return how many, and their interactions."""
    session.run(f"CREATE OR REPLACE TABLE leaving AS SELECT {axis}_number FROM {axis}_counts WHERE n < {least}")
    leaving: int = session.row("SELECT count(*) FROM leaving")[0]
    if not leaving:
        return 0, 0
    session.run(
        f"""CREATE OR REPLACE TABLE touched AS SELECT {other}_number, count(*) AS n
            FROM kept SEMI JOIN leaving USING ({axis}_number) SEMI JOIN {other}_counts USING ({other}_number)
            GROUP BY {other}_number;
        DELETE FROM {axis}_counts WHERE n < {least};
        UPDATE {other}_counts SET n = {other}_counts.n - touched.n FROM touched
            WHERE {other}_counts.{other}_number = touched.{other}_number"""
    )
    lost: int = session.row("SELECT coalesce(sum(n), 0)::BIGINT FROM touched")[0]
    return leaving, lost


def _number(session: Session, axis: str, table: str, first: int) -> None:
    session.run(
        f"""CREATE TABLE {table} AS
        SELECT (row_number() OVER (ORDER BY {axis}_number) - 1 + {first})::INTEGER AS {axis}, {axis}_id, {axis}_number
        FROM {axis}_counts JOIN {axis}_ids USING ({axis}_number);
        DROP TABLE {axis}_ids; DROP TABLE {axis}_counts"""
    )
