"""The words of a command line, sorted into options with their values and positional arguments."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from .._functions import registry
from .._functions.signature import Signature
from .._values.checking import only_checking
from .._values.describe import show
from .._values.keys import did_you_mean
from .._values.rules import FALSE_WORDS, TRUE_WORDS
from .._values.untyped import infer
from ..exceptions import UsageError
from .options import DEFINE, REQUIRED, Option
from .parameters import option_below, options_of

_BOOL_WORDS = TRUE_WORDS | FALSE_WORDS
_DIGITS = frozenset("0123456789")
_NUMBERS = frozenset(["inf", "infinity", "nan"])
NULLS = ("null", "None")
"""The words for None where an option takes it."""


class GivenOption:
    """An option as it was given: its flag as written, and its words.

    `below` are the names behind a parameter's own flag, or the whole key where an option stands for
    `-D`.  It took `spare` words that a positional may have, and `before` positionals stand before
    it.
    """

    __slots__ = ("before", "below", "flag", "option", "spare", "texts")

    def __init__(
        self,
        option: Option,
        flag: str,
        texts: list[str],
        *,
        below: str = "",
        spare: int = 0,
        before: int = 0,
    ) -> None:
        self.option = option
        self.flag = flag
        self.texts = texts
        self.below = below
        self.spare = spare
        self.before = before

    @property
    def is_of_function(self) -> bool:
        """Tell what sets a parameter of the function: common options have keys without dots."""
        return "." in self.option.key

    @property
    def is_below(self) -> bool:
        """Tell names below one of the function's own parameters."""
        return self.below != "" and self.option is not DEFINE


class ParsedArgv:
    """A command line in order; `rest` is what follows the name of a command.

    The last positionals, as many as are `literal`, are behind `--` and mean what they say.
    """

    __slots__ = ("given", "literal", "positionals", "rest")

    def __init__(
        self, given: list[GivenOption], positionals: list[str], rest: list[str], literal: int = 0
    ) -> None:
        self.given = given
        self.positionals = positionals
        self.rest = rest
        self.literal = literal


def parse_argv(
    argv: Sequence[str],
    options: Sequence[Option],
    *,
    keywords: str = "",
    stops_at_command: bool = False,
    elsewhere: Callable[[str], str] = lambda flag: "",
) -> ParsedArgv:
    """Return the options and positionals among the words; `UsageError` if they do not fit.

    `keywords` is the namespace of a function that takes any further option by its `**kwargs`.
    `stops_at_command`: the first positional is the name of a command, which parses the rest itself.
    `elsewhere` says where a flag belongs that is unknown here.
    """
    parser = _OptionParser(options, keywords, elsewhere)
    queue = deque(argv)
    parsed = ParsedArgv([], [], [])
    while queue:
        word = queue.popleft()
        if word == "--" and stops_at_command:  # what follows is the command in any case
            continue
        if word == "--":
            parsed.positionals.extend(queue)
            parsed.literal = len(queue)
            break
        if is_flag(word):
            given = parser.option(word, queue)
            given.before = len(parsed.positionals)
            parsed.given.append(given)
            continue
        parsed.positionals.append(word)
        if stops_at_command:
            parsed.rest.extend(queue)
            break
    return parsed


def with_spare_words(parsed: ParsedArgv, count: int) -> ParsedArgv:
    """Return the words with the last `count` of those that options can spare as positionals."""
    given, positionals = list(parsed.given), list(parsed.positionals)
    for index in reversed(range(len(given))):
        one = given[index]
        moved = min(one.spare, count)
        if moved:
            kept = len(one.texts) - moved
            given[index] = GivenOption(
                one.option, one.flag, one.texts[:kept],
                below=one.below, spare=one.spare - moved, before=one.before,
            )  # fmt: skip
            positionals[one.before : one.before] = one.texts[kept:]
            count -= moved
    return ParsedArgv(given, positionals, parsed.rest, parsed.literal)


def is_flag(word: str) -> bool:
    """Tell an option from a value: a negative number and a lone dash are values."""
    rest = word[1:].removeprefix(".")  # -.5e-3 and -.inf are values, too
    is_number = rest[:1] in _DIGITS or rest.lower() in _NUMBERS
    return len(word) > 1 and word[0] == "-" and not is_number


def is_list(word: str) -> bool:
    """Tell whether a word is a whole list or tuple, as JSON, or the null in place of one."""
    return word in NULLS or isinstance(infer(word), list)


class _OptionParser:
    def __init__(
        self, options: Sequence[Option], keywords: str, elsewhere: Callable[[str], str]
    ) -> None:
        self._options = options
        self._elsewhere = elsewhere
        self._by_flag = {flag: option for option in options for flag in option.flags}
        self._by_negation = {flag: option for option in options for flag in option.negations}
        self._positionals = {one.key.rpartition(".")[2]: one for one in options if not one.flags}
        self._keywords = keywords

    def option(self, word: str, queue: deque[str]) -> GivenOption:
        """Return the option that `word` begins, and take its further words from the queue."""
        flag, equals, attached = word.partition("=")
        value = attached if equals else None
        short = self._by_flag.get(word[:2])
        if short is not None and short.kind == "repeated" and word not in self._by_flag:
            return GivenOption(short, word[:2], [word[2:]])  # -Dkey=value
        option = self._by_flag.get(flag)
        if option is not None:
            return _given(option, flag, value, queue)
        return (
            self._negated(flag, value)
            or self._dotted(flag, value, queue)
            or self._by_name(flag, value, queue)
        )

    def _negated(self, flag: str, value: str | None) -> GivenOption | None:
        option = self._by_negation.get(flag)
        if option is None:
            return None
        if value is not None:
            yes = option.flags[0]
            raise UsageError(f"{flag} takes no value. Write {flag} or {yes}=false.")
        return GivenOption(option, flag, ["false"])

    def _dotted(self, flag: str, value: str | None, queue: deque[str]) -> GivenOption | None:
        """Return a key below a parameter, or else any key: the long spelling of -D."""
        if not flag.startswith("--") or "." not in flag:
            return None
        first = flag
        while "." in first and first not in self._by_flag:  # of --opt.env.name, --opt.env
            first = first.rpartition(".")[0]
        owner = self._by_flag.get(first) or self._positionals.get(first[2:].replace("-", "_"))
        rest = flag[len(first) + 1 :]
        if owner is not None and owner.takes_names and rest and not _is_key(f"{first[2:]}.{rest}"):
            inner = option_below(owner, rest.split("."))
            given = _given(inner, flag, value, queue)
            given.below = rest
            return given
        known = [name for name in self._by_flag if name.startswith(f"{first}.")]
        if owner is not None and (owner.kind == "fields" or (known and not owner.takes_names)):
            raise UsageError(f"{flag}: unknown option.{did_you_mean(flag, known)} See --help.")
        option = option_at(flag[2:]) or Option(flag[2:], (flag,))
        given = _given(option, flag, value, queue)
        given.option, given.below = DEFINE, flag[2:]
        return given

    def _by_name(self, flag: str, value: str | None, queue: deque[str]) -> GivenOption:
        name = flag[2:].replace("-", "_")
        positional = self._positionals.get(name) if flag.startswith("--") else None
        if positional is not None:  # by its name
            return _given(positional, flag, value, queue)
        if self._keywords and flag.startswith("--") and name.isidentifier():
            option = Option(f"{self._keywords}.{name}", (flag,))
            if value is None and (not queue or is_flag(queue[0])):
                return GivenOption(option, flag, ["true"])
            return _given(option, flag, value, queue)
        from .hints import for_flag

        hint = self._elsewhere(flag) or for_flag(flag, self._options)
        raise UsageError(f"{flag}: unknown option.{hint} See --help.")


def _is_key(key: str) -> bool:
    """Tell a parameter of some function, which an option with dots sets like -D."""
    return next(registry.declarations(key), None) is not None


def option_at(key: str) -> Option | None:
    """Return the option of a parameter somewhere in the program, or of what is below one.

    None for a key that no function has, or for which two take different words.
    """
    parts = key.split(".")
    with only_checking(may_lack=True):  # the run alone calls the factories of defaults
        found = [
            option
            for end in range(2, len(parts) + 1)
            for signature in registry.declarations(".".join(parts[:end]))
            for option in _options_at(key, signature)
        ]
    return found[0] if len({(one.kind, one.size) for one in found}) == 1 else None


def _options_at(key: str, signature: Signature) -> Iterator[Option]:
    """Yield the option that a function has for a key, if it has one."""
    above = [one for one in options_of(signature) if f"{key}.".startswith(f"{one.key}.")]
    for nearest in above[-1:]:  # fields come behind what they are fields of
        if nearest.key == key:
            yield nearest
        elif nearest.takes_names:
            yield option_below(nearest, key[len(nearest.key) + 1 :].split("."))


def _given(option: Option, flag: str, value: str | None, queue: deque[str]) -> GivenOption:
    """Return an option with its words, which are taken from the queue."""
    texts = _texts(option, flag, value, queue)
    return GivenOption(option, flag, texts, spare=len(texts) - 1 if option.kind == "items" else 0)


def _texts(option: Option, flag: str, value: str | None, queue: deque[str]) -> list[str]:
    """Return the words that belong to the option, and take those after it from the queue."""
    kind = option.kind
    if kind == "flag":
        if value is not None:
            raise UsageError(f"{flag} takes no value.")
        return []
    if value is None and kind == "choice":  # of the library itself
        return [queue.popleft() if queue and queue[0] in option.choices else option.choices[0]]
    if value is None and kind == "switch":
        is_value = bool(queue) and (queue[0].lower() in _BOOL_WORDS or queue[0] in NULLS)
        return [queue.popleft() if is_value else "true"]
    texts = _values(option, flag, queue) if value is None else [value]
    if option.choices and option.default is REQUIRED and option.hint is None:
        # Conversion checks the choices of parameters.
        _check_choice(option, flag, texts[0])
    return texts


def _values(option: Option, flag: str, queue: deque[str]) -> list[str]:
    least, most = option.size, option.size
    if option.kind in ("words", "items"):
        least, most = 1, len(queue)
    elif most > 1 and queue and is_list(queue[0]):  # in JSON, all of a tuple
        least = most = 1
    texts: list[str] = []
    while len(texts) < most and queue and not is_flag(queue[0]):
        if option.kind == "items" and texts and _is_json(texts[0]) and not _is_json(queue[0]):
            break  # a list in JSON is all of a list, or one of several lists in it
        texts.append(queue.popleft())
    if not texts or len(texts) < least:
        wanted = "a value" if least == 1 else f"{least} values"
        spelling = f"{flag}={option.metavar or 'VALUE'}"
        hint = f" Write a value that begins with '-' as {spelling}." if queue else " See --help."
        hint = f" Give all behind one {flag}." if queue and queue[0] == flag else hint
        hint = " Separate them with spaces." if "," in "".join(texts) else hint
        raise UsageError(f"{flag} needs {wanted}.{hint}")
    return texts


def _is_json(word: str) -> bool:
    return word not in NULLS and is_list(word)


def _check_choice(option: Option, flag: str, text: str) -> None:
    if text not in option.choices:
        near = did_you_mean(text, option.choices)
        shown = show(option.key, text)
        raise UsageError(f"{flag}: {shown} is not one of {', '.join(option.choices)}.{near}")
