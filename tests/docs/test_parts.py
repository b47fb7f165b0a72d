"""The backbones on docs/parts.md keep their word, and the one that is built with texts begins as the page says."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch

from sracl_core.commands.contract.promises import it_goes_on, the_seed_decides
from sracl_core.commands.contract.states import STATE_PROMISES
from sracl_core.commands.contract.trial import try_backbone
from sracl_core.commands.contract.world import small_inputs, small_params
from sracl_core.model.backbone import INITIAL_STD, build_backbone
from sracl_core.model.backbones.sasrec import SASRecParams
from tests.pipeline.test_parts import page_files

BACKBONES = ["my_parts.decay:Decay", "my_parts.titled:Titled"]


@pytest.fixture(autouse=True)
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of the page, where Python finds them."""
    for name, code in page_files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "my_parts"]:
        del sys.modules[name]


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_of_the_page_keeps_its_promises(name: str) -> None:
    assert dict(islice(try_backbone(name), len(STATE_PROMISES))) == {promise: [] for promise in STATE_PROMISES}
    for kept in (the_seed_decides, it_goes_on):
        assert kept(small_inputs(), small_params(name, "plain", "causal")) == ""


@pytest.mark.parametrize("dimension", [6, 40])
def test_item_vectors_begin_as_principal_components(dimension: int) -> None:
    """As many as there are of either; those of two items differ as their texts do, where none is left out."""
    hidden = 16
    text = torch.randn(30, dimension, generator=torch.Generator().manual_seed(0))
    text = text @ torch.diag(torch.arange(dimension, 0, -1.0))
    torch.manual_seed(0)
    params = SASRecParams(hidden=hidden, heads=2, feed_forward=16, max_length=6)
    titled = build_backbone("my_parts.titled:Titled", 30, params, text)
    torch.manual_seed(0)
    plain = build_backbone("sasrec", 30, params)
    vectors, count = titled.item_vectors().detach().double(), min(hidden, dimension)
    begun = vectors[:, :count]
    assert begun.std() == pytest.approx(INITIAL_STD, rel=1e-6)
    strengths = begun.var(0)
    assert (strengths.diff() <= 0).all()
    torch.testing.assert_close(begun.T.cov(), strengths.diag(), rtol=0, atol=1e-6 * float(strengths[0]))
    spectrum = torch.linalg.svdvals(text.double() - text.double().mean(0))[:count].square()
    torch.testing.assert_close(strengths / strengths.sum(), spectrum / spectrum.sum(), rtol=1e-4, atol=0)
    assert torch.equal(vectors[:, count:], plain.item_vectors().detach().double()[:, count:])
    others = {name: weight for name, weight in titled.state_dict().items() if name != "item_embedding.weight"}
    assert all(torch.equal(weight, plain.state_dict()[name]) for name, weight in others.items())
