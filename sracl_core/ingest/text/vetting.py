"""What in a text is markup, before a parser reads it.

A parser of HTML takes any "<" before a letter for a tag, loses all that follows one that isn't closed, and needs time
by the square of how deep tags are nested. So its input is vetted: what isn't markup is escaped, what it would move or
swallow becomes a blank.
"""

import re
from html.entities import html5

from sracl_core.ingest.text.bare_code import code_kind
from sracl_core.ingest.text.elements import BARE_ATTRIBUTES, ELEMENTS, FOREIGN, HIDDEN, UNSETTLED

# More than a text for people has; a tree of 20,000 unclosed tags costs the parser half a second, of 200,000 a minute.
MOST_TAGS = 1000

# Quantifiers are possessive, so that time stays linear: whatever the quotes, a character is read at most for three
# tags, one that takes it to be outside of quotes and one for each kind of quote.
_TAG = re.compile(
    r"""<(?P<end>/?+)(?P<name>[a-zA-Z][\w.:-]*+)
    (?P<attributes>(?:[\s/]*+[^\s"'<>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'<>]*+))?+)*+)
    [\s/]*+>""",
    re.VERBOSE,
)
# Attributes that a parser would read in its own way, but plain to see what they are.
_BROKEN_TAG = re.compile(r"</?+(?P<name>[a-zA-Z][\w.:-]*+)\s[^<>=]*+=[^<>]*+>")
# A tag in the middle of which the text was cut off.
_CUT_TAG = re.compile(r"""</?+(?P<name>[a-zA-Z][\w.:-]*+)\s[^<>=]*+=\s*+["'][^<>]*+\Z""")
_END_TAG = re.compile(r"</([a-zA-Z][\w.:-]*+)\s*+>")
_REFERENCE = re.compile(r"&(?:#(?:\d++|[xX][\da-fA-F]++)|([a-zA-Z][a-zA-Z\d]*+));?+")
_DECLARATION = re.compile(r"<(?:!doctype|!\[if|\?xml)\b[^<>]*+>|<!\[endif\](?:--)?+>?+", re.IGNORECASE)
_MARKS = re.compile("[<&]")


def vetted(text: str) -> str:
    """Return `text` so that a parser of HTML reads in it what is markup, and all else as it stands.

    >>> vetted("<p>R&B &amp; <b>size <3</b> <unknown word><script>x<y</script>")
    ' <p> R&amp;B &amp;  <b> size &lt;3 </b>  &lt;unknown word> '
    """
    return _Vetting(text).run()


class _Vetting:
    def __init__(self, text: str) -> None:
        # What a CDATA section holds is text, between two signs.
        self.text = text.replace("<![CDATA[", " ").replace("]]>", " ") if "<![CDATA[" in text else text
        self.tags = 0
        # Names of whatever language (productDescription, w:View) are those of tags where one is closed.
        self.closed = {name.lower() for name in _END_TAG.findall(text)}
        self.hopeless: set[str] = set()

    def run(self) -> str:
        pieces, position = [], 0
        while (mark := _MARKS.search(self.text, position)) is not None:
            start = mark.start()
            pieces.append(self.text[position:start])
            position, piece = self.reference(start) if self.text[start] == "&" else self.markup(start)
            pieces.append(piece)
        pieces.append(self.text[position:])
        return "".join(pieces)

    def reference(self, start: int) -> tuple[int, str]:
        """Where the "&" at `start` and what belongs to it end, and what the parser is to read for it."""
        found = _REFERENCE.match(self.text, start)
        if found is None:
            return start + 1, "&amp;"
        name, whole = found.group(1), found.group()
        if name is None or (whole[1:] if whole[-1] == ";" else name) in html5:
            return found.end(), whole
        # Old pages write a fixed blank without its end; but the "&para" of "Pens&parts" is no paragraph sign.
        if name.startswith("nbsp"):
            return start + len("&nbsp"), "&nbsp;"
        return start + 1, "&amp;"

    def markup(self, start: int) -> tuple[int, str]:
        """As `reference`, of the "<" at `start`."""
        if self.text.startswith("<!--", start):
            end = self.after("-->", start + 4)
            return (end, " ") if end else (start + 1, "&lt;")
        declared = _DECLARATION.match(self.text, start)
        if declared:
            return declared.end(), " "
        tag = _TAG.match(self.text, start)
        if tag is None or not self.is_markup(tag):
            broken = _BROKEN_TAG.match(self.text, start) or _CUT_TAG.match(self.text, start)
            known = broken is not None and self.is_name(broken["name"])
            return (broken.end(), " ") if broken is not None and known else (start + 1, "&lt;")
        name = tag["name"].lower()
        if name in HIDDEN:
            return (tag.end() if tag["end"] else self.hidden(name, tag.end())), " "
        self.tags += 1
        if name in UNSETTLED or self.tags > MOST_TAGS:
            return tag.end(), " "
        # The blanks part the words beside it even where the parser ignores it.
        return tag.end(), f" {tag.group()} "

    def is_markup(self, tag: re.Match[str]) -> bool:
        """Whether what looks like a tag is one, not words between "<" and ">"."""
        name, attributes = tag["name"], tag["attributes"]
        if tag["end"]:
            return not attributes or self.is_name(name)
        if "=" in attributes:
            return self.is_name(name) or '"' in attributes
        if not (self.is_name(name) or tag.group().endswith("/>")):
            return False
        return all(word.lower() in BARE_ATTRIBUTES for word in attributes.replace("/", " ").split())

    def is_name(self, name: str) -> bool:
        """Whether elements are called that, in HTML, in Word's HTML, or in the language of this text."""
        name = name.lower()
        return name in ELEMENTS or name in self.closed or name.startswith(FOREIGN)

    def hidden(self, name: str, start: int) -> int:
        """Where the element `name`, whose content begins at `start`, ends; `start` itself where it is never closed.

        A parser would hide all the rest then, and what is said there of the <script> tag would be lost.
        """
        sought = f"</{name}" not in self.hopeless
        end = self.after(f"</{name}", start)
        if end is None:
            return len(self.text) if sought and code_kind(self.text[start:]) else start
        close = self.text.find(">", end)
        return close + 1 if close >= 0 else len(self.text)

    def after(self, ending: str, start: int) -> int | None:
        """Where the next `ending` ends; None where there is no more of it, which is looked for once."""
        if ending in self.hopeless:
            return None
        found = re.compile(re.escape(ending), re.IGNORECASE).search(self.text, start)
        if found is None:
            self.hopeless.add(ending)
        return found.end() if found else None
