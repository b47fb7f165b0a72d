"""The built-in sample: reproducible, and as its description says."""

import csv
import gzip
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from sracl_core.params.sample import SampleParams
from sracl_core.sample.shoppers import write_sample
from sracl_core.sample.words import ACTIVITIES, STYLES

SMALL = SampleParams(shoppers=300, items=600, mean_purchases=10.0, seed=3)


def write(folder: Path, params: SampleParams = SMALL) -> tuple[list[dict[str, str]], list[dict[str, object]]]:
    write_sample(params, folder / "interactions.csv.gz", folder / "items.jsonl.gz")
    with gzip.open(folder / "interactions.csv.gz", "rt") as stream:
        rows = list(csv.DictReader(stream))
    with gzip.open(folder / "items.jsonl.gz", "rt") as stream:
        items = [json.loads(line) for line in stream]
    return rows, items


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    write(tmp_path / "a")
    write(tmp_path / "b")
    write(tmp_path / "c", SMALL.model_copy(update={"seed": 4}))
    for name in ("interactions.csv.gz", "items.jsonl.gz"):
        first, second, other = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert first == second
        assert first != other


def test_counts_and_order(tmp_path: Path) -> None:
    rows, items = write(tmp_path)
    assert len(items) == len({item["item_id"] for item in items}) == 600
    per_user = Counter(row["user_id"] for row in rows)
    assert len(per_user) == 300
    assert min(per_user.values()) >= 5
    assert 9 < np.mean(list(per_user.values())) < 11
    assert [int(row["timestamp"]) for row in rows] == sorted(int(row["timestamp"]) for row in rows)
    assert len({(row["user_id"], row["item_id"]) for row in rows}) == len(rows), "nobody buys an item twice"


def test_tastes_follow_the_text_and_drift(tmp_path: Path) -> None:
    rows, items = write(tmp_path)
    activity = {str(item["item_id"]): item["categories"][1] for item in items}  # type: ignore[index]
    brand_style = {maker: style.name for style in STYLES for maker in style.makers}
    style = {str(item["item_id"]): brand_style[str(item["brand"])] for item in items}
    baskets: dict[str, list[str]] = {}
    for row in rows:
        baskets.setdefault(row["user_id"], []).append(row["item_id"])
    pairs = [pair for basket in baskets.values() for pair in pairwise(basket)]
    same_activity = np.mean([activity[a] == activity[b] for a, b in pairs])
    same_style = np.mean([style[a] == style[b] for a, b in pairs])
    # Chance would be 1/16 and 1/7.
    assert same_activity > 0.25
    assert same_style > 0.18
    first_and_last = np.mean([activity[basket[0]] == activity[basket[-1]] for basket in baskets.values()])
    assert first_and_last < same_activity - 0.05, "tastes drift"


def test_words_are_of_one_shape() -> None:
    assert len({len(activity.kinds) for activity in ACTIVITIES}) == 1
    makers = [maker for style in STYLES for maker in style.makers]
    assert len(makers) == len(set(makers)), "a maker stands for one style"
