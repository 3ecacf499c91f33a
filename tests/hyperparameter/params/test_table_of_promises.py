"""The table below has every public name of `Params`, and tests that exist.

Files are in `tests/hyperparameter/`; a name without a file is in `params/test_params.py`.

| item | tests |
|---|---|
| `Params(params, history, loading_from_archive, files_to_archive)` | `TestHistoryAndChildren` |
| `Params.DEFAULT` | `TestDuplicateAndPickle.test_default_keeps_its_identity` |
| `add_file_to_archive`, `files_to_archive`, `loading_from_archive` | `TestArchive` |
| `as_dict`, `as_flat_dict`, `as_ordered_dict` | `TestAsDict`, `TestProperties` |
| `to_file`, `get_hash` | `TestAsDict`, `TestProperties` |
| `assert_empty` | `TestAssertEmpty` |
| `duplicate` | `TestDuplicateAndPickle` |
| `from_file` | `files/test_jsonnet.py`, `params/test_experiments.py` |
| `get` | `TestGet` |
| `pop` | `TestPop` |
| `pop_int`, `pop_float`, `pop_bool` | `TestTypedPops` |
| `pop_choice`, of `Params` and of the module | `TestChoice` |
| `infer_and_cast`, `parse_overrides`, `unflatten`, `with_fallback` | `TestPlainFunctions` |
| the same, with any input | `TestProperties` |
| of later versions: `with_overrides`, `remove_keys_from_params` | `TestPlainFunctions` |
| of later versions: a dict as overrides | `files/test_jsonnet.py` |
| `to_scope`, `from_scope`, reads in the record | `params/test_params_and_scopes.py` |
| no input raises anything but `ConfigurationError` | `params/test_any_input.py` |

"""

import ast
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from hyperparameter import params

TESTS = Path(__file__).parents[1]
TABLE = str(__doc__).partition("| item | tests |")[2].partition("\n\n")[0]


def column(number: int) -> Iterator[str]:
    for row in TABLE.splitlines()[2:]:
        yield from re.findall(r"`(.+?)`", row.split("|")[number])


def defined(file: str) -> set[str]:
    """Return the names of the test classes and functions of a file, methods with their class."""
    found = set()
    for node in ast.parse((TESTS / file).read_text("utf-8")).body:
        name = getattr(node, "name", "")
        found |= {
            name,
            *(f"{name}.{getattr(one, 'name', '')}" for one in getattr(node, "body", [])),
        }
    return found


def test_every_public_name_is_in_the_table() -> None:
    named = set(re.findall(r"\w+", " ".join(column(1))))
    of_class = {name for name in dir(params.Params) if not name.startswith("_")}
    inherited = {name for name in dir(MutableMapping) if not name.startswith("_")}
    public = (of_class - inherited) | {"get", "pop"} | set(params.__all__)
    assert public <= named


def test_every_test_in_the_table_exists() -> None:
    named = list(column(2))
    assert len(named) > 15
    for name in named:
        if name.endswith(".py"):
            assert (TESTS / name).exists()
        else:
            assert name in defined("params/test_params.py")
