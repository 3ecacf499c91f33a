"""What a word that does not fit was meant to be, and how that is written here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._values.keys import did_you_mean, is_key
from .._values.masking import masked_text
from .options import Option
from .program_keys import DeclaredParameters

_FILES = (".toml", ".yaml", ".yml", ".json", ".jsonnet")
_MOST_NAMED = 3


def for_word(word: str, own: Iterable[Option] = (), before: Option | None = None) -> str:
    """Return a hint for a surplus word: a value of the option before it, KEY=VALUE, or a file."""
    if before is not None and before.kind in ("choice", "switch"):
        values = before.choices or ("true", "false")
        return f" {before.flags[0]} takes {' or '.join(values)}."
    word = masked_text(word)
    key, equals, value = word.partition("=")
    if equals and is_key(key):
        flags = [one.flags[0] for one in own if one.flags and one.flags[-1] == f"--{key}"]
        if flags:
            return f" Write {flags[0]}={value}."
        return f" Write -D {word}; each -D takes one word."
    if word.lower().endswith(_FILES):
        return f" Write -C {word} to read a file of parameters."
    return ""


def for_flag(flag: str, options: Sequence[Option]) -> str:
    """Return a hint for an unknown flag: what has the same last name, or else a near name."""
    # First the spellings that --help shows: --batch-size rather than --batch_size.
    shown = [one.flags[0] for one in options if one.flags]
    last = flag[2:].replace("-", "_")
    same = [one for one in shown if one[2:].rpartition(".")[2].replace("-", "_") == last]
    if same:
        return f" Write {' or '.join(same)}."
    keys = [one for one in DeclaredParameters() if one.rpartition(".")[2] == last]
    if keys and flag.startswith("--"):
        return f" Write {' or '.join(f'-D {one}=VALUE' for one in keys[:_MOST_NAMED])}."
    every = [each for one in options for each in (*one.flags, *one.negations)]
    opposites = [one.negations[0] for one in options if one.negations]
    return did_you_mean(flag, [*shown, *opposites]) or did_you_mean(flag, every)
