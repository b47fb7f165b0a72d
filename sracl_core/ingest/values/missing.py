"""The words that tools print where a value is missing."""

MISSING = frozenset({"nan", "NaN", "None", "null", "NULL", "<NA>", "NaT", r"\N"})
"""Exact spellings: pandas and numpy (nan, NaN, <NA>, NaT), Python (None), JSON and SQL (null, NULL, and MySQL's \\N).

Other spellings are words: "none" is what Yelp says of a bar without alcohol, "Null" and "Nan" are names.
"""


def is_missing(text: str) -> bool:
    r"""Return whether `text`, but for blanks around it, is how a tool prints a missing value.

    >>> is_missing(" NaN "), is_missing(r"\N"), is_missing("none"), is_missing("")
    (True, True, False, False)
    """
    # All of them are short: a long text needn't be copied to be looked up.
    return len(text) < 100 and text.strip() in MISSING
