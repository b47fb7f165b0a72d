"""SQL that all sources share: quoting, and functions from text to values."""

from sracl_core.ground.errors import DataError

# Functions known in every session. `x` is the text of one field, or null; all return null where there is no value.
MACROS = """
CREATE MACRO trimmed(x) AS trim(x, ' \t\r\n\u00a0\u3000\u2002\u2003\u2009\u202f\ufeff');
-- Text without white space around it; an empty one is no value. Most ids have none at all, which is quick to see.
CREATE MACRO tidy(x) AS nullif(CASE WHEN regexp_matches(x, '[\\s\\pZ\\x{feff}]') THEN trimmed(x) ELSE x END, '');
-- Two lists of texts as a map; pairs without a value are left out, of a repeated key the first counts.
CREATE MACRO tidy_map(keys, texts) AS
    map_from_entries(list_filter(
        list_filter(list_zip(keys, texts), lambda p, i: list_position(keys, p[1]) = i),
        lambda p: coalesce(trim(p[2]), '') <> ''));
-- The entries of a JSON object but those named in `used`, as such a map.
CREATE MACRO json_pointer(key) AS '/' || replace(replace(key, '~', '~0'), '/', '~1');
CREATE MACRO json_map(x, used) AS
    CASE WHEN x IS NULL OR NOT starts_with(x, '{') OR NOT json_valid(x) THEN MAP {}::MAP(VARCHAR, VARCHAR)
         ELSE map_from_entries(list_filter(
             list_transform(
                 list_filter(list_distinct(json_keys(x)), lambda k: NOT list_contains(used, k)),
                 lambda k: {'key': k, 'value': json_extract_string(x, json_pointer(k))}),
             lambda p: coalesce(trim(p.value), '') <> '')) END;
-- Whole seconds of a moment that counts `per_second`, rounded down before 1970 too.
CREATE MACRO seconds_of(moment, per_second) AS
    (moment - ((moment % per_second) + per_second) % per_second) // per_second;
CREATE MACRO number_of(x) AS
    CASE WHEN NOT contains(x, '_') AND isfinite(TRY_CAST(x AS DOUBLE)) THEN TRY_CAST(x AS DOUBLE) END;
"""


def text(value: str) -> str:
    """Return `value` as an SQL string."""
    if "\0" in value:
        raise DataError(f"the name {value!r} holds a NUL character")
    return "'" + value.replace("'", "''") + "'"


def texts(values: list[str]) -> str:
    """Return `values` as an SQL list of strings."""
    return f"[{', '.join(text(value) for value in values)}]::VARCHAR[]"
