"""YAML that `from_yaml` reads as the values that were written.

PyYAML quotes by version 1.1 and we read 1.2, where other words are numbers.  So text is quoted
wherever the reader would take it for anything else, and wherever a line may not be what it seems.
"""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import Any

import yaml

from .._values.spelling import QuotedText
from .._values.untyped import UntypedText, is_bare


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """Writes plain data; the same list twice is written twice, without an anchor."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def dump_yaml(values: dict[str, Any], *, ascii_only: bool = False) -> str:
    """Return the text of a YAML file."""
    text: str = yaml.dump(
        values, Dumper=_Dumper, sort_keys=False, allow_unicode=not ascii_only, width=math.inf
    )
    return text


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    # The emitter quotes what YAML 1.1 would not read as text; double quotes escape line ends.
    style = None if is_bare(text) and type(text) is str else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def is_plain(text: str) -> bool:
    """Tell text that YAML can have without quotes, in a line of a file and in a list."""
    found = yaml.emitter.Emitter(None).analyze_scalar(text)
    return bool(found.allow_block_plain and found.allow_flow_plain and not found.multiline)


def _untyped(dumper: _Dumper, word: UntypedText) -> yaml.Node:
    # With the tag that it would have in YAML 1.1, it is written without quotes and without a tag.
    tag = dumper.resolve(yaml.ScalarNode, word.text, (True, False))
    return dumper.represent_scalar(tag, word.text)


def _float(dumper: _Dumper, number: float) -> yaml.Node:
    if math.isfinite(number):
        return dumper.represent_float(number)
    # Beside text, .inf would be text: the tag tells that it is none.
    word = ".nan" if math.isnan(number) else f"{'-' if number < 0 else ''}.inf"
    return yaml.ScalarNode("tag:yaml.org,2002:float", word, style="'")


def _iso(dumper: _Dumper, moment: date | time) -> yaml.Node:
    if isinstance(moment, time):
        return _text(dumper, moment.isoformat())
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", moment.isoformat())


_Dumper.add_representer(str, _text)
_Dumper.add_representer(QuotedText, _text)
_Dumper.add_representer(UntypedText, _untyped)
_Dumper.add_representer(float, _float)
for _kind in (date, datetime, time):
    _Dumper.add_representer(_kind, _iso)
