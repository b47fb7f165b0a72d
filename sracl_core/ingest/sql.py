"""SQL that all sources share: quoting, and functions from text to values."""

from sracl_core.errors import DataError

# Functions known in every session. `x` is the text of one field, or null; all return null where there is no value.
MACROS = """
-- Text without blanks around it; an empty one is no value.
CREATE MACRO tidy(x) AS nullif(trim(x), '');
-- A list of texts without empty ones, and without repetitions, in its order.
CREATE MACRO tidy_list(x) AS list_filter(list_transform(x, lambda t: trim(t)), lambda t: t <> '');
CREATE MACRO distinct_list(x) AS list_filter(x, lambda t, i: list_position(x, t) = i);
-- JSON ["a", "b"], or one level deeper [["a"], ["b"]], as a list of texts; empty for anything else.
CREATE MACRO json_list(x) AS
    CASE WHEN x IS NULL OR NOT starts_with(x, '[') OR NOT json_valid(x) THEN []::VARCHAR[]
         WHEN starts_with(x, '[[') THEN json_extract_string(x, '$[*][*]')
         ELSE json_extract_string(x, '$[*]') END;
CREATE MACRO categories_of(x) AS distinct_list(tidy_list(x));
-- Text as it is, a JSON list as its parts joined by blanks.
CREATE MACRO joined(x) AS
    CASE WHEN starts_with(x, '[') AND json_valid(x) THEN tidy(array_to_string(tidy_list(json_list(x)), ' '))
         ELSE tidy(x) END;
-- A list written as JSON, as Python prints it, or parted by '|' or ' > '.
CREATE MACRO any_list(x) AS
    CASE WHEN starts_with(x, '[') AND json_valid(x) THEN json_list(x)
         WHEN starts_with(x, '[') AND json_valid(replace(x, '''', '"')) THEN json_list(replace(x, '''', '"'))
         ELSE string_split_regex(x, '\\|| > ') END;
-- Two lists of texts as a map sorted by key; pairs without a value are left out, of a repeated key the first counts.
CREATE MACRO tidy_map(keys, texts) AS
    map_from_entries(list_sort(list_filter(
        list_filter(list_zip(keys, texts), lambda p, i: list_position(keys, p[1]) = i),
        lambda p: coalesce(trim(p[2]), '') <> '')));
-- The entries of a JSON object but those named in `used`, as such a map.
CREATE MACRO json_pointer(key) AS '/' || replace(replace(key, '~', '~0'), '/', '~1');
CREATE MACRO json_map(x, used) AS
    CASE WHEN x IS NULL OR NOT starts_with(x, '{') OR NOT json_valid(x) THEN MAP {}::MAP(VARCHAR, VARCHAR)
         ELSE map_from_entries(list_sort(list_filter(
             list_transform(
                 list_filter(list_distinct(json_keys(x)), lambda k: NOT list_contains(used, k)),
                 lambda k: {'key': k, 'value': json_extract_string(x, json_pointer(k))}),
             lambda p: coalesce(trim(p.value), '') <> ''))) END;
-- Microseconds since 1970 from a number of `ticks` a second, or from an ISO date (UTC where it names no zone).
-- Counting below seconds keeps the order of events inside one.
CREATE MACRO moment_of(x, ticks) AS
    coalesce(
        TRY_CAST(TRY_CAST(x AS DOUBLE) * (1000000 / ticks) AS BIGINT),
        CASE WHEN contains(x, '-') AND isfinite(TRY_CAST(x AS TIMESTAMPTZ))
             THEN epoch_us(TRY_CAST(x AS TIMESTAMPTZ)) END);
-- Whole seconds, rounded down before 1970 too.
CREATE MACRO seconds_of(moment) AS (moment - ((moment % 1000000) + 1000000) % 1000000) // 1000000;
CREATE MACRO number_of(x) AS
    CASE WHEN isfinite(TRY_CAST(x AS DOUBLE)) THEN TRY_CAST(x AS DOUBLE) END;
"""


def text(value: str) -> str:
    """Return `value` as an SQL string."""
    if "\0" in value:
        raise DataError(f"the name {value!r} holds a NUL character")
    return "'" + value.replace("'", "''") + "'"


def texts(values: list[str]) -> str:
    """Return `values` as an SQL list of strings."""
    return f"[{', '.join(text(value) for value in values)}]::VARCHAR[]"
