"""Python literals, the form of Amazon's 2014 files, as JSON; never `eval`."""

import ast
import json
import warnings

import pyarrow as pa


def literal_as_json(text: str) -> str | None:
    """Return the Python literal `text` as JSON; None when it is anything else, so code stays mere text."""
    try:
        return json.dumps(ast.literal_eval(text), allow_nan=False)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def literals_as_json(texts: pa.Array) -> pa.Array:
    """Apply `literal_as_json` to each text [rows]; the form DuckDB calls, one vector of rows at a time."""
    with warnings.catch_warnings():
        # Old descriptions are full of "\\/", which Python reads but complains about.
        warnings.simplefilter("ignore")
        return pa.array([None if text is None else literal_as_json(text) for text in texts.to_pylist()], pa.string())
