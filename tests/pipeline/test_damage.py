"""Random damage to any artifact is refused, or does no harm: what is read is what was written.

Here each reader is tried; `test_damaged_inputs` tries each stage, which may use a file without reading it.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sracl_core.artifacts.tables import read_batches, read_table
from sracl_core.documents import write_json, write_sealed
from sracl_core.evaluation.record import require_recorded, write_record
from sracl_core.ground.errors import SraclError
from sracl_core.leakage.shared.certificate import INPUT_CHECKS, require_clean
from sracl_core.model.backbone import build_backbone
from sracl_core.model.backbones.sasrec import SASRecParams
from sracl_core.model.store import load_backbone, save_backbone
from sracl_core.retrieval.index.faiss_index import build_index, read_index, write_index
from sracl_core.retrieval.reading.neighbours import read_neighbours
from sracl_core.vectors import read_embeddings
from tests.leakage.test_training import ORIGIN
from tests.leakage.world import K, certify, clean_world

DAMAGES = 2_000
Read = Callable[[], Any]


def written(folder: Path) -> list[tuple[Path, Read]]:
    """Every kind of artifact that a stage or a command reads, and how it reads it."""
    world = clean_world()
    certificate = certify(world, folder)
    found: list[tuple[Path, Read]] = []
    for name, table in world.items():
        path = folder / f"{name}.parquet"
        found.append((path, lambda path=path, schema=table.schema: read_table(path, schema).to_pylist()))
    embeddings, pool, index = (folder / name for name in ("user_embeddings.parquet", "user_pool.parquet", "user.faiss"))
    schema = world["user_embeddings"].schema
    found.append((embeddings, lambda: [batch.to_pylist() for batch in read_batches(embeddings, schema, 20)]))
    keys, vectors = read_embeddings(embeddings)
    found += [
        (embeddings, lambda: [column.tolist() for column in read_embeddings(embeddings)]),
        (pool, lambda: read_neighbours(pool, keys, K).tolist()),
    ]
    write_index(index, build_index(keys, vectors))
    found.append((index, lambda: searched(read_index(index, keys, vectors), vectors)))
    weights, description = folder / "model.safetensors", folder / "model.json"
    torch.manual_seed(0)
    backbone = build_backbone("sasrec", 9, SASRecParams(hidden=8, layers=1, heads=2, feed_forward=16, max_length=6))
    save_backbone(
        weights,
        description,
        name="sasrec",
        backbone=backbone,
        state=backbone.state_dict(),
        training={"best_epoch": 3},
        provenance=ORIGIN,
    )
    for path in (weights, description):
        found.append((path, lambda: state_of(weights, description)))
    certified, metrics, record = (folder / f"{name}.json" for name in ("certificate", "metrics", "evaluation"))
    write_sealed(certified, certificate)
    found.append((certified, lambda: require_clean(certified, INPUT_CHECKS, [pool])))
    write_json(metrics, {"test": {"hr@10": 0.25, "users": 13}})
    write_record(record, read=[weights], written=[metrics])
    for path in (metrics, record):
        found.append((path, lambda: require_recorded(record, [metrics])))
    return found


def searched(index: Any, vectors: np.ndarray) -> list[Any]:
    return [found.tolist() for found in index.search(vectors, 5)]


def state_of(weights: Path, description: Path) -> dict[str, Any]:
    backbone = load_backbone(weights, description, torch.device("cpu"))
    return {name: weight.tolist() for name, weight in backbone.state_dict().items()} | {"params": backbone.params}


def damaged(data: bytes, draw: random.Random) -> bytes:
    """A flipped bit, a changed byte, a block of zeros, a cut, or a stretch that is another one's."""
    content = bytearray(data)
    place, length = draw.randrange(len(data)), draw.choice([1, 8, 64, 512])
    match draw.randrange(5):
        case 0:
            content[place] ^= 1 << draw.randrange(8)
        case 1:
            content[place] = draw.randrange(256)
        case 2:
            content[place : place + length] = bytes(len(content[place : place + length]))
        case 3:
            del content[place:]
        case _:
            other = draw.randrange(len(data))
            content[place : place + length] = content[other : other + length]
    return bytes(content)


def test_no_damage_is_used_in_silence(tmp_path: Path) -> None:
    draw = random.Random(20)
    readers = written(tmp_path)
    whole = [(path, read, path.read_bytes(), read()) for path, read in readers]
    silent, refused = [], 0
    for number in range(DAMAGES):
        path, read, content, expected = whole[number % len(whole)]
        path.write_bytes(damaged(content, draw))
        try:
            if read() != expected:
                silent.append((number, path.name))
        except SraclError as error:
            refused += 1
            assert path.name in str(error) or "model" in str(error) or "metrics" in str(error)
        finally:
            path.write_bytes(content)
    assert silent == []
    assert refused > 0.9 * DAMAGES  # the others changed nothing, or white space


def test_an_index_that_claims_more_than_there_is_takes_no_memory(tmp_path: Path) -> None:
    """The counts in the file's head are not believed before they fit the embeddings."""
    keys, vectors = np.arange(4), np.eye(4, dtype=np.float32)
    path = tmp_path / "x.faiss"
    write_index(path, build_index(keys, vectors))
    content, expected = path.read_bytes(), searched(read_index(path, keys, vectors), vectors)
    for place in range(0, len(content) - 8, 4):
        path.write_bytes(content[:place] + (2**40).to_bytes(8, "little") + content[place + 8 :])
        with suppress(SraclError):
            assert searched(read_index(path, keys, vectors), vectors) == expected
