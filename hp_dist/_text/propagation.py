"""Scopes on any carrier of text: an environment, headers, the metadata of a job.

hp_dist.inject(headers)  # here
with hp_dist.extract(headers): ...  # there
"""

from __future__ import annotations

from collections.abc import Mapping

from hyperparameter import _engine_interface as interface
from hyperparameter import context
from hyperparameter.context import Captured, Snapshot

from ..exceptions import CarrierError
from . import file as text_file
from .carrier import KEY, Carrier, WritableCarrier, put, text_in, text_in_environment
from .codec import captured_from, encode_text, unseal

_MOST_BYTES = 128 * 1024  # MAX_ARG_STRLEN of Linux: name, value, the sign between and NUL


class Extracted:
    """The scopes from a carrier: open them for a block with `with`, or for good with `open`."""

    def __init__(self, captured: Captured | None) -> None:
        self._captured = captured
        visible = captured.scopes if captured else Snapshot()
        # The baseline is opened as a scope too: that of this process belongs to all its threads.
        as_scopes = Snapshot(visible.layers, len(visible.layers), visible.closed)
        self._scope = interface.scope_of(as_scopes)

    def __enter__(self) -> None:
        self._scope.__enter__()

    def __exit__(self, *exc_info: object) -> None:
        self._scope.__exit__(None, None, None)

    def open(self) -> None:
        """Open the scopes here for good, and the baseline for the whole process.

        They rank with the environment of this program: under what its command line and its own
        code set, over the files that it is launched with.
        """
        if self._captured is not None:
            interface.inherit(*self._captured)


def inject(carrier: WritableCarrier) -> None:
    """Put what is active here and now into `carrier`, as text.

    A mapping gets it under `HYPERPARAMETER_SCOPE`, headers and lists of pairs under
    `hyperparameter-scope`.  It replaces what is there in another spelling.  Text that is too long
    for an environment variable goes to a private file, which lives as long as this process.
    `CarrierError` is raised for a value that JSON cannot hold.
    """
    text = encode_text(context.capture())
    if len(f"{KEY}={text}\0") > _MOST_BYTES:
        text = text_file.save(text)
    put(carrier, text)


def extract(carrier: Carrier) -> Extracted:
    """Return what `inject` put into `carrier`, to be opened; of a carrier without it, nothing.

    The carrier is a mapping, headers, or pairs of names and texts.  The key is found in every
    spelling that a protocol gives it: in any case, with `-` for `_`, with the `HTTP_` of WSGI, and
    in bytes.  `CarrierError` is raised for text that is damaged or of another version, and for a
    file that is gone.
    """
    return Extracted(_captured(text_in(carrier)))


def captured_in(env: Mapping[str, str]) -> Captured | None:
    """Return the scopes and the baseline in an environment, None when it has none."""
    return _captured(text_in_environment(env))


def _captured(text: object) -> Captured | None:
    if text is None:
        return None
    member, document = unseal(text)
    if member == "file":
        member, document = unseal(text_file.load(document))
        if member == "file":
            raise CarrierError("The file of the carried scope names another file.")
    return captured_from(document)
