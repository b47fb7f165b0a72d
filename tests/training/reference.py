"""SRA-CL's losses the plain way: Python loops, one padded window at a time, nothing shared and nothing clever."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from sracl_core.batching.group import ALONE, Group
from sracl_core.batching.inputs import TrainingInputs
from sracl_core.batching.samples import MODES
from sracl_core.batching.sequences import Sequences
from sracl_core.model.backbone import PADDING, build_backbone
from sracl_core.objectives.protocol import Context, Term
from sracl_core.objectives.semantic.semantics import load_semantics
from sracl_core.objectives.semantic.substitution import substitute
from sracl_core.objectives.shared.info_nce import info_nce
from sracl_core.objectives.sracl import SRACL, SRACLParams
from sracl_core.params.train import TrainParams
from sracl_core.prefixes import PrefixTable
from sracl_core.ragged import Ragged
from sracl_core.recommendation.protocol import LossContext, build_loss
from sracl_core.training.steps import Losses, Steps

CPU = torch.device("cpu")


class World:
    """A backbone and an objective over small inputs in double precision, and the fast steps that train them."""

    def __init__(self, given: TrainingInputs, params: TrainParams, group: Group = ALONE) -> None:
        self.params = params
        self.train: list[list[int]] = given.sequences["train"].to_pylist()
        self.prefixes: list[dict[str, int]] = given.prefixes.to_pylist()
        train = Ragged.from_column(given.sequences["train"])
        semantics = load_semantics(
            train,
            PrefixTable.from_table(given.prefixes, len(train)),
            given.item_pool,
            given.user_pool,
            given.embeddings,
        )
        self.semantics = replace(semantics, embeddings=semantics.embeddings.double())
        self.sracl: SRACLParams = params.objective_params
        torch.manual_seed(params.seed)
        self.backbone = build_backbone(params.backbone, given.n_items, params.backbone_params).double()
        sequences = Sequences.from_ragged(train, CPU)
        samples = MODES[params.mode](sequences, self.backbone.params.max_length)
        sampling = torch.Generator().manual_seed(params.seed + 1)
        place = params.objective_place
        context = Context(given, sequences, samples, self.backbone.params.hidden, sampling, group, place)
        self.objective = SRACL(self.sracl, context).double()
        if self.objective.needs_anchors:
            self.objective.semantics = self.semantics
            if self.sracl.alpha > 0:
                self.objective.candidates.semantics = self.semantics
        with torch.no_grad():  # large enough for every term to be seen within the tolerance
            for weight in self.weights():
                weight.normal_(std=0.3)
            self.backbone.item_embedding.weight[PADDING].zero_()
        drawing = torch.Generator().manual_seed(params.seed + 2)
        seen = LossContext(given.n_items, sequences.items, drawing, params.loss_place)
        loss = build_loss(params.loss_part, params.loss_params, seen).double()
        self.steps = Steps(sequences, samples, loss, sampling, params.seed, group=group)
        self.generator = torch.Generator().manual_seed(params.seed + 1)  # what the reference draws from
        self.bank: dict[Prefix, Tensor] = {}  # what the reference remembers

    def weights(self) -> list[Tensor]:
        return [*self.backbone.parameters(), *self.objective.parameters()]

    def row(self, number: int) -> "Prefix":
        """One row of the prefix table."""
        return Prefix(self.prefixes[number]["user"], self.prefixes[number]["end"])

    def positions(self) -> list["Prefix"]:
        """The prefix at every flat position."""
        return [Prefix(user, end) for user, items in enumerate(self.train) for end in range(1, len(items) + 1)]


@dataclass(frozen=True)
class Prefix:
    """`train[:end]` of a user."""

    user: int
    end: int


def reference(world: World, lasts: Tensor) -> Losses:
    """The losses of the samples whose windows end with the flat positions `lasts` [B], drawing the same numbers.

    Call it once for every step of the fast code, so that generator and bank keep up.
    """
    params, generator = world.sracl, world.generator
    samples = [world.positions()[last] for last in lasts.tolist()]
    trained = [prefix for sample in samples for prefix in _trained(world, sample)]
    recommendation = torch.stack([_cross_entropy(world, prefix) for prefix in trained]).mean()
    terms = []
    anchors = _anchors(world, samples) if params.alpha > 0 or params.beta > 0 else []
    excluded = torch.tensor([[_no_negative(world, one, other) for other in anchors] for one in anchors])
    if params.alpha > 0:
        positives = torch.stack([_positive(world, anchor) for anchor in anchors])
        states = torch.stack([state(world, anchor) for anchor in anchors])
        value = info_nce(states, positives, params.inter.temperature, params.inter.similarity, excluded)
        terms.append(Term("inter_user", params.alpha, value))
        for prefix in trained:
            world.bank[prefix] = state(world, prefix).detach()
    if params.beta > 0:
        windows = [torch.tensor(window(world, anchor)) for anchor in anchors]
        rate = params.intra.substitution_rate
        views = substitute(torch.cat(windows * 2), world.semantics.item_pool, rate, generator)
        encoded = torch.stack([encode(world, view.tolist()) for view in views.split([len(w) for w in windows] * 2)])
        value = info_nce(*encoded.chunk(2), params.intra.temperature, params.intra.similarity, excluded)
        terms.append(Term("intra_user", params.beta, value))
    return Losses(recommendation, terms)


def encode(world: World, items: list[int]) -> Tensor:
    """The state after `items`, in a window padded to its full length, [d]."""
    longest = world.backbone.params.max_length
    assert 1 <= len(items) <= longest
    return world.backbone(torch.tensor([items + [PADDING] * (longest - len(items))]))[0, len(items) - 1]


def window(world: World, prefix: Prefix) -> list[int]:
    """The items a prefix is encoded from: in `causal` those of its user's pass, if it ends there, else its own last."""
    items, longest = world.train[prefix.user], world.backbone.params.max_length
    pass_start = max(0, len(items) - 1 - longest)
    inside = world.params.mode == "causal" and prefix.end > pass_start
    return items[pass_start if inside else max(0, prefix.end - longest) : prefix.end]


def state(world: World, prefix: Prefix) -> Tensor:
    """The state of one prefix, encoded alone, [d]."""
    return encode(world, window(world, prefix))


def fill_bank(world: World) -> None:
    """Remember the state of every row of the prefix table."""
    world.bank = {prefix: state(world, prefix).detach() for prefix in map(world.row, range(len(world.prefixes)))}


def _trained(world: World, sample: Prefix) -> list[Prefix]:
    """Where L_rec is taken: every prefix of the sample's pass (`causal`), or the sample (`prefix`)."""
    first = sample.end - len(window(world, sample)) + 1 if world.params.mode == "causal" else sample.end
    return [Prefix(sample.user, end) for end in range(first, sample.end + 1)]


def _cross_entropy(world: World, prefix: Prefix) -> Tensor:
    scores = state(world, prefix) @ world.backbone.item_embedding.weight[1:].T
    return F.cross_entropy(scores, torch.tensor(world.train[prefix.user][prefix.end] - 1))


def _anchors(world: World, samples: list[Prefix]) -> list[Prefix]:
    """A random prefix of every pass (`causal`), or the samples themselves (`prefix`)."""
    if world.params.mode == "prefix":
        return samples
    draws = torch.rand(len(samples), generator=world.generator)
    passes = [_trained(world, sample) for sample in samples]
    return [prefixes[int(draw * len(prefixes))] for prefixes, draw in zip(passes, draws, strict=True)]


def _no_negative(world: World, one: Prefix, other: Prefix) -> bool:
    """Whether `negatives` leaves a pair of anchors out."""
    targets = [world.train[prefix.user][prefix.end] for prefix in (one, other)]
    rows = [row_of(world, prefix) for prefix in (one, other)]
    pools = [world.semantics.user_pool[row].tolist() for row in rows]
    masks = world.sracl.negatives
    return (masks.mask_same_target and targets[0] == targets[1]) or (
        masks.mask_pool and (rows[0] in pools[1] or rows[1] in pools[0])
    )


def row_of(world: World, prefix: Prefix) -> int:
    """The row that stands for a prefix: its user's last that reaches no further, else the user's first."""
    own = [row for row in world.prefixes if row["user"] == prefix.user]
    within = [row for row in own if row["end"] <= prefix.end]
    return (within[-1] if within else own[0])["prefix"]


def _candidate(world: World, prefix: Prefix) -> Tensor:
    """The state of a candidate, from where `inter.candidates` says, [d]."""
    kind = world.sracl.inter.candidates
    if kind == "bank":
        return world.bank[prefix]
    return state(world, prefix) if kind == "gradient" else state(world, prefix).detach()


def _positive(world: World, anchor: Prefix) -> Tensor:
    """The synthesized positive of one anchor, [d]."""
    row = row_of(world, anchor)
    pool = world.semantics.user_pool[row].tolist()
    states = [_candidate(world, world.row(other)) for other in pool]
    e = world.semantics.embeddings
    assert world.objective.synthesizer is not None
    return world.objective.synthesizer(e[row][None], e[pool][None]).weights[0] @ torch.stack(states)
