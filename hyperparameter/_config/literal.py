"""What was not written in a file, and has no references: each `${` in it is escaped."""

from .._values.untyped import UntypedText, UntypedTree


def as_literal(value: object) -> object:
    """Return a value with each `${` in it escaped: it was not written in a file, and means `${`."""
    if type(value) in (list, tuple):  # nothing is looked for in others, or in what they have
        return type(value)([as_literal(item) for item in value])  # type: ignore[call-arg, attr-defined]
    if type(value) is dict:
        return {name: as_literal(item) for name, item in value.items()}
    if type(value) is UntypedTree:
        return UntypedTree(as_literal(value.value))  # type: ignore[arg-type]  # of the same type
    if type(value) is UntypedText:
        return UntypedText(value.text.replace("${", "$${"))
    return value.replace("${", "$${") if type(value) is str else value
