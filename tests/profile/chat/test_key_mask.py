"""The key comes to light in no form: as it is, escaped, in base64, or its beginning; nor after an answer is decoded."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from sracl_core.artifacts.provenance import Provenance
from sracl_core.artifacts.tables import read_table
from sracl_core.ground.errors import ModelError
from sracl_core.profile.asking.write import write_profile_table
from sracl_core.profile.chat import patience
from sracl_core.profile.chat.key_mask import KeyMask
from sracl_core.profile.store.answers import AnswerStore
from sracl_core.schemas.profiles import PROFILES
from tests.profile.engines.server import Act, MisbehavingServer, Received, ask, engine, error, good, requests

KEY = "ab/cd+Ef.gh-ij_kl=mn/op"  # with letters that JSON and URLs write in other ways
UNICODE = "".join(f"\\u{ord(letter):04X}" for letter in KEY)
FORMS = {
    "plain": KEY,
    "slashes": KEY.replace("/", r"\/"),
    "twice": KEY.replace("/", r"\\\/"),
    "unicode": UNICODE,
    "unicode twice": UNICODE.replace("\\", r"\\"),
    "escapes escaped": "".join(f"\\u{ord(letter):04x}" for letter in UNICODE),
    "mixed": KEY.replace("/", r"\u002F"),
    "hex": "".join(f"\\x{ord(letter):02x}" for letter in KEY),
    "url": quote(KEY, safe=""),
    "html": KEY.replace("/", "&#x2F;").replace("=", "&#61;"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of a user": base64.b64encode(f"user:{KEY}".encode()).decode(),
    "base64 of a header": base64.urlsafe_b64encode(f"Bearer {KEY}!".encode()).decode(),
    "beginning": KEY[:16],
    "beginning, escaped": KEY[:18].replace("/", r"\/"),
    "base64 of the beginning": base64.b64encode(KEY[:18].encode()).decode(),
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.01)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_masked(form: str) -> None:
    masked = KeyMask(KEY)(f"Tea {FORMS[form]} and tea")
    assert masked.startswith("Tea ")
    assert masked.endswith(" and tea")
    assert "***" in masked
    assert len(masked) < 30


@pytest.mark.parametrize(
    "text", ["", KEY[:15], KEY[3:], "Tea of ab/cd", "\\" * 10_000, "%61" * 10_000, KEY[:15] * 3000]
)
def test_nothing_else_is_masked(text: str) -> None:
    assert KeyMask(KEY)(text) == text


@pytest.mark.parametrize(
    ("key", "masked"), [("", "EMPTY 12345678"), ("EMPTY", "EMPTY 12345678"), ("12345678", "EMPTY ***")]
)
def test_a_stand_in_is_no_key(key: str, masked: str) -> None:
    assert KeyMask(key)("EMPTY 12345678") == masked


@pytest.mark.parametrize("form", FORMS)
def test_neither_store_nor_table_nor_messages_hold_it(form: str, tmp_path: Path) -> None:
    """The server puts the key into an answer that is JSON in JSON, and into one of which nothing can be made."""

    def script(received: Received) -> Act:
        if received.number % 2:
            return good(received, f'{{"preferences": "Tea {FORMS[form]} tea"}}')
        return good(received, json.dumps({"other": FORMS[form]}) if received.turn == 0 else None)

    with MisbehavingServer(script) as server:
        writer, store = engine(server.url), AnswerStore(tmp_path / "store")
        write_profile_table(
            tmp_path / "table", requests(8), writer, store, Provenance("t", "", ""), max_fallback=1, total=8
        )
    rows = read_table(tmp_path / "table", PROFILES).to_pylist()
    kept = store.find([row["address"] for row in rows if row["address"]])
    assert len(kept) == 8
    texts = [row["text"] for row in rows] + [row.text for row in kept.values()]
    assert any("***" in text for text in texts)
    parts = (KEY[:16], FORMS["base64"][:22], FORMS["base64 of a user"][9:30])
    assert not [text for text in texts for part in parts if part in text]
    assert all(
        part.encode() not in path.read_bytes() for path in tmp_path.rglob("*.*") for part in parts if path.is_file()
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("json_", [True, False])
def test_a_message_does_not_show_it(form: str, json_: bool) -> None:
    body = error(401, f"bad key {FORMS[form]}") if json_ else Act(f"bad key {FORMS[form]}", 401)
    with pytest.raises(ModelError, match=r"bad key \*\*\*\. The environment variable") as stopped:
        ask(lambda received: body)
    assert KEY[:16] not in str(stopped.value)
