"""Tokenizers: the model's own against the library, and the approximate one."""

import json
import shutil
from pathlib import Path

import pytest

from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.tokens import APPROXIMATE, load_tokenizer

CHAT = [{"role": "system", "content": "You describe."}, {"role": "user", "content": "Green tea, grün."}]
TEXTS = ["", "Green tea", "été 茶 🍵", "x" * 40]


def test_counts_and_chats_are_the_librarys(tiny_model: Path) -> None:
    from transformers import AutoTokenizer

    library = AutoTokenizer.from_pretrained(tiny_model)
    ours = load_tokenizer(LlmParams(model=str(tiny_model)))
    assert ours.counts(TEXTS) == [len(library.encode(text, add_special_tokens=False)) for text in TEXTS]
    assert ours.chats([CHAT]) == [
        library.apply_chat_template(CHAT, tokenize=True, add_generation_prompt=True, return_dict=False)
    ]


@pytest.mark.parametrize("name", ["model", APPROXIMATE])
@pytest.mark.parametrize("text", TEXTS)
def test_a_cut_is_a_beginning_and_fits(tiny_model: Path, name: str, text: str) -> None:
    tokenizer = load_tokenizer(LlmParams(model=str(tiny_model), tokenizer=name if name == APPROXIMATE else None))
    for tokens in (0, 1, 3, 100):
        cut = tokenizer.cut(text, tokens)
        assert text.startswith(cut)
        assert tokenizer.counts([cut])[0] <= tokens
        assert cut == text or tokenizer.counts([text])[0] > tokens


def test_approximate_chats_share_beginnings() -> None:
    tokenizer = load_tokenizer(LlmParams(tokenizer=APPROXIMATE))
    short, long = tokenizer.chats([CHAT, [CHAT[0], {"role": "user", "content": CHAT[1]["content"] + " More."}]])
    assert long[: len(short) - 1] == short[:-1]
    assert len(long) > len(short)


def test_a_template_without_system_messages_gets_them_with_the_users(tiny_model: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "strict")
    template = folder / "chat_template.jinja"
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    template.write_text(strict + template.read_text())
    joined = [{"role": "user", "content": "You describe.\n\nGreen tea, grün."}]
    assert load_tokenizer(LlmParams(model=str(folder))).chats([CHAT]) == load_tokenizer(
        LlmParams(model=str(tiny_model))
    ).chats([joined])


def test_a_model_that_cannot_be_had_is_named_with_what_to_do(tiny_model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"'nobody/nothing' could not be loaded.*profile\.llm\.tokenizer"):
        load_tokenizer(LlmParams(model="nobody/nothing"))
    folder = shutil.copytree(tiny_model, tmp_path / "base")
    (folder / "chat_template.jinja").unlink()
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    assert "chat_template" not in settings
    with pytest.raises(ModelError, match="no chat template"):
        load_tokenizer(LlmParams(model=str(folder)))
