"""The examples of parameters in docs/profiles.md are valid beside the shipped ones."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from sracl_core.params.check import problems_of
from sracl_core.params.reading.yaml_file import read_yaml
from tests.docs.test_commands import ROOT

PAGE = (ROOT / "docs/profiles.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
ADDRESSES = sorted(set(re.findall(r"`(https?://[^`\s]+)`", PAGE)))


def merged(values: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`values` with those of `change`, group by group."""
    return values | {
        name: merged(values[name], value) if isinstance(value, dict) and isinstance(values.get(name), dict) else value
        for name, value in change.items()
    }


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_is_valid(block: str) -> None:
    change = YAML(typ="safe", pure=True).load(block)
    assert list(change) == ["profile"]
    assert list(change["profile"]) == ["llm"]
    values = merged(read_yaml(ROOT / "params.yaml"), change)
    assert problems_of(merged(values, {"profile": {"engine": "openai"}})) == []


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 7
    assert len(ADDRESSES) >= 14


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_valid(address: str) -> None:
    values = read_yaml(ROOT / "params.yaml")
    assert problems_of(merged(values, {"runtime": {"server_url": address}})) == []
