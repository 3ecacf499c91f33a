"""Files, mappings and the environment as configuration: from text to one scope.

`tree` merges what `_files` reads, `interpolation` resolves `${...}`, `schema` converts, and
`config` is all of it.
"""
