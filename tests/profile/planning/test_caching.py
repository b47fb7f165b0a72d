"""The simulated prefix cache against a plain one that compares whole prefixes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sracl_core.profile.planning.caching import simulate_prefix_cache

PROMPTS = st.lists(st.lists(st.integers(0, 1), max_size=14), max_size=12)


def plain(prompts: list[list[int]], block: int) -> int:
    """Count a block as cached when an earlier prompt began with the same tokens, up to the end of the block."""
    cached = 0
    for place, prompt in enumerate(prompts):
        for end in range(block, len(prompt), block):  # never the block with the last token
            if not any(earlier[:end] == prompt[:end] for earlier in prompts[:place]):
                break
            cached += block
    return cached


@settings(max_examples=200, deadline=None)
@given(PROMPTS, st.integers(1, 4))
def test_without_a_limit_it_counts_shared_beginnings(prompts: list[list[int]], block: int) -> None:
    count = simulate_prefix_cache(prompts, block)
    assert (count.tokens, count.cached) == (sum(map(len, prompts)), plain(prompts, block))


def test_a_full_cache_forgets_what_was_used_longest_ago() -> None:
    first, second = [1, 2, 3, 4, 9], [5, 6, 7, 8, 9]  # two blocks of two, and a last token
    assert simulate_prefix_cache([first, second, first], 2, capacity=4).cached == 4
    assert simulate_prefix_cache([first, second, first], 2, capacity=2).cached == 0
    assert simulate_prefix_cache([first, first, second], 2, capacity=2).cached == 4


def test_an_empty_list_has_no_rate() -> None:
    assert simulate_prefix_cache([]).rate == 0.0
    assert simulate_prefix_cache([[1, 2], [1, 2]], 1).rate == 0.25
