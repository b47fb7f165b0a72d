"""The certificate takes pools without rows where there can be none, and nowhere else."""

from pathlib import Path

import pytest

from sracl_core.leakage.shared.certificate import summary
from sracl_core.schemas.pools import pool_schema
from tests.leakage.world import N_ITEMS, certify, change, clean_world, expect_refusal, input_params


def test_no_pools_pass_where_there_can_be_none_and_the_certificate_says_so(tmp_path: Path) -> None:
    world = clean_world()
    n_prefixes = len(world["prefixes"])
    world |= {f"{kind}_pool": pool_schema(n_prefixes).empty_table() for kind in ("item", "user")}
    found = certify(world, tmp_path, input_params(k=n_prefixes))
    told = {check["check"]: (check["examined"], check["what"]) for check in found["checks"]}
    assert told["item pool"] == (
        0,
        f"there are no item pools, since they can't be filled: mine.k is {n_prefixes}, but the items number {N_ITEMS}, "
        f"which leaves each of them {N_ITEMS - 1} others to choose from.",
    )
    assert told["user pool"][0] == 0 and "are of one user" in told["user pool"][1]
    assert [line.partition(":")[0] for line in summary(found).splitlines()] == [
        "clean", "origins", "item pool", "item search", "user pool", "user search"
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["item", "user"])
def test_pools_that_could_be_filled_must_be_there(tmp_path: Path, kind: str) -> None:
    world = clean_world()
    change(world, f"{kind}_pool", lambda rows: rows.clear())
    expect_refusal(world, tmp_path, f"{kind} pool", "keys that are missing")
    world[f"{kind}_pool"] = pool_schema(999).empty_table()
    expect_refusal(world, tmp_path, f"{kind} pool", r"made for 999 neighbours, but mine\.k is 3")


def test_a_few_pools_are_refused_where_not_all_can_be_filled(tmp_path: Path) -> None:
    world = clean_world()
    world["item_pool"] = pool_schema(N_ITEMS).empty_table()
    own = [{"key": 1, "neighbour": list(range(1, N_ITEMS + 1)), "score": [0.5] * N_ITEMS}]
    change(world, "item_pool", lambda rows: rows.extend(own))
    expect_refusal(world, tmp_path, "item pool", "pools that should not exist.*key 1", input_params(k=N_ITEMS))
