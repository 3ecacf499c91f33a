"""Where a value stands in a document: names of mappings, indexes of lists."""

Path = tuple[str | int, ...]
