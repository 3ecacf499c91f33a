"""Large scopes that are used again and again: put into the key-value store, named by their keys.

A call takes longer with an `ObjectRef` inside an argument, or with some KiB.  The keys are bytes,
and short.  But what is put stays until the job and its actors have ended, so scopes that are used
a few times travel as they would in any case.
"""

from __future__ import annotations

from .._carry.attachments import IS_ATTACHED
from .._carry.submission import Attachments, Message, Submission
from ..exceptions import CarrierError
from .store import MOST_PUBLISHED, KeyValueStore

LEAST_USES = 64  # before: a put takes as long as a task
_SMALL_PAYLOAD = 4 * 1024  # Ray passes this much on as fast as 60 bytes
_MOST_OF_PROCESS = 64 * 1024 * 1024
_BETWEEN = b" "


class _Everything(KeyValueStore):
    """The same store, for the payload too."""

    most_bytes: float = 0


def is_large(message: Message) -> bool:
    """Tell whether calls with this message would be faster with keys."""
    return bool(message.attachments) or len(message.payload) > _SMALL_PAYLOAD


def publish(submission: Submission, message: Message) -> bytes | None:
    """Put all of a submission that has no values which may change; return the keys, its own last.

    None where it is too large, or cannot be put now.
    """
    global _size
    size = len(message.payload) + sum(each.size for each in submission.attachments())
    if size > MOST_PUBLISHED or _size + size > _MOST_OF_PROCESS:
        return None
    try:
        submission.message(_Everything)
        keys = [KeyValueStore.keep(each) for each in submission.attachments()]
    except Exception:  # noqa: BLE001  # all that Ray may have to say; it works without, too
        return None
    _size += size
    return IS_ATTACHED + _BETWEEN.join(keys)


def is_published(payload: bytes) -> bool:
    """Tell keys from a payload, which Ray's object store takes whole."""
    return payload[:1] == IS_ATTACHED


def message_of(keys: bytes) -> Message:
    """Return the message that was published under these keys, to be fetched as it is decoded."""
    try:
        places: dict[bytes, object] = {
            bytes.fromhex(key.rpartition(b"/")[2].decode()): key for key in keys[1:].split(_BETWEEN)
        }
    except ValueError as error:
        raise CarrierError(
            "The keys of a submitted scope were damaged on their way. Submit the work again."
        ) from error
    attachments: Attachments = ((), places)
    return Message(IS_ATTACHED + next(reversed(places)), attachments)


_size = 0
