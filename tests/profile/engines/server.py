"""A server with OpenAI's interface on loopback, real but for its model: it answers, or misbehaves, as a script says."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from sracl_core.params.profile import LlmParams, UserProfileParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import Call, Reply
from sracl_core.profile.chat.prompts import Prompt
from sracl_core.profile.engines.openai import PLUGIN, OpenAIModel
from sracl_core.profile.engines.protocol import Engine, EngineSettings
from sracl_core.profile.prompting.catalogue import Catalogue
from sracl_core.profile.prompting.requests import HistoryItem, ProfileRequest, UserFacts

KEY = "sk-test-4f1d0c2b9a8e7766"
SCHEMA = {"type": "object", "properties": {"item_summary": {"type": "string"}}, "required": ["item_summary"]}
USAGE = {"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 48}}
FIELDS = ("item_summary", "potential_users")


@dataclass(frozen=True)
class Received:
    """One request: `number` counts them all from 0, `turn` those with the same prompt; `at` is monotonic time."""

    number: int
    turn: int
    at: float
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        return self.body["messages"][-1]["content"]


@dataclass(frozen=True)
class Act:
    """What to do with a request: wait, then send `body`.

    `sent` bytes of it if the connection drops; one byte every `drip` seconds if that is not 0.
    """

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    sent: int | None = None
    drip: float = 0.0


def good(received: Received, text: str | None = None, **changes: Any) -> Act:
    """A whole answer, in the fields of the schema asked for; `changes` are to the completion."""
    schema = received.body.get("response_format", {}).get("json_schema", {}).get("schema", {})
    name = hashlib.sha256(received.prompt.encode()).hexdigest()[:8]
    text = json.dumps(dict.fromkeys(schema.get("properties", FIELDS), f"About {name}")) if text is None else text
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    completion = {"id": "1", "object": "chat.completion", "choices": [choice], "usage": USAGE, **changes}
    return Act(json.dumps(completion), headers={"Content-Type": "application/json"})


def says(received: Received, message: dict[str, Any], finish_reason: str | None = "stop") -> Act:
    """An answer that holds this message."""
    return good(received, choices=[{"index": 0, "message": message, "finish_reason": finish_reason}])


def error(status: int, message: str, **headers: str) -> Act:
    """An error without a code, as OpenAI's servers give it; header names are written with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Act(json.dumps({"error": {"message": message, "code": None}}), status, named)


class MisbehavingServer:
    """Does with each request what `script` says, and keeps what it received and how many requests it held at once."""

    def __init__(self, script: Callable[[Received], Act] = good) -> None:
        self.script, self.received = script, list[Received]()
        self.at_once = self.most_at_once = 0
        self._lock, self._closing = threading.Lock(), threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                outer._handle(self)

            def log_message(self, *_: object) -> None:
                pass

        class Listener(ThreadingHTTPServer):
            daemon_threads, block_on_close, request_queue_size = True, False, 128

            def handle_error(self, *_: object) -> None:  # a client that hangs up is part of the play
                pass

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._listener.server_address[1]}/v1"

    @property
    def prompts(self) -> list[str]:
        return [received.prompt for received in self.received]

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        with self._lock:
            turn = self.prompts.count(body["messages"][-1]["content"])
            received = Received(len(self.received), turn, time.monotonic(), handler.path, headers, body)
            self.received.append(received)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            act = self.script(received)
            self._closing.wait(act.delay)
        finally:
            with self._lock:
                self.at_once -= 1
        content = act.body.encode() if isinstance(act.body, str) else act.body
        handler.send_response(act.status)
        for name, value in {"Content-Length": str(len(content)), **act.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        for piece in content if act.drip else ():
            handler.wfile.write(bytes([piece]))
            self._closing.wait(act.drip)
        if not act.drip:
            handler.wfile.write(content[: act.sent])
        handler.close_connection = handler.close_connection or act.sent is not None

    def __enter__(self) -> Self:
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._listener.shutdown()
        self._listener.server_close()


def calls(count: int) -> list[Call]:
    messages = [({"role": "system", "content": "Tell."}, {"role": "user", "content": f"{key}"}) for key in range(count)]
    return [Call(key, Prompt(message, SCHEMA), 0.0, 3) for key, message in enumerate(messages)]


def model(url: str, llm: Mapping[str, Any] = {}, **runtime: float) -> OpenAIModel:
    chosen = LlmParams.model_validate({"model": "tiny", "max_tokens": 40, **llm})
    return OpenAIModel(chosen, RuntimeParams.model_validate({"server_url": url, "server_concurrency": 4, **runtime}))


def ask(
    script: Callable[[Received], Act], count: int = 1, llm: Mapping[str, Any] = {}, **runtime: float
) -> tuple[list[Reply], MisbehavingServer]:
    with MisbehavingServer(script) as server:
        return list(model(server.url, llm, **runtime).ask(calls(count))), server


def engine(url: str, llm: Mapping[str, Any] = {}) -> Engine:
    """The whole engine openai for profiles of users."""
    chosen = LlmParams.model_validate({"model": "tiny", "tokenizer": "approximate", **llm})
    runtime = RuntimeParams(server_url=url, server_concurrency=4)
    return PLUGIN(EngineSettings(Catalogue([]), "products", UserProfileParams(), chosen, runtime))


def requests(count: int) -> list[ProfileRequest]:
    history = [(HistoryItem(f"Tea {key}", "", ()),) for key in range(count)]
    return [ProfileRequest(key, (f'{{"title": "Tea {key}"}}',), UserFacts(history[key])) for key in range(count)]


def first(act: Act | Callable[[Received], Act]) -> Callable[[Received], Act]:
    """A script that does `act` once for each prompt, and then answers well."""
    return lambda received: (act if isinstance(act, Act) else act(received)) if received.turn == 0 else good(received)
