"""How much the tests do: every promise once, or the counts that environment variables ask for.

docs/testing.md says what each variable does, `make soak` sets all of them.
"""

import os

from hypothesis import settings

KILLS = int(os.environ.get("HP_KILLS", "1"))
EXAMPLES = int(os.environ.get("HP_EXAMPLES", "0"))
STRESS = os.environ.get("HP_STRESS", "")
if STRESS not in ("", "full"):
    raise ValueError(f"HP_STRESS={STRESS}: it is 'full' or not set.")

# A quick run has this share of the random examples that are worth while; `make soak` has the rest.
_SHARE = 0.3


def count_of_examples(usual: int) -> int:
    return EXAMPLES or round(_SHARE * usual)


# No deadline: the time that an example takes decides nothing.  Without a wish for more examples
# they are the same ones each time, so that a failure comes again.
settings.register_profile(
    "once", deadline=None, derandomize=True, max_examples=count_of_examples(100)
)
settings.register_profile("soak", deadline=None, max_examples=EXAMPLES or 1)


def load_profile() -> None:
    settings.load_profile("soak" if EXAMPLES else "once")


def examples(usual: int) -> settings:
    """Return settings for a property that needs another number of examples than 100."""
    return settings(max_examples=count_of_examples(usual))


def amount(usual: int, full: int) -> int:
    """Return how many inputs, scopes or steps a test has."""
    return full if STRESS else usual
