"""Forked children tell their parent what they read: the records that are open are its own."""

import os

from hyperparameter import _engine_interface as interface
from hyperparameter._engine_interface import Record

from .address import forget_ids, is_known, this_submitter
from .forward import Forward, forward_to
from .inbox import current_inbox, replace_inbox


def _let_child_tell() -> None:
    """Have an address for the child, also where the program forks it without an engine.

    What is told to another process already is told there by the child, too.
    """
    untold = [one for one in interface.records() if isinstance(one, Record) and not _is_told(one)]
    if untold:
        current_inbox().address(untold, "host")


def _is_told(record: Record) -> bool:
    return isinstance(record, Forward) or isinstance(record.forward, Forward)


def _become_worker() -> None:
    parents, by = replace_inbox(), this_submitter()
    open_here = [each for each in interface.records() if isinstance(each, Record)]
    records = [each for each in open_here if isinstance(each, Forward) or is_known(each)]
    for index, record in enumerate(records):
        if isinstance(record, Forward):
            # What the parent reaches through its cluster, this process cannot reach itself.
            address = parents.address_for_child(record) if is_known(record) else ()
        else:
            address = parents.address(records[index:], "host")
        forward = forward_to(address, by, is_announced=False) if address else None
        record.begin_anew(forward)
    interface.forget_answers()
    forget_ids()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_let_child_tell, after_in_child=_become_worker)
