"""No report shows a secret, wherever it was put; the address of a server is checked with everything else."""

from pathlib import Path
from typing import Any

import pytest

from sracl_core.ground.errors import ParamsError
from sracl_core.params.check import check_params, problems_of
from sracl_core.params.reading.section import read_section
from sracl_core.params.reading.veil import veiled
from sracl_core.params.reading.yaml_file import read_yaml
from sracl_core.params.runtime import RuntimeParams
from tests.params.reading.test_section import changed, written

SECRETS = [
    "sk-SECRET9f8e7d6c5b4a",
    "sk-proj-SECRETab_cd-ef.gh",
    "sk-ant-api03-SECRET-Zz-9",
    "sk-or-v1-0a-SECRETs123",
    "AIzaSySECRET0123456789abcdefghijklmno",
    "0123456789SECRET0123456789abcdef",
    "Bearer SECRETabcdef",
]
CLOUDFLARE = "https://api.cloudflare.com/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/ai/v1"  # no secret
HIDDEN = "got a text that looks like a secret: a key belongs into OPENAI_API_KEY"
PLAIN = (
    "expected a plain address such as http://127.0.0.1:8000/v1, without user, password, query or spaces; a key belongs "
    "into OPENAI_API_KEY"
)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_in_the_wrong_place_is_not_shown(secret: str, tmp_path: Path) -> None:
    names = {
        "profile__llm__request__leave_out": [secret],
        "profile__llm__request__token_limit": secret,
        "profile__llm__request__system": secret,
        "profile__llm__max_broken": secret,
        "profile__engine": secret,
        "runtime__server_url": secret,
        "runtime__threads": {"a": [secret]},
        "data__sources__table__columns__user": [secret],
        "mine": secret,
        **({} if " " in secret else {f"train__{secret}": 1}),
    }
    told = problems_of({**changed(**names), **({} if " " in secret else {secret: {}})})
    assert len(told) == len(names) + (" " not in secret)
    assert "SECRET" not in "\n".join(told)
    assert f"profile.llm.max_broken: input should be a valid number, {HIDDEN}" in told
    assert f"profile.llm.request.leave_out, first entry: input should be 'temperature', 'seed' or 'response_format', {HIDDEN}" in told  # fmt: skip  # noqa: E501
    with pytest.raises(ParamsError) as raised:
        check_params(written(tmp_path / "params.yaml", changed(**names)))
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("name", ["leave_out", "request"])
def test_a_secret_instead_of_a_group_is_not_shown(name: str) -> None:
    where = "profile.llm.request.leave_out" if name == "leave_out" else "profile.llm.request"
    (told,) = problems_of(changed(**{where.replace(".", "__"): SECRETS[0]}))
    assert told.startswith(f"{where}: expected a ")
    assert told.endswith(HIDDEN)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("named", [True, False])
def test_a_secret_is_no_field_to_add(secret: str, named: bool) -> None:
    extra = {secret: 1} if named else {"user": secret}
    (told,) = problems_of(changed(profile__llm__request__extra=extra))
    assert "looks like a secret" in told
    assert "SECRET" not in told


@pytest.mark.parametrize("secret", SECRETS)
def test_yaml_that_cannot_be_read_shows_none(secret: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    for text in (f"a: {secret}\na: {secret}\n", f"a: [{secret}\nb: ]{secret}", f"{secret}: *{secret}\n"):
        path.write_text(text)
        with pytest.raises(ParamsError) as raised:
            read_yaml(path)
        assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["Qwen/Qwen2.5-7B-Instruct", "max_tokens, here 400", "task-about-everything", "a" * 40]
)
def test_ordinary_words_are_shown(text: str) -> None:
    assert veiled(text) == text


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hunter2@host/v1", "http://host/v1?key=hunter2", "http://hunter2:x/", "hunter2", "ftp://hunter2/", "",
        "http://host/v1#hunter2", "http://host/hunter2 v1", "http://host:99999/hunter2", "http://host/hunter2\x07",
        "http://host/sk-hunter2hunter2", "https://", " http://host/hunter2",
    ],
)  # fmt: skip
def test_an_address_that_holds_more_is_refused_unseen(url: str, tmp_path: Path) -> None:
    values = changed(runtime__server_url=url, runtime__threads=0)
    assert problems_of(values) == [
        "runtime.threads: expected at least 1, got 0",
        f"runtime.server_url: {PLAIN}",
    ]
    with pytest.raises(ParamsError, match=r"runtime\.server_url: expected a plain address") as raised:
        read_section(written(tmp_path / "params.yaml", values), RuntimeParams)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ValueError, match="expected a plain address") as refused:
        RuntimeParams(server_url=url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://host/v1/chat/completions", "https://host/chat/completions/"])
def test_the_address_ends_before_the_call(url: str) -> None:
    (told,) = problems_of(changed(runtime__server_url=url))
    assert told.startswith("runtime.server_url: the address must end before /chat/completions, as a rule at /v1")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"runtime__server_url": "https://host.example/openai/v1/"},
        {"runtime__server_url": "http://[::1]:1"},
        {"runtime__server_url": CLOUDFLARE},
    ],
)
def test_a_plain_address_is_taken(change: dict[str, Any]) -> None:
    assert problems_of(changed(**change)) == []
