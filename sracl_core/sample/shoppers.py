"""The built-in sample: a catalogue with text, and shoppers whose tastes follow that text and drift over time.

A shopper does one activity at a time, prefers a style, and moves to a related activity now and then. Within an
activity, kinds of product are bought in a usual order. A part of the purchases follows popularity alone; everything
else that drives them can be read in the catalogue's text, so a semantic neighbour means something.
"""

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np

from sracl_core.artifacts.writing import atomic_path
from sracl_core.params.sample import SampleParams
from sracl_core.sample.words import ACTIVITIES, STYLES

FIRST_PURCHASE = 1_577_836_800  # 2020-01-01, seconds since 1970
DAY = 86_400
KINDS = len(ACTIVITIES[0].kinds)

# How strongly each thing pulls on a purchase (logits).
ACTIVITY_PULL = 5.0
STYLE_PULL = 2.5
ORDER_PULL = 1.5
WHIM = 0.35  # share of purchases that follow popularity alone, as gifts and one-off needs do
MOVE_ON = 0.12  # probability that a shopper turns to a related activity before a purchase
NO_DESCRIPTION = 0.08  # share of items without a description, as real catalogues have them


def write_sample(params: SampleParams, interactions: Path, items: Path) -> dict[str, int]:
    """Write the sample as `interactions` (CSV, gzip) and `items` (JSON lines, gzip); return how many of each.

    The same parameters give the same bytes.
    """
    random = np.random.default_rng(params.seed)
    catalogue, traits = _catalogue(params.items, random)
    purchases = _purchases(params, traits, random)
    _write_gzip(items, "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in catalogue))
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(["user_id", "item_id", "timestamp"])
    rows.writerows((f"S{user + 1:05d}", catalogue[item]["item_id"], time) for user, item, time in purchases)
    _write_gzip(interactions, buffer.getvalue())
    return {"items": len(catalogue), "shoppers": params.shoppers, "interactions": len(purchases)}


def _catalogue(count: int, random: np.random.Generator) -> tuple[list[dict[str, object]], np.ndarray]:
    """The items as told to the world, and their hidden traits [count, 4]: activity, kind, style, popularity logit."""
    activities = np.arange(count) % len(ACTIVITIES)
    kinds = (np.arange(count) // len(ACTIVITIES)) % KINDS
    styles = random.integers(len(STYLES), size=count)
    popularity = random.normal(0.0, 1.0, size=count)
    items = [_item(i, int(activities[i]), int(kinds[i]), int(styles[i]), random) for i in range(count)]
    return items, np.stack([activities, kinds, styles, popularity], axis=1)


def _item(
    number: int, activity_index: int, kind_index: int, style_index: int, random: np.random.Generator
) -> dict[str, object]:
    activity, style = ACTIVITIES[activity_index], STYLES[style_index]
    kind = activity.kinds[kind_index]
    pick = lambda words: words[int(random.integers(len(words)))]  # noqa: E731
    maker, adjective, material, phrase = (
        pick(w) for w in (style.makers, style.adjectives, style.materials, activity.phrases)
    )
    price = float(np.exp(random.normal(3.0, 0.4))) * (
        2.5 if style.name == "luxury" else 0.6 if style.name == "budget" else 1
    )
    description = (
        f"A {style.name} {kind} in {material}, made for {activity.name}. Good for {phrase}. "
        f"{adjective} design by {maker}, model {int(random.integers(100, 1000))}."
    )
    return {
        "item_id": f"P{number + 1:04d}",
        "title": f"{maker} {adjective} {kind.title()}",
        "brand": maker,
        "categories": [activity.department, activity.name.title(), kind.title()],
        "description": "" if random.random() < NO_DESCRIPTION else description,
        "price": f"{price:.2f}",
    }


def _purchases(params: SampleParams, traits: np.ndarray, random: np.random.Generator) -> list[tuple[int, int, int]]:
    """All purchases (shopper, item, time), by time, then shopper."""
    shoppers, (activity_of, kind_of, style_of) = params.shoppers, traits[:, :3].astype(int).T
    popularity = traits[:, 3]
    lengths = 5 + random.poisson(params.mean_purchases - 5, size=shoppers)
    lengths = np.minimum(lengths, len(traits))
    activity = random.integers(len(ACTIVITIES), size=shoppers)
    style = random.integers(len(STYLES), size=shoppers)
    kind = random.integers(KINDS, size=shoppers)
    time = FIRST_PURCHASE + random.integers(365 * DAY, size=shoppers)
    bought = np.zeros((shoppers, len(traits)), dtype=bool)
    rows: list[tuple[int, int, int]] = []
    for step in range(int(lengths.max())):
        active = np.flatnonzero(lengths > step)
        moves = np.where(random.random(shoppers) < MOVE_ON, random.choice([-1, 1], size=shoppers), 0)
        activity = (activity + moves) % len(ACTIVITIES)
        taste = (
            ACTIVITY_PULL * (activity_of == activity[active, None])
            + STYLE_PULL * (style_of == style[active, None])
            + ORDER_PULL * (kind_of == (kind[active, None] + 1) % KINDS)
        )  # [active, items]
        whim = random.random(len(active)) < WHIM
        logits = popularity + np.where(whim[:, None], 0.0, taste)  # [active, items]
        logits[bought[active]] = -np.inf
        # The Gumbel trick draws one item per shopper from the softmax of the logits.
        chosen = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
        bought[active, chosen] = True
        kind[active] = kind_of[chosen]
        time = time + (random.exponential(12.0, size=shoppers) * DAY).astype(int) + 60
        rows += zip(active.tolist(), chosen.tolist(), time[active].tolist(), strict=True)
    return sorted(rows, key=lambda row: (row[2], row[0]))


def _write_gzip(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        # gzip.compress writes no name, and mtime=0 no time: the same text gives the same bytes.
        temporary.write_bytes(gzip.compress(text.encode(), mtime=0))
