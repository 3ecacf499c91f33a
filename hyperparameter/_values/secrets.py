"""The rule that says what is a secret: by the words of its key, or by how its text begins.

This is the one place that decides.  `describe` and `masking` hide what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from .keys import check

Words = tuple[str, ...]

# Replaced and never changed: another thread may be looking through them.
_words: frozenset[Words] = frozenset([
    ("password",), ("passwd",), ("passphrase",), ("secret",), ("credential",), ("apikey",),
    ("private", "key"), ("access", "key"), ("api", "key"),
])  # fmt: skip
_taken_out: frozenset[str] = frozenset()
# A token that opens something; language models have tokens, too.
_TOKEN_OF = frozenset([
    "auth", "access", "api", "hf", "hub", "gh", "github", "gitlab", "slack", "bot", "session",
    "security", "id", "sas", "jwt", "csrf", "refresh", "bearer", "oauth", "deploy", "npm", "pypi",
    "user",
])  # fmt: skip
# What is said about a secret: `password_file`, `api_key_env`, `token_type`.
_ABOUT = frozenset(["file", "path", "dir", "env", "name", "type", "id", "length", "min", "max"])
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)

# `sk-learn` and `hf_trainer` are names: short words in lower case.
_KNOWN_KEY = (
    r"(?:sk-|hf_)(?![a-z]{1,11}(?:[-_][a-z]{1,11})*(?![\w-]))[A-Za-z0-9]"
    r"|ghp_[A-Za-z0-9]|xox[a-z]-[A-Za-z0-9]|AKIA[A-Z0-9]|eyJ[A-Za-z0-9]|-----BEGIN"
)
_KEY_STARTS = ("sk-", "hf_", "ghp_", "xox", "AKIA", "eyJ", "-----BEGIN")
KNOWN_KEY = rf"(?<![\w-])(?:{_KNOWN_KEY})"
"""The beginning of a known key inside of other text."""

URL_LOGIN = r"(?<=://)([^\s/?#:@]*):([^\s/?#]+)(?=@)"
"""The user and the password of a URL; a password may have an `@` of its own."""

# Python's salted hashes of text that was made of a secret, alone or with the key that has it.
_made_of_secrets: set[int] = set()
_secret_by_type: frozenset[str] = frozenset()
pattern = cache(re.compile)  # when first needed, so that our import does not pay for it


def add_secret_words(*words: str) -> None:
    """Treat every key that contains one of `words` as a secret, besides those known already.

    A word is compared with whole words of a key, in singular or plural: `pin` covers `card_pin`
    and `cardPins`, not `pinned`.  Before `file`, `path`, `name` and the like it names no secret.
    """
    global _words
    _words |= {tuple(_split(word)) for word in words if _split(word)}
    _is_secret_key.cache_clear()


def not_secret(*keys: str) -> None:
    """Show these keys and all below them, whatever their words and values look like.

    A key is given as a whole: `hp.not_secret("train.user_token")`.
    """
    global _taken_out
    _taken_out |= {check(key) for key in keys}
    _is_secret_key.cache_clear()
    is_taken_out.cache_clear()


def add_secret_keys(keys: Iterable[str]) -> None:
    """Treat these keys and all below them as secrets: the type that is wanted there says so."""
    global _secret_by_type
    if new := frozenset(keys) - _secret_by_type:
        _secret_by_type |= new
        _is_secret_key.cache_clear()


def is_secret(key: str, value: object = "some text") -> bool:
    """Tell whether `value` must not be shown at `key`.

    Numbers, booleans, None and empty values never are secrets.  Of a container it is told whether
    its key makes secrets of its parts.
    """
    if type(value) is not str and (value is None or is_number(value)):
        return False
    if isinstance(value, _SIZED) and not value:
        return False
    if _is_secret_key(key):
        return True
    return isinstance(value, str) and is_secret_text(key, value)


def is_number(value: object) -> bool:
    """Tell numbers and booleans of any library from arrays of one element."""
    kind = type(value)
    return isinstance(value, (int, float, complex)) or (
        (hasattr(kind, "__index__") or hasattr(kind, "__float__")) and not hasattr(kind, "__len__")
    )


def is_secret_text(key: str, text: str) -> bool:
    """Tell whether text is a secret whatever its key is called: a known key, or made of one."""
    looks_secret = (
        (text.startswith(_KEY_STARTS) and pattern(_KNOWN_KEY).match(text))
        or ("://" in text and pattern(URL_LOGIN).search(text))
        or (_made_of_secrets and is_made_of_secrets(key, text))
    )
    return bool(looks_secret) and not is_taken_out(key)


def is_made_of_secrets(key: str, text: str) -> bool:
    return hash(text) in _made_of_secrets or hash((key, text)) in _made_of_secrets


def remember_made_of_secrets(text: str, key: str | None = None) -> None:
    """Remember that this text contains a secret; with a key, only where that key has it.

    Text that was put together is known by itself.  A bare secret may be a common word, so it
    takes the key to know it.
    """
    _made_of_secrets.add(hash(text) if key is None else hash((key, text)))


@lru_cache(maxsize=4096)
def is_taken_out(key: str) -> bool:
    return bool(_taken_out) and any(f"{key}.".startswith(f"{one}.") for one in _taken_out)


@lru_cache(maxsize=4096)
def _is_secret_key(key: str) -> bool:
    if is_taken_out(key):
        return False
    if _secret_by_type and any(f"{key}.".startswith(f"{one}.") for one in _secret_by_type):
        return True
    return any(_names_secret(_split(segment)) for segment in key.split("."))


def _names_secret(words: list[str]) -> bool:
    """Tell whether the words of a segment name a secret, and not something about it."""
    about = max((i for i, word in enumerate(words) if _singular(word) in _ABOUT), default=-1)
    return any(
        end > about and _ends_in_secret(words[:end], len(words)) for end in range(1, len(words) + 1)
    )


def _ends_in_secret(words: list[str], count: int) -> bool:
    last = words[-1]
    if last in ("token", "tokens"):
        if len(words) > 1 and words[-2] in _TOKEN_OF:
            return True
        if last == "token" and count == 1:
            return True
    forms = {last, _singular(last)}
    return any(
        one[-1] in forms and one[:-1] == tuple(words[len(words) - len(one) : -1]) for one in _words
    )


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _split(segment: str) -> list[str]:
    """Return the words of a segment in lower case: `HFToken2` and `hf-token` are hf and token."""
    if segment.islower() and segment.replace("_", "").isalpha():  # as most are
        return [word for word in segment.split("_") if word]
    if not segment.islower():
        segment = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", segment)
    return re.findall(r"[^\W\d_]+", segment.lower())
