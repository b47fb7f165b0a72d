"""Measure what the order of users' prompts is worth to vLLM's prefix cache.

    python benchmarks/prefix_cache.py                       # after `dvc repro profile_users`, on what it was told
    python benchmarks/prefix_cache.py --interim FOLDER --model MODEL

First all prompts are counted, by simulation over token blocks: in the order they are sent, in that order with a window
that slides at every item, and shuffled. Then the first `--prompts` of them are really answered, in order and shuffled,
turn about in one run. Their cache holds as small a part of their tokens as a GPU's does of a whole run. Without a model
a small random one is made, whose answers mean nothing. Results go to benchmarks/results/prefix_cache.json.
"""

import os
import platform
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from sracl_core.artifacts.tables import read_table
from sracl_core.documents import write_json
from sracl_core.params.profile import LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import ChatEngine
from sracl_core.profile.engines.protocol import EngineSettings
from sracl_core.profile.engines.vllm import CPU_BLOCK_TOKENS, load_vllm
from sracl_core.profile.planning.caching import BLOCK_TOKENS, simulate_prefix_cache
from sracl_core.profile.prefixes import build_prefixes
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.load import load_engine
from sracl_core.profile.prompting.requests import ProfileRequest, user_requests
from sracl_core.ragged import Ragged
from sracl_core.schemas.ingest import ITEMS, SEQUENCES
from stages.entry import run
from tests.tiny_model import make_tiny_model

RESULTS = Path(__file__).parent / "results" / "prefix_cache.json"
# A 7B model on a GPU of 80 GB keeps about 0.8 million tokens; Office's prompts have 16 million.
CACHE_SHARE = 0.05
TURNS = 3


def main(
    interim: Annotated[Path, typer.Option(help="folder of items.parquet and sequences.parquet")] = Path("data/interim"),
    model: Annotated[str, typer.Option(help="name or folder; by default a random one is made")] = "",
    prompts: Annotated[int, typer.Option(help="prompts to answer")] = 600,
) -> None:
    """Simulate, measure, print two tables, write the results."""
    items = read_table(interim / "items.parquet", ITEMS)
    train = Ragged.from_column(read_table(interim / "sequences.parquet", SEQUENCES)["train"])
    with TemporaryDirectory() as folder:
        named = model or str(
            make_tiny_model(Path(folder) / "model", items["title"].drop_null().to_pylist(), 8000, 4, 256)
        )
        llm = LlmParams(model=named, max_tokens=48)
        params = UserProfileParams(preferences_words=4)
        engine = load_engine(
            "vllm", EngineSettings(Catalogue.from_table(items), "products", params, llm, RuntimeParams())
        )
        assert isinstance(engine, ChatEngine)  # noqa: S101 - the engine vllm is one
        requests = list(user_requests(items, build_prefixes(train, params), train, params))
        sliding = params.model_copy(update={"hop": 1})
        slid = list(user_requests(items, build_prefixes(train, sliding), train, sliding))
        simulated = {
            "in order": simulate(engine, requests),
            "in order, window slides at every item": simulate(engine, slid),
            "shuffled": simulate(engine, shuffled(requests)),
        }
        print_table(f"{len(requests):,} prompts, simulated; cache of {CACHE_SHARE:.0%} of the tokens", simulated)
        measured = measure(engine, requests[:prompts], llm)
    print_table(f"the first {prompts:,} prompts, answered by vLLM", measured)
    import torch
    import vllm

    versions = {"python": platform.python_version(), "torch": torch.__version__, "vllm": vllm.__version__}
    write_json(
        RESULTS,
        {
            "machine": {"cores": os.cpu_count(), "gpu": torch.cuda.is_available()},
            "versions": versions,
            "model": model or "random Llama, 4 layers of 256",
            "prompts": len(requests),
            "answered": prompts,
            "simulated": simulated,
            "measured": measured,
        },
    )


def shuffled(requests: list[ProfileRequest]) -> list[ProfileRequest]:
    """Return the requests in a random order, the same each time."""
    return random.Random(7).sample(requests, len(requests))


def token_ids(engine: ChatEngine, requests: list[ProfileRequest]) -> list[list[int]]:
    """Return the token ids of every prompt."""
    return engine.tokenizer.chats([engine.prompts.prompt(request).messages for request in requests])


def simulate(engine: ChatEngine, requests: list[ProfileRequest]) -> dict[str, Any]:
    """Return the tokens of the prompts, and the share of them a cache holds: an endless one, and a GPU's."""
    ids = token_ids(engine, requests)
    endless = simulate_prefix_cache(ids)
    blocks = int(CACHE_SHARE * endless.tokens) // BLOCK_TOKENS
    bounded = simulate_prefix_cache(ids, capacity=blocks)
    return {"prompt tokens": endless.tokens, "cached": bounded.rate, "cached, endless cache": endless.rate}


def measure(engine: ChatEngine, requests: list[ProfileRequest], llm: LlmParams) -> dict[str, dict[str, Any]]:
    """Return calls and tokens a second of both orders: the medians of a few turns."""
    tokens = sum(map(len, token_ids(engine, requests)))
    blocks = int(CACHE_SHARE * tokens) // CPU_BLOCK_TOKENS
    context = engine.prompts.longest() + llm.max_tokens
    blocks = max(blocks, 2 * context // CPU_BLOCK_TOKENS)
    model: Any = engine.model
    model.loaded = load_vllm(llm, RuntimeParams(), context, num_gpu_blocks_override=blocks)
    orders = {"in order": requests, "shuffled": shuffled(requests)}
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in orders}
    for _ in range(TURNS):
        for name, order in orders.items():
            model.loaded.reset_prefix_cache()
            before = model.cache_counts()
            started = time.monotonic()
            answered = sum(1 for _ in model.ask(engine.calls(order)))
            seconds = time.monotonic() - started
            looked_up, found = (after - at for after, at in zip(model.cache_counts(), before, strict=True))
            turns[name].append(
                {
                    "calls/s": answered / seconds,
                    "prompt tokens/s": tokens / seconds,
                    "cached": found / looked_up,
                    "seconds": seconds,
                }
            )
    middle = TURNS // 2
    return {
        name: {column: sorted(turn[column] for turn in taken)[middle] for column in taken[0]} | {"blocks": blocks}
        for name, taken in turns.items()
    }


def print_table(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Print one row an order."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    table.add_column("order")
    columns = list(next(iter(rows.values())))
    for column in columns:
        table.add_column(column, justify="right")
    for name, values in rows.items():
        table.add_row(name, *[f"{values[c]:.1%}" if c.startswith("cached") else f"{values[c]:,.1f}" for c in columns])
    Console().print(table)


if __name__ == "__main__":
    run(main)
