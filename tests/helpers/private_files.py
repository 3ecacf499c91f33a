"""What the carrier keeps in files for other processes, beside the mailbox of what these read."""

from pathlib import Path

MAILBOX = "reads"


def spool_files(temporary: Path) -> list[Path]:
    """Return the files of attachments in a folder for temporary files."""
    found = temporary.glob("hyperparameter-*/*")
    return sorted(path for path in found if path.name != MAILBOX)


def mailboxes(temporary: Path) -> list[Path]:
    return sorted(temporary.glob(f"hyperparameter-*/{MAILBOX}"))
