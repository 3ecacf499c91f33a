"""What the static scan finds in one file."""

from textwrap import dedent
from typing import Any, get_args, get_type_hints

import pytest

from hyperparameter._scan import NO_KNOWN_DEFAULT, Finding, scan_paths
from hyperparameter._scan.walk.handlers import HANDLERS


@pytest.fixture
def scan(tmp_path: Any) -> Any:
    def scanned(source: str | bytes, name: str = "app.py") -> Any:
        data = dedent(source).encode() if isinstance(source, str) else source
        (tmp_path / name).write_bytes(data)
        return scan_paths([str(tmp_path)], None)

    return scanned


def shown(findings: list[Finding]) -> dict[str, Any]:
    """Return keys with their defaults, `...` where there is none."""
    return {f.key: f.default if f.default is not NO_KNOWN_DEFAULT else ... for f in findings}


IMPORTS = [
    ("import hyperparameter", "hyperparameter.param", "hyperparameter.scope"),
    ("import hyperparameter as h", "h.param", "h.scope"),
    ("from hyperparameter import param as p, scope as s", "p", "s"),
    ("from hyperparameter import *", "param", "scope"),
    ("from anything import hp", "hp.param", "hp.scope"),
]


@pytest.mark.parametrize(("line", "param", "scope"), IMPORTS)
@pytest.mark.parametrize("call", ["", "()", "('f')", "(None)"])
def test_every_way_to_import_and_decorate_is_found(
    scan: Any, line: str, param: str, scope: str, call: str
) -> None:
    found = scan(f"{line}\n@{param}{call}\ndef f(a, b=2):\n    return {scope}.c.d | 3\n")
    assert shown(found.findings) == {"f.a": ..., "f.b": 2, "c.d": 3}


READS = {
    "or": ("hp.scope.a.b | 1", {"a.b": 1}),
    "call with default": ("hp.scope.a.b(1)", {"a.b": 1}),
    "call without default": ("hp.scope.a.b()", {"a.b": ...}),
    "index": ("hp.scope['a.b'] | 1", {"a.b": 1}),
    "index and call": ("hp.scope['a.b']()", {"a.b": ...}),
    "index below": ("hp.scope.a['b.c'] | 1", {"a.b.c": 1}),
    "index then attribute": ("hp.scope['a'].b | 1", {"a.b": 1}),
    "getattr": ("getattr(hp.scope, 'a.b') | 1", {"a.b": 1}),
    "getattr below": ("getattr(hp.scope.a, 'b')()", {"a.b": ...}),
    "name of with": ("with hp.scope(x=1) as ps:\n    ps.a.b | 1", {"a.b": 1}),
    "two in one with": ("with open('f'), hp.scope() as ps: ps.a | 1", {"a": 1}),
    "assigned scope": ("ps = hp.scope('x=1')\nps.a(1)", {"a": 1}),
    "current": ("hp.scope.current().a | 1", {"a": 1}),
    "assigned current": ("ps = hp.scope.current()\nps.a | 1", {"a": 1}),
    "empty": ("with hp.scope.empty(b=1) as ps: ps.a()", {"a": ...}),
    "init": ("ps = hp.scope.init({'b': 1})\nps.a | 2", {"a": 2}),
    "enter": ("ps = hp.scope(a=1).__enter__()\nps.a | 2", {"a": 2}),
    "exit stack": ("ps = stack.enter_context(hp.scope(b=1))\nps.a | 2", {"a": 2}),
    "index of a scope": ("with hp.scope() as ps: ps['a.b']", {"a.b": ...}),
    "in a scope": ("with hp.scope() as ps: 'a.b' in ps", {"a.b": ...}),
    "not in the class": ("'a.b' not in hp.scope", {"a.b": ...}),
    "alias": ("o = hp.scope.opt\no.lr | 1\no.wd | 2", {"opt.lr": 1, "opt.wd": 2}),
    "alias of an alias": ("o = hp.scope.a\np = o.b\np.c | 1", {"a.b.c": 1}),
    "alias in two": ("o, p = hp.scope.a, 1\no.c | p", {"a.c": 1, "a": ..., "a.*": ...}),
    "alias again": ("o = hp.scope.a\no.x | 1\no = hp.scope.b\no.x | 2", {"a.x": 1, "b.x": 2}),
    "walrus": ("(o := hp.scope.opt).lr | 1\no.wd | 2", {"opt.lr": 1, "opt.wd": 2}),
    "walrus of a read": ("if (n := hp.scope.n | 3) > 1: pass", {"n": 3}),
    "if": ("if hp.scope.flag: pass", {"flag": False}),
    "while": ("while not hp.scope.flag: pass", {"flag": False}),
    "and": ("x = hp.scope.a and hp.scope.b", {"a": False, "b": False}),
    "ternary": ("x = 1 if hp.scope.a else 2", {"a": False}),
    "assert": ("assert hp.scope.a, hp.scope.b | 1", {"a": False, "b": 1}),
    "bool": ("bool(hp.scope.a)", {"a": False}),
    "comparison": ("hp.scope.a == 1", {"a": ...}),
    "negative default": ("hp.scope.a | -1.5", {"a": -1.5}),
    "default of a default": ("hp.scope.a | (hp.scope.b | 1)", {"a": "hp.scope.b | 1", "b": 1}),
    "containers": ("hp.scope.a | (1, 'x', [None])", {"a": (1, "x", [None])}),
    "mapping": ("hp.scope.a | {'b': 1}", {"a": {"b": 1}, "a.*": ...}),
    "computed default": ("hp.scope.a | max(1, 2)", {"a": "max(1, 2)"}),
    "bytes": ("hp.scope.a | b'x'", {"a": "b'x'"}),
    "method names below": ("hp.scope.opt.init | 0\nhp.scope.o.keys()", {"opt.init": 0, "o.keys": ...}),
    "method name by index": ("hp.scope['keys'] | 0", {"keys": 0}),
    "mapping names are keys": ("hp.scope.items | 1\nhp.scope.get(2)", {"items": 1, "get": 2}),
    "in an f-string": ("f'{hp.scope.a | 1:>{hp.scope.w | 8}}'", {"a": 1, "w": 8}),
    "in a lambda": ("f = lambda x=hp.scope.a | 1: hp.scope.b | x", {"a": 1, "b": "x"}),
    "in a comprehension": ("[hp.scope.a | i for i in range(hp.scope.n | 3)]", {"a": "i", "n": 3}),
    "in a decorator": ("@decorate(hp.scope.a | 1)\ndef f(x=hp.scope.b | 2): pass", {"a": 1, "b": 2}),
    "in a class": ("class A:\n    x = hp.scope.a | 1", {"a": 1}),
    "in match": ("match hp.scope.a | 1:\n    case 1 if hp.scope.b: pass", {"a": 1, "b": False}),
    "in try": ("try: hp.scope.a()\nexcept KeyError as e: hp.scope.b | 1", {"a": ..., "b": 1}),
    "in async": ("async def f():\n    async with x: await g(hp.scope.a | 1)", {"a": 1}),
    "in a generator": ("def f():\n    yield hp.scope.a | 1\n    yield from hp.scope.b | []", {"a": 1, "b": []}),
    "imported inside": ("def f():\n    import hyperparameter as h\n    h.scope.a | 1", {"a": 1}),
    "tried import": ("try:\n    import hyperparameter as q\nexcept ImportError:\n    q = None\nq.scope.a | 1", {"a": 1}),
    "given or current": ("def f(ps=None):\n    ps = ps or hp.scope.current()\n    ps.a | 1", {"a": 1}),
    "current if none": ("def f(ps):\n    ps = hp.scope.current() if ps is None else ps\n    ps.a | 1", {"a": 1}),
    "set if none": ("def f(ps):\n    if ps is None: ps = hp.scope.current()\n    ps.a | 1", {"a": 1}),
    "kept class": ("S = hp.scope\nS.a | 1", {"a": 1}),
    "annotated argument": ("def f(ps: hp.scope): ps.a | 1", {"a": 1}),
    "on self": (
        "class A:\n    def __init__(self): self.ps = hp.scope()\n    def f(self): self.ps.a | 1",
        {"a": 1},
    ),
    "updated scope": ("hp.scope().update({'x': 1}).a | 1", {"a": 1}),
    "augmented": ("def f():\n    x = hp.scope.a\n    x |= 3", {"a": 3}),
    "augmented attribute": ("hp.scope.a |= 3", {"a": 3}),
    "augmented item": ("with hp.scope() as ps: ps['n'] += 1", {"n": ...}),
}  # fmt: skip


@pytest.mark.parametrize("case", READS)
def test_every_way_to_read_is_found(scan: Any, case: str) -> None:
    source, expected = READS[case]
    assert shown(scan(f"import hyperparameter as hp\n{source}\n").findings) == expected


NOT_READ = [
    "hp.scope.a.b = 1",
    "hp.scope['a'] = 1",
    "ps = hp.scope(); ps.a = 1; ps['b'] = 2; ps.c.d = 3; del ps.a, ps['b']",
    "with hp.scope('a=1', b=2, **{'c.d': 3}): pass",
    "hp.scope.empty(a=1); hp.scope.init({'a': 1}); hp.scope.update({'a': 1}); hp.scope.frozen()",
    "hp.scope.keys(); hp.scope.storage().storage(); hp.scope.clear(); hp.scope.current()",
    "o = hp.scope.opt",
    "hp.scope.a",
    "import requests\nrequests.scope.a | 1",
    "def f(hp): hp.scope.a | 1",
    "[hp.scope.a | 1 for hp in x]",
    "hp.launch(main); hp.explain('a.b'); hp.config('x.toml')",
    "'hp.scope.a | 1'  # hp.scope.b | 2",
    "def f(x: 'hp.scope.a | 1'): pass",
]


@pytest.mark.parametrize("source", NOT_READ)
def test_openings_writes_methods_and_strangers_are_no_parameters(scan: Any, source: str) -> None:
    assert shown(scan(f"import hyperparameter as hp\n{source}\n").findings) == {}


FOLDED = {
    "constant": ("NS = 'a.b'\nhp.scope[NS] | 1", ["a.b"]),
    "sum": ("NS = 'a'\nhp.scope[NS + '.b'] | 1", ["a.b"]),
    "f-string": ("NS = 'a'\nhp.scope[f'{NS}.b.{1}'] | 1", ["a.b.1"]),
    "format": ("NS = 'a'\nhp.scope['{}.{}'.format(NS, 'b')] | 1", ["a.b"]),
    "format by name": ("hp.scope['{x}.{y}'.format(x='a', y=run)] | 1", ["a.*"]),
    "percent": ("NS = 'a'\nhp.scope['%s.b' % NS] | 1", ["a.b"]),
    "percent of two": ("hp.scope['%s.%d' % ('a', 3)] | 1", ["a.3"]),
    "join": ("NS = 'a'\nhp.scope['.'.join([NS, 'b'])] | 1", ["a.b"]),
    "join of a constant": ("PARTS = ('a', 'b')\nhp.scope['.'.join(PARTS)] | 1", ["a.b"]),
    "class constant": ("class K:\n    LR = 'a.b'\nhp.scope[K.LR] | 1", ["a.b"]),
    "enum": ("class K(Enum):\n    LR = 'a.b'\nhp.scope[K.LR.value] | 1", ["a.b"]),
    "own constant": ("class A:\n    K = 'a'\n    def f(self): hp.scope[self.K] | 1", ["a"]),
    "inherited constant": (
        "class A:\n    K = 'a'\nclass B(A):\n    def f(self): hp.scope[self.K] | 1", ["a"],
    ),
    "local constant": ("def f():\n    k = 'a'\n    return hp.scope[k] | 1", ["a"]),
    "later constant": ("def f(): return hp.scope[K] | 1\nK = 'a'", ["a"]),
    "table": ("T = {'x': 'a.b'}\nhp.scope[T['x']] | 1", ["a.b"]),
    "namespace": ("NS = 'a'\n@hp.param(NS + '.b')\ndef f(x=1): pass", ["a.b.x"]),
    "unknown namespace": ("@hp.param(name())\ndef f(x=1): pass", ["*.x"]),
    "argument": ("def f(task): hp.scope[f'config.{task}.size'] | 1", ["config.*.size"]),
    "argument with a default": ("def f(k='a'): hp.scope[k + '.b'] | 1", ["*.b"]),
    "getattr of an argument": ("def f(t): getattr(hp.scope.config, t).size | 1", ["config.*.size"]),
    "loop": ("for t in ['a', 'b']: hp.scope.config[t].size | 1", ["config.*.size"]),
    "shadowing loop": ("t = 'x'\nfor t in y: hp.scope[t + '.a'] | 1", ["*.a"]),
    "changed in a loop": ("k = 'a'\nfor i in y:\n    hp.scope[k + '.x'] | 1\n    k = str(i)", ["*.x"]),
    "either": ("k = 'a'\nif x: k = 'b'\nhp.scope[k + '.x'] | 1", ["*.x"]),
    "one of three": ("if x: k = 'a'\nelif y: k = 'b'\nelse: k = 'c'\nhp.scope[k + '.x'] | 1", ["*.x"]),
    "each in its branch": ("if x:\n    k = 'a'\n    hp.scope[k] | 1\nelse:\n    k = 'b'\n    hp.scope[k] | 1",
                           ["a", "b"]),
    "each in its loop": ("for i in x:\n    k = 'a'\n    hp.scope[k] | 1\nfor i in x:\n    k = 'b'\n    hp.scope[k] | 1",
                         ["a", "b"]),
    "unknown or known": ("k = run()\nif x: k = 'a'\nhp.scope[k + '.x'] | 1", ["*.x"]),
    "argument or known": ("def f(k=None):\n    if k is None: k = 'a'\n    hp.scope[k + '.x'] | 1", ["*.x"]),
    "grown in a loop": ("k = 'a'\nfor i in x: k += '.b'\nhp.scope[k + '.x'] | 1", ["*.x"]),
    "list that grows": ("k = []\nk.append('a')\nhp.scope['.'.join(k) + '.x'] | 1", ["*.x"]),
    "both the same": ("if x: k = 'a'\nelse: k = 'a'\nhp.scope[k + '.x'] | 1", ["a.x"]),
    "global": ("K = 'a'\ndef f():\n    global K\n    K = 'b'\n    hp.scope[K + '.x'] | 1", ["*.x"]),
    "two unknowns": ("def f(a, b): hp.scope[f'{a}{b}.x'] | 1", ["*.x"]),
    "passed on": ("train(hp.scope.opt)", ["opt", "opt.*"]),
    "returned": ("def f(): return hp.scope.opt", ["opt", "opt.*"]),
    "stored": ("x.y = hp.scope.opt", ["opt", "opt.*"]),
    "in a list": ("x = [hp.scope.opt]", ["opt", "opt.*"]),
    "doubly starred": ("f(**hp.scope.opt())", ["opt", "opt.*"]),
    "dict of a read": ("dict(hp.scope.opt())", ["opt", "opt.*"]),
    "dict of an accessor": ("dict(hp.scope.opt)", ["opt", "opt.*"]),
    "Params": ("hp.Params.from_scope(prefix='model')", ["model", "model.*"]),
    "Params by position": ("hp.Params.from_scope(None, 'model')", ["model", "model.*"]),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLDED)
def test_names_are_folded_and_what_is_unknown_becomes_a_pattern(scan: Any, case: str) -> None:
    source, expected = FOLDED[case]
    found = scan(f"import hyperparameter as hp\n{source}\n").findings
    assert sorted({f.key for f in found}) == sorted(expected)
    assert all(f.is_pattern == ("*" in f.key) for f in found)


BULK = [
    "dict(hp.scope.current())",
    "ps = hp.scope.current()\nf(**ps)",
    "hp.scope.current().storage().storage()",
    "hp.scope.storage()",
    "for key in hp.scope: pass",
    "with hp.scope() as ps: {**ps}",
    "[k for k in hp.scope.keys()]",
    "hp.Params.from_scope()",
    "def f(key): return hp.scope[key] | 1",
]


@pytest.mark.parametrize("source", BULK)
def test_reading_everything_makes_no_key_unknown_and_is_no_parameter(
    scan: Any, source: str
) -> None:
    program = scan(f"import hyperparameter as hp\n{source}\n")
    assert program.findings == []
    assert program.mentions("any.key")


DECLARED = {
    "function": ("@hp.param\ndef f(a, /, b=1, *args, c, d=2, **kw): pass",
                 {"f.a": ..., "f.b": 1, "f.c": ..., "f.d": 2}),
    "async": ("@hp.param('n')\nasync def f(a=1): pass", {"n.a": 1}),
    "generator": ("@hp.param('n')\ndef f(a=1): yield", {"n.a": 1}),
    "method": ("class A:\n    @hp.param('n')\n    def f(self, a=1): pass", {"n.a": 1}),
    "class method": ("class A:\n    @classmethod\n    @hp.param\n    def f(cls, a=1): pass", {"f.a": 1}),
    "static method": ("class A:\n    @hp.param('n')\n    @staticmethod\n    def f(a, b=1): pass",
                      {"n.a": ..., "n.b": 1}),
    "function with self": ("@hp.param\ndef f(self, a=1): pass", {"f.self": ..., "f.a": 1}),
    "nested": ("def g():\n    @hp.param\n    def f(self, a=1): pass", {"f.self": ..., "f.a": 1}),
    "class": ("@hp.param('n')\nclass A:\n    def __init__(self, a, b=1): pass", {"n.a": ..., "n.b": 1}),
    "bare class": ("@hp.param\nclass A:\n    def __init__(this, a=1): pass", {"A.a": 1}),
    "new": ("@hp.param\nclass A:\n    def __new__(cls, a=1): pass", {"A.a": 1}),
    "inherited": ("class B:\n    def __init__(self, a=1): pass\n@hp.param\nclass A(B): pass", {"A.a": 1}),
    "dataclass": (
        ("@hp.param\n@dataclass\nclass A:\n    a: int\n    b: str = 'x'\n    c: list = field(default_factory=list)\n"
        "    d: int = field(default=3)\n    e: int = field(init=False)\n    f: ClassVar[int] = 1\n    g = 2"),
        {"A.a": ..., "A.b": "x", "A.c": "list()", "A.d": 3},
    ),
    "inherited fields": (
        ("@dataclasses.dataclass\nclass B:\n    a: int = 1\n@hp.param\n@dataclasses.dataclass(frozen=True)\n"
        "class A(B):\n    b: int = 2"), {"A.a": 1, "A.b": 2},
    ),
    "named tuple": ("@hp.param\nclass A(NamedTuple):\n    a: int = 1", {"A.a": 1}),
    "other decorators": ("@wraps(x)\n@hp.param('n')\n@cache\ndef f(a=1): pass", {"n.a": 1}),
    "kept decorator": ("p = hp.param('n')\n@p\ndef f(a=1): pass", {"n.a": 1}),
    "called": ("def f(a=1): pass\ng = hp.param('n')(f)", {"n.a": 1}),
    "called bare": ("def f(a=1): pass\ng = hp.param(f)", {"f.a": 1}),
    "inside if": ("if x:\n    @hp.param\n    def f(a=1): pass", {"f.a": 1}),
    "constant default": ("LR = 0.1\n@hp.param\ndef f(a=LR, b=x.y): pass", {"f.a": 0.1, "f.b": "x.y"}),
}  # fmt: skip


@pytest.mark.parametrize("case", DECLARED)
def test_every_kind_of_declaration_is_found(scan: Any, case: str) -> None:
    source, expected = DECLARED[case]
    found = scan(f"import hyperparameter as hp\n{source}\n").findings
    assert shown(found) == expected
    assert {f.kind for f in found} == {"declared"}
    assert all(f.required == (f.default is NO_KNOWN_DEFAULT) for f in found)


def test_a_constant_of_an_object_may_be_another_in_a_subclass(scan: Any) -> None:
    program = scan(
        """
        import hyperparameter as hp
        class A:
            NS = "a"
            def f(self): return hp.scope[self.NS].lr | 1
        class B(A):
            NS = "b" + suffix()
        """
    )
    assert shown(program.findings) == {"a.lr": 1}
    assert program.mentions("bb.lr")
    assert not program.mentions("bb.rl")


def test_a_finding_says_all_about_a_parameter(scan: Any, tmp_path: Any) -> None:
    found = scan(
        '''
        import hyperparameter as hp

        class Trainer:
            @hp.param("train")
            def run(self, lr: float = 0.1,
                    steps=3):
                """Run.

                Args:
                    lr: the rate
                """
                def inner():
                    return hp.scope.train.decay | "cosine"
        '''
    ).findings
    file = str(tmp_path / "app.py")
    doc = found[0].doc
    assert doc.startswith("Run.")
    assert "lr: the rate" in doc
    assert found == [
        Finding("train.lr", 0.1, False, "float", file, 6, "Trainer.run", "train", doc, "declared"),
        Finding("train.steps", 3, False, "int", file, 7, "Trainer.run", "train", doc, "declared"),
        Finding("train.decay", "cosine", False, "str", file, 14, "Trainer.run.<locals>.inner", "train", "", "read"),
    ]  # fmt: skip


HOSTILE = {
    "syntax": (b"import hyperparameter as hp\ndef f(:\n", ":2: cannot be parsed"),
    "null byte": (b"import hyperparameter\n\0", "cannot be parsed"),
    "unknown encoding": (b"# coding: nonsense\nimport hyperparameter\n", "cannot be parsed"),
    "not utf-8": (b"import hyperparameter\nx = '\xff'\n", "cannot be parsed"),
    "deep parentheses": (b"import hyperparameter\n" + b"(" * 5000, "cannot be parsed"),
    "deep attributes": (b"import hyperparameter as hp\nx = " + b"-" * 50_000 + b"1\n", "nested too deeply"),
    "endless sum": (b"import hyperparameter as hp\nx = " + b"1+" * 50_000 + b"1\n", "nested too deeply"),
    "huge number": (b"import hyperparameter as hp\nx = " + b"9" * 10_000, "cannot be parsed"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_cannot_be_parsed_is_a_problem_with_its_place(
    scan: Any, tmp_path: Any, case: str
) -> None:
    data, reason = HOSTILE[case]
    (tmp_path / "good.py").write_text("import hyperparameter as hp\nhp.scope.a | 1\n")
    program = scan(data)
    assert shown(program.findings) == {"a": 1}
    (problem,) = program.problems
    assert problem.startswith(f"{tmp_path / 'app.py'}:")
    assert reason in problem
    assert "\n" not in problem


def test_huge_literals_are_described(scan: Any) -> None:
    huge = "0x" + "f" * 20_000
    found = scan(
        f"import hyperparameter as hp\nhp.scope.a | {huge}\nhp.scope.b | {'x' * 9000!r}\n"
        f"hp.scope.c | [{'1,' * 100_000}]\n"
    ).findings
    assert "80000 bits" in repr(found[0].default)
    assert all(len(repr(f.default)) < 300 for f in found)


def test_the_coding_cookie_is_honoured(scan: Any) -> None:
    source = "# -*- coding: latin-1 -*-\nimport hyperparameter as hp\nhp.scope.größe | 'é'\n"
    assert shown(scan(source.encode("latin-1")).findings) == {"größe": "é"}


def test_an_invalid_escape_in_a_scanned_file_warns_nobody(scan: Any) -> None:
    assert shown(scan(b"import hyperparameter as hp\nhp.scope.a | '\\d'\n").findings) == {
        "a": r"\d"
    }


def test_keys_that_no_scope_can_have_are_not_listed(scan: Any) -> None:
    source = (
        "import hyperparameter as hp\nhp.scope[''] | 1\nhp.scope['a..b'] | 1\nhp.scope['.a'] | 1\n"
    )
    assert scan(source).findings == []


def test_nothing_that_is_scanned_is_run(scan: Any, tmp_path: Any) -> None:
    marker = tmp_path / "marker"
    scan(f"import hyperparameter as hp\nopen({str(marker)!r}, 'w')\nhp.scope.a | 1\n")
    assert not marker.exists()


def test_each_kind_of_node_is_followed_by_a_function_written_for_it() -> None:
    assert len(HANDLERS) > 40
    for kind, handler in HANDLERS.items():
        annotation = get_type_hints(handler)["node"]
        assert kind in (get_args(annotation) or [annotation])


INITIALIZERS = {
    "overloads": ("@overload\n{f}(self, a): ...\n@t.overload\n{f}(self, a, b): ...\n{f}(self, a, *, loop=7): ...", {"a": ..., "loop": 7}),
    "if": ("if X:\n    {f}(self, z=3): ...", {"z": 3}),
    "if and else": ("if X:\n    {f}(self, y=1): ...\nelse:\n    {f}(self, z=3): ...", {"y": 1, "z": 3}),
    "nested": ("if X:\n    with Y:\n        {f}(self, z=3): ...", {"z": 3}),
    "try": ("try:\n    import a\nexcept ImportError:\n    {f}(self, z=3): ...", {"z": 3}),
    "match": ("match X:\n    case 1:\n        {f}(self, z=3): ...", {"z": 3}),
    "only for checkers": ("if TYPE_CHECKING:\n    {f}(self, no=1): ...\nelse:\n    {f}(self, z=3): ...", {"z": 3}),
    "twice": ("{f}(self, no=1): ...\n{f}(self, z=3): ...", {"z": 3}),
    "anew": ("if X:\n    {f}(self, no=1): ...\n{f}(self, z=3): ...", {"z": 3}),
    "of an inner class": ("class Inner:\n    {f}(self, no=1): ...\n{f}(self, z=3): ...", {"z": 3}),
}  # fmt: skip


@pytest.mark.parametrize("case", INITIALIZERS)
@pytest.mark.parametrize("name", ["__init__", "__new__"])
def test_the_initializer_that_runs_is_found(scan: Any, case: str, name: str) -> None:
    body, expected = INITIALIZERS[case]
    lines = [f"    {line}" for line in body.replace("{f}", f"def {name}").splitlines()]
    found = scan("\n".join(["import hyperparameter as hp", "@hp.param('c')", "class C:", *lines]))
    assert shown(found.findings) == {f"c.{key}": value for key, value in expected.items()}
    assert found.problems == []


DATACLASSES = """
import dataclasses, typing
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, Optional, TypedDict
import hyperparameter as hp

@dataclass
class Sched:
    kind: str = "cos"
    steps: int = 3
    if True:
        more: int = 4

@dataclass
class Optim:
    lr: float = 0.1
    sched: Sched = field(default_factory=Sched)
    hidden: int = field(default=1, init=False)

class Point(NamedTuple):
    x: int
    y: int = 0

class Table(TypedDict):
    width: int

class Plain:
    z: int = 1

@dataclass
class Twin:
    kind: str = "two"
    twin: int = 5

@dataclass
class Both:
    either: Sched | Twin
"""
SCHED = {"kind": "cos", "steps": 3, "more": 4}
PARAMETERS = {
    "p: Sched": SCHED,
    "p: 'Sched' = None": SCHED,
    "p: Sched | None = None": SCHED,
    "p: Optional[Sched] = None": SCHED,
    "p: typing.Union[None, Sched] = None": SCHED,
    "p: Annotated[Sched, 'text'] = Sched()": SCHED,
    "p=Sched()": SCHED,
    "p: Sched = Sched('lin', more=5)": {"kind": "lin", "steps": 3, "more": 5},
    "p: Sched = Sched(*given)": {"kind": ..., "steps": ..., "more": ...},
    "p: Sched = DEFAULT": {"kind": ..., "steps": ..., "more": ...},
    "p: Optim = Optim(sched=Sched(steps=9))": {
        "lr": 0.1, "sched": "Sched(steps=9)",
        "sched.kind": "cos", "sched.steps": 9, "sched.more": 4,
    },
    "p: Point": {"x": ..., "y": 0},
    "p: Table": {"width": ...},
    "p: Plain": {},
    "p: int | Sched = 1": SCHED,
    "p: Sched | Point = None": {**SCHED, "x": ..., "y": 0},
    "p: Union[Sched, 'Point', None] = None": {**SCHED, "x": ..., "y": 0},
    "p: Sched | Twin": {**SCHED, "twin": 5},
    "p: Sched | Twin = Twin(twin=6)": {"kind": "two", "twin": 6, "steps": 3, "more": 4},
    "p: Sched | Twin = DEFAULT": {"kind": ..., "steps": ..., "more": ..., "twin": ...},
    "p: Both = None": {"either": ..., "either.kind": "cos", "either.steps": 3, "either.more": 4,
                       "either.twin": 5},
    "p: int | str = 1": {},
    "p: list[Sched] = ()": {},
    "p: dict[str, Sched] = None": {},
    "p: Later = None": {"n": 1},
}  # fmt: skip


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_fields_of_a_structure_are_keys(scan: Any, parameter: str) -> None:
    source = (
        f"from __future__ import annotations\n{DATACLASSES}\n@hp.param('f')\n"
        f"def f({parameter}): ...\n@dataclass\nclass Later:\n    n: int = 1\n"
    )
    found = scan(source)
    assert found.problems == []
    first = shown(found.findings[::-1])  # of a key that two structures have, the first is listed
    below = {key: value for key, value in first.items() if key != "f.p"}
    expected = {f"f.p.{key}": value for key, value in PARAMETERS[parameter].items()}
    assert {
        k: v if v is ... or isinstance(v, (int, float)) else str(v) for k, v in below.items()
    } == expected


def test_a_structure_inside_itself_ends(scan: Any) -> None:
    found = scan(
        "import hyperparameter as hp\nfrom dataclasses import dataclass\n@dataclass\nclass Node:\n"
        "    value: int = 1\n    next: 'Node | None' = None\nclass Loop(Loop): pass\n"
        "@hp.param('f')\ndef f(node: Node = None, loop: Loop = None): ...\n"
    )
    assert list(shown(found.findings)) == ["f.node", "f.node.value", "f.node.next", "f.loop"]
