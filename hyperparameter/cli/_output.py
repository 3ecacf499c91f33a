"""What all commands print alike: JSON, and files for `-o`."""

from __future__ import annotations

import argparse
import json
import re

from .._console import can_print, print_output
from ..exceptions import UsageError

_NOT_ASCII = re.compile(r"[^ -~\n]")


def as_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def print_json(document: object) -> None:
    """Print JSON; what a terminal cannot show, or would obey, is an escape of JSON."""
    text = as_json(document)
    if not can_print(text):
        text = json.dumps(document, indent=2, allow_nan=False).replace("\x7f", "\\u007f")
    print_output(text)


def plain_json(value: object) -> object:
    """Return a value as strict JSON has it, which knows no NaN and no infinity."""
    if isinstance(value, list):
        return [plain_json(one) for one in value]
    if isinstance(value, dict):
        return {name: plain_json(one) for name, one in value.items()}
    return repr(value) if isinstance(value, float) and value - value != 0 else value


def in_ascii(kind: str, text: str) -> str:
    """Return the text with the escapes of its format, where that has some of its own."""
    if kind == "json":
        return _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
    return text.encode("ascii", "xmlcharrefreplace").decode() if kind == "html" else text


def write(args: argparse.Namespace, text: str) -> None:
    """Write text in the format of `-f` to the file of `-o`, or to stdout."""
    if args.output is None:
        print_output(text if can_print(text) else in_ascii(args.format, text))
        return
    try:
        with open(args.output, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise UsageError(f"-o {args.output!r}: {error.strerror}.") from None
