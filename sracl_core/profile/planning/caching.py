"""Prefix caching simulated: how many prompt tokens a server with a block cache need not compute again."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BLOCK_TOKENS = 16  # vLLM's on a GPU


@dataclass(frozen=True)
class CacheCount:
    """Prompt tokens in all, and those among them whose block lay in the cache."""

    tokens: int
    cached: int

    @property
    def rate(self) -> float:
        """Share of prompt tokens from the cache, 0 … 1."""
        return self.cached / self.tokens if self.tokens else 0.0


def simulate_prefix_cache(
    prompts: Iterable[Sequence[int]], block_tokens: int = BLOCK_TOKENS, capacity: int | None = None
) -> CacheCount:
    """Return what automatic prefix caching saves on `prompts` (token ids), asked one after another.

    A block of `block_tokens` tokens is found when the same tokens stand before it and in it; only whole blocks count,
    and a prompt's last token is always computed, for it gives the first token of the answer. The cache holds
    `capacity` blocks (None: all), the least recently used give way. Answers are not counted: they take blocks too, but
    no prompt begins with one.
    """
    # A block is known by its parent's number and its own tokens: numbers are never used twice.
    cache: OrderedDict[tuple[int, tuple[int, ...]], int] = OrderedDict()
    numbers = tokens = cached = 0
    for prompt in prompts:
        parent, found = 0, True
        for start in range(0, len(prompt) - block_tokens + 1, block_tokens):
            block = (parent, tuple(prompt[start : start + block_tokens]))
            number = cache.get(block)
            found = found and number is not None and start + block_tokens < len(prompt)
            if found:
                cached += block_tokens
            if number is None:
                numbers += 1
                number = cache[block] = numbers
            else:
                cache.move_to_end(block)
            parent = number
            if capacity is not None and len(cache) > capacity:
                cache.popitem(last=False)
        tokens += len(prompt)
    return CacheCount(tokens, cached)
