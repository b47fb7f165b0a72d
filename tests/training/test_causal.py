"""Mode `causal` against a plain reference that encodes every prefix on its own, loss and gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from sracl_core.model.backbone import Backbone, build_backbone
from sracl_core.model.losses import info_nce
from sracl_core.model.objectives.sracl import SRACL
from sracl_core.params.train import TrainParams
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged
from sracl_core.training.causal import CausalMode
from sracl_core.training.data import Sequences, load_semantics
from sracl_core.training.fit import TrainingInputs
from sracl_core.training.substitution import substitute
from tests.training.small import inputs, params

CPU = torch.device("cpu")


class World:
    """One mode, backbone and objective over a small world, in double precision and without dropout."""

    def __init__(self, given: TrainingInputs, chosen: TrainParams) -> None:
        torch.manual_seed(chosen.seed)
        self.params = chosen
        self.train = Ragged.from_column(given.sequences["train"])
        prefixes = PrefixTable.from_table(given.prefixes, len(self.train))
        self.semantics = load_semantics(self.train, prefixes, given.item_pool, given.user_pool, given.embeddings)
        object.__setattr__(self.semantics, "embeddings", self.semantics.embeddings.double())
        self.prefix_rows = {
            (int(u), int(e)): row for row, (u, e) in enumerate(zip(prefixes.users, prefixes.ends, strict=True))
        }
        self.backbone = build_backbone("sasrec", given.n_items, chosen.model).double()
        self.objective = SRACL(chosen, given.embeddings.shape[1]).double()
        self.mode = CausalMode(
            Sequences.from_ragged(self.train, CPU), self.semantics, chosen.model.max_length, chosen.seed
        )

    def weights(self) -> list[Tensor]:
        return [*self.backbone.parameters(), *self.objective.parameters()]


def pass_of(history: np.ndarray, longest: int) -> tuple[int, int]:
    """Where a user's pass begins and ends: the last `longest` items that have a successor."""
    end = len(history) - 1
    return max(0, end - longest), end


def prefix_state(world: World, user: int, end: int) -> Tensor:
    """The state of one prefix, encoded alone: in its user's pass if it ends there, else in its own last items."""
    longest = world.params.model.max_length
    history = world.train[user]
    start, _ = pass_of(history, longest)
    if end <= start:
        start = max(0, end - longest)
    return world.backbone(torch.as_tensor(history[start:end].astype(np.int64))[None])[0, -1]


def reference(world: World, users: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """L_rec, L_CS and L_IS by plain loops, drawing the same random numbers."""
    longest = world.params.model.max_length
    generator = torch.Generator().manual_seed(world.params.seed + 1)
    predictions = []
    passes = []
    for user in users.tolist():
        history = world.train[user]
        start, end = pass_of(history, longest)
        passes.append((user, start, end))
        for stop in range(start + 1, end + 1):
            window = torch.as_tensor(history[start:stop].astype(np.int64))
            scores = world.backbone(window[None])[0, -1] @ world.backbone.item_vectors().T
            predictions.append(F.cross_entropy(scores, torch.tensor(int(history[stop]) - 1)))
    draw = torch.rand(len(users), generator=generator)
    anchors, positives, windows = [], [], []
    for (user, start, end), part in zip(passes, draw, strict=True):
        stop = start + 1 + int(part * (end - start))
        row = world.prefix_rows[user, stop]
        pool = world.semantics.user_pool[row]
        states = torch.stack(
            [prefix_state(world, int(world.semantics.prefix_user[v]), int(world.semantics.prefix_end[v])) for v in pool]
        )
        anchors.append(world.backbone(torch.as_tensor(world.train[user][start:stop].astype(np.int64))[None])[0, -1])
        e = world.semantics.embeddings
        positives.append(world.objective.synthesizer(e[row][None], e[pool][None], states[None])[0])
        windows.append(torch.as_tensor(world.train[user][start:stop].astype(np.int64)))
    inter_params, intra_params = world.params.inter, world.params.intra
    inter = info_nce(torch.stack(anchors), torch.stack(positives), inter_params.temperature, inter_params.similarity)
    views = substitute(
        torch.cat(windows * 2), world.semantics.item_pool, intra_params.substitution_rate, generator
    ).split([len(window) for window in windows] * 2)
    states = torch.stack([world.backbone(view[None])[0, -1] for view in views])
    intra = info_nce(*states.chunk(2), intra_params.temperature, intra_params.similarity)
    return torch.stack(predictions).mean(), inter, intra


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), max_length=st.sampled_from([2, 4, 20]), longest=st.integers(2, 14))
def test_losses_and_gradients_equal_the_plain_reference(seed: int, max_length: int, longest: int) -> None:
    world = World(inputs(seed, longest=longest), params(max_length=max_length, seed=seed))
    users = world.mode.users[torch.randperm(len(world.mode.users))[:8]]
    if len(users) < 2:
        return
    fast = world.mode.losses(users, world.backbone, world.objective)
    plain_parts = reference(world, users)
    for found, expected in zip((fast.recommendation, fast.inter_user, fast.intra_user), plain_parts, strict=True):
        torch.testing.assert_close(found, expected)
    plain_total = plain_parts[0] + 0.5 * plain_parts[1] + 0.25 * plain_parts[2]
    found_gradients = torch.autograd.grad(fast.total(0.5, 0.25), world.weights())
    for found, expected in zip(found_gradients, torch.autograd.grad(plain_total, world.weights()), strict=True):
        torch.testing.assert_close(found, expected)


def test_gradient_flows_through_the_candidates() -> None:
    world = World(inputs(), params(alpha=1.0, beta=0.0))
    users = world.mode.users[:2]
    losses = world.mode.losses(users, world.backbone, world.objective)
    assert losses.intra_user is None
    assert losses.inter_user is not None
    (gradient,) = torch.autograd.grad(losses.inter_user, [world.backbone.item_embedding.weight])
    # Items that only candidates hold get gradient too.
    held = set(np.concatenate([world.train[int(user)] for user in users]).tolist())
    others = [item for item in range(1, 16) if item not in held]
    assert others
    assert gradient[others].abs().sum() > 0


def test_a_candidate_before_the_pass_has_a_window_of_its_own() -> None:
    world = World(inputs(seed=3, longest=14), params(max_length=3))
    user = int(world.train.lengths.argmax())
    start, end = pass_of(world.train[user], 3)
    assert start > 2, "the world must hold a long history"
    ends = torch.arange(1, end + 1)
    found = world.mode.encode_prefixes(torch.full_like(ends, user), ends, world.backbone)
    for row, stop in enumerate(ends.tolist()):
        torch.testing.assert_close(found[row], prefix_state(world, user, stop))


def test_an_epoch_is_every_user_with_something_to_predict_once() -> None:
    world = World(inputs(), params())
    batches = list(world.mode.batches(8))
    expected = [user for user, length in enumerate(world.train.lengths) if length >= 2]
    assert sorted(torch.cat(batches).tolist()) == expected
    assert all(len(batch) <= 8 for batch in batches)
    assert len(batches) == world.mode.steps(8)
    assert torch.cat(batches).tolist() != torch.cat(list(world.mode.batches(8))).tolist()


@pytest.mark.parametrize("wrong", ["user_pool", "embeddings"])
def test_artifacts_of_different_runs_are_refused(wrong: str) -> None:
    given = inputs()
    train = Ragged.from_column(given.sequences["train"])
    tables = {"user_pool": given.user_pool, "embeddings": given.embeddings}
    tables[wrong] = tables[wrong][:-1]
    with pytest.raises(Exception, match=r"dvc repro"):
        load_semantics(
            train,
            PrefixTable.from_table(given.prefixes, len(train)),
            given.item_pool,
            tables["user_pool"],
            tables["embeddings"],
        )


def test_backbone_contract_holds_here() -> None:
    assert isinstance(World(inputs(), params()).backbone, Backbone)
