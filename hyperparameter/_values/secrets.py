"""Values that must never be shown: recognised by their key, masked wherever they would appear."""

from __future__ import annotations

import re
from functools import lru_cache

MASK = "***"

_words = {"password", "passwd", "token", "secret", "apikey", "api_key"}


def add_secret_words(*words: str) -> None:
    """Mask every key that contains one of `words`, besides the ones known already.

    A word matches whole words of a key's segments: `token` covers `hf_token` and `accessToken`,
    not `max_tokens` or `tokenizer`.
    """
    _words.update("_".join(_split(word)) for word in words)
    _segment_is_secret.cache_clear()


def is_secret(key: str) -> bool:
    return any(_segment_is_secret(segment) for segment in key.split("."))


@lru_cache(maxsize=4096)
def _segment_is_secret(segment: str) -> bool:
    text = f"_{'_'.join(_split(segment))}_"
    return any(f"_{word}_" in text for word in _words)


def _split(segment: str) -> list[str]:
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", segment)
    return [word for word in re.split(r"[^a-z0-9]+", spaced.lower()) if word]
