"""The version of this project; `pyproject.toml` and every artifact take it from here."""

VERSION = "0.2.0"
