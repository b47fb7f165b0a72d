"""Whole training runs in the small world: exactly the plain backbone, reproducible, stopped in time, honest."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import Tensor

from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import MODES
from sracl_core.device import pick_device
from sracl_core.ground.errors import ModelError, TrainingError
from sracl_core.leakage.training import check_trained_on
from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.gru4rec import GRU4Rec, GRU4RecParams
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.objectives.shared.negatives import NegativesParams
from sracl_core.params.backbone import BACKBONE
from sracl_core.params.runtime import RuntimeParams
from sracl_core.params.train import EarlyStopParams, TrainParams
from sracl_core.ragged import Ragged
from sracl_core.recommendation.softmax import next_item_loss
from sracl_core.schemas.ingest import SEQUENCES
from sracl_core.schemas.trained_on import TRAINED_ON
from sracl_core.training.epoch import Epoch
from sracl_core.training.fit import Fit, fit
from tests.model.sizes import WAYS
from tests.training.small import inputs, params

CPU = torch.device("cpu")
each_mode = pytest.mark.parametrize("mode", MODES)


def run(given: TrainingInputs, chosen: TrainParams) -> tuple[Fit, list[Epoch]]:
    epochs: list[Epoch] = []
    return fit(given, chosen, CPU, tile_bytes=2**20, on_epoch=epochs.append), epochs


class BidirectionalParams(GRU4RecParams):
    """Its states depend on what follows."""

    def only_prefixes(self) -> str:
        return "it looks ahead"


class Bidirectional(GRU4Rec):
    """Stands for a backbone whose states depend on what follows."""

    Params = BidirectionalParams


def test_a_backbone_that_sees_what_follows_is_trained_on_prefixes_alone() -> None:
    chosen = {"backbone": f"{__name__}:Bidirectional", "max_epochs": 1}
    with pytest.raises(ValueError, match="mode: causal cannot train the backbone mine: it looks ahead; set mode: pre"):
        params(**chosen)
    run(inputs(), params(**chosen, mode="prefix"))


def last_weights(result: Fit) -> dict[str, Tensor]:
    return result.backbone.state_dict()


def plain_windows(train: Ragged, mode: str, longest: int) -> list[Tensor]:
    """Each sample's window with its last target: of every user with a next item, or of every prefix that has one."""
    histories = [torch.as_tensor(items.astype(np.int64)) for items in train if len(items) >= 2]
    if mode == "causal":
        return [items[-longest - 1 :] for items in histories]
    return [items[max(0, end - longest) : end + 1] for items in histories for end in range(1, len(items))]


def plain_backbone(given: TrainingInputs, chosen: TrainParams) -> dict[str, Tensor]:
    """The backbone trained by a loop that knows nothing of contrast: full cross entropy, Adam."""
    torch.manual_seed(chosen.seed)
    backbone = build_backbone(chosen.backbone, given.n_items, chosen.backbone_params)
    optimizer = torch.optim.Adam(backbone.parameters(), lr=chosen.learning_rate, fused=True)
    order = torch.Generator().manual_seed(chosen.seed)
    windows = plain_windows(Ragged.from_column(given.sequences["train"]), chosen.mode, backbone.params.max_length)
    for _ in range(chosen.max_epochs):
        for batch in torch.randperm(len(windows), generator=order).split(chosen.batch_size):
            chosen_windows = [windows[sample] for sample in batch.tolist()]
            items = torch.cat([w[:-1] for w in chosen_windows])
            lengths = torch.tensor([len(w) - 1 for w in chosen_windows])
            if chosen.mode == "causal":
                states, targets = backbone.encode(items, lengths), torch.cat([w[1:] for w in chosen_windows])
            else:
                states = backbone.encode(items, lengths, lengths.cumsum(0) - 1)
                targets = torch.stack([w[-1] for w in chosen_windows])
            loss = next_item_loss(states, targets, backbone.item_vectors())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return backbone.state_dict()


@pytest.mark.parametrize(("mode", "backbone"), WAYS)
def test_without_both_branches_it_is_the_plain_backbone_to_the_bit(mode: str, backbone: str) -> None:
    chosen = params(alpha=0.0, beta=0.0, dropout=0.3, mode=mode, backbone=backbone)
    result, epochs = run(inputs(), chosen)
    assert set(epochs[0].losses) == {"total", "recommendation"}
    expected = plain_backbone(inputs(), chosen)
    for name, weight in last_weights(result).items():
        assert torch.equal(weight, expected[name]), name


def without(given: TrainingInputs, *names: str) -> TrainingInputs:
    """The same inputs where the named arrays have no columns, as they are where no contrast uses them."""
    return replace(given, **{name: getattr(given, name)[:, :0] for name in names})


@each_mode
@pytest.mark.parametrize(
    ("alpha", "beta", "unused"),
    [
        (0.0, 0.0, ("item_pool", "user_pool", "embeddings")),
        (0.5, 0.0, ("item_pool",)),
        (0.0, 0.25, ("user_pool", "embeddings")),
    ],
)
def test_what_no_contrast_uses_changes_no_bit(mode: str, alpha: float, beta: float, unused: tuple[str, ...]) -> None:
    chosen = params(alpha=alpha, beta=beta, dropout=0.3, mode=mode)
    whole, bare = run(inputs(), chosen), run(without(inputs(), *unused), chosen)
    assert [epoch.losses for epoch in whole[1]] == [epoch.losses for epoch in bare[1]]
    for name, weight in last_weights(whole[0]).items():
        assert torch.equal(weight, last_weights(bare[0])[name]), name


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        ("item_pool", {"alpha": 0.0}),
        ("user_pool", {"beta": 0.0}),
        ("user_pool", {"alpha": 0.0, "negatives": NegativesParams(mask_pool=True)}),
        ("embeddings", {"beta": 0.0}),
    ],
)
def test_what_a_contrast_uses_must_be_there(missing: str, changes: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match=r"needs (candidate pools|embeddings) of .*, and there are none"):
        run(without(inputs(), missing), params(**changes))


@each_mode
@pytest.mark.parametrize("candidates", ["gradient", "bank"])
def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(mode: str, candidates: str) -> None:
    chosen = params(dropout=0.3, mode=mode, candidates=candidates)
    first, second, other = (run(inputs(), c)[0] for c in (chosen, chosen, chosen.model_copy(update={"seed": 2})))
    assert all(torch.equal(w, second.model.state[name]) for name, w in first.model.state.items())
    assert not all(torch.equal(w, other.model.state[name]) for name, w in first.model.state.items())


@pytest.fixture
def two_threads() -> Iterator[None]:
    before, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    yield
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(deterministic)


def test_threads_do_not_change_the_order_of_sums(two_threads: None) -> None:
    """Large enough for torch to share the gradients of indexing among threads; the small world is not."""
    device = pick_device(RuntimeParams(device="cpu", threads=2))
    given = inputs(users=512, longest=40)
    large = SASRecParams(hidden=64, layers=2, heads=2, feed_forward=256, dropout=0.5, max_length=50)
    chosen = params(backbones=BACKBONE.shipped(sasrec=large), batch_size=512, max_epochs=3)
    first, second = (
        fit(given, chosen, device, tile_bytes=2**20, on_epoch=lambda epoch: None).model.state for _ in range(2)
    )
    assert all(torch.equal(weight, second[name]) for name, weight in first.items())


@pytest.mark.parametrize("name", ["Fed", "Begun"])
def test_text_vectors_decide_the_weights_of_a_backbone_built_with_them_alone(name: str) -> None:
    given = inputs()
    assert given.text_vectors is not None
    other = replace(given, text_vectors=given.text_vectors[::-1].copy())
    fed = params(dropout=0.3, max_epochs=1, backbone=f"tests.model.text_fed:{name}")
    first, again, another = (run(one, fed)[0].model.state for one in (given, given, other))
    assert all(torch.equal(weight, again[key]) for key, weight in first.items())
    assert not torch.equal(first["item_embedding.weight"], another["item_embedding.weight"])
    with pytest.raises(ModelError, match=r"uses the text vectors of items, and none were given"):
        run(replace(given, text_vectors=None), fed)
    plain = params(dropout=0.3, max_epochs=1, backbone="gru4rec")
    first, another = (run(one, plain)[0].model.state for one in (given, replace(given, text_vectors=None)))
    assert all(torch.equal(weight, another[key]) for key, weight in first.items())


def test_each_branch_changes_the_outcome_and_is_reported() -> None:
    plain = run(inputs(), params(alpha=0.0, beta=0.0))
    for alpha, beta, name in ((0.5, 0.0, "inter_user"), (0.0, 0.5, "intra_user")):
        branch = run(inputs(), params(alpha=alpha, beta=beta))
        assert name in branch[1][0].losses
        assert not torch.equal(
            branch[0].model.state["item_embedding.weight"], plain[0].model.state["item_embedding.weight"]
        )


@pytest.mark.parametrize(("mode", "backbone"), WAYS)
def test_training_learns(mode: str, backbone: str) -> None:
    """Every user goes round the same circle of items: the next one is certain."""
    users, n_items = 30, 10
    train = [[(start + step) % n_items + 1 for step in range(8)] for start in range(users)]
    following = [[(start + 8) % n_items + 1] for start in range(users)]
    given = inputs()
    sequences = pa.table({"user": np.arange(users), "train": train, "valid": following, "test": following}).cast(
        SEQUENCES
    )
    learnable = TrainingInputs(sequences, n_items, given.prefixes, given.item_pool, given.user_pool, given.embeddings)
    chosen = params(
        alpha=0.0,
        beta=0.0,
        mode=mode,
        backbone=backbone,
        batch_size=8 if mode == "causal" else 64,  # four steps an epoch in either
        max_epochs=60,
        learning_rate=0.01,
        early_stop=EarlyStopParams(metric="hr@1", patience=60),
    )
    result, epochs = run(learnable, chosen)
    assert result.model.best.valid["hr@1"] == 1.0
    assert epochs[-1].losses["total"] < 0.5 * epochs[0].losses["total"]


def test_it_stops_after_patience_and_keeps_the_best() -> None:
    chosen = params(max_epochs=40, learning_rate=0.05, early_stop=EarlyStopParams(metric="mrr@3", patience=2))
    result, epochs = run(inputs(), chosen)
    values = [epoch.valid["mrr@3"] for epoch in epochs]
    best = int(np.argmax(values)) + 1
    assert result.model.best.number == best
    assert len(epochs) == min(best + 2, 40)
    assert result.model.epochs == len(epochs)


@each_mode
def test_it_tells_what_it_was_trained_on(mode: str) -> None:
    given = inputs()
    result, _ = run(given, params(mode=mode))
    assert result.trained_on.to_column().to_pylist() == given.sequences["train"].to_pylist()
    held = pa.table({"user": np.arange(len(result.trained_on)), "items": result.trained_on.to_column()})
    assert check_trained_on(held.cast(TRAINED_ON), given.sequences).examined == len(result.trained_on.values)


def test_a_loss_that_is_not_finite_stops_with_advice() -> None:
    with pytest.raises(TrainingError, match=r"not finite in epoch 1.*train\.learning_rate"):
        # Far beyond the bounds of the parameter, which small data does not reach the end of.
        run(inputs(), params().model_copy(update={"learning_rate": 1e30}))
