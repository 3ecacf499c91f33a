"""Open values as they were at one moment, for what is written later, and perhaps by others.

`bind` does not know who will pickle what it returns, nor when: an executor does so in a thread of
its own.  So the values are written at once as processes of this host get them.  For a pickler that
writes in another way, what was written is read again, unless nothing has changed since then.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from .attachments import Inline, Store, copied, fetch_from
from .picklers import of_any, of_multiprocessing
from .recent import Recent
from .value_reader import ValueReader
from .values import OpenValue, WrittenValues, write


class FrozenValues:
    """The values of a submission as they are now."""

    def __init__(self, values: Sequence[OpenValue]) -> None:
        """`CarrierError` names the key of a value that nothing can write."""
        self._live = self._values = values
        written = write(values, of_any(), Inline)
        # And not only by the pickler of an engine that may not be the one which carries them.
        self._suits_processes = all(each.attempt < len(of_multiprocessing()) for each in values)
        self._written = written._replace(attachments=[*map(copied, written.attachments)])

    def write(self, store: type[Store]) -> WrittenValues:
        """Return them as `store` has them written; `CarrierError` for what that cannot write."""
        picklers = store.picklers()
        if self._suits_processes and picklers == of_multiprocessing():
            return self._written
        if self._values is self._live and not self._is_unchanged():
            self._values = self._read()
        return write(self._values, picklers, store)

    def _is_unchanged(self) -> bool:
        now = write(self._live, of_any(), Inline)
        same = map(operator.is_, now.engine_values, self._written.engine_values)
        return now.groups == self._written.groups and all(same)

    def _read(self) -> Sequence[OpenValue]:
        groups, attachments, engine_values = self._written
        places = {attachment.digest: attachment for attachment in attachments}
        fetch = functools.partial(fetch_from, Inline, places)
        reader = ValueReader(fetch, engine_values, _kept_nowhere)
        found = reader.read(groups, [each.key for each in self._live])
        return [each.having(value) for each, value in zip(self._live, found, strict=True)]


_kept_nowhere = Recent(0, 0)  # or values of two moments might share parts
