"""Every value has a bound on both sides: a slip of the finger is told, and never tried."""

import time
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from sracl_core.params.check import SECTIONS, problems_of
from sracl_core.params.reading.problems import written_fields
from sracl_core.params.reading.section import typed_section
from tests.params.reading.test_section import changed

FREE = "profile.llm.request.extra"  # a mapping without a form: bounded by its size, see below
ABOVE, BELOW = {"le", "lt"}, {"ge", "gt"}


class Leaf:
    """A kind of value that a field may hold: the number, text or list itself, and the bounds that hold for it."""

    def __init__(self, where: str, kind: type, bounds: set[str]) -> None:
        self.where, self.kind, self.bounds = where, kind, bounds


def leaves_of(annotation: Any, where: str, metadata: tuple[Any, ...] = ()) -> Iterator[Leaf]:
    """Every number, text and list within `annotation`, with the bounds gathered on the way to it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from leaves_of(inner[0], where, (*metadata, *inner[1:]))
    elif origin in (Union, types.UnionType):
        if any(isinstance(one, type) and issubclass(one, BaseModel) for one in inner):
            return  # a group that may be left out: it is another part's, and looked at there
        for one in inner:
            yield from leaves_of(one, where, metadata)
    elif origin is list:
        yield Leaf(where, list, bounds_in(metadata))
        yield from leaves_of(inner[0], f"{where}[]")
    elif annotation in (int, float, str):
        yield Leaf(where, annotation, bounds_in(metadata))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from fields_in(annotation, where)
    else:
        assert annotation in (bool, type(None)) or origin is Literal or where == FREE, where


def fields_in(model: type[BaseModel], where: str) -> Iterator[Leaf]:
    for name, field in written_fields(model).items():
        yield from leaves_of(field.annotation, f"{where}.{name}", tuple(field.metadata))


def bounds_in(metadata: tuple[Any, ...]) -> set[str]:
    """The names of the bounds among the metadata of a field; `Field` itself holds a list of them."""
    flat = [one for outer in metadata for one in (outer, *getattr(outer, "metadata", ()))]
    names = ("ge", "gt", "le", "lt", "max_length")
    return {name for one in flat for name in names if getattr(one, name, None) is not None}


LEAVES = [leaf for section in SECTIONS for leaf in fields_in(typed_section(section, {})[0], section.key)]
ENCODER, TABLE = "embed__engines__sentence_transformers", "data__sources__table"  # as `changed` takes them
NUMBERS = [leaf.where for leaf in LEAVES if leaf.kind in (int, float)]


def test_every_number_has_both_bounds() -> None:
    wanting = [
        leaf.where for leaf in LEAVES if leaf.kind in (int, float) and not (leaf.bounds & ABOVE and leaf.bounds & BELOW)
    ]
    assert wanting == []
    assert len(NUMBERS) > 60
    assert {"evaluate.cutoffs[]", "runtime.threads", "data.min_rating", "train.backbones.gru4rec.hidden"} <= set(
        NUMBERS
    )


def test_every_text_and_every_list_has_a_longest_length() -> None:
    assert [leaf.where for leaf in LEAVES if leaf.kind in (str, list) and "max_length" not in leaf.bounds] == []


def with_every_number(value: Any) -> dict[str, Any]:
    changes = {}
    for where in NUMBERS:
        name = where.removesuffix("[]").replace(".", "__")
        changes[name] = [value] if where.endswith("[]") else value
    return changed(**changes)


@pytest.mark.parametrize("value", [2**64, 10**30, -(10**30), 10**5000], ids=["2^64", "large", "below", "endless"])
def test_an_absurd_number_everywhere_is_reported_everywhere_and_at_once(value: int) -> None:
    started = time.perf_counter()
    problems = problems_of(with_every_number(value))
    assert time.perf_counter() - started < 1
    told = [problem.partition(":")[0].removesuffix(", first entry") for problem in problems]
    assert sorted(told) == sorted(where.removesuffix("[]") for where in NUMBERS)
    assert all(problem.partition(": ")[2].startswith(("expected at ", "expected less ", "expected more ")) or
               "whole number" in problem or "valid number" in problem for problem in problems), problems  # fmt: skip


@pytest.mark.parametrize("value", [1e300, -1e300, float("inf"), float("nan")])
def test_an_absurd_real_number_too(value: float) -> None:
    real = [leaf.where for leaf in LEAVES if leaf.kind is float]
    problems = problems_of(changed(**{where.replace(".", "__"): value for where in real}))
    assert sorted(problem.partition(":")[0] for problem in problems) == sorted(real)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"runtime__threads": 100_000}, "runtime.threads: expected at most 1024, got 100000"),
        ({"train__seed": 2**64}, "train.seed: expected less than 4294967296, got 18446744073709551616"),
        ({"profile__llm__temperature": 1e308}, "profile.llm.temperature: expected at most 100, got 1e+308"),
        ({"train__objectives__sracl__inter__temperature": 0.0}, "train.objectives.sracl.inter.temperature: "
         "expected at least 0.001, got 0.0"),
        ({"evaluate__cutoffs": [5, 10**9]}, "evaluate.cutoffs, second entry: expected at most 10000000, got "
         "1000000000"),
        ({"evaluate__cutoffs": list(range(1, 1000))}, "evaluate.cutoffs: expected at most 100 entries, got 999"),
        ({"evaluate__cutoffs": []}, "evaluate.cutoffs: expected at least 1 entry, got 0"),
        ({f"{ENCODER}__model": "x" * 5000}, "embed.engines.sentence_transformers.model: expected at "
         "most 4096 characters, got 5000"),
        ({f"{ENCODER}__model": ""}, "embed.engines.sentence_transformers.model: expected at least 1 character, got 0"),
        ({f"{ENCODER}__model": "a\0b"}, "embed.engines.sentence_transformers.model: it holds the control "
         "character '\\x00', got 'a\\x00b'; take it out"),
        ({"data__path": "a\0b"}, "data.path: it holds the control character '\\x00', got 'a\\x00b'; take it out"),
        ({"data__items_file": "a\x1b[31m"}, "data.items_file: it holds the control character '\\x1b', got "
         "'a\\x1b[31m'; take it out"),
        ({f"{TABLE}__columns__title": "a\0"}, "data.sources.table.columns.title: it holds the control "
         "character '\\x00', got 'a\\x00'; take it out"),
        ({f"{TABLE}__columns__user": 10**9}, "data.sources.table.columns.user: columns are counted from 1 to "
         "at most 10000, got 1000000000"),
        ({"data__from": 10**5000}, "data.from: input should be a valid string, got a value that cannot be shown (int)"),
        ({"train__early_stop__metric": "ndcg@" + "9" * 30}, f"train.early_stop.metric: 'ndcg@{'9' * 30}' is not a "
         "metric; expected hr@K, ndcg@K or mrr@K, e.g. ndcg@10"),
        ({"sample__shoppers": 10**6, "sample__items": 10**6}, "sample: expected at most 100000000 pairs of shoppers "
         "and items, since the generator holds a number for each, got 1000000 x 1000000"),
        ({"profile__llm__request__extra": {"stop": ["x" * 200_000]}}, f"{FREE}: expected at most 2000 names and values "
         "with 100000 characters in all; a request is no place for more"),
        ({"profile__llm__request__extra": {"bias": {str(n): 1 for n in range(3000)}}}, f"{FREE}: expected at most 2000 "
         "names and values with 100000 characters in all; a request is no place for more"),
        ({"profile__llm__request__extra": {"top_k": 10**5000}}, f"{FREE}.top_k: a whole number must fit into 64 bits"),
        ({"profile__llm__request__extra": {"user": "\ud800"}}, f"{FREE}.user: the text holds half a character (a "
         "surrogate without the other); take it out"),
    ],
)  # fmt: skip
def test_the_words_are_plain(change: dict[str, Any], expected: str) -> None:
    assert problems_of(changed(**change)) == [expected]


def test_what_spreadsheets_and_catalogues_hold_passes() -> None:
    fine = {
        f"{TABLE}__columns__price": "price\n(EUR)",
        "data__path": "/data/größe\u00a0x/目录",
        "data__attributes": [f"field {n}" for n in range(500)],
        "profile__llm__request__extra": {"logit_bias": {str(n): -100 for n in range(300)}, "stop": ["\n\n"]},
        "train__seed": 2**32 - 1,
        "runtime__threads": 1024,
    }
    assert problems_of(changed(**fine)) == []


def test_a_wide_value_that_holds_itself_has_an_end() -> None:
    wide: dict[str, Any] = {}
    wide.update(dict.fromkeys("abcdefgh", wide))
    started = time.perf_counter()
    (problem,) = problems_of(changed(profile__llm__request__extra={"x": wide}))
    assert "expected at most 2000 names and values" in problem
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\nb", "\u202egnp", "\ud800"])
def test_names_are_shown_without_what_moves_a_cursor(name: str) -> None:
    values = changed(**{f"train__{name}": 1, f"profile__llm__request__extra__{name}": 1})
    values[name] = {}
    problems = problems_of(values)
    assert len(problems) == 3
    assert all(problem.isprintable() for problem in problems)
