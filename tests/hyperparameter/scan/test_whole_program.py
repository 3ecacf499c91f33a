"""What the scan makes of several files together, of imports, of keys, and what it keeps."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unprivileged import run_unprivileged

import hyperparameter as hp
from hyperparameter._scan import Finding, ScanCache, SourceTree, cache_for, scan_paths, scan_program
from hyperparameter._scan.modules import imported_names
from hyperparameter._scan.source import scan as scan_bytes

Tree = Callable[..., Path]
HP = "import hyperparameter as hp\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files, `folder__name` for folder/name.py, and return their folder."""

    def write(**files: str) -> Path:
        for name, source in files.items():
            path = (
                tmp_path / "program" / (name.replace("__", "/").replace("INIT", "__init__") + ".py")
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(source))
        return tmp_path / "program"

    return write


def program_of(folder: Path, *search: Path, loaded: Any = (), cache: Any = None) -> SourceTree:
    return scan_program(str(folder / "main.py"), loaded, [str(folder), *map(str, search)], cache)


def keys(findings: list[Finding]) -> list[str]:
    return sorted({f.key for f in findings})


IMPORTED = {
    "module": ("import a", "a"),
    "several": ("import os, a", "a"),
    "as": ("import a as b", "a"),
    "dotted": ("import p.q.a", "p__q__a"),
    "from package": ("from p import a", "p__a"),
    "in parentheses": ("from p import (  # why\n    b as c,  # because\n    a,\n)", "p__a"),
    "continued": ("from p import b, \\\n    a", "p__a"),
    "a name of a module": ("from p.a import f", "p__a"),
    "behind a semicolon": ("x = 1; import a", "a"),
    "behind a colon": ("try: import a\nexcept ImportError: pass", "a"),
    "inside a function": ("def main():\n    if x:\n        from p import a", "p__a"),
    "by name": ("importlib.import_module('p.a')", "p__a"),
    "package": ("import p", "p__INIT"),
    "the packages around": ("from p.q import x", "p__INIT"),
}


@pytest.mark.parametrize("case", IMPORTED)
def test_imports_are_followed_without_importing(tree: Tree, case: str) -> None:
    line, where = IMPORTED[case]
    found = program_of(tree(main=line, p__q__x="", **{where: f"{HP}hp.scope.a | 1"})).findings
    assert keys(found) == ["a"]


def test_relative_imports_and_chains_through_files_that_do_not_use_us(tree: Tree) -> None:
    folder = tree(
        main="import p.one",
        p__INIT="",
        p__one="from . import two",
        p__two="from .q.three import x",
        p__q__three="from ..four import y\nfrom ... import nothing",
        p__four=f"{HP}hp.scope.four | 4",
    )
    assert keys(program_of(folder).findings) == ["four"]


def test_what_is_not_imported_does_not_count_but_what_is_loaded_does(tree: Tree) -> None:
    folder = tree(main="", a=f"{HP}hp.scope.a | 1", b=f"{HP}hp.scope.b | 1")
    program = program_of(folder, loaded=[str(folder / "b.py"), "built-in", str(folder / "no.so")])
    assert keys(program.findings) == ["b"]
    assert program.problems == []


def test_constants_of_other_modules_are_folded(tree: Tree) -> None:
    folder = tree(
        main="import p.model",
        p__INIT="from .names import NS",
        p__names="from .more import BASE as B\nNS = B + '.train'\nLR = 0.5",
        p__more="BASE = 'app'\nNUMBER = 3",
        p__model=f"""
            {HP.strip()}
            import p.names as names
            from p import NS
            from .names import LR, missing
            from . import more
            from .more import *
            @hp.param(NS)
            def f(lr=LR, n=names.LR, m=missing): pass
            hp.scope[f"{{more.BASE}}.{{missing}}.x"] | more.NUMBER
            hp.scope[names.NS].y | names.NS
            """,
    )
    found = {f.key: (f.default, f.type) for f in program_of(folder).findings}
    assert found == {
        "app.train.lr": (0.5, "float"),
        "app.train.n": (0.5, "float"),
        "app.train.m": ("missing", None),
        "app.*.x": (3, "int"),
        "app.train.y": ("app.train", "str"),
    }


def test_constants_that_import_each_other_in_a_circle_are_unknown(tree: Tree) -> None:
    folder = tree(
        main=f"{HP}from a import X\nhp.scope[X + '.y'] | 1",
        a="from b import X",
        b="from a import X",
    )
    assert keys(program_of(folder).findings) == ["*.y"]


def test_installed_packages_count_whole_where_they_use_us(tree: Tree, tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for name, source in {
        "uses/__init__.py": "",
        "uses/deep/lazy.py": f"{HP}hp.scope.lazy | 1\nimport uses_too",
        "uses_too.py": f"{HP}hp.scope.too | 1",
        "plain/__init__.py": "import unseen",
        "unseen.py": f"{HP}hp.scope.unseen | 1",
    }.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(source)
    folder = tree(main="import uses, plain, numpy_that_is_missing")
    cache = tmp_path / "cache"
    for _ in range(2):
        program = program_of(folder, site, cache=ScanCache(str(cache), "x"))
        assert keys(program.findings) == ["lazy", "too"]


def test_our_own_sources_and_the_standard_library_are_left_out(tree: Tree) -> None:
    folder = tree(main=f"{HP}import json, hp_dist, hyperparameter.params")
    loaded = [m.__file__ for m in sys.modules.values() if getattr(m, "__file__", None)]
    program = program_of(folder, *map(Path, sys.path[1:]), loaded=loaded)
    tests = str(Path(__file__).parents[2])
    found = [f for f in program.findings if not f.file.startswith(tests)]
    assert not [f for f in found if "/hyperparameter/" in f.file or "/hp_dist/" in f.file]


MENTIONED = {
    "declared": "@hp.param('a')\ndef f(b=1): pass",
    "read": "hp.scope.a.b | 1",
    "pattern": "def f(x): hp.scope[f'a.{x}'] | 1",
    "text": "KEYS = ['a.b', 'c']",
    "attributes of an argument": "def f(ps): ps.a.b | 1",
    "attributes of something imported": "from x import ps\nps.a.b | 1",
    "attributes of anything": "def f(x): return x.y.a.b(1)",
    "in a container": "def f(x): x.parts['a'].b | 1",
    "an item of anything": "def f(x): return x['a']['b']",
    "an item with dots": "def f(x): return x['a.b']",
    "a computed part": "def f(x, k): return x[k].b()",
    "a computed item": "def f(x, k): return x.a[k] | 1",
    "a text with a hole": "def read(k): pass\nread(f'a.{x}')",
    "a sum with a hole": "def read(k): pass\nread('a.' + x)",
    "below a mapping": "hp.scope.a | {}",
    "below a mapping that is made": "hp.scope.a | dict(x=1)",
    "below a name of what is made": "D = dict(x=1)\ndef f(): hp.scope.a | D",
    "below what an argument is": "def f(d={}): hp.scope['a'] | d",
    "below what a call returns": "hp.scope.a(d.copy())",
    "below a comprehension": "hp.scope.a | {k: 1 for k in x}",
    "below a display with others in it": "hp.scope.a | {**D}",
    "below mappings that are joined": "hp.scope.a | (D | E)",
    "below an instance": "class A: pass\nhp.scope.a | A()",
    "below what is imported": "from m import D\nhp.scope.a | D",
    "below None": "hp.scope.a | None",
    "augmented": "def f():\n    x = hp.scope.a.b\n    x |= 1",
    "augmented in a loop": "def f():\n    x = hp.scope.a.b\n    for i in y: x |= 1",
    "augmented toward a mapping": "def f():\n    x = hp.scope.a\n    x |= {}",
    "augmented attribute": "def f(x):\n    x.y = hp.scope.a\n    x.y.b |= 1",
    "augmented attribute of anything": "def f(x): x.a.b |= 1",
    "bound anew in a loop": "def f():\n    x = hp.scope.a\n    for i in y: x = x.b\n    x | 1",
    "bound anew while": "def f():\n    x = hp.scope.a\n    while y: x = x.b\n    x | 1",
    "one of two": "def f():\n    x = hp.scope.c or hp.scope.a\n    x.b | 1",
    "below a mapping of anything": "def f(x): return x.a | {}",
    "below a mapping for anything": "def f(x): return x.a(dict(c=1))",
    "alias that others import": "a = hp.scope.a",
    "whole alias that others import": "x = hp.scope.a.b",
}  # fmt: skip


@pytest.mark.parametrize("case", MENTIONED)
def test_keys_that_a_program_may_mean_are_mentioned(tree: Tree, case: str) -> None:
    program = program_of(tree(main=f"{HP}{MENTIONED[case]}\n"))
    assert program.mentions("a.b")
    assert not program.mentions("b.a")


@pytest.mark.parametrize("kind", ["Options", "dict[str, Any]", "'Options | None'", "m.Options"])
def test_keys_below_a_parameter_with_fields_are_mentioned(tree: Tree, kind: str) -> None:
    folder = tree(main=f"{HP}@hp.param\ndef f(o: {kind} = None, n: int | None = None): pass\n")
    program = program_of(folder)
    assert program.mentions("f.o.lr")
    assert not program.mentions("f.n.lr")
    assert keys(program.findings) == ["f.n", "f.o"]


def test_a_file_that_cannot_be_scanned_may_mean_any_key(tree: Tree) -> None:
    folder = tree(main=f"{HP}import broken", broken=f"{HP}def")
    program = program_of(folder)
    assert len(program.problems) == 1
    assert program.mentions("any.key")
    lost = program_of(tree(main=HP), loaded=[str(folder / "lost.py"), "_ops.py"])
    assert lost.problems == []
    assert not lost.mentions("any.key")
    assert program_of(folder / "nowhere").mentions("any.key")


def test_packages_with_a_finder_of_their_own_are_followed_from_what_is_loaded(
    tree: Tree, tmp_path: Path
) -> None:
    folder = tree(main="")
    linked = tmp_path / "linked" / "pkg"
    linked.mkdir(parents=True)
    (linked / "__init__.py").write_text(f"{HP}def f(): import pkg.lazy")
    (linked / "lazy.py").write_text(f"{HP}hp.scope.lazy | 1")
    assert keys(program_of(folder, loaded=[str(linked / "__init__.py")]).findings) == ["lazy"]


GIVEN = [
    "def train(ps): return ps.model.size | 3",
    "def train(ps): return ps['model.size']",
    "def train(ps, x): return ps[f'model.{x}']",
    "from main import ps\nps.model.size | 3",
]


@pytest.mark.parametrize("source", GIVEN)
def test_a_file_that_is_given_a_scope_need_not_import_us(tree: Tree, source: str) -> None:
    folder = tree(main=f"{HP}import model\nwith hp.scope() as ps: pass", model=source)
    program = program_of(folder)
    assert program.mentions("model.size")
    assert not program.mentions("modle.size")


@pytest.mark.parametrize("call", ["f(ps)", "f(x=ps)", "f(hp.scope)", "x.f([hp.scope], hp.scope)"])
def test_what_is_given_a_scope_may_read_any_key(tree: Tree, call: str) -> None:
    main = f"{HP}from somewhere import f, x\nwith hp.scope() as ps: {call}"
    assert program_of(tree(main=main)).mentions("any.key")


def test_entering_a_scope_is_no_read(tree: Tree) -> None:
    main = f"{HP}with x as stack: stack.enter_context(hp.scope(a=1))"
    assert not program_of(tree(main=main)).mentions("any.key")


NOT_MENTIONED = [
    '"""a.b"""',
    "def f():\n    'Read a.b.'\n    'a.b'",
    "# a.b",
    "hp.scope.a.b = 1",
    "x = 'see a.b'",
    "x.a.b = 1",
    "hp.scope.a.bb | 1",
    "hp.scope.a | 1",
    "hp.scope.a | f'{x}c'",
    "hp.scope.a | [x, y]",
    "hp.scope.a | (x + 1)",
    "hp.scope.a | {x for x in y}",
    "hp.scope.a | -x",
    "N = 2 ** 3\nhp.scope.a | N * 2",
    "def f(x): return x.a | 1",
    "def f():\n    x = hp.scope.a\n    x |= 1",
    "def f(x): x.a.b += 1",
    "def f(x): return x.a | x.c",
    "def f(x): return x.a(c)",
    "def f(x): return x.a.b",
    "def f(x): print(x.a.b)",
    "def f(x): return x.a.b + 1",
    "def f(x): return x.a.b.c(1)",
    "def f(x): return x.a.b == 1",
    "def f(x, k): return x[k]()",
    "version = f'{major}.{minor}'",
    "name = f'v{major}.{minor}'",
]


@pytest.mark.parametrize("source", NOT_MENTIONED)
def test_docstrings_comments_and_writes_are_no_mention(tree: Tree, source: str) -> None:
    assert not program_of(tree(main=f"{source}\n{HP}{source}\n")).mentions("a.b")


@pytest.mark.parametrize(
    "source", ["x = 'lr'", "f('lr')", "def f(x: Literal['lr']): pass", "def f(x): return x.lr"]
)
def test_a_word_is_no_key_unless_it_is_read(tree: Tree, source: str) -> None:
    assert not program_of(tree(main=f"{HP}{source}\n")).mentions("lr")


def test_what_a_function_may_call_is_reachable(tree: Tree) -> None:
    folder = tree(
        main=f"""
            {HP.strip()}
            from lib import Model as Net, helper as h, table
            import lib
            @hp.param
            def main(a=1):
                Net().fit()
                TABLE["x"]()
            @hp.param
            def other(b=1): other_only(); lib.far()
            def other_only(): hp.scope.other.read | 1
            def direct(): hp.scope.direct | 1
            TABLE = {{"x": direct}}
            """,
        lib=f"""
            {HP.strip()}
            class Base:
                def step(self): helper()
            class Model(Base):
                @hp.param("model")
                def __init__(self, size=1): pass
                def fit(self): (lambda: self.step())()
            def helper():
                def inner(): return hp.scope.inner | 1
                hp.scope.helper.main | 1
            def table(): hp.scope.table | 1
            def far(): hp.scope.far | 1
            hp.scope.module | 1
            """,
    )
    program = program_of(folder)
    main = str(folder / "main.py")
    assert keys(program.reachable(main, "main")) == [
        "direct", "helper.main", "inner", "main.a", "model.size",
    ]  # fmt: skip
    assert keys(program.reachable(main, "other")) == ["far", "other.b", "other.read"]
    assert keys(program.reachable(main, "nothing")) == []


def test_calls_through_files_that_do_not_use_us_are_followed(tree: Tree, tmp_path: Path) -> None:
    folder = tree(
        main=f"{HP}import pipeline\ndef main(): pipeline.run()",
        pipeline="from model import train as go\nimport broken\ndef run(): go()",
        model=f"{HP}@hp.param\ndef train(lr=1): pass",
        broken="def",
    )
    for _ in range(2):
        program = program_of(folder, cache=ScanCache(str(tmp_path), "x"))
        assert keys(program.reachable(str(folder / "main.py"), "main")) == ["train.lr"]
        assert program.problems == []
        assert not program.mentions("train.rl")
        assert program.mentions("def.x")  # which the broken file may mean


def test_a_cache_saves_scanning_and_never_changes_what_is_found(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"{HP}hp.scope.a | (1, 2.5, 'x')\nhp.scope.b | f()\n@hp.param\ndef f(c: int): 'Doc.'"
    folder = tree(main=source, broken=f"{HP}def")
    loaded = [str(folder / "broken.py")]
    bare = program_of(folder, loaded=loaded)
    first = program_of(folder, loaded=loaded, cache=ScanCache(str(tmp_path), "x"))
    monkeypatch.setattr("hyperparameter._scan.source.scan", lambda data: pytest.fail("scanned"))
    second = program_of(folder, loaded=loaded, cache=ScanCache(str(tmp_path), "x"))
    assert bare.findings == first.findings == second.findings
    assert list(map(repr, bare.findings)) == list(map(repr, second.findings))
    assert bare.problems == first.problems == second.problems
    assert second.mentions("a")


def test_a_changed_file_is_scanned_again_and_a_lost_one_forgotten(
    tree: Tree, tmp_path: Path
) -> None:
    folder = tree(main=f"import a\n{HP}hp.scope.x | 1", a=f"{HP}hp.scope.a | 1")
    for expected, changed in [(["a", "x"], "b"), (["b", "x"], "c"), (["c", "x"], "c")]:
        assert keys(program_of(folder, cache=ScanCache(str(tmp_path), "x")).findings) == expected
        tree(a=f"{HP}hp.scope.{changed} | 1")
    (kept,) = tmp_path.glob("*.scan")
    assert len(json.loads(kept.read_bytes().partition(b"\n")[2])) == 2


@pytest.mark.parametrize("damage", [b"", b"\0" * 99, b"{}", b"cut", b"changed", b"folder"])
def test_a_damaged_cache_is_none(tree: Tree, tmp_path: Path, damage: bytes) -> None:
    folder = tree(main=f"{HP}hp.scope.a | 1")
    program_of(folder, cache=ScanCache(str(tmp_path), "x"))
    (kept,) = tmp_path.glob("*.scan")
    whole = kept.read_bytes()
    if damage == b"folder":
        kept.unlink()
        kept.mkdir()
    else:
        changed = {b"cut": whole[:-9], b"changed": whole.replace(b'"a"', b'"z"')}
        kept.write_bytes(changed.get(damage, damage))
    assert keys(program_of(folder, cache=ScanCache(str(tmp_path), "x")).findings) == ["a"]
    assert sorted(p.suffix for p in tmp_path.iterdir()) == ["", ".scan"]


def test_a_cache_that_may_not_be_written_is_none(tree: Tree, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    folder = tree(main=f"{HP}hp.scope.a | 1")
    program = f"""
from hyperparameter._scan import ScanCache, scan_program
cache = ScanCache({str(closed)!r}, "x")
found = scan_program({str(folder / "main.py")!r}, (), [{str(folder)!r}], cache).findings
print([each.key for each in found])
"""
    done = run_unprivileged(program, tmp_path)
    assert (done.stdout, done.stderr) == ("['a']\n", "")
    assert list(closed.iterdir()) == []


def test_a_cache_where_no_folder_can_be_is_none(tree: Tree) -> None:
    folder = tree(main=f"{HP}hp.scope.a | 1")
    cache = ScanCache(str(folder / "main.py" / "below"), "x")
    assert keys(program_of(folder, cache=cache).findings) == ["a"]


HOMES = [
    ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/hyperparameter"),
    ({"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/hyperparameter"),
    ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/hyperparameter"),
    ({}, None),
]


@pytest.mark.parametrize(("environ", "folder"), HOMES)
def test_the_cache_is_where_the_environment_says(environ: Any, folder: str | None) -> None:
    cache = cache_for("/program.py", environ)
    assert (cache and os.path.dirname(cache.path)) == folder


def test_folders_that_are_no_sources_are_skipped(tree: Tree) -> None:
    read = f"{HP}hp.scope.%s | 1"
    folder = tree(
        main=read % "main", build__x=read % "build", __pycache____x="", node_modules__x=read % "node",
        env__lib__x=read % "env", inner__x=read % "inner",
    )  # fmt: skip
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x.py").write_text(read % "hidden")
    (folder / "env" / "pyvenv.cfg").touch()
    (folder / "inner" / "loop").symlink_to(folder)
    (folder / "gone.py").symlink_to(folder / "nowhere.py")
    (folder / "self.py").symlink_to(folder / "self.py")
    (folder / "a.py").mkdir()
    (folder / "a.py" / "x.py").write_text(read % "in_a")
    (folder / "inner" / "build").mkdir()
    (folder / "inner" / "build" / "__init__.py").write_text(read % "packaged")
    program = scan_paths([str(folder)], None)
    assert keys(program.findings) == ["in_a", "inner", "main", "packaged"]
    gone, itself = program.problems
    assert "gone.py:1: No such file" in gone
    assert "self.py:1: Too many levels" in itself


def test_folders_as_deep_as_can_be_are_walked(tmp_path: Path) -> None:
    home, depth = os.getcwd(), 600
    try:
        os.chdir(tmp_path)
        for _ in range(depth):
            os.mkdir("d")
            os.chdir("d")
        Path("x.py").write_text(f"{HP}hp.scope.deep | 1")
    finally:
        os.chdir(home)
    assert keys(scan_paths([str(tmp_path)], None).findings) == ["deep"]


def test_the_examples_are_scanned_as_they_are() -> None:
    folder = Path(__file__).parents[3] / "examples"
    program = scan_paths([str(folder)], None)
    assert program.problems == []
    assert {"prep.gamma", "train.lr", "train.seed"} <= set(keys(program.findings))


def test_importing_the_library_imports_no_scan() -> None:
    code = (
        "import sys, hyperparameter; assert not [m for m in sys.modules if '_scan' in m or "
        "m == 'ast' or 'hyperparameter.cli' in m]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_where_the_cache_has_everything_nothing_that_parses_is_imported(
    tree: Tree, tmp_path: Path
) -> None:
    folder = tree(main=f"{HP}@hp.param('train')\ndef f(c: int = 1): pass\nhp.launch(f)")
    code = (
        "import atexit, runpy, sys; sys.argv[1:] = ['--help']; "
        "atexit.register(lambda: print([m for m in sys.modules if m == 'ast' or '.walk' in m])); "
        f"runpy.run_path({str(folder / 'main.py')!r}, run_name='__main__')"
    )
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    first, second = (
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        for _ in range(2)
    )
    assert "'ast'" in first.stdout
    assert second.stdout.splitlines()[-1] == "[]"


NAMES = st.sampled_from(["lr", "wd", "size", "items", "get", "größe", "x1"])
KEYS = st.lists(NAMES, min_size=1, max_size=4).map(".".join)
DEFAULTS = st.one_of(
    st.integers(), st.text("abc é'\"\\\n", max_size=5), st.booleans(), st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
READERS = [
    "hp.scope.{key} | {default}",
    "hp.scope[{key!r}] | {default}",
    "hp.scope.{key}({default})",
    "getattr(hp.scope, {key!r}) | {default}",
    "(a{n} := hp.scope.{key}) | {default}",
    "with hp.scope(lr=1) as ps{n}: ps{n}.{key} | {default}",
    "K{n} = {key!r}; hp.scope[K{n}] | {default}",
    "def g{n}(): return hp.scope.{key} | {default}",
    "class C{n}:\n    def g(self): print(hp.scope.{key} | {default})",
    "hp.scope['.'.join({parts!r})] | {default}",
    "for i{n} in range(3): (lambda: hp.scope.{key} | {default})()",
    "@hp.param({namespace!r})\ndef f{n}({last}={default}): pass",
    "@hp.param({namespace!r})\nclass F{n}:\n    def __init__(self, *, {last}={default}): pass",
]
"""Templates that declare or read one key with one default."""


@given(st.lists(st.tuples(KEYS, DEFAULTS, st.sampled_from(READERS)), max_size=12))
def test_exactly_the_keys_of_a_program_are_found(cases: list[tuple[str, Any, str]]) -> None:
    lines, expected = ["import hyperparameter as hp"], []
    for n, (name, default, template) in enumerate(cases):
        key = name if "{last}" not in template or "." in name else f"ns.{name}"
        namespace, _, last = key.rpartition(".")
        values = {"key": key, "parts": key.split("."), "namespace": namespace, "last": last}
        lines.append(template.format(**values, default=repr(default), n=n))
        expected.append((key, default))
    scanned = scan_bytes("\n".join(lines).encode())
    assert scanned.problem == ""
    found = [(raw.key, raw.default and raw.default[0]) for raw in scanned.findings]
    assert {repr(one) for one in found} == {repr(one) for one in expected}


@given(
    st.lists(st.tuples(KEYS, DEFAULTS, st.sampled_from(READERS[:7] + READERS[9:11])), max_size=8)
)
def test_what_a_program_reads_when_it_runs_is_what_was_found(
    cases: list[tuple[str, Any, str]],
) -> None:
    lines = ["import hyperparameter as hp"]
    for n, (key, default, template) in enumerate(cases):
        values = {"key": key, "parts": key.split("."), "default": repr(default), "n": n}
        lines.append(template.format(**values))
    source = "\n".join(lines)
    with hp.record() as record:
        exec(source, {})
    assert {read.key for read in record.reads} == {
        raw.key for raw in scan_bytes(source.encode()).findings
    }


NAMED = st.sampled_from(["k", "j"])
SIMPLE = st.one_of(
    st.builds("{} = {!r}".format, NAMED, st.sampled_from(["a", "b.c"])),
    st.builds("{} = {} + '.x'".format, NAMED, NAMED),
    st.builds("{} = f'{{{}}}.y'".format, NAMED, NAMED),
    st.builds("{} += '.z'".format, NAMED),
    st.builds("{} = '%s.m' % {}".format, NAMED, NAMED),
    st.builds("hp.scope[{}] | 0".format, NAMED),
    st.builds("o = hp.scope[{}]".format, NAMED),
    st.builds("o = o.p".format),
    st.builds("o.q | 1".format),
    st.builds("(lambda: hp.scope[{}] | 0)()".format, NAMED),
    st.builds("[hp.scope[{0} + i] | 0 for i in '12' if flag()]".format, NAMED),
)


def indented(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for one in lines for line in one.splitlines())


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=4).map(indented)
    return st.one_of(
        st.builds("if flag():\n{}\nelse:\n{}".format, body, body),
        st.builds("if flag():\n{}".format, body),
        st.builds("for i in range(2):\n{}\n    if flag(): break".format, body),
        st.builds("while flag():\n{}".format, body),
        st.builds("try:\n{}\n    1 / flag()\nexcept ZeroDivisionError:\n{}".format, body, body),
        st.builds("with hp.scope() as ps:\n{}".format, body),
        st.builds("def f(k=k, j=j, o=o):\n{}\nf()".format, body),
        st.builds("match flag():\n    case True:\n{0}\n    case _: pass".format,
                  body.map(lambda text: indented([text]))),
    )  # fmt: skip


PROGRAMS = st.lists(st.recursive(SIMPLE, compound, max_leaves=8), min_size=1, max_size=8)


@given(PROGRAMS, st.lists(st.booleans(), min_size=1, max_size=12))
def test_no_key_that_a_program_reads_is_taken_for_a_mistake(
    body: list[str], answers: list[bool]
) -> None:
    start = "import hyperparameter as hp\nk, j, o = 'a', 'b', hp.scope.o\n"
    source = start + "\n".join(body)
    flags = iter(answers)
    with hp.record() as record, tempfile.TemporaryDirectory() as folder:
        exec(source, {"flag": lambda: next(flags, False)})
        Path(folder, "app.py").write_text(source)
        program = scan_paths([folder], None)
    assert program.problems == []
    assert [r.key for r in record.reads if not program.mentions(r.key)] == []


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_the_scan_fail(data: bytes) -> None:
    scan_bytes(data)
    imported_names(data)


def test_an_unknown_key_in_a_program_of_many_files_is_found_quickly(
    tree: Tree, tmp_path: Path
) -> None:
    body = "".join(f"def f{i}(x):\n    return hp.scope.g{i}.k | {i}\n" for i in range(40))
    folder = tree(
        main="\n".join(f"import m{i}" for i in range(50)), **{f"m{i}": HP + body for i in range(50)}
    )
    program_of(folder, cache=ScanCache(str(tmp_path), "x"))
    start = time.process_time()
    program = program_of(folder, cache=ScanCache(str(tmp_path), "x"))
    assert not program.mentions("g1.kk")
    assert time.process_time() - start < 5  # the budget is in benchmarks/
