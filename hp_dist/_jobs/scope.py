"""The scope of a job: in its environment, or in a file of its folder."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from hyperparameter._engine_interface import has_secret
from hyperparameter.context import Captured
from hyperparameter.exceptions import UsageError

from .._text import file as text_file
from .._text.carrier import KEY
from .._text.codec import encode_text
from .._text.propagation import captured_in
from ..exceptions import CarrierError

# Ray passes the environment of a job to its workers in one argument of at most 128 KiB, as JSON
# inside of JSON, with other variables.  What does not fit leaves the job PENDING without a word.
_MOST_CHARACTERS = 32 * 1024


class JobScope(NamedTuple):
    """What the scope adds to the environment of a job, and to its folder."""

    variables: dict[str, str]
    files: dict[str, str]

    @classmethod
    def inherited(cls, env: Mapping[str, str]) -> "JobScope":
        """Return the scope that the environment of this process carries.

        Ray shows the environment of a job to whoever lists its jobs, so a scope that has secrets
        becomes a file, whatever its size is.
        """
        try:
            captured = captured_in(env)
            if captured is None:
                return cls({}, {})
            text = encode_text(captured)
        except CarrierError as error:
            raise UsageError(f"${KEY}: {error}") from None
        if len(json.dumps(json.dumps(text))) <= _MOST_CHARACTERS and not _has_secrets(captured):
            return cls({KEY: text}, {})
        name, short = text_file.in_job_folder(text)
        return cls({KEY: short}, {name: text})


def _has_secrets(captured: Captured) -> bool:
    layers = (*captured.scopes.layers, *captured.baseline.layers)
    return any(has_secret(key, value) for one in layers for key, value in one.values.items())
