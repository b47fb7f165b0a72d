"""The key of a server kept out of everything the server says: as it is, escaped, encoded, or the beginning of it."""

import base64
import re

SHORTEST_KEY = 8  # characters; a shorter key is a stand-in such as EMPTY
SHORTEST_PART = 16  # characters of its beginning that are masked, too
STARS = "***"
DEEPEST = 8  # times that a text is decoded in search of the key
ESCAPE = re.compile(
    r"\\[uU](?:0000)?(?P<four>[0-9a-fA-F]{4})|\\x(?P<two>[0-9a-fA-F]{2})|%(?P<url>[0-9a-fA-F]{2})"
    r"|&#(?:(?P<number>[0-9]{1,6})|[xX](?P<html>[0-9a-fA-F]{1,5}));"
)
BACKSLASHES = r"\\{0,16}"  # JSON in JSON has several before a sign


class KeyMask:
    """Masks `key` wherever it stands in a text.

    A text may still be JSON, or hold some: the key is found with each of its letters written as JSON, Python or a URL
    would, so that nothing comes to light when that is decoded later.
    """

    def __init__(self, key: str) -> None:
        self._forms = [_Form(text, least) for text, least in _spellings(key)] if len(key) >= SHORTEST_KEY else []

    def __call__(self, text: str) -> str:
        """Return `text` with stars for the key.

        Where the escapes are escaped themselves and hide the key so, the text is returned decoded as far as needed.
        """
        decoded = masked = self._masked(text)
        for _ in range(DEEPEST if self._forms else 0):
            before, decoded = decoded, ESCAPE.sub(_decoded, decoded)
            if decoded == before:
                break
            found = self._masked(decoded)
            if found != decoded:
                decoded = masked = found
        return masked

    def _masked(self, text: str) -> str:
        for form in self._forms:
            text = form.masked(text)
        return text


class _Form:
    """One way to write the key; from `least` characters on its beginning is the key."""

    def __init__(self, key: str, least: int) -> None:
        letters = [_letter(letter) for letter in key]
        self._begins = re.compile("".join(letters[:least]))
        self._rest = [re.compile(letter) for letter in letters[least:]]

    def masked(self, text: str) -> str:
        kept, place = [], 0
        while found := self._begins.search(text, place):
            end = found.end()
            for letter in self._rest:
                if (more := letter.match(text, end)) is None:
                    break
                end = more.end()
            kept += [text[place : found.start()], STARS]
            place = end
        return "".join([*kept, text[place:]])


def _decoded(escape: re.Match[str]) -> str:
    """The ASCII letter that `escape` stands for; no key has another."""
    number = int(escape["number"] or 0) or int(escape[escape.lastgroup or ""], 16)
    return chr(number) if number < 128 else escape[0]


def _letter(letter: str) -> str:
    """A pattern of the ways to write `letter`."""
    number = ord(letter)
    digits = "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:02x}")
    escaped = rf"\\{{1,16}}(?:[uU](?:0000)?00|x){digits}|%{digits}|&#(?:{number}|[xX]{digits});"
    return rf"(?:{BACKSLASHES}{re.escape(letter)}|{escaped})"


def _spellings(key: str) -> list[tuple[str, int]]:
    """The key, and what every text in base64 that holds it has in it, each with the characters that give it away."""
    found = {key: min(SHORTEST_PART, len(key))}
    for before in range(3):  # bytes of other text that share the first four letters with it
        skipped = -(-4 * before // 3)
        whole = (before + len(key)) // 3 * 4  # letters that depend on nothing after the key
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"." * before + key.encode()).decode()[skipped:whole]
            if len(text) >= SHORTEST_KEY:
                found[text] = min(SHORTEST_PART * 4 // 3, len(text))
    return list(found.items())
