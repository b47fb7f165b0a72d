"""The sampled losses against plain loops in double precision, values and gradients, and what they draw."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from sracl_core.ground.errors import ModelError
from sracl_core.model.backbone import Backbone, BackboneParams
from sracl_core.params.reading.fields import Fields
from sracl_core.params.train import LOSS, LOSSES
from sracl_core.recommendation.protocol import LossContext, RecommendationLoss, build_loss
from sracl_core.recommendation.softmax import next_item_loss
from tests.recommendation.test_softmax import Recorder

SAMPLED = [name for name in LOSSES if name != "softmax"]


class Table(Backbone):
    """Item vectors, and no encoder."""

    def forward(self, items: Tensor) -> Tensor:
        """Return the items' own vectors."""
        return self.item_embedding(items)


def table(n_items: int, hidden: int, generator: torch.Generator) -> Table:
    made = Table(n_items, BackboneParams(hidden=hidden)).double()
    with torch.no_grad():
        made.item_embedding.weight.copy_(torch.randn(n_items + 1, hidden, generator=generator))
    return made


def build(name: str, n_items: int, trained: Tensor, **chosen: Any) -> RecommendationLoss:
    params: Fields = LOSS.load(name).Params(**chosen)
    context = LossContext(n_items, trained, torch.Generator().manual_seed(3), f"train.losses.{name}")
    return build_loss(name, params, context).double()


def log_sigmoid(x: Tensor) -> Tensor:
    return -torch.log(1 + torch.exp(-x))


def plain_sampled_softmax(loss: Any, score: Callable[[int], Tensor], target: int, negatives: list[int]) -> Tensor:
    n_items, trained, params = loss.context.n_items, loss.context.trained.tolist(), loss.params
    everything = params.negatives >= n_items
    share: Callable[[int], float] = lambda item: 1 / n_items  # noqa: E731
    if params.drawn == "popularity":
        share = lambda item: trained.count(item) / len(trained)  # noqa: E731
    total = expected = torch.exp(score(target) / params.temperature)
    for item in negatives:
        if item != target:
            often = 1 if everything else params.negatives * share(item)
            total = total + torch.exp(score(item) / params.temperature) / often
    return -torch.log(expected / total)


def plain_gbce(loss: Any, score: Callable[[int], Tensor], target: int, negatives: list[int]) -> Tensor:
    k, t = loss.params.negatives, loss.params.calibration
    alpha = min(1, k / (loss.context.n_items - 1))
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    total = torch.log(torch.sigmoid(score(target)) ** beta)
    for item in negatives:
        if item != target:
            total = total + torch.log(1 - torch.sigmoid(score(item)))
    return -total / (k + 1)


def plain_bce(loss: Any, score: Callable[[int], Tensor], target: int, negatives: list[int]) -> Tensor:
    wrong = [log_sigmoid(-score(item)) for item in negatives if item != target]
    return -log_sigmoid(score(target)) - sum(wrong, torch.zeros(()))


def plain_bpr(loss: Any, score: Callable[[int], Tensor], target: int, negatives: list[int]) -> Tensor:
    each = [log_sigmoid(score(target) - score(item)) for item in negatives if item != target]
    return -sum(each, 0 * score(target)) / loss.params.negatives


PLAIN = {"sampled_softmax": plain_sampled_softmax, "gbce": plain_gbce, "bce": plain_bce, "bpr": plain_bpr}
CHOICES = [
    ("sampled_softmax", {"drawn": "uniform", "temperature": 0.7}),
    ("sampled_softmax", {"drawn": "popularity"}),
    ("gbce", {"calibration": 0.75}),
    ("gbce", {"calibration": 1.0}),
    ("bce", {}),
    ("bpr", {}),
]


@pytest.mark.parametrize(("name", "chosen"), CHOICES)
@settings(max_examples=15, deadline=None)
@given(positions=st.integers(1, 7), n_items=st.integers(2, 9), negatives=st.integers(1, 12), seed=st.integers(0, 1000))
def test_a_loss_equals_a_plain_loop_with_gradients(
    name: str, chosen: dict[str, Any], *, positions: int, n_items: int, negatives: int, seed: int
) -> None:
    random = torch.Generator().manual_seed(seed)
    states = torch.randn(positions, 3, generator=random, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(1, n_items + 1, (positions,), generator=random)
    trained = torch.cat([targets, torch.randint(1, n_items + 1, (20,), generator=random)])
    backbone = table(n_items, 3, random)
    loss = build(name, n_items, trained, negatives=negatives, **chosen)
    drawn = loss.draw(positions, slice(0, positions))
    each = drawn.expand(positions, -1) if drawn.dim() == 1 else drawn
    plain = []
    for state, target, others in zip(states, targets.tolist(), each.tolist(), strict=True):
        plain.append(PLAIN[name](loss, lambda item, h=state: h @ backbone.item_vectors()[item - 1], target, others))
    leaves = [states, backbone.item_embedding.weight]
    values = loss(states, targets, backbone, drawn), torch.stack(plain).mean()
    gradients = [torch.autograd.grad(value, leaves, materialize_grads=True) for value in values]
    torch.testing.assert_close(*values)
    for fast, slow in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow)


@pytest.mark.parametrize("drawn", ["uniform", "popularity"])
def test_sampled_softmax_with_all_items_is_full_softmax(drawn: str) -> None:
    random = torch.Generator().manual_seed(0)
    states = torch.randn(6, 4, generator=random, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(1, 12, (6,), generator=random)
    backbone = table(11, 4, random)
    loss = build("sampled_softmax", 11, targets, negatives=11, drawn=drawn)
    leaves = [states, backbone.item_embedding.weight]
    sampled = loss(states, targets, backbone, loss.draw(6, slice(0, 6)))
    full = next_item_loss(states, targets, backbone.item_vectors())
    torch.testing.assert_close(sampled, full)
    for one, other in zip(torch.autograd.grad(sampled, leaves), torch.autograd.grad(full, leaves), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("drawn", ["uniform", "popularity"])
def test_the_correction_makes_the_sum_over_a_sample_that_over_all_items(drawn: str) -> None:
    """The exponential of the loss is linear in that sum, so that its mean over draws is that of full softmax."""
    random = torch.Generator().manual_seed(0)
    states, targets = torch.randn(1, 4, generator=random, dtype=torch.float64), torch.tensor([2])
    backbone = table(9, 4, random).requires_grad_(False)
    trained = torch.tensor([item for item in range(1, 10) for _ in range(item)])
    loss = build("sampled_softmax", 9, trained, negatives=8, drawn=drawn)
    each = torch.stack([loss(states, targets, backbone, loss.draw(1, slice(0, 1))) for _ in range(4000)]).exp()
    expected = next_item_loss(states, targets, backbone.item_vectors()).exp()
    error = float(each.std()) / math.sqrt(len(each))
    assert abs(float(each.mean()) - float(expected)) < 4 * error
    assert error < 0.05 * float(expected)


def test_popular_items_are_drawn_as_often_as_they_are_in_training() -> None:
    trained = torch.tensor([1] * 6 + [2] * 3 + [4])
    loss = build("sampled_softmax", 5000, trained, negatives=4000, drawn="popularity")
    counts = torch.bincount(loss.draw(1, slice(0, 1)), minlength=5) / 4000
    torch.testing.assert_close(counts, torch.tensor([0, 0.6, 0.3, 0, 0.1]), atol=0.03, rtol=0)


@pytest.mark.parametrize("name", SAMPLED)
def test_every_process_draws_for_the_joint_batch(name: str) -> None:
    """Whichever positions are its own, none too, so that the next step's draws are the same in all of them."""
    chosen = {"negatives": 4}
    whole, first, second, none = (build(name, 50, torch.arange(1, 51), **chosen) for _ in range(4))
    for positions, cut in ((7, 3), (5, 1)):
        joint = whole.draw(positions, slice(0, positions))
        parts = first.draw(positions, slice(0, cut)), second.draw(positions, slice(cut, positions))
        none.draw(positions, slice(cut, cut))
        if joint.dim() == 1:
            assert torch.equal(parts[0], joint) and torch.equal(parts[1], joint)
        else:
            assert torch.equal(torch.cat(parts), joint)
        assert joint.min() >= 1 and joint.max() <= 50
    assert torch.equal(none.context.generator.get_state(), whole.context.generator.get_state())


def test_gbce_without_calibration_is_bce_as_a_mean() -> None:
    random = torch.Generator().manual_seed(0)
    states = torch.randn(5, 4, generator=random, dtype=torch.float64)
    targets, backbone = torch.randint(1, 12, (5,), generator=random), table(11, 4, random)
    gbce = build("gbce", 11, targets, negatives=3, calibration=0.0)
    bce = build("bce", 11, targets, negatives=3)
    drawn = bce.draw(5, slice(0, 5))
    torch.testing.assert_close(gbce(states, targets, backbone, drawn), bce(states, targets, backbone, drawn) / 4)


@pytest.mark.parametrize("name", SAMPLED)
def test_a_step_makes_nothing_as_large_as_the_catalogue(name: str) -> None:
    n_items = 1_000_000
    backbone = Table(n_items, BackboneParams(hidden=2))
    backbone.item_embedding.sparse = True
    states, targets = torch.randn(5, 2, requires_grad=True), torch.arange(1, 6)
    loss = build(name, n_items, torch.arange(1, 100), negatives=8)
    with Recorder() as recorder:
        loss(states, targets, backbone, loss.draw(5, slice(0, 5))).backward()
    assert recorder.largest < 1000
    assert backbone.item_embedding.weight.grad is not None
    assert backbone.item_embedding.weight.grad.is_sparse


@pytest.mark.parametrize("name", LOSSES)
def test_how_much_memory_it_takes_is_told_with_its_own_parameter(name: str) -> None:
    backbone = Table(1000, BackboneParams(hidden=8))
    loss = build(name, 1000, torch.arange(1, 100))
    ((size, lower),) = loss.step_bytes(100, backbone, "train.batch_size").values()
    assert size > 0 and lower.endswith("train.batch_size")
    assert loss.remedies() == ("" if name == "softmax" else f"train.losses.{name}.negatives")


def test_vectors_made_of_something_else_are_found_too() -> None:
    class Doubled(Table):
        def item_vectors(self) -> Tensor:
            return 2 * self.item_embedding.weight[1:]

    for kind in (Table, Doubled):
        backbone = kind(6, BackboneParams(hidden=3))
        items = torch.tensor([[1, 6], [3, 1]])
        assert torch.equal(backbone.vectors_of(items), F.embedding(items - 1, backbone.item_vectors()))


def test_what_is_no_loss_is_told() -> None:
    with pytest.raises(ModelError, match="RecommendationLoss"):
        build_loss("collections:Counter", LOSS.load("softmax").Params(), None)  # type: ignore[arg-type]
