"""Patience with a server that fails or is under load: when it is asked again, and when it is given up."""

import asyncio
import random
import re
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tqdm import tqdm

from sracl_core.ground.errors import ModelError

Answer = TypeVar("Answer")

# The wait after a first failure doubles with each further one.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 60.0
# A person is told of waits that are longer in all, and not more often.
NOTICE_S = 60.0
# Times that the first request is sent where no server with this interface seems to be.
TRIES = 3


class PassingError(Exception):
    """A request that may do better when it is sent again; the message is what came instead of an answer.

    `wait` are the seconds after which the server wants it, None where it did not say. An `overloaded` server asks this
    of everyone, not of one request. Where the request found nobody, it is `unconnected`; where there seems to be
    `no_server` of this kind, waiting for it is of little use.
    """

    def __init__(
        self,
        said: str,
        wait: float | None = None,
        *,
        overloaded: bool = False,
        unconnected: bool = False,
        no_server: bool = False,
    ) -> None:
        super().__init__(said)
        self.wait, self.overloaded = wait, overloaded
        self.unconnected, self.no_server = unconnected, no_server


class Patience:
    """Of all requests to the server at `url`: each may fail for `seconds`."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = url, seconds
        self._closed_until = self._answered = self._told = -float("inf")
        self._nobody = 0  # failures so far that look as if no server of this kind were there

    async def ask(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return what `attempt` returns, which is made again after each PassingError.

        Raises ModelError when it failed for too long, or at once when the server wants it later than that. A server
        that answers others meanwhile is not failing when it refuses for load: it sets the pace.
        """
        since: float | None = None
        failures = 0
        while True:
            await self._opening()
            try:
                answer = await attempt()
            except PassingError as failed:
                now = time.monotonic()
                since = now if since is None else since
                if failed.overloaded:
                    since = max(since, self._answered)
                wait = self._wait(failed, failures, since, now)
                failures += 1
                await asyncio.sleep(wait)
            else:
                self._answered = time.monotonic()
                return answer

    async def _opening(self) -> None:
        """Wait until the server takes requests again, where it said when; not all of them at the same moment."""
        while (wait := self._closed_until - time.monotonic()) > 0:
            await asyncio.sleep(wait + random.uniform(0, FIRST_WAIT_S))

    def _wait(self, failed: PassingError, failures: int, since: float, now: float) -> float:
        """Seconds until a request is sent again that failed the first time at `since`, and `failures` times before."""
        if self._answered < 0:
            self._greet(failed, failures)
        left = since + self._seconds - now
        advice = (
            "Answers so far are kept: run it again when the server is well, or set runtime.server_patience_s higher."
        )
        if left <= 0:
            raise ModelError(
                f"The server {self._url} has failed for {now - since:,.0f} s; it last said: {failed}. {advice}"
            )
        if failed.wait is None:
            wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures, 64)) * random.uniform(0.5, 1)
        elif failed.wait > left:
            raise ModelError(
                f"The server {self._url} wants to be asked again in {failed.wait:,.0f} s, but only {left:,.0f} s of "
                f"runtime.server_patience_s are left; it said: {failed}. {advice}"
            )
        else:
            wait = failed.wait + random.uniform(0.5, 1) * FIRST_WAIT_S
            if failed.overloaded:
                self._closed_until = max(self._closed_until, now + failed.wait)
        wait = min(wait, left)  # the last time, when patience ends
        self._tell(failed, now, wait, since)
        return wait

    def _greet(self, failed: PassingError, failures: int) -> None:
        """Tell at once of a server that has not answered yet, and give up soon where there is none."""
        self._nobody += failed.no_server
        if failed.no_server and self._nobody >= TRIES:
            raise ModelError(
                f"No server with OpenAI's interface was found at runtime.server_url, here {self._url}, in {TRIES} "
                f"tries; the last one ended with: {failed}. Set runtime.server_url to the address of one: http or "
                "https, its host and port, and as a rule /v1 at the end."
            )
        if (failed.no_server and self._nobody == 1) or (failed.unconnected and failures == 0):
            more = f"{TRIES} tries in all" if failed.no_server else f"for at most {self._seconds:,g} s"
            tqdm.write(f"runtime.server_url, here {self._url}: {failed}. Trying again, {more}.", file=sys.stderr)

    def _tell(self, failed: PassingError, now: float, wait: float, since: float) -> None:
        if now + wait - since <= NOTICE_S or now - self._told < NOTICE_S:
            return
        self._told = now
        again, end = (
            time.strftime("%H:%M:%S", time.localtime(time.time() + seconds))
            for seconds in (wait, since + self._seconds - now)
        )
        # tqdm's own way keeps a bar whole.
        tqdm.write(
            f"Waiting for {self._url}, which said: {failed}. Asking again at {again}, giving up at {end}.",
            file=sys.stderr,
        )


def retry_after(header: str | None) -> float | None:
    """Return the seconds that an HTTP header Retry-After asks for, as a number or a date; None where it asks none."""
    text = (header or "").strip()
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
