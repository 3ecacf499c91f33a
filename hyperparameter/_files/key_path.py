"""Where a value is inside a document; for files on a disk, see `text.FilePath`."""

Part = str | int
"""One step down: a name in a mapping, or an index in a list."""

KeyPath = tuple[Part, ...]
"""The steps from the top of a document to a value."""
