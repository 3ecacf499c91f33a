"""The table of options: what `argv` parses, `help` shows and `completion` writes for a shell."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["value", "switch", "items", "repeated", "pairs", "fields", "flag", "choice", "words"]
REQUIRED: Final = object()
"""The default of a parameter that has none."""


class Option(NamedTuple):
    """An option, or a positional argument, which has no flags.

    `kind` tells which words follow the flag: `size` words of a `value`; one or more `items`, which
    may be repeated and leave their last words to positionals that have none; one word of what may
    be `repeated`; KEY=VALUE for `pairs`, also repeated; JSON for `fields`, which have options of
    their own as well; perhaps true/false for a `switch` and one of the choices for a `choice`; all
    `words` up to the next option; none for a `flag`.  `takes_names` tells that
    `--opt.NAME` sets a part of it.  `owners` are the structures that the option is a field of:
    several where they are the members of a union.  `negations` are the flags that say the opposite
    of a `switch`.
    """

    key: str
    flags: tuple[str, ...] = ()
    kind: Kind = "value"
    size: int = 1
    hint: object = None
    default: object = REQUIRED
    choices: tuple[str, ...] = ()
    metavar: str = ""
    help: str = ""
    owners: tuple[object, ...] = ()
    takes_names: bool = False
    is_required: bool = False
    negations: tuple[str, ...] = ()


HELP = Option("help", ("-h", "--help"), "flag", help="show how to use the program and exit")
HELP_ALL = Option(
    "help_all", ("--help-all",), "flag", help="show this help, with the common options, and exit"
)
DEFINE = Option(
    "define", ("-D", "--define"), "repeated", metavar="KEY=VALUE",
    help="set any parameter of the program; --KEY=VALUE does the same if KEY has a dot; may be "
    "repeated",
)  # fmt: skip
CONFIG = Option(
    "config", ("-C", "--config"), "repeated", metavar="FILE",
    help="read parameters from a TOML, YAML, JSON or Jsonnet file, or from a record; KEY=FILE puts "
    "them below KEY, - is standard input; may be repeated, later files override earlier ones",
)  # fmt: skip
LIST = Option(
    "list", ("-lps", "--list-param-scope"), "flag",
    help="list all parameters with their defaults and values, and exit",
)  # fmt: skip
EXPLAIN = Option(
    "explain", ("-ep", "--explain-param"), "words", metavar="KEY",
    help="show the value, origin, default and help of each KEY, and exit",
)  # fmt: skip
CHECK = Option(
    "check", ("--check",), "choice", choices=("text", "json"),
    help="print all that is wrong with keys, values and files, without a run, and exit",
)  # fmt: skip
PRINT = Option(
    "print", ("--print-config",), "choice", choices=("toml", "yaml", "json"),
    help="print all parameters as a file for -C, and exit (default: toml)",
)  # fmt: skip
ALLOW = Option("allow", ("--allow-unknown",), "flag", help="accept keys the program does not know")
RECORD = Option(
    "record", ("--record",), metavar="FILE",
    help="write the parameters that were read, with their origins, to a JSON file",
)  # fmt: skip
STRICT = Option(
    "strict_unused", ("--strict-unused",), "flag",
    help="exit with status 3 after the run if a value that was set had no effect",
)  # fmt: skip
TRACEBACK = Option(
    "traceback", ("--traceback",), "flag", help="show the traceback of a usage error as well"
)
COMPLETION = Option(
    "completion", ("--completion",), choices=("bash", "zsh", "fish"),
    help="print a completion script for a shell, and exit",
)  # fmt: skip
VERSION = Option("version", ("--version",), "flag", help="show the version and exit")
ASKING = frozenset(one.key for one in (COMPLETION, VERSION, LIST, EXPLAIN, PRINT))
"""The options whose answer takes the place of a run."""

ON = Option(
    "on", ("--on",), metavar="RUNNER",
    help="run elsewhere: local, processes[:N] or ray[:ADDRESS]",
)  # fmt: skip
SWEEP = Option(
    "sweep", ("--sweep",), "repeated", metavar="KEY=VALUES",
    help="run once for each value: lr=0.1,0.01, n=1:10 or lr=log:1e-5:1e-1:5; several make a grid",
)  # fmt: skip
REPEAT = Option(
    "repeat", ("--repeat",), metavar="N[:KEY]",
    help="run each cell N times, with 0 to N-1 as the value of KEY",
)  # fmt: skip
SWEEPS = (SWEEP, REPEAT)
"""The options that ask for a sweep."""

_COMMON = (
    HELP, HELP_ALL, DEFINE, CONFIG, LIST, EXPLAIN, CHECK, PRINT, ALLOW, RECORD, STRICT,
    ON, *SWEEPS, TRACEBACK, COMPLETION,
)  # fmt: skip
COMMON_FLAGS = frozenset(flag for option in (*_COMMON, VERSION) for flag in option.flags)


def common_options(
    own: Sequence[Option] = (), version: str | None = None, others: Sequence[Option] = ()
) -> list[Option]:
    """Return the options that every program has, and others, without the flags of its `own`.

    An option that loses all its flags in this way becomes `--hp-NAME`.  No parameter takes
    `--help` or `--help-all`.
    """
    taken = {flag for option in own for flag in option.flags}
    table = []
    for option in (*_COMMON, *others, *((VERSION,) if version else ())):
        free = tuple(flag for flag in option.flags if flag not in taken)
        table.append(option._replace(flags=free or (f"--hp-{option.flags[-1][2:]}",)))
    return table
