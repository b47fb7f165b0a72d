"""`sracl check`: each promise can be broken, and is told with what broke it."""

from itertools import islice

import pytest

from sracl_core.cli import app
from sracl_core.commands.contract.promises import PROMISES
from sracl_core.commands.contract.states import STATE_PROMISES
from sracl_core.commands.contract.trial import try_backbone
from sracl_core.params.backbone import BACKBONES

PARTS = "tests.commands.broken_parts"


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str], str]:
    """The exit status, the verdict on every promise with what broke it first, and what stands in stderr."""
    with pytest.raises(SystemExit) as end:
        app(["check", *arguments])
    told, verdicts = capsys.readouterr(), {}
    for line in told.out.splitlines():
        verdict, promise = line[:8].strip(), line[8:]
        if verdict:
            verdicts[promise] = verdict
        elif verdicts[last := [*verdicts][-1]] == "FAILED":
            verdicts[last] = promise.strip()
    return int(end.value.code or 0), verdicts, told.err


def test_an_objective_that_keeps_its_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(capsys, "objective", f"{PARTS}:Pull") == (0, dict.fromkeys(PROMISES, "ok"), "")


@pytest.mark.parametrize(
    ("name", "promise", "said"),
    [
        ("Endless", "steps train with finite losses", "pull is inf in step 1"),
        ("Cut", "gradients reach every weight", "no gradient reaches objective.towards"),
        ("Forgetful", "its state goes into a checkpoint and back", "went on from a checkpoint differs in"),
        ("Unseeded", "the same seed gives the same bits", "the second training with the same seed differs in"),
        ("AlwaysOn", "weight 0 is the plain backbone", "the backbone trained with weight 0 differs in"),
        ("Failing", "steps train with finite losses", "RuntimeError: mat1 and mat2 shapes cannot be multiplied"),
    ],
)
def test_an_objective_that_breaks_a_promise(
    name: str, promise: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, verdicts, error = checked(capsys, "objective", f"{PARTS}:{name}")
    assert status == 1
    assert list(verdicts) == list(PROMISES)
    assert said in verdicts[promise]
    assert verdicts[promise].startswith(f"{PARTS}:{name} with sasrec, causal: ")
    assert f"error: {PARTS}:{name} breaks" in error


@pytest.mark.parametrize(
    ("name", "promise", "said"),
    [
        ("LooksAhead", "a state looks back alone", "return the reason in only_prefixes of its Params"),
        ("SeesPadding", "padding changes nothing", "states change with zeros on the right of their window"),
        ("EncodesOtherwise", "packed windows are windows", "encode finds other states than forward"),
        ("DividesByItems", "a masked item keeps its place", "with a masked item (0) are not finite"),
    ],
)
def test_a_backbone_whose_states_break_a_promise(name: str, promise: str, said: str) -> None:
    verdicts = dict(islice(try_backbone(f"{PARTS}:{name}"), len(STATE_PROMISES)))
    assert list(verdicts) == list(STATE_PROMISES)
    assert [said in line for line in verdicts[promise]] == [True]


def test_a_backbone_is_trained_with_every_objective(capsys: pytest.CaptureFixture[str]) -> None:
    status, verdicts, error = checked(capsys, "backbone", f"{PARTS}:Unreached")
    assert status == 1
    broken = "gradients reach every weight"
    assert verdicts == dict.fromkeys([*STATE_PROMISES, *PROMISES], "ok") | {broken: verdicts[broken]}
    assert "no gradient reaches backbone.idle" in verdicts[broken]
    assert f"error: {PARTS}:Unreached breaks 1 of 11 promises" in error


def test_a_backbone_is_given_text_vectors_and_must_keep_them_in_its_weights() -> None:
    for name, said in (("Fed", []), ("Begun", []), ("Remembering", ["loaded from its weights and buffers it is an"])):
        verdicts = dict(islice(try_backbone(f"tests.model.text_fed:{name}"), len(STATE_PROMISES)))
        assert [line[:44] for line in verdicts.pop("saved and loaded it is the same")] == said
        assert not any(verdicts.values())


@pytest.mark.parametrize("name", BACKBONES)
def test_the_states_of_the_backbones_that_come_along(name: str) -> None:
    assert dict(islice(try_backbone(name), len(STATE_PROMISES))) == {promise: [] for promise in STATE_PROMISES}


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("objective", "nowhere:Mine", "could not be loaded"),
        ("objective", f"{PARTS}:LooksAhead", "expected a subclass of sracl_core.objectives.protocol:Objective"),
        ("backbone", "sasrek", "could not be loaded"),
    ],
)
def test_what_is_no_part_is_told_in_a_line(kind: str, name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, verdicts, error = checked(capsys, kind, name)
    assert (status, verdicts) == (1, {})
    assert said in error
    assert error.count("\n") == 1
