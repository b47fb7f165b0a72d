"""A text field of a catalogue without its markup."""

from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from sracl_core.ingest.text.bare_code import code_kind
from sracl_core.ingest.text.vetting import vetted

__all__ = ["Plain", "code_kind", "plain_text"]

# Shops that escape a text once more than they should do it twice at most; each round undoes one.
ROUNDS = 4


class Plain(NamedTuple):
    """A `text` on one line; "" and what was there instead where it was `dropped`: script, style sheet or markup."""

    text: str
    dropped: str | None = None


def plain_text(text: str) -> Plain:
    """Return `text` with HTML tags and entities resolved and single blanks; code in its place is dropped.

    A tag becomes a blank. What isn't markup stays: "<" and "&" as signs, and words between "<" and ">".

    >>> plain_text("<p>AT&amp;T<br>phone, size <6</p><script>track()</script>")
    Plain(text='AT&T phone, size <6', dropped=None)
    >>> plain_text("&lt;b&gt;Bold&lt;/b&gt; &amp;amp; R&B")
    Plain(text='Bold & R&B', dropped=None)
    >>> plain_text("var ue_t0=ue_t0||+new Date();"), plain_text("</span></span>")
    (Plain(text='', dropped='script'), Plain(text='', dropped='markup'))
    """
    kind = code_kind(text)
    if kind is not None:
        return Plain("", kind)
    if "<" not in text and "&" not in text:
        return Plain(" ".join(text.split()))
    resolved = text
    for _ in range(ROUNDS):
        before, resolved = resolved, _resolved(resolved)
        if resolved == before or ("<" not in resolved and "&" not in resolved):
            break
    resolved = " ".join(resolved.split())
    # Escaped, or behind a <script> that is never closed.
    kind = code_kind(resolved)
    if kind is not None:
        return Plain("", kind)
    return Plain(resolved, None if resolved or not text.strip() else "markup")


def _resolved(text: str) -> str:
    root = LexborHTMLParser(vetted(text)).root
    return "" if root is None else root.text(deep=True)
