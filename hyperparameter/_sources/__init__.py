"""Files, mappings and the environment as configuration: from text to one scope.

`document` reads a file into values that know their lines, `tree` merges, `interpolation` resolves
`${...}`, `schema` converts, and `config` is all of it.
"""
