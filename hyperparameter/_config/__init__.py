"""Files, mappings and the environment as configuration: from text to one scope.

`tree` merges the values that `_files` parses, `interpolation` resolves `${...}`, `schema` makes an
instance of a class of them, and `config` is the function that users call.
"""
