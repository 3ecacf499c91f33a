"""What an interactive session shows: names behind TAB, and what a cell ends in."""

import subprocess
import sys
from html.parser import HTMLParser
from types import ModuleType

import pytest

import hyperparameter as hp


@hp.param("nb.train")
def train(lr: float = 0.1, epochs: int = 3) -> int:
    assert lr
    assert epochs
    return hp.scope.nb.model.layers | 2


def offered(thing: object) -> list[str]:
    return [name for name in dir(thing) if not name.startswith("__")]


def test_tab_offers_what_is_declared() -> None:
    assert "nb" in offered(hp.scope)
    assert {"lr", "epochs"} <= set(offered(hp.scope.nb.train))


def test_tab_offers_what_is_set_and_what_has_been_read() -> None:
    with hp.record(), hp.scope(**{"nbset.a.b": 1, "nbset.no name": 2}) as ps:
        assert offered(hp.scope.nbset) == offered(ps.nbset) == ["a"]
        assert offered(hp.scope.nbset.a) == ["b"]
        assert "nbset" in offered(ps)
        assert offered(hp.scope.nbset.a.b) == []
        hp.scope.nbread.x.y | 1
        assert offered(hp.scope.nbread.x) == ["y"]
    assert offered(hp.scope.nbset) == []


def test_tab_offers_the_methods_and_reads_nothing() -> None:
    with hp.record() as rec, hp.scope(a=1, keys=2) as ps:
        for scope in (hp.scope, ps):
            names = offered(scope)
            assert {"a", "keys", "storage", "update", "current"} <= set(names)
            assert len(names) == len(set(names))
    assert rec.reads == []


def test_an_explanation_shows_itself_as_text() -> None:
    with hp.scope(**{"nb.train.lr": 0.5}):
        explanation = hp.explain("nb.train.lr")
    assert repr(explanation) == str(explanation)
    assert repr(explanation).startswith("nb.train.lr = 0.5  (code ")


def test_a_record_is_a_table() -> None:
    with hp.record() as rec, hp.scope(**{"nb.train.lr": "<b>", "nb.db.password": "hunter2"}):
        hp.scope.nb.train.lr | "x"
        hp.scope.nb.db.password | "x"
        hp.scope.nb.model.layers | 2
    title, columns, *rows = str(rec).splitlines()
    assert title == repr(rec)
    assert columns.split() == ["key", "value", "origin", "read", "by"]
    assert [row.split()[:3] for row in rows] == [
        ["nb.train.lr", "'<b>'", "code"], ["nb.db.password", "***", "code"],
        ["nb.model.layers", "2", "default"],
    ]  # fmt: skip
    assert "hunter2" not in rec._repr_html_()


def test_the_table_of_a_notebook_is_html() -> None:
    class Cells(HTMLParser):
        tags: list[str] = []
        cells: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags.append(tag)

        def handle_data(self, data: str) -> None:
            self.cells.append(data)

    with hp.record() as rec, hp.scope(**{"nb.x": "<b>&"}):
        hp.scope.nb.x | "y"
    cells = Cells()
    cells.feed(rec._repr_html_())
    assert set(cells.tags) <= {"p", "table", "tr", "th", "td"}
    assert "'<b>&'" in cells.cells


def test_an_empty_scope_and_record_have_a_face() -> None:
    with hp.scope.empty() as ps:
        assert repr(ps) == "<scope without keys>"
    assert str(hp.Record()) == "<Record: 0 keys read, 0 overridden>"
    many = hp.Record()
    with many:
        for index in range(150):
            hp.scope[f"nb.many.k{index}"] | index
    assert str(many).splitlines()[-1] == "And 50 more, in .reads."


def test_notebooks_do_not_take_keys_for_their_hooks() -> None:
    """IPython asks for a name that nothing has, to find objects that answer any name."""
    for thing in (hp.scope.nb, hp.scope(a=1)):
        assert getattr(thing, "_ipython_canary_method_should_not_exist_", None) is not None


@pytest.mark.parametrize("module", [None, ModuleType("IPython")], ids=["blocked", "half imported"])
def test_an_origin_needs_no_ipython_that_works(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType | None
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", module)
    with hp.scope(**{"nb.train.lr": 0.5}):
        assert "test_notebooks.py:" in str(hp.explain("nb.train.lr"))


@pytest.mark.parametrize(("old", "new"), [("param_scope", "hp.scope"), ("auto_param", "hp.param")])
def test_old_names_say_what_they_are_called_now(old: str, new: str) -> None:
    program = f"from hyperparameter import {old}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert f"Here it is {new}:" in last


def test_other_missing_names_are_attribute_errors() -> None:
    assert isinstance(hp, ModuleType)
    assert not hasattr(hp, "nothing_like_it")
    assert isinstance(hp.__version__, str)
