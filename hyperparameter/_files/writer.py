"""Values as the text of a file which, read again, gives the same values."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from .._values.spelling import QuotedText, Unwritable
from .._values.untyped import UntypedText

__all__ = ["QuotedText", "Unwritable", "check_writable", "dumps"]

_INNER = "a value in it"
_PLAIN = (str, bool, int, float, date, datetime, time, UntypedText)


def check_writable(kind: str, value: object, subject: str = "its value") -> None:
    """Raise `Unwritable` for a value that a file of this kind cannot hold, at any depth."""
    if type(value) is dict:
        for name, inner in value.items():
            if kind != "yaml" and type(name) is not str:
                raise Unwritable(f"it has the name {name!r:.80}, and {_called(kind)} has text only")
            check_writable(kind, name)
            check_writable(kind, inner, _INNER)
    elif type(value) in (list, tuple):
        for item in value:  # type: ignore[attr-defined]  # a list
            check_writable(kind, item, _INNER)
    elif value is None:
        if kind == "toml":
            raise Unwritable(f"{subject} is None, which TOML cannot hold")
    elif type(value) not in _PLAIN and type(value) is not QuotedText:
        raise Unwritable(f"{subject} is of type {type(value).__name__}, which no file can hold")
    else:
        _check_scalar(kind, value)


def _check_scalar(kind: str, value: object) -> None:
    if isinstance(value, str) and kind != "json":
        try:
            value.encode()
        except UnicodeError:
            reason = f"its text has half of a surrogate pair, which {_called(kind)} cannot hold"
            raise Unwritable(reason) from None
    if isinstance(value, int):
        try:
            str(value)
        except ValueError:
            raise Unwritable("it has more digits than Python writes") from None
    if kind == "toml" and isinstance(value, time) and value.tzinfo is not None:
        raise Unwritable("it is a time with a zone, which TOML cannot hold")


def _called(kind: str) -> str:
    return kind.upper()


def dumps(kind: str, values: dict[str, Any], *, ascii_only: bool = False) -> str:
    """Return the text of a "json", "yaml" or "toml" file; with `ascii_only`, others are escaped.

    So are control characters, which a terminal would follow.
    """
    check_writable(kind, values)
    if kind == "yaml":
        from .to_yaml import dump_yaml

        return dump_yaml(values, ascii_only=ascii_only).rstrip("\n")
    if kind == "json":
        import json

        text = json.dumps(values, indent=2, ensure_ascii=False, default=_iso)
        escape = _json_escape
    else:
        import tomli_w

        text = tomli_w.dumps(values).rstrip("\n")
        escape = _toml_escape
    # Those are in quotes: names too, if they have them.
    return re.sub(r"[^\x00-\x7e]" if ascii_only else r"[\x7f-\x9f]", escape, text)


def _iso(moment: Any) -> str:
    return str(moment.isoformat())


def _toml_escape(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08x}"


def _json_escape(found: re.Match[str]) -> str:
    import json

    return "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1]
