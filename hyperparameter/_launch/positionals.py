"""The words that belong to no option, given to positional arguments."""

from __future__ import annotations

from .._functions.signature import Signature
from .._values.describe import show
from ..exceptions import UsageError
from .argv import GivenOption, ParsedArgv, is_list
from .options import Option


def words_lacking(
    lacking: list[Option], parsed: ParsedArgv, own: list[Option], signature: Signature
) -> int:
    """Return how many more words positionals need, of which those in `lacking` have no value."""
    given, _ = positionals_of(parsed, own, signature)
    count = 0
    for one in given:
        if len(one.texts) < one.option.size and not is_list(one.texts[0]):
            count += one.option.size - len(one.texts)
    at_hand = [text for one in parsed.given for text in one.texts[len(one.texts) - one.spare :]]
    for option in reversed([one for one in lacking if not one.flags]):
        is_whole = option.size > 1 and count < len(at_hand) and is_list(at_hand[-1 - count])
        count += 1 if is_whole else option.size
    return count


def positionals_of(
    parsed: ParsedArgv, own: list[Option], signature: Signature | None
) -> tuple[list[GivenOption], list[str]]:
    """Give each positional its words, and return the rest for `*args`.

    A list takes all words that the positionals after it do not need.
    """
    queue = list(parsed.positionals)
    given = []
    by_name = {one.option.key for one in parsed.given}
    positionals = [option for option in own if not option.flags and option.key not in by_name]
    variadic = signature is not None and bool(signature.varargs_name)
    for index, option in enumerate(positionals):
        count = option.size
        if option.kind == "items" and not variadic:
            count = max(1, len(queue) - sum(one.size for one in positionals[index + 1 :]))
        if option.size > 1 and queue and is_list(queue[0]):
            count = 1
        taken, queue = queue[:count], queue[count:]
        if taken:
            given.append(GivenOption(option, option.metavar, taken))
    _check_meant(parsed, len(parsed.positionals) - (0 if variadic else len(queue)), own)
    if queue and not variadic:
        raise UsageError(_unexpected(parsed, len(queue), positionals, own))
    return given, queue


def _check_meant(parsed: ParsedArgv, count: int, own: list[Option]) -> None:
    """Raise `UsageError` for a word such as lr=3 that would be text, if lr is a parameter.

    Of the positionals, the first `count` are taken.
    """
    words = parsed.positionals[: min(count, len(parsed.positionals) - parsed.literal)]
    found = [(word, "", "-- ") for word in words if "=" in word]
    for one in parsed.given:
        further = one.texts[1:] if one.spare and not one.is_below else ()
        found += [(word, f"{one.flag}: ", f"{one.flag}=") for word in further if "=" in word]
    for word, place, as_text in found:
        from .hints import for_setting

        if problem := for_setting(word, own, as_text):
            raise UsageError(f"{place}{show('', word)}: {problem} See --help.")


def _unexpected(
    parsed: ParsedArgv, count: int, positionals: list[Option], own: list[Option]
) -> str:
    """Say that the first of the last `count` words is too many, and what it may have been."""
    from .hints import for_word

    at = len(parsed.positionals) - count
    word = parsed.positionals[at]
    before = [(one.option, one.flag) for one in parsed.given if one.before == at]
    hint = for_word(word, own, *before[-1] if before else (None, ""))
    number = len(positionals) or "no"
    plural = "" if len(positionals) == 1 else "s"
    names = f" ({' '.join(one.metavar for one in positionals)})" if positionals else ""
    return (
        f"{show('', word)}: unexpected argument. "
        f"Expected {number} positional argument{plural}{names}.{hint} See --help."
    )
