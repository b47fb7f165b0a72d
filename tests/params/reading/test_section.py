"""Typed parameters: every problem at once, in words that say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from sracl_core.ground.errors import ParamsError
from sracl_core.params.check import SECTIONS, check_params, problems_of
from sracl_core.params.data import DataParams
from sracl_core.params.profile import ProfileParams
from sracl_core.params.reading.section import Section, read_section, typed_section
from sracl_core.params.reading.yaml_file import read_yaml
from sracl_core.params.split import SplitParams
from sracl_core.params.train import TrainParams

SHIPPED = Path(__file__).resolve().parents[3] / "params.yaml"


def changed(**changes: Any) -> dict[str, Any]:
    """The shipped values with `changes`, whose names are dotted paths with `__` for the dot; ... removes."""
    values = read_yaml(SHIPPED)
    for name, value in changes.items():
        *groups, last = name.split("__")
        group = values
        for key in groups:
            group = group[key]
        if value is ...:
            del group[last]
        else:
            group[last] = value
    return values


def written(path: Path, values: dict[str, Any]) -> Path:
    YAML(typ="safe", pure=True).dump(values, path)
    return path


def test_the_shipped_file_is_right() -> None:
    check_params(SHIPPED)
    assert problems_of(read_yaml(SHIPPED)) == []


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    values = changed(
        train__objectives__sracl__alpha=-1.0,
        train__seed=...,
        mine__k="ten",
        embed__modle="minilm",
        runtime__device="tpu",
    )
    values["trian"] = {}
    with pytest.raises(ParamsError) as caught:
        check_params(written(tmp_path / "params.yaml", values))
    first, *problems = str(caught.value).splitlines()
    assert first == f"6 problems in {tmp_path / 'params.yaml'}:"
    assert [problem.strip() for problem in problems] == [
        "trian: unknown section; did you mean train?",
        "embed.modle: unknown parameter; did you mean embed.engines.sentence_transformers.model?",
        "mine.k: input should be a valid integer, got 'ten'",
        "train.seed: missing; the shipped value is 2024",
        "train.objectives.sracl.alpha: expected at least 0, got -1.0",
        "runtime.device: input should be 'auto', 'cpu' or 'cuda', got 'tpu'",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"train__bacbone": "sasrec"}, "train.bacbone: unknown parameter; did you mean train.backbone?"),
        (
            {"train__backbones__sasrec__layer": 2},
            "train.backbones.sasrec.layer: unknown parameter; did you mean train.backbones.sasrec.layers?",
        ),
        (
            {"mine__zzz": 1},
            "mine.zzz: unknown parameter; known are k, exclude_same_user, vectors, dimension, seed",
        ),
        ({"profile__engine": "table"}, "profile: the engine table needs a file of texts: name one in "
         "engines.table.items or .users, or in both"),
        ({"embed__engine": "table"}, "embed: the engine table needs a file of the items' vectors: name it in "
         "engines.table.items"),
        ({"train__backbone": "sasrek"}, "train.backbone: 'sasrek' is not one of sasrec, gru4rec, bert4rec, fmlprec, "
         "hstu, the groups of train.backbones; did you mean 'sasrec'?"),
        ({"train__backbones__gru4rec": ...}, "train.backbones.gru4rec: missing"),
        ({"train__objectives": ...}, "train.objectives: missing"),
        ({"train__objectives": 3}, "train.objectives: expected a group of parameters, got 3"),
        ({"train__backbones__sasrec": None}, "train.backbones.sasrec: expected a group of parameters, got None"),
        ({"profile__llm__request": None}, "profile.llm.request: expected a group of parameters, got None"),
        ({"evaluate__cutoffs": 5}, "evaluate.cutoffs: expected a list such as [5, 10, 20], got 5"),
        ({"data__attributes": "Color"}, "data.attributes: expected a list such as [a, b], got 'Color'"),
        ({"data__attributes": ["Color", 7]}, "data.attributes, second entry: input should be a valid string, got 7"),
        ({"train": None}, "train: expected a group of parameters, got None"),
        ({"train": ...}, "train: the section is missing"),
        ({"train__backbones__sasrec__heads": 3}, "train.backbones.sasrec: "
         "hidden (64) must be a multiple of heads (3)"),
        ({"train__backbones__sasrec__positions": "from_end"}, "train: mode: causal cannot train the "
         "backbone sasrec: it counts positions from_end, and a causal pass reads prefixes with other ends; set mode: "
         "prefix"),
        ({"split__valid_share": 0.6, "split__test_share": 0.4}, "split: valid_share + test_share must stay below 1, "
         "or nothing is left to train on"),
        ({"train__early_stop__metric": "recall@10"}, "train.early_stop.metric: 'recall@10' is not a metric; "
         "expected hr@K, ndcg@K or mrr@K, e.g. ndcg@10"),
        ({"evaluate__cutoffs": [10, 5]}, "evaluate.cutoffs: expected positive whole numbers in increasing order, "
         "got [10, 5]"),
        ({"evaluate__cutoffs": [5, "10"]}, "evaluate.cutoffs, second entry: input should be a valid integer, got '10'"),
        ({"train__learning_rate": float("nan")}, "train.learning_rate: input should be a finite number, got nan"),
    ],
)  # fmt: skip
def test_one_problem_one_line(change: dict[str, Any], expected: str) -> None:
    assert problems_of(changed(**change)) == [expected]


@pytest.mark.parametrize(
    "change",
    [
        {"mine__k": 10.0},
        {"mine__k": True},
        {"mine__exclude_same_user": 1},
        {"mine__exclude_same_user": "yes"},
        {"train__objectives__sracl__alpha": "0.1"},
        {"embed__model": 7},
        {"data__path": None},
    ],
)
def test_nothing_is_converted_in_silence(change: dict[str, Any]) -> None:
    assert len(problems_of(changed(**change))) == 1


def test_whole_numbers_serve_as_real_ones() -> None:
    one, other = (digests(changed(train__objectives__sracl__alpha=alpha), TrainParams) for alpha in (0, 0.0))
    assert one == other


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1", "line 1: not valid YAML"),
        ("a: 1\na: 2\n", "duplicate key"),
        (
            "a: !!python/object/apply:os.system ['true']\n",
            "line 1: the tag !!python/object/apply:os.system has no place",
        ),
        ("", "is empty; expected sections"),
        ("- a\n", "must hold a mapping"),
    ],
)
def test_bad_yaml(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ParamsError, match=expected):
        read_yaml(path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="does not exist"):
        read_yaml(tmp_path / "params.yaml")
    with pytest.raises(ParamsError, match="cannot be read"):
        read_yaml(tmp_path)


def test_numbers_as_dvc_writes_them(tmp_path: Path) -> None:
    """`dvc exp run -S train.learning_rate=1e-5` writes `1e-05`, which is a number in YAML 1.2 only."""
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(r"learning_rate: [0-9.]+", "learning_rate: 1e-05", SHIPPED.read_text()))
    assert read_section(path, TrainParams).learning_rate == 1e-5


def test_only_hides_what_is_not_declared() -> None:
    section = read_section(SHIPPED, TrainParams, only=("batch_size", "backbones"))
    assert section.batch_size == 128
    assert section.backbones.sasrec.hidden == 64
    with pytest.raises(AttributeError):
        _ = section.seed


def test_a_section_is_checked_whole_even_where_part_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "params.yaml", changed(train__learning_rate=-1.0))
    with pytest.raises(ParamsError, match=r"train\.learning_rate"):
        read_section(path, TrainParams, only=("seed",))


def test_sections_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_section(SHIPPED, TrainParams).seed = 1


def digests(values: dict[str, Any], section: type[Section]) -> str:
    return typed_section(section, values)[0].model_validate(values[section.key]).digest()


@pytest.mark.parametrize(
    ("section", "change"),
    [
        (TrainParams, {"train__objectives__sracl__alpha": 0.2}),
        (TrainParams, {"train__backbones__sasrec__layers": 3}),
        (TrainParams, {"train__early_stop__patience": 3}),
        (DataParams, {"data__sources__table__columns__user": "who"}),
        (DataParams, {"data__min_rating": 4.0}),
        (SplitParams, {"split__method": "timeline"}),
        (ProfileParams, {"profile__users__window": 5}),
    ],
)
def test_a_digest_changes_with_what_decides_the_content(section: type[Section], change: dict[str, Any]) -> None:
    assert digests(changed(**change), section) != digests(changed(), section)


@pytest.mark.parametrize(
    ("section", "change"),
    [
        (DataParams, {"data__path": "/elsewhere"}),
        (DataParams, {"data__max_rejected": 0.5}),
        (TrainParams, {"train__backbones__gru4rec__layers": 7}),
        (ProfileParams, {"profile__max_fallback": 0.5}),
    ],
)
def test_a_digest_ignores_what_does_not(section: type[Section], change: dict[str, Any]) -> None:
    assert digests(changed(**change), section) == digests(changed(), section)


def test_a_digest_covers_just_the_fields_read(tmp_path: Path) -> None:
    path = written(tmp_path / "params.yaml", changed(train__seed=7))

    def digest(file: Path, *only: str) -> str:
        return read_section(file, TrainParams, only=only).digest()

    assert digest(path, "mode") == digest(SHIPPED, "mode")
    assert digest(path, "mode", "seed") != digest(SHIPPED, "mode", "seed")
    assert digest(path, "seed", "mode") == digest(path, "mode", "seed")


def test_sections_are_named_once() -> None:
    keys = [section.key for section in SECTIONS]
    assert len(keys) == len(set(keys))
    assert list(read_yaml(SHIPPED)) == keys
