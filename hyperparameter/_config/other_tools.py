"""What other tools mean by `${...}`: shells and compose files, workflows of GitHub, OmegaConf.

Their files have it as text, or for the environment; an error says how either is written here.
"""

import re

from .._values.masking import masked_value
from .._values.secrets import is_secret

_OF_OMEGACONF = "oc.env:"
# ${X:-1} and ${X-1}; without a sign, capitals alone say that a variable is meant.
_VARIABLE = re.compile(r"([A-Z_][A-Z0-9_]*|\w+(?=:))(?::?([-=?+])(.*))?", re.ASCII | re.DOTALL)


def not_ours(name: str) -> str:
    """Say what is wrong with a reference that no key can have, and what to write."""
    name = _without_secret(name)
    if name.startswith("{"):
        return f"${{{name}}}}} is not a reference. {elsewhere_written(name)}"
    advice = elsewhere_written(name) or f"Write {_as_text(name)} for the text"
    return f"${{{name}}}: only 'env' is known as a prefix before ':'. {advice}"


def elsewhere_written(name: str) -> str:
    """Return how to write what another tool means by a reference; empty where none is known."""
    name = _without_secret(name)
    bare = name.strip()
    if name.startswith("{"):
        return f"Write {_as_text(name)}}} for the text"
    if bare.startswith(_OF_OMEGACONF):
        return f"Write ${{env:{bare.removeprefix(_OF_OMEGACONF)}}}"
    found = _VARIABLE.fullmatch(bare)
    if found is None:
        return ""
    variable, sign, word = found.groups()
    default = f",{word}" if sign in ("-", "=") else ""
    return f"Write ${{env:{variable}{default}}} for the variable, or {_as_text(name)} for the text"


def _without_secret(name: str) -> str:
    """Return the words of a shell's reference with its default masked if that is a secret."""
    found = _VARIABLE.fullmatch(name.strip())
    word = found[3] if found is not None else None
    if found is None or not word or not is_secret(found[1], word):
        return name
    return name.replace(word, masked_value(found[1], word))


def _as_text(name: str) -> str:
    return f"$${{{name}}}"
