"""`params.yaml` as shipped: the models' own defaults, every line explained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from sracl_core.params.check import SECTIONS
from sracl_core.params.reading.problems import written_fields
from sracl_core.params.reading.section import Section, typed_section
from sracl_core.params.reading.yaml_file import read_yaml

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_shipped_values_are_the_defaults(section: type[Section]) -> None:
    assert read_yaml(SHIPPED)[section.key] == section().model_dump(by_alias=True)


def test_every_parameter_has_a_comment() -> None:
    lines = [line for line in SHIPPED.read_text().splitlines() if line.strip() and not line.lstrip().startswith("#")]
    leaves = [
        line for line, following in zip(lines, [*lines[1:], ""], strict=True) if indent(following) <= indent(line)
    ]
    assert [line for line in leaves if " # " not in line] == []


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def fields_of(model: type[BaseModel], where: str) -> Iterator[tuple[str, str | None]]:
    for name, field in model.model_fields.items():
        yield f"{where}.{name}", field.description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields_of(field.annotation, f"{where}.{name}")


def test_every_field_has_a_description() -> None:
    fields = [entry for section in SECTIONS for entry in fields_of(typed_section(section, {})[0], section.key)]
    assert [name for name, description in fields if not description] == []


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_every_registered_name_has_its_comment(section: type[Section]) -> None:
    """A choice between names that the file does not tell of is a choice nobody finds."""
    text = SHIPPED.read_text()
    for name, field in written_fields(section).items():
        choices = getattr(field.annotation, "__args__", ()) if "Literal" in str(field.annotation) else ()
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{name}:"))
        assert len(choices) < 2 or all(str(choice) in line for choice in choices), line
