"""What looks like a secret, by its name or by itself, and a text without it: params.yaml is shared and committed."""

import re

KEY_ADVICE = "a key belongs into OPENAI_API_KEY"
HIDDEN = "***"
# Words of a name that holds a secret, and how such names end; max_tokens, stop_token_ids, prompt_cache_key hold none.
SECRET_WORDS = {
    "authorization", "authentication", "auth", "bearer", "password", "passwd", "passphrase", "secret", "secrets",
    "credential", "credentials", "cookie", "apikey",
}  # fmt: skip
SECRET_ENDS = ("token", "api_key", "access_key", "secret_key", "private_key", "account_key", "subscription_key")
# Keys as services write them.
KEY_TEXT = re.compile(
    r"(?<![A-Za-z0-9])(?:(?:sk|pk|rk|gsk|hf|xai|nvapi|ghp|key)[-_](?:\w{8}|(?:proj|ant|or|svcacct|admin|live|test)[-_]"
    r"[\w-]{8})|AIza\w{8}|eyJ\w{8})[\w.~+/=-]*"
)
# Long random ones, letters and digits mixed; and what a header holds, as the whole of a text and within one.
RANDOM_TEXT = re.compile(r"(?<![A-Za-z0-9])(?=[0-9]*[A-Za-z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{32,}")
HEADER_TEXT = re.compile(r"^\s*(?i:bearer|basic) \S{8,}\s*$")
HEADER_WITHIN = re.compile(r"\b(?i:bearer|basic) [^\s'\":,]{8,}")


def is_secret_name(name: str) -> bool:
    """Whether what is called `name` is a secret, or `name` is one itself."""
    plain = re.sub(r"[^a-z]+", "_", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()).strip("_")
    named = plain == "key" or not SECRET_WORDS.isdisjoint(plain.split("_")) or plain.endswith(SECRET_ENDS)
    return named or is_secret_text(name)


def is_secret_text(text: str) -> bool:
    """Whether a secret stands in `text`."""
    return any(pattern.search(text) for pattern in (KEY_TEXT, RANDOM_TEXT, HEADER_TEXT))


def holds_secret(value: object) -> bool:
    """Whether a secret stands in `value`, or in what it consists of."""
    if isinstance(value, str):
        return is_secret_text(value)
    return isinstance(value, dict | list | tuple | set) and veiled(repr(value)) != repr(value)


def veiled(text: str) -> str:
    """Return `text` with stars for every secret in it."""
    for pattern in (KEY_TEXT, RANDOM_TEXT, HEADER_WITHIN):
        text = pattern.sub(HIDDEN, text)
    return text
