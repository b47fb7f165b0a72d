"""The judge of a run: stops it early when too many first answers are broken, and shows what they look like."""

from collections import Counter, deque

from sracl_core.errors import ModelError
from sracl_core.params.profile import LlmParams
from sracl_core.profile.chat.answers import CUT_SHORT, ONLY_REASONING
from sracl_core.profile.chat.refusals import REFUSAL, Refusal
from sracl_core.profile.chat.remedies import remedies

FIRST = 32  # replies before the first judgement: fewer say little
RECENT = 256  # replies that the share is taken of: a server that fails late is noticed as soon as one that fails early
SHOWN_CHARACTERS = 200
EXAMPLES = 3
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
    """Looks at every reply to a first attempt; raises ModelError when the broken share is above `llm.max_broken`."""

    def __init__(self, llm: LlmParams) -> None:
        self._llm = llm
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
        self._add(reason)

    def _add(self, reason: str | None) -> None:
        self._recent.append(reason)
        self._seen += 1
        reasons = Counter(reason for reason in self._recent if reason is not None)
        count, of = reasons.total(), len(self._recent)
        if self._seen < FIRST or count <= self._llm.max_broken * of:
            return
        which = f"{count} of the {'first' if self._seen == of else 'last'} {of} prompts"
        told = "\n".join(f"  {number}. {one}" for number, one in enumerate(self._chosen(reasons), 1))
        raise ModelError(
            f"The model {self._llm.model!r} gave no usable answer to {which}, above the share "
            f"{self._llm.max_broken} that profile.llm.max_broken allows; the stage stopped before more is paid for. "
            f"Some of them:\n{told}\n"
            f"{advice(reasons, self._llm)} Good answers are kept: run the stage again after the change."
        )

    def _chosen(self, reasons: Counter[str]) -> list[str]:
        """Examples, of different reasons as far as there are some, the most frequent reason first."""
        groups = [self._examples.get(reason, []) for reason, _ in reasons.most_common()]
        ranked = [group[place] for place in range(EXAMPLES) for group in groups if place < len(group)]
        return ranked[:EXAMPLES]


def advice(reasons: Counter[str], llm: LlmParams) -> str:
    """Return what to change when answers are broken for these `reasons`, judged by the most frequent one."""
    reason = reasons.most_common(1)[0][0]
    if reason in (CUT_SHORT, ONLY_REASONING):
        return (
            f"Set profile.llm.max_tokens, here {llm.max_tokens}, higher: what a model reasons counts, too. Or "
            "switch its reasoning off or down in profile.llm.request.extra (docs/profiles.md has examples)."
        )
    if REFUSAL in reason:
        said = remedies(Refusal(400, reason.partition(REFUSAL)[2]), llm)
        return f"{'. '.join(said)}." if said else "See what the server says, and docs/profiles.md, for what to change."
    if "repeats the instructions" in reason or "several different" in reason or "a field is" in reason:
        return "Set profile.llm.model to one that follows instructions better."
    if "response_format" in llm.request.leave_out:
        return (
            "Take response_format out of profile.llm.request.leave_out if the server knows it, or set "
            "profile.llm.model to one that follows instructions better."
        )
    if llm.structure == "json_object":
        return (
            "Set profile.llm.structure to json_schema if the server knows it, or profile.llm.model to one that follows "
            "instructions better."
        )
    return (
        "See whether the server holds the model to the JSON schema that it is sent; if not, set profile.llm.model to "
        "one that follows instructions better."
    )


def _escaped(text: str) -> str:
    """The beginning of `text` on one line; what is not printable is escaped, so that no terminal acts on it."""
    cut = text.strip()[:SHOWN_CHARACTERS]
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in cut)
    return f"{line}…" if len(text.strip()) > SHOWN_CHARACTERS else line
