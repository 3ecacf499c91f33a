"""What everybody who sees the cluster's jobs may see: the command line of a job."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from hyperparameter._engine_interface import is_secret, masked_text
from hyperparameter.exceptions import UsageError

_PIECE = 2048  # half of what `masked_text` looks at, so that pieces may overlap


def check_shown(words: Sequence[str]) -> None:
    """Raise `UsageError` for a secret among the arguments of the script.

    Ray shows the command line of a job in its dashboard and its lists, and every user of the node
    sees it as well.
    """
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        shown = _shown(word, following)
        if shown is not None:
            raise UsageError(
                f"{shown:.120}: the command line of a job is shown in the cluster's dashboard. "
                "Put the secret into a file of the folder and pass -C FILE, or set it on the "
                "cluster."
            )


def _shown(word: str, following: str) -> str | None:
    """Return how a secret in a word, or in the one that belongs to it, is shown; else None."""
    if word.startswith("--") and "=" not in word:
        has_value = following and not following.startswith("--")
        return f"{word} ***" if has_value and is_secret(word.lstrip("-"), following) else None
    for start in range(0, len(word) or 1, _PIECE):
        piece = word[start : start + 2 * _PIECE]
        shown = masked_text(piece)
        if shown != piece:
            return shown
    return None
