"""Which files may use the library, by their bytes: most need not be parsed."""

import re

_LIBRARY, _HP = b"hyperparameter", b"hp"
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")
_BETWEEN = re.compile(rb"import\b[\w\s,(#\\.]*")
_FAR = 2_000  # bytes between `import` and a name


def may_use_library(data: bytes) -> bool:
    """Tell whether a file may import this library, or a name `hp`; others need not be parsed."""
    # This search takes a hundredth of the time of parsing, and most files do not use the library.
    # Finding the words and looking at what is before them is quicker than one regular expression.
    at = data.find(_LIBRARY)
    while at >= 0:
        start = data.rfind(b"\n", 0, at) + 1
        line = data[start:at].split()
        if (line and line[0] in (b"import", b"from", b"try:", b"\\")) or b"import" in line:
            return True
        at = data.find(_LIBRARY, at + 1)
    at = data.find(_HP)
    while at >= 0:
        if _is_word(data, at) and _is_imported(data, at):
            return True
        at = data.find(_HP, at + 2)
    return False


def _is_word(data: bytes, at: int) -> bool:
    before = data[at - 1] if at else 32
    return before not in _WORD and (at + 2 >= len(data) or data[at + 2] not in _WORD)


def _is_imported(data: bytes, at: int) -> bool:
    start = data.rfind(b"import", max(0, at - _FAR), at)
    return start >= 0 and _BETWEEN.fullmatch(data, start, at) is not None
