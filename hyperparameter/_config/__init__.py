"""Files, mappings and the environment as configuration: from text to one scope.

`sources` reads what `_files` parses and `includes` what that includes, `environment` has the
variables, `view` lays one over the other, `interpolation` resolves `${...}`, `result` makes what is
wanted of them, and `config` is the function that users call.
"""
