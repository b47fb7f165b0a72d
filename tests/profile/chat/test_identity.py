"""What decides an answer besides its prompt."""

import shutil
from pathlib import Path

import pytest

from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.identity import chat_identity


@pytest.mark.parametrize(
    "change",
    [{"temperature": 0.5}, {"seed": 1}, {"max_tokens": 10}, {"model": "b/b"}, {"revision": "v2"}],
)
def test_model_and_decoding_decide(change: dict[str, object]) -> None:
    base = {"model": "a/a"}
    assert chat_identity(LlmParams(**(base | change))) != chat_identity(LlmParams(**base))


@pytest.mark.parametrize("change", [{"attempts": 9}, {"structure": "json_object"}, {"tokenizer": "approximate"}])
def test_how_it_is_asked_does_not(change: dict[str, object]) -> None:
    assert chat_identity(LlmParams(**change)) == chat_identity(LlmParams())


def test_a_folder_is_known_by_its_content_not_by_its_place(tiny_model: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_model, tmp_path / "elsewhere")
    here, there = (chat_identity(LlmParams(model=str(folder))) for folder in (tiny_model, copy))
    assert here == there
    assert str(tmp_path) not in there
    with (copy / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        last = weights.read(1)
        weights.seek(-1, 2)
        weights.write(bytes([last[0] ^ 1]))
    assert chat_identity(LlmParams(model=str(copy))) != here
