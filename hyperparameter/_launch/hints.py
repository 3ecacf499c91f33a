"""What a word that does not fit was meant to be, and how that is written here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .._values.keys import did_you_mean, is_key
from .._values.masking import masked_text
from .options import Option
from .program_keys import DeclaredParameters, is_declared
from .sweep_options import OF_RUNNERS, OF_SWEEPS

_FILES = (".toml", ".yaml", ".yml", ".json", ".jsonnet")
_MOST_NAMED = 3


def for_word(
    word: str, own: Iterable[Option] = (), before: Option | None = None, flag: str = ""
) -> str:
    """Return a hint for a surplus word: a value of the option before it, KEY=VALUE, or a file.

    That option was given as `flag`.
    """
    if before is not None and before.kind in ("choice", "switch"):
        values = before.choices or ("true", "false")
        return f" {before.flags[0]} takes {' or '.join(values)}."
    word = masked_text(word)
    setting = word.lstrip("+")  # Hydra's words begin with it where a key may be new
    if (written := as_option(setting, own)) is not None:
        return f" Write {written}."
    key, equals, _ = setting.partition("=")
    if before is not None and before.kind == "pairs" and equals and not is_declared(key):
        return f" Write {flag} {word}; each {flag} takes one word."
    if equals and is_key(key):
        keys = _keys_meant_by(key, own)
        written = " or ".join(f"-D {one}{setting[len(key) :]}" for one in keys[:_MOST_NAMED])
        return f" Write {written}; each -D takes one word."
    if word.startswith("~") and not equals and is_key(key[1:]):
        return f" Write -D '{word}' to take away what is set."
    if word.lower().endswith(_FILES):
        return f" Write -C {word} to read a file of parameters."
    return ""


def _keys_meant_by(name: str, own: Iterable[Option]) -> list[str]:
    """Return the key itself if it has a dot or is declared, or else those that end in the name."""
    if "." in name or is_declared(name):
        return [name]
    found = [one for one in DeclaredParameters() if one.rpartition(".")[2] == name]
    beside = {one.key.partition(".")[0] for one in own}  # of the command that is given, first
    return sorted(found, key=lambda one: one.partition(".")[0] not in beside) or [name]


def for_setting(word: str, own: Sequence[Option], as_text: str) -> str:
    """Say how a word is written that sets a parameter in other tools; empty for any other word.

    `as_text` comes before the word where the word itself is meant.
    """
    shown = masked_text(word)
    key = word.partition("=")[0]
    written = as_option(shown, own)
    if written is None and is_key(key) and is_declared(key):
        written = f"-D {shown}"
    if written is None:
        return ""
    return (
        f"this would be text, though {key} is a parameter. "
        f"Write {written} to set it, or {as_text}{shown} for the text."
    )


def as_option(word: str, own: Iterable[Option]) -> str | None:
    """Return NAME=VALUE as it is written where the function itself has such a parameter."""
    name, equals, value = word.partition("=")
    for one in own if equals else ():
        flags = one.flags or (f"--{one.key.rpartition('.')[2]}",)
        if name == flags[-1][2:]:
            return f"{flags[0]}={value}"
    return None


def for_flag(flag: str, options: Sequence[Option]) -> str:
    """Return a hint for an unknown flag: what has the same last name, or else a near name."""
    # First the spellings that --help shows: --batch-size rather than --batch_size.
    shown = [one.flags[0] for one in options if one.flags]
    last = flag[2:].replace("-", "_")
    same = [one for one in shown if one[2:].rpartition(".")[2].replace("-", "_") == last]
    if same:
        return f" Write {' or '.join(same)}."
    if any(flag in one.flags for one in OF_SWEEPS):
        return " It is an option of sweeps: give it with --sweep KEY=VALUES or --repeat N."
    if any(flag in one.flags for one in OF_RUNNERS):
        return " It is an option of runs in workers: give it with --on RUNNER."
    keys = [one for one in DeclaredParameters() if one.rpartition(".")[2] == last]
    if keys and flag.startswith("--"):
        return f" Write {' or '.join(f'-D {one}=VALUE' for one in keys[:_MOST_NAMED])}."
    every = [each for one in options for each in (*one.flags, *one.negations)]
    opposites = [one.negations[0] for one in options if one.negations]
    own = [one.flags[0] for one in options if one.flags and "." in one.key]
    return (
        did_you_mean(flag, [*own, *opposites])  # before what every program has
        or did_you_mean(flag, [*shown, *opposites])
        or did_you_mean(flag, every)
    )
