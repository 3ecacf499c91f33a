"""What the carrier keeps in files for other processes, beside the mailbox of what these read."""

import gc
from pathlib import Path

from patience import wait_until

MAILBOX = "reads"


def spool_files(temporary: Path) -> list[Path]:
    """Return the files of attachments in a folder for temporary files."""
    found = temporary.glob("hyperparameter-*/*")
    return sorted(path for path in found if path.name != MAILBOX)


def wait_until_files_are_gone(temporary: Path) -> None:
    """Wait for the files to go: an engine's own thread may have to let go of the work first."""

    def are_gone() -> bool:
        gc.collect()
        return not spool_files(temporary)

    wait_until(are_gone)


def mailboxes(temporary: Path) -> list[Path]:
    return sorted(temporary.glob(f"hyperparameter-*/{MAILBOX}"))
