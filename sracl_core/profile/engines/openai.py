"""The engine openai: the model answers over HTTP, from any server with OpenAI's interface (`vllm serve`, DeepSeek)."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from queue import SimpleQueue
from threading import Thread

from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.params.runtime import RuntimeParams
from sracl_core.profile.chat.engine import Call, ChatEngine, Reply
from sracl_core.profile.chat.patience import Patience
from sracl_core.profile.chat.prompts import ChatPrompts, harmless
from sracl_core.profile.chat.refusals import REFUSAL
from sracl_core.profile.chat.server import Server
from sracl_core.profile.chat.tokens import load_tokenizer
from sracl_core.profile.engines.protocol import EngineSettings

Replies = SimpleQueue[Reply | BaseException | None]


class OpenAIModel:
    """A model behind `runtime.server_url`."""

    def __init__(self, llm: LlmParams, runtime: RuntimeParams) -> None:
        self._llm, self._runtime = llm, runtime
        self._url = runtime.server_url
        self._patience = Patience(self._url, runtime.server_patience_s)
        self._willing = False  # whether the server has answered a prompt

    def ask(self, calls: Sequence[Call]) -> Iterator[Reply]:
        """Yield one reply a call, as they come; the calls are sent in their order, so many at once.

        Until the server has answered one, the first is sent alone: it may refuse a field that all of them have. If it
        refuses the first without a reason that is known, it is asked for harmless data before any other is sent. The
        requests live in a thread of their own, so that they go on while a reply is being dealt with.
        """
        server = Server(self._url, self._llm, self._runtime)
        loop = asyncio.new_event_loop()
        # Calls sent and replies not yet taken: where those are taken slowly, no more is sent.
        room = asyncio.Semaphore(2 * self._runtime.server_concurrency)
        replies: Replies = SimpleQueue()
        work = loop.create_task(self._answer(server, calls, replies, room))
        thread = Thread(target=_run, args=(loop, work, replies), name="openai", daemon=True)
        thread.start()
        try:
            while (reply := replies.get()) is not None:
                if isinstance(reply, BaseException):
                    raise reply
                loop.call_soon_threadsafe(room.release)
                yield reply
        finally:
            loop.call_soon_threadsafe(work.cancel)  # where whoever asked stopped listening
            thread.join()
            loop.close()

    async def _answer(self, server: Server, calls: Sequence[Call], replies: Replies, room: asyncio.Semaphore) -> None:
        waiting = iter(calls)

        async def work(most: int | None = None) -> None:
            for call in islice(waiting, most):
                await room.acquire()  # before it is paid for: a reply in hand is never held up, and so never lost
                replies.put(await self._reply(server, call))

        async with server.client:
            if not self._willing:
                await work(1)
            try:
                async with asyncio.TaskGroup() as workers:
                    for _ in range(min(self._runtime.server_concurrency, len(calls))):
                        workers.create_task(work())
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def _reply(self, server: Server, call: Call) -> Reply:
        reply = await self._patience.ask(partial(server.request, call, first=not self._willing))
        if not _is_refusal(reply):
            self._willing = True
        elif not self._willing:
            trial = replace(call, prompt=harmless(call.prompt))
            answer = await self._patience.ask(partial(server.request, trial, first=True))
            if _is_refusal(answer):
                first, second = (_words(one) for one in (reply, answer))
                said = first if first == second else f"{first}, and then {second}"
                raise ModelError(
                    f"The server {self._url} refused the first prompt, and then one with harmless data: {said}. Check "
                    f"profile.llm.model, here {self._llm.model!r}; see whether the model's context holds a prompt and "
                    'profile.llm.max_tokens; and docs/profiles.md, "Servers that want something else".'
                )
            self._willing = True
        return reply


def _run(loop: asyncio.AbstractEventLoop, work: "asyncio.Task[None]", replies: Replies) -> None:
    """Do `work`, and put its end behind the replies: None, or the error that ended it."""
    end: BaseException | None = None
    try:
        loop.run_until_complete(work)
    except asyncio.CancelledError:
        pass
    except BaseException as error:  # raised where the replies are read
        end = error
    finally:
        replies.put(end)
        loop.run_until_complete(loop.shutdown_asyncgens())


def _words(reply: Reply) -> str:
    return (reply.finish_reason or "").removeprefix(REFUSAL)


def _is_refusal(reply: Reply) -> bool:
    return (reply.finish_reason or "").startswith(REFUSAL)


def _engine(settings: EngineSettings) -> ChatEngine:
    """The engine for `settings`; the server is first asked with the first prompt."""
    model = OpenAIModel(settings.llm, settings.runtime)
    folded = settings.llm.request.system == "folded"
    prompts = ChatPrompts(settings.prompts, settings.domain, load_tokenizer(settings.llm), folded=folded)
    return ChatEngine("openai", settings, prompts, model)


PLUGIN = _engine
