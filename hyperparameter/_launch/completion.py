"""Completion scripts for shells, which shtab makes of an argparse parser.

That parser parses nothing: it only holds the table of options in the form that shtab reads.
Behind `-D` a word is KEY=VALUE.  bash takes that for three words, and zsh would end it behind the
key, so both get a function for it.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from .commands import Function, class_of, names_of, signature_of
from .options import DEFINE, EXPLAIN, Option, common_options
from .parameters import options_of
from .program_keys import DeclaredParameters, reads_in
from .texts import Texts

if TYPE_CHECKING:
    from .._scan import SourceTree

_BASH = """
_hp_{name}_assignments=({words})

# What is behind -D up to here; bash itself has split it at each "=".
_hp_{name}() {{
  local line=${{COMP_LINE:0:COMP_POINT}} word before option candidate
  word=${{line##*[[:space:]]}}
  before=${{line%"$word"}}
  before=${{before%"${{before##*[![:space:]]}}"}}
  option=${{before##*[[:space:]]}}
  if [[ $option != -D && $option != --define ]]; then
    _shtab_{name} "$@"
    return
  fi
  COMPREPLY=()
  for candidate in "${{_hp_{name}_assignments[@]}}"; do
    [[ $candidate == "$word"* ]] && COMPREPLY+=("$candidate")
  done
  if [[ $word == *=* && ${{#COMPREPLY[@]}} == 0 ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r candidate; do
      COMPREPLY+=("${{word%"${{word##*=}}"}}$candidate")
    done < <(compgen -f -- "${{word##*=}}")
  fi
  [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
  if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{word%"${{word##*=}}"}}"}}")
  fi
}}

complete -o bashdefault -F _hp_{name} {program}
"""
_ZSH = """
_hp_{name}_assignments() {{
  local before=$compstate[nmatches]
  compadd -S '' -- {keys}
  compadd -- {values}
  if [[ $PREFIX == *=* && $compstate[nmatches] == $before ]]; then
    compset -P '*='
    _files
  fi
}}
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
        table.add(parser, common_options(), {})
        group = parser.add_subparsers()
        for function in functions:
            command, *others = names_of(function, functions)
            # shtab leaves out commands without a help text.
            texts = Texts(signature_of(function), class_of(function))
            text = _literal(texts.docstring.summary or command)
            inner = group.add_parser(command, aliases=others, add_help=False, help=text)
            table.add_function(inner, function)
    text = str(shtab.complete(parser, shell)).rstrip()
    if shell == "bash":
        text = text.rpartition("\ncomplete ")[0]  # which does not quote the program's name
        words = _quoted([*table.keys.open, *table.keys.chosen])
        text += _BASH.format(name=name, words=words, program=quote(program))
    return text.rstrip()


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
    return ("true", "false") if option.kind == "switch" else option.choices


class _Table:
    """Writes options into a parser, as one shell needs them."""

    def __init__(self, shell: str, name: str, keys: _Keys) -> None:
        self.keys = keys
        self._shell = shell
        self._name = name

    def add_function(self, parser: argparse.ArgumentParser, function: Function) -> None:
        signature = signature_of(function)
        own, texts = options_of(signature), Texts(signature, class_of(function))
        self.add(parser, [*own, *common_options(own)], {one.key: texts.of(one) for one in own})

    def add(
        self, parser: argparse.ArgumentParser, options: Sequence[Option], texts: Mapping[str, str]
    ) -> None:
        for option in options:
            text = _literal(option.help or texts.get(option.key, ""))
            if option.kind in ("flag", "switch"):
                names = *option.flags, *option.negations[:1]
                parser.add_argument(*names, action="store_true", help=text)
                continue
            names = option.flags or (option.metavar.lower(),)
            nargs = {"choice": "?", "words": "*"}.get(option.kind)
            action = parser.add_argument(*names, nargs=nargs, help=text)
            self._add_candidates(action, option)

    def _add_candidates(self, action: argparse.Action, option: Option) -> None:
        import shtab

        keys = self.keys
        words = {EXPLAIN.key: keys.names, DEFINE.key: [*keys.open, *keys.chosen]}
        action.choices = words.get(option.key, option.choices) or None
        if action.choices is None:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # which shtab looks for
        elif option.key == DEFINE.key and self._shell == "zsh":
            function = _ZSH.format(
                name=self._name, keys=_quoted(keys.open), values=_quoted(keys.chosen)
            )
            action.complete = {  # type: ignore[attr-defined]
                "zsh": f"_hp_{self._name}_assignments", "preamble": {"zsh": function},
            }  # fmt: skip


def _quoted(words: Sequence[str]) -> str:
    return " ".join(map(quote, words))


def _literal(text: str) -> str:
    return text.replace("%", "%%")  # argparse formats help texts with %
