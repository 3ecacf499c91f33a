"""Completion scripts for shells, which shtab makes of an argparse parser.

That parser parses nothing: it only holds the table of options in the form that shtab reads.
Behind `-D` and `-C` a word may be KEY=VALUE.  bash takes that for three words, and the others would
end it behind the key, so all get functions for it.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from .commands import Function, class_of, names_of, signature_of
from .options import CONFIG, DEFINE, EXPLAIN, Option, common_options
from .parameters import options_of
from .program_keys import DeclaredParameters, reads_in
from .sweep_options import OF_RUNNERS, OF_SWEEPS
from .texts import Texts

if TYPE_CHECKING:
    from .._scan import SourceTree

_BASH = """
_hp_{name}_assignments=({words})

# bash splits words at "=".  Here the value of --flag=value is a word of its own, as behind a blank,
# and KEY=VALUE is one word.
_hp_{name}() {{
  local word option candidate joins= attached= last=0
  local -a words=("${{COMP_WORDS[0]}}")
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD}}"; do
    if [[ $word == = && ${{words[last]}} == --* ]]; then
      attached=${{words[last]}}= joins=1
      words[++last]=
    elif [[ $word == = || $joins ]]; then
      words[last]+=$word
      [[ $word == = ]] && joins=1 || joins=
    elif [[ $word == --*=* ]]; then
      attached=${{word%%=*}}=
      words[++last]=${{word%%=*}}
      words[++last]=${{word#*=}}
    else
      attached=
      words[++last]=$word
    fi
  done
  word=${{words[last]}} option=${{words[last-1]}}
  local COMP_CWORD=$last
  local -a COMP_WORDS=("${{words[@]}}")
  COMPREPLY=()
  if [[ " {defines} {files} {pairs} " == *" $option "* ]]; then
    if [[ " {defines} " == *" $option "* ]]; then
      for candidate in "${{_hp_{name}_assignments[@]}}"; do
        [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
      done
    fi
    if [[ ${{#COMPREPLY[@]}} == 0 && ( $word == *=* || " {files} " == *" $option "* ) ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r candidate; do
        COMPREPLY+=("${{word%"${{word##*=}}"}}$candidate")
      done < <(compgen -f -- "${{word##*=}}")
    fi
    [[ ${{COMPREPLY[0]-}} == *= ]] && compopt -o nospace 2>/dev/null
  elif [[ $attached && " {switches} " == *" $option "* ]]; then
    COMPREPLY=($(compgen -W "true false" -- "$word"))
  else
    _shtab_{name} "$@"
  fi
  if [[ $COMP_WORDBREAKS == *=* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{word%"${{word##*=}}"}}"}}")
  else
    COMPREPLY=("${{COMPREPLY[@]/#/$attached}}")
  fi
}}

complete -o bashdefault -F _hp_{name} {program}
"""
_ZSH = """
_hp_{name}_files() {{
  compset -P '*='
  _files
}}

_hp_{name}_assignments() {{
  local before=$compstate[nmatches]
  compadd -S '' -- {keys}
  compadd -- {values}
  if [[ $PREFIX == *=* && $compstate[nmatches] == $before ]]; then
    _hp_{name}_files
  fi
}}
"""
_FISH = """
# Tell whether the last option before the cursor is one of these.
function _hp_{name}_behind
  set -l flags (string match -- '-*' (commandline -opc))
  contains -- "$flags[-1]" $argv
end

function _hp_{name}_files
  set -l token (string replace -r '^--[^=]*=' '' -- (commandline -ct))
  set -l key (string match -r '^[^=]*=' -- $token)
  for file in (__fish_complete_path (string replace -r '^[^=]*=' '' -- $token))
    echo "$key$file"
  end
end
"""


class _Keys(NamedTuple):
    """The keys of a program, and the words that may stand behind `-D`: KEY= or KEY=CHOICE."""

    names: list[str]
    open: list[str]
    chosen: list[str]


def script(
    shell: str,
    functions: Sequence[Function],
    program: str,
    single: bool,
    tree: "SourceTree | None",
) -> str:
    """Return the script that makes `shell` complete the program's options and its keys."""
    import shtab

    name = re.sub(r"\W", "_", program)  # as shtab spells it
    table = _Table(shell, name, _keys(tree))
    parser = argparse.ArgumentParser(prog=program, add_help=False)
    if single:
        table.add_function(parser, functions[0])
    else:
        table.add(parser, common_options(others=(*OF_SWEEPS, *OF_RUNNERS)), {})
        group = parser.add_subparsers()
        for function in functions:
            command, *others = names_of(function, functions)
            # shtab leaves out commands without a help text.
            texts = Texts(signature_of(function), class_of(function))
            text = _literal(texts.docstring.summary or command)
            inner = group.add_parser(command, aliases=others, add_help=False, help=text)
            table.add_function(inner, function)
    text = str(shtab.complete(parser, shell, preamble=table.functions())).rstrip()
    if shell == "bash":  # shtab does not quote the program's name
        text = text.rpartition("\ncomplete ")[0]
    return (text + table.rest(program)).rstrip()


def _keys(tree: "SourceTree | None") -> _Keys:
    declared = DeclaredParameters()
    read = (one.key for one in reads_in(tree) if not one.is_pattern)
    keys = _Keys([], [], [])
    for key in filter(str.isprintable, dict.fromkeys([*declared, *read])):
        choices = next(filter(None, (_choices(one) for _, one in declared.of(key))), ())
        keys.names.append(key)
        keys.chosen.extend(f"{key}={choice}" for choice in choices)
        if not choices:
            keys.open.append(f"{key}=")
    return keys


def _choices(option: Option) -> tuple[str, ...]:
    choices = ("true", "false") if option.kind == "switch" else option.choices
    return tuple(filter(str.isprintable, choices))


class _Table:
    """Writes options into a parser, as one shell needs them.

    It notes the flags of those that shtab does not know to complete: `defines` take KEY=VALUE,
    `files` KEY=FILE, `pairs` what begins with a key of the user's, `switches` true or false behind
    a `=`, and `lists` several of their choices.
    """

    def __init__(self, shell: str, name: str, keys: _Keys) -> None:
        self.keys = keys
        self._shell = shell
        self._name = name
        self._flags: dict[str, dict[str, None]] = {
            kind: {} for kind in ("defines", "files", "pairs", "switches")
        }
        self._lists: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add_function(self, parser: argparse.ArgumentParser, function: Function) -> None:
        signature = signature_of(function)
        own, texts = options_of(signature), Texts(signature, class_of(function))
        self.add(
            parser,
            [*own, *common_options(own, others=(*OF_SWEEPS, *OF_RUNNERS))],
            {one.key: texts.of(one) for one in own},
        )

    def add(
        self, parser: argparse.ArgumentParser, options: Sequence[Option], texts: Mapping[str, str]
    ) -> None:
        for option in options:
            text = _literal(option.help or texts.get(option.key, ""))
            if option.kind in ("flag", "switch"):
                names = *option.flags, *option.negations[:1]
                parser.add_argument(*names, action="store_true", help=text)
                self._note("switches", option.flags if option.kind == "switch" else ())
                continue
            is_repeated = bool(option.flags) and option.kind in ("repeated", "pairs", "items")
            action = parser.add_argument(
                *(map(self._spelled, option.flags) if option.flags else [option.metavar.lower()]),
                action="append" if is_repeated else "store",
                nargs=_words_of(option),
                help=text,
            )
            if option.flags:
                # shtab shows it where there is no text.
                action.dest = max(option.flags, key=len).strip("-")
            self._add_candidates(action, option)

    def _spelled(self, flag: str) -> str:
        """Return a flag as a shell is told that a value may stand behind it and a `=`."""
        return f"{flag}=" if self._shell == "zsh" and flag.startswith("--") else flag

    def _note(self, kind: str, flags: Sequence[str]) -> None:
        self._flags[kind].update(dict.fromkeys(flags))

    def _add_candidates(self, action: argparse.Action, option: Option) -> None:
        import shtab

        keys, kind = self.keys, {DEFINE.key: "defines", CONFIG.key: "files"}.get(option.key)
        words = {EXPLAIN.key: keys.names, DEFINE.key: [*keys.open, *keys.chosen]}
        action.choices = self._offered(words.get(option.key, _choices(option))) or None
        functions = {}
        if kind == "defines":
            functions = {"zsh": f"_hp_{self._name}_assignments"}
        elif kind or option.kind == "pairs":
            functions = {"zsh": f"_hp_{self._name}_files", "fish": f"(_hp_{self._name}_files)"}
        if option.kind == "items" and option.flags and action.choices:
            self._lists[option.flags] = tuple(action.choices)
        self._note(kind or "pairs", option.flags if kind or option.kind == "pairs" else ())
        if action.choices is None or self._shell in functions:
            action.complete = {**shtab.FILE, **functions}  # type: ignore[attr-defined]  # for shtab

    def _offered(self, words: Sequence[str]) -> list[str]:
        """Return words as shtab can write them: shells expand what it gives them as choices.

        bash gets the spelling that somebody would type.  For the others shtab quotes nothing, so
        what needs quotes is left out.
        """
        if self._shell == "bash":
            return [quote(_typed(word)) for word in words]
        return [word for word in words if _typed(word) == word]

    def functions(self) -> str:
        """Return the functions that completions of the table call."""
        open_, chosen = _quoted(self.keys.open), _quoted(self.keys.chosen)
        zsh = _ZSH.format(name=self._name, keys=open_, values=chosen)
        return {"zsh": zsh, "fish": _FISH.format(name=self._name)}.get(self._shell, "")

    def rest(self, program: str) -> str:
        """Return what stands behind the script that shtab makes."""
        if self._shell == "bash":
            flags = {kind: " ".join(flags) for kind, flags in self._flags.items()}
            words = _quoted([*map(_typed, [*self.keys.open, *self.keys.chosen])])
            return _BASH.format(name=self._name, words=words, program=quote(program), **flags)
        if self._shell == "fish":
            return "".join(
                f"\ncomplete -c {quote(program)} -n {quote(behind)} -ka {quote(_quoted(choices))}"
                for flags, choices in self._lists.items()
                for behind in [f"_hp_{self._name}_behind {_quoted(flags)}"]
            )
        return ""


def _words_of(option: Option) -> int | str | None:
    """Return how many words follow, as argparse says it.

    Behind a list of files, which has no choices, shtab would offer no options any more.
    """
    if option.kind == "items" and (option.choices or not option.flags):
        return "*"
    if option.size > 1:
        return option.size
    return {"choice": "?", "words": "*"}.get(option.kind)


def _quoted(words: Sequence[str]) -> str:
    return " ".join(map(quote, words))


def _typed(word: str) -> str:
    """Return a word as somebody types it into bash, which puts what it is offered there as it is.

    All characters beyond ASCII are letters to a shell.
    """
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word)


def _literal(text: str) -> str:
    return " ".join(text.split()).replace("%", "%%")  # argparse formats help texts with %
