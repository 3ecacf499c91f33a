"""A recorded run, once more: the same function with what the record says, and nothing else.

`hp replay` starts the program, and `Launcher` hands its launch over to the `Replay`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .._config.environment import Variables, variables_with
from .._config.sources import FileAt
from .._console import print_message
from .._records.comparing import Difference, Reads, by_key, compared
from .._records.digest import with_keyed_digests
from .._records.ending import finish
from .._records.read import Read
from .._records.record import Record
from .._records.repeatable import repeatable
from .._records.run import Run
from .._scopes import ambient
from .._scopes.scope import scope
from .._scopes.snapshot import Layer
from .._values.describe import show
from .._values.keys import prefixes
from .._values.masking import MASK
from .._values.origin import Origin
from ..exceptions import UsageError
from .argv import GivenOption, ParsedArgv
from .checked_values import check_values
from .commands import Function, signature_of
from .invocation import Invocation, invocation_of
from .options import DEFINE
from .parameters import options_of
from .program_keys import LazyScan
from .run import require, run_function
from .run_facts import place_of
from .settings import Settings
from .sources import Sources
from .unread import unread

if TYPE_CHECKING:
    from .._functions.signature import Signature
    from .program import Program


_HERE = Origin("code", "")


class Replay:
    """The record in the file `path`, called `name` by the user, with `defines` of the command line.

    `has_run` tells whether the program has launched the function of the record.
    """

    def __init__(self, name: str, path: str, record: Record, run: Run, defines: list[str]) -> None:
        self.has_run = False
        self._name, self._path = name, path
        self._run = run
        self._old = by_key(record.reads)
        self._incomplete = record.incomplete
        self._repeatable = repeatable(record)
        self._new: Reads = {}
        self._given = [GivenOption(DEFINE, "-D", [text]) for text in defines]
        self._defined = [
            key
            for layer in invocation_of(ParsedArgv(self._given, [], []), [], None).defines
            for key in layer.values
        ]

    def launch(
        self, program: Program, env_prefix: str | None, env: Mapping[str, str], freeze: bool
    ) -> object:
        """Run what the record is of, in the place of what the program launches."""
        if self.has_run:
            raise UsageError(f"{self._name} is of one run, and this program launches another one.")
        function = self._function(program)
        signature = signature_of(function)
        invocation = self._invocation(program, signature)
        left = self._left_to_code()
        scan = LazyScan(signature, env)
        with scope.empty():
            own = Settings(invocation, None, env)
            if own.unchecked:
                own.unknown(scan).check()
            sources = Sources([FileAt(self._path)], self._secrets(env_prefix, env), None)
            settings = Settings(invocation, sources, env)
            settings.layers.append(left)
            require(options_of(signature), signature, settings)
            check_values(settings, scan, signature)
            self.has_run = True
            begun: list[Record] = []
            try:
                result, _ = run_function(
                    function, invocation, settings, [], freeze, scan=scan, begun=begun.append
                )
            finally:  # most programs end with `sys.exit`
                for rec in begun:
                    self._compare_with(rec, own)
        return result

    def _compare_with(self, rec: Record, own: Settings) -> None:
        finish(rec, sys.exception())
        self._incomplete = [*self._incomplete, *rec.incomplete]
        self._new = by_key(with_keyed_digests(rec.reads, os.environ))
        texts, unknown = unread(rec, own)
        for text in [*texts, *filter(None, [unknown])]:
            print_message(f"hp: {text}")

    def _function(self, program: Program) -> Function:
        for function in program.functions:
            if place_of(function).function == self._run.function:
                return function
        raise UsageError(
            f"{self._name} is of {self._run.function}, which {program.name} does not launch here."
        )

    def _invocation(self, program: Program, signature: Signature) -> Invocation:
        """Return what `-D` sets, with the recorded words for `*args`."""
        parsed = ParsedArgv(self._given, [], [])
        invocation = invocation_of(parsed, options_of(signature), signature)
        if not signature.varargs_name:
            return invocation
        old = program.parsed(self._run.argv).invocation
        if any(MASK in str(one) for one in old.args):
            raise UsageError(
                f"{self._name}: an argument of this run was a secret, which a record does not have."
            )
        invocation.args = old.args
        return invocation

    def _left_to_code(self) -> Layer:
        """Return what the program has set before the launch, of what a record cannot hold."""
        flat = ambient.current().snapshot.flat()
        values = {key: flat[key] for key in self._repeatable.by_code if key in flat}
        return Layer(values, _HERE)

    def _secrets(self, env_prefix: str | None, env: Mapping[str, str]) -> Variables | None:
        """Return the variables with what the record lacks; no others have a say."""
        if env_prefix is None:
            return None
        lacking = [key.lower() for key in self._repeatable.lacking]
        names = {*lacking, *prefixes(lacking)}
        own = {
            name: env[name]
            for name, rest in variables_with(env_prefix, env)
            if rest.lower().replace("__", ".") in names
        }
        return Variables(env_prefix, own, self._repeatable.lacking)

    def check(self) -> bool:
        """Print which keys were not read as in the record; tell whether all others were.

        What `-D` has set may differ.
        """
        found = compared([self._old, self._new])
        changed = [one for one in found.differences if one.changes[0] != "origin"]
        changed = [one for one in changed if not self._is_part(one, {each.key for each in changed})]
        wrong = [one for one in changed if not self._is_defined(one.key)]
        for line in self._lines(changed):
            print_message(f"hp: {line}")
        for key in found.unknown:
            print_message(f"hp: {key} is a secret without a digest, and may have another value.")
        for reason in self._incomplete:
            print_message(f"hp: reads may be missing: {reason}.")
        # Of the record, as `hp show` counts: a part that only the replay has noted is not among it.
        count = len(self._old) - len(found.unknown) - sum(bool(one.reads[0]) for one in changed)
        rest = f", {len(changed)} not" if changed else ""
        print_message(f"hp: {_count(count)} read as in {self._name}{rest}.")
        return not wrong

    def _lines(self, changed: Sequence[Difference]) -> Iterator[str]:
        for one in changed:
            old, new = (
                ", ".join(dict.fromkeys(show(one.key, read.value) for read in reads))
                for reads in one.reads
            )
            why = " (set with -D)" if self._is_defined(one.key) else ""
            if not new:
                yield f"{one.key} was not read{why}; it was {old} in {self._name}."
            elif not old:
                origin = one.reads[1][0].origin or "default"
                yield f"{one.key} = {new} ({origin}) is new{why}; {self._name} does not have it."
            elif old == new:  # as a mask shows them
                yield f"{one.key} was read with another value{why} than in {self._name}."
            else:
                yield f"{one.key} was read as {new}{why}; it was {old} in {self._name}."

    def _is_part(self, one: Difference, changed: set[str]) -> bool:
        """Tell a field of a structure that both runs have read as a whole, which says it all.

        A field is a read of its own where it was set, which a replay does with all of them.
        """
        if one.changes[0] == "value":
            return False
        above = one.key.rpartition(".")[0]
        while above and not (_is_whole(self._old.get(above)) and above in self._new):
            above = above.rpartition(".")[0]
        return above != "" and (above not in changed or self._is_defined(above))

    def _is_defined(self, key: str) -> bool:
        return any(
            f"{key}.".startswith(f"{one}.") or f"{one}.".startswith(f"{key}.")
            for one in self._defined
        )


def _is_whole(reads: Sequence[Read] | None) -> bool:
    """Tell the reads of a mapping or a structure."""
    values = [read.value for read in reads or ()]
    return any(isinstance(getattr(value, "data", value), dict) for value in values)


def _count(count: int) -> str:
    return "1 key was" if count == 1 else f"{count} keys were"
