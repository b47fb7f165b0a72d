"""The judge of a run: stops it early when too many answers are broken, and shows what they look like."""

import math
from collections import Counter, deque
from collections.abc import Sequence

from sracl_core.ground.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.advice import advice
from sracl_core.profile.chat.answers import CUT_SHORT
from sracl_core.profile.chat.refusals import REFUSAL

FIRST = 32  # replies before the first judgement: fewer say little
RECENT = 256  # replies that the share is taken of: a server that fails late is noticed as soon as one that fails early
SHOWN_CHARACTERS = 200
EXAMPLES = 3
ASKED_FIRST = 32  # broken answers that are asked for again before all others: a sample of them
NEARLY_SURE = 3.0  # standard errors that an estimate from the sample is lowered by
MOST_REASONS = 64  # of which examples are kept: a server may word each refusal differently


def shown(reason: str, text: str, finish_reason: str | None, reasoned: bool = False) -> str:
    """Return one line about a broken answer: why it is broken, and the beginning of what came, escaped."""
    said = finish_reason or ""
    if said.startswith(REFUSAL):
        return _escaped(said)
    if text.strip():
        return f"{reason}: {_escaped(text)}"
    return f"{reason}, while it still reasoned" if reasoned and reason == CUT_SHORT else reason


class Judge:
    """Looks at every reply to a first attempt; raises ModelError when the broken share is above `llm.max_broken`.

    It also tells from a sample, asked again, when more answers would stay broken than may be replaced.
    """

    def __init__(self, llm: LlmParams) -> None:
        self._llm = llm
        self._reasons = Counter[str]()
        self._recent: deque[str | None] = deque(maxlen=RECENT)  # the reason of each broken reply, None for a good one
        self._examples: dict[str, list[str]] = {}  # by reason
        self._seen = 0

    def good(self) -> None:
        """Take note of a good answer, and judge."""
        self._add(None)

    def broken(self, reason: str, example: str) -> None:
        """Take note of an answer that is broken for `reason`, and judge; `example` shows it."""
        if reason in self._examples or len(self._examples) < MOST_REASONS:
            examples = self._examples.setdefault(reason, [])
            if example not in examples and len(examples) < EXAMPLES:
                examples.append(example)
        self._reasons[reason] += 1
        self._add(reason)

    def stayed(self, count: int, of: int, broken: int, allowed: int) -> None:
        """Judge a sample: `count` of `of` prompts stayed broken in all their attempts, out of `broken` at first.

        Raises ModelError where it is sure, or nearly sure, that more than `allowed` of these will stay broken.
        """
        share = count / of
        least = broken * (share - NEARLY_SURE * math.sqrt(share * (1 - share) / of))
        if max(count, least) <= allowed:
            return
        raise ModelError(
            f"The model {self._llm.model!r} gave no usable answer to {broken:,} prompts at first. Of these, {of} were "
            f"asked again, up to {self._llm.attempts} times in all, and {count} stayed broken. So about "
            f"{round(broken * share):,} answers would be replaced by extractive ones, and profile.max_fallback leaves "
            f"room for {allowed:,}. Nothing more was asked, so that no more is paid for. {self._told(self._reasons)}"
        )

    def _add(self, reason: str | None) -> None:
        self._recent.append(reason)
        self._seen += 1
        reasons = Counter(reason for reason in self._recent if reason is not None)
        count, of = reasons.total(), len(self._recent)
        if self._seen < FIRST or count <= self._llm.max_broken * of:
            return
        which = f"{count} of the {'first' if self._seen == of else 'last'} {of} prompts"
        raise ModelError(
            f"The model {self._llm.model!r} gave no usable answer to {which}, above the share "
            f"{self._llm.max_broken} that profile.llm.max_broken allows. Nothing more was asked, so that no more is "
            f"paid for. {self._told(reasons)}"
        )

    def _told(self, reasons: Counter[str]) -> str:
        return told(self._chosen(reasons), reasons, self._llm)

    def _chosen(self, reasons: Counter[str]) -> list[str]:
        """Examples, of different reasons as far as there are some, the most frequent reason first."""
        groups = [self._examples.get(reason, []) for reason, _ in reasons.most_common()]
        ranked = [group[place] for place in range(EXAMPLES) for group in groups if place < len(group)]
        return ranked[:EXAMPLES]


def told(examples: Sequence[str], reasons: Counter[str], llm: LlmParams) -> str:
    """Return the end of an error about broken answers: some of them, and what to do about their `reasons`."""
    lines = "\n".join(f"  {number}. {one}" for number, one in enumerate(examples, 1))
    return f"Some of them:\n{lines}\n{advice(reasons, llm)} Good answers are kept: run it again after the change."


def _escaped(text: str) -> str:
    """The beginning of `text` on one line; what is not printable is escaped, so that no terminal acts on it."""
    cut = text.strip()[:SHOWN_CHARACTERS]
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in cut)
    return f"{line}…" if len(text.strip()) > SHOWN_CHARACTERS else line
