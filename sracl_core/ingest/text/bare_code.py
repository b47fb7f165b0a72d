"""JavaScript and CSS that stand where a text should be, without the tags of a page."""

import re

from sracl_core.ingest.text.elements import ELEMENTS, PROPERTIES

_COMMENT = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_LINE_COMMENT = re.compile(r"(?:^|(?<=[\s;{}]))//[^\n]*+")
_STRING = re.compile(r""" "[^"\n]*+" | '[^'\n]*+' """, re.VERBOSE)
_NAME = r"[A-Za-z_$][\w$]*+"
_SCRIPT_BEGINS = re.compile(
    rf"""(?:
        (?:var|let|const)\s++{_NAME}\s*+(?:=(?!=)|,\s*+{_NAME}\s*+=|;)
        | (?:window|document|self|this|location|navigator)(?:\.{_NAME})++\s*+(?:=(?!=)|\(|&&|\|\|)
        | {_NAME}(?:\.{_NAME})++\((?=[^\n;]*+[;{{])
        | [(!;]?\s*+function\b\s*+(?:{_NAME}\s*+)?+\([\w$,\s]*+\)\s*+\{{
        | if\s*+\([^\n{{}};]+\)\s*+\{{
        | try\s*+\{{
        | ["']use\ strict["'];
        | (?:\$|jQuery)\([\w"'\#.>:\ -]++\)\.
    )""",
    re.VERBOSE,
)
# What statements have and words beside signs have not: "if (you) {love} me", "let it = be".
_STATEMENT = re.compile(rf";|{_NAME}\(")
_SIGNS = re.compile(r"[^\w\s,'’-]")
# So many words on end, with no sign between them, are a sentence; code has "else return typeof".
_SENTENCE = re.compile(r"(?<![\w$.'’-])[A-Za-z'’-]{2,}+(?: [A-Za-z'’-]{2,}+){5}")
SHARE_OF_SIGNS = 0.12

_AT_RULE = re.compile(r"@(?:charset|font-face|import|keyframes|media|page|supports|-webkit-|-moz-)")
_SELECTOR = re.compile(r"[.#*:>+~\[&][^;]*|\d++%|from|to", re.DOTALL)
_PROPERTY = re.compile(r"\s*+-?+(?:(?:webkit|moz|ms|o)-)?+([a-z-]++)\s*+:")


def code_kind(text: str) -> str | None:
    """Return "script" or "style sheet" for a text that is nothing but JavaScript or CSS, else None.

    >>> code_kind("var aPageStart = (new Date()).getTime();"), code_kind(".price-box{background-color:#fff}")
    ('script', 'style sheet')
    >>> code_kind("var, let and const explained"), code_kind("Pens {color: blue}; set of 12")
    (None, None)

    A text is code from its first word on, or it is none: behind a title, or before a sentence, code stays, as nothing
    tells where the one ends and the other begins.
    """
    if "{" not in text and "(" not in text and "=" not in text:
        return None
    text = text.lstrip("\ufeff \t\r\n\f\v\xa0")
    if text.startswith(("/*", "<!--")):
        text = _without_comments(text).lstrip()
    if _SCRIPT_BEGINS.match(text) and _is_script(_without_comments(text)):
        return "script"
    brace = text.find("{")
    # Selectors are short: a brace far behind begins no style sheet.
    if 0 <= brace <= 1000 and _is_rule(text[:brace], text[brace + 1 :]) and _is_sheet(_without_comments(text)):
        return "style sheet"
    return None


def _is_script(text: str) -> bool:
    text = _STRING.sub("''", _LINE_COMMENT.sub("", text))
    if not _STATEMENT.search(text) or _SENTENCE.search(text):
        return False
    return len(_SIGNS.findall(text)) >= SHARE_OF_SIGNS * len("".join(text.split()))


def _is_rule(head: str, body: str) -> bool:
    """Whether `head` selects elements, and `body` begins with a property of theirs, or with a rule within a rule."""
    head = head.rpartition(";")[2].strip()
    if not head or not _is_selector(head):
        return False
    named = _PROPERTY.match(body)
    return (named is not None and named[1] in PROPERTIES) or _AT_RULE.match(head) is not None


def _is_sheet(text: str) -> bool:
    """Whether all that stands outside of braces selects elements; the last rule may be cut off."""
    depth, selectors, start = 0, [], 0
    for brace in re.finditer("[{}]", text):
        if brace.group() == "{":
            if depth == 0:
                selectors.append(text[start : brace.start()])
            depth += 1
        else:
            depth = max(depth - 1, 0)
            start = brace.end()
    if depth == 0:
        selectors.append(text[start:])
    return all(_is_selector(part.strip()) for selector in selectors for part in selector.split(";"))


def _is_selector(text: str) -> bool:
    if _AT_RULE.match(text):
        return True
    names = text.replace(",", " ").split()
    return all(_SELECTOR.match(name) or re.split(r"[.#:\[>+~*]", name, maxsplit=1)[0] in ELEMENTS for name in names)


def _without_comments(text: str) -> str:
    # `.*?` runs to the end of the text where a comment isn't closed; one try is enough to know.
    last = text.rfind("*/") + 2
    return _COMMENT.sub(" ", text[:last]) + text[last:] if last > 1 else text
