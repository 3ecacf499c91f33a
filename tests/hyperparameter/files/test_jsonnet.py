"""Jsonnet is evaluated where it can be stopped, and sees only what it is given."""

import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from programs import output_of

import hyperparameter as hp
from hyperparameter._files import from_jsonnet as _jsonnet
from hyperparameter._files.from_jsonnet import Limits, evaluate, evaluate_snippet
from hyperparameter.exceptions import ConfigurationError
from hyperparameter.params import Params, parse_overrides

FOREVER = "local f(n) = if n == 0 then 1 else f(n - 1) + f(n - 1); f(300)"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


class TestFiles:
    def test_functions_imports_and_variables(self, tmp_path: Path) -> None:
        written(
            tmp_path / "lib/net.libsonnet", "local c = import '../c.json'; {net(n):: {n: n} + c}"
        )
        written(tmp_path / "c.json", '{"act": "relu"}')
        file = written(tmp_path / "e.jsonnet", """
            local lib = import 'lib/net.libsonnet';
            {model: lib.net(3), text: importstr 'c.json', lr: std.extVar('LR'), x:: 1}
        """)  # fmt: skip
        params = Params.from_file(file, ext_vars={"LR": "0.1"})
        assert params.as_dict(quiet=True) == {
            "model": {"n": 3, "act": "relu"}, "text": '{"act": "relu"}', "lr": "0.1",
        }  # fmt: skip

    def test_the_path_may_be_relative(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written(tmp_path / "d/e.jsonnet", "import 'sub/x.json'")
        written(tmp_path / "d/sub/x.json", "{}")
        monkeypatch.chdir(tmp_path)
        assert evaluate("d/e.jsonnet") == {}
        monkeypatch.chdir(tmp_path / "d")
        assert evaluate("e.jsonnet") == {}

    @pytest.mark.parametrize("name", ["e.jsonnet", "e.libsonnet", "e.json", "E.JSONNET", "e.conf"])
    def test_these_names_may_hold_jsonnet(self, name: str, tmp_path: Path) -> None:
        assert Params.from_file(written(tmp_path / name, "{a: 1 + 1}")).pop("a") == 2

    def test_json_keeps_a_float_and_jsonnet_makes_an_int_of_it(self, tmp_path: Path) -> None:
        text = '{"a": 1.0}'
        assert type(Params.from_file(written(tmp_path / "e.json", text)).pop("a")) is float
        assert type(Params.from_file(written(tmp_path / "e.jsonnet", text)).pop("a")) is int

    def test_json_starts_no_process(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "run", None)
        file = written(tmp_path / "e.json", '\ufeff{"a": {"b": 1}}')
        assert Params.from_file(file, '{"a.b": 2}').pop("a").pop("b") == 2

    def test_overrides_win(self, tmp_path: Path) -> None:
        file = written(tmp_path / "e.jsonnet", "{a: [{b: 1}, {b: 2}], c: 3, d: 4}")
        for overrides in (
            {"a.-1.b": 9, "c": 8},
            '{"a.-1.b": 9, "c": 8}',
            "{'a.-1.b': 9, c: 4 + 4}",
        ):
            params = Params.from_file(file, overrides)
            assert params.params == {"a": [{"b": 1}, {"b": 9}], "c": 8, "d": 4}

    def test_overrides_see_the_external_variables(self, tmp_path: Path) -> None:
        file = written(tmp_path / "e.jsonnet", "{a: 1}")
        overrides = "{a: std.extVar('V')}"
        assert Params.from_file(file, overrides, {"V": "x"}).pop("a") == "x"
        assert parse_overrides(overrides, {"V": "y"}) == {"a": "y"}

    def test_a_trace_is_shown(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert evaluate_snippet("std.trace('look here', 1)", "x") == 1
        assert "look here" in capsys.readouterr().err


class TestUnusableFiles:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"), (b" \n\t", "is empty"),
            (b"[1]", "must be a mapping of .*, not list"),
            (b"3", "must be a mapping of .*, not int"), (b"null", "must be a mapping"),
            (b"\xff\xfe{}", "is not UTF-8"), (b'{"a": 1}\0', "exp.json"),
            (b'{"a": 1, "a": 2}', "the key 'a' is set twice"),
            (b'{"x": {"a": 1, "a": 1}}', "twice"),
            (b"[" * 100_000, "nested more than 200 levels deep"),
            (b'{"a":' * 250 + b"1" + b"}" * 250, "nested more than 200 levels deep"),
        ],
    )  # fmt: skip
    def test_each_is_one_clear_error(self, content: bytes, said: str, tmp_path: Path) -> None:
        file = tmp_path / "exp.json"
        file.write_bytes(content)
        with pytest.raises(ConfigurationError, match=said) as raised:
            Params.from_file(file)
        assert "exp.json" in str(raised.value)
        assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)

    @pytest.mark.parametrize("name", ["exp.json", "exp.jsonnet"])
    def test_a_missing_file_suggests_the_near_one(self, name: str, tmp_path: Path) -> None:
        written(tmp_path / f"my{name}", "{}")
        with pytest.raises(ConfigurationError, match=f"does not exist.*'my{name}'"):
            Params.from_file(tmp_path / name)
        with pytest.raises(ConfigurationError, match=r"directory .* does not exist either"):
            Params.from_file(tmp_path / "no" / name)

    def test_a_directory_and_an_impossible_path_cannot_be_read(self, tmp_path: Path) -> None:
        (tmp_path / "x.json").mkdir()
        with pytest.raises(ConfigurationError, match="cannot be read: Is a directory"):
            Params.from_file(tmp_path / "x.json")
        with pytest.raises(ConfigurationError, match="cannot be read"):
            Params.from_file("a\0b.json")

    def test_a_syntax_error_names_file_and_line(self, tmp_path: Path) -> None:
        file = written(tmp_path / "e.jsonnet", "{a: 1,\n b: ]}")
        with pytest.raises(ConfigurationError, match=r"e\.jsonnet:2:5"):
            Params.from_file(file)

    def test_an_error_of_an_imported_file_names_that_file(self, tmp_path: Path) -> None:
        written(tmp_path / "lib.libsonnet", "\n\n{a: error 'no good'}")
        file = written(tmp_path / "e.jsonnet", "import 'lib.libsonnet'")
        with pytest.raises(ConfigurationError, match=r"(?s)no good.*lib\.libsonnet:3"):
            Params.from_file(file)

    @pytest.mark.parametrize("text", ["{a: function(x) x}", "function(x) x", "error 'x'", "{a: 1,"])
    def test_what_cannot_become_json_is_an_error(self, text: str, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"e\.jsonnet: evaluation failed"):
            Params.from_file(written(tmp_path / "e.jsonnet", text))


class TestImports:
    @pytest.fixture
    def inside(self, tmp_path: Path) -> Path:
        written(tmp_path / "secret.json", '{"leaked": 1}')
        written(tmp_path / "conf-not/x.json", "{}")
        (tmp_path / "conf").mkdir()
        return tmp_path / "conf"

    @pytest.mark.parametrize("verb", ["import", "importstr", "importbin"])
    @pytest.mark.parametrize(
        "target",
        ["../secret.json", "sub/../../secret.json", "{root}/secret.json", "../conf-not/x.json"],
    )
    def test_outside_is_refused_by_name(self, verb: str, target: str, inside: Path) -> None:
        (inside / "sub").mkdir()
        target = target.format(root=inside.parent)
        file = written(inside / "e.jsonnet", f"{{a: {verb} '{target}'}}")
        with pytest.raises(ConfigurationError) as raised:
            Params.from_file(file)
        assert f"imports '{target}', which is outside the directory of the file" in str(
            raised.value
        )
        assert "roots=[" in str(raised.value)
        assert "leaked" not in str(raised.value)

    def test_a_link_that_leads_outside_is_outside(self, inside: Path) -> None:
        (inside / "link.json").symlink_to(inside.parent / "secret.json")
        (inside / "dir").symlink_to(inside.parent)
        for target in ("link.json", "dir/secret.json"):
            file = written(inside / "e.jsonnet", f"import '{target}'")
            with pytest.raises(ConfigurationError, match=f"imports '{target}', which is outside"):
                Params.from_file(file)

    def test_a_link_that_stays_inside_is_inside(self, inside: Path) -> None:
        written(inside / "a/real.json", '{"x": 1}')
        (inside / "link.json").symlink_to(inside / "a/real.json")
        assert evaluate(written(inside / "e.jsonnet", "import 'link.json'")) == {"x": 1}

    def test_the_directory_itself_may_be_reached_by_a_link(self, inside: Path) -> None:
        written(inside / "x.json", "{}")
        written(inside / "e.jsonnet", "import 'x.json'")
        (inside.parent / "alias").symlink_to(inside)
        assert evaluate(inside.parent / "alias" / "e.jsonnet") == {}

    def test_an_imported_file_may_not_import_from_outside_either(self, inside: Path) -> None:
        written(inside / "lib/a.libsonnet", "import '../../secret.json'")
        with pytest.raises(ConfigurationError, match="outside"):
            Params.from_file(written(inside / "e.jsonnet", "import 'lib/a.libsonnet'"))

    def test_more_roots_open_more(self, inside: Path) -> None:
        file = written(inside / "e.jsonnet", "import '../secret.json'")
        assert Params.from_file(file, roots=[inside.parent]).pop("leaked") == 1
        with pytest.raises(ConfigurationError, match="outside"):
            Params.from_file(file, roots=[inside.parent / "conf-not"])

    def test_a_snippet_imports_nothing(self, inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(inside.parent)
        with pytest.raises(
            ConfigurationError, match=r"overrides>: imports 'secret\.json', but only a file can"
        ):
            parse_overrides("{a: import 'secret.json'}")

    def test_a_missing_import_is_named(self, inside: Path) -> None:
        file = written(inside / "e.jsonnet", "import 'nope.json'")
        with pytest.raises(ConfigurationError, match=r"cannot be read: nope\.json: No such file"):
            Params.from_file(file)


class TestVariables:
    def test_those_given_come_before_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HP_A", "env-a")
        monkeypatch.setenv("HP_B", "env-b")
        text = "{a: std.extVar('HP_A'), b: std.extVar('HP_B')}"
        file = written(tmp_path / "e.jsonnet", text)
        assert evaluate(file, {"HP_A": "given"}) == {"a": "given", "b": "env-b"}

    def test_only_what_the_file_asks_for_leaves_the_environment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[dict[str, Any]] = []
        ask = _jsonnet._ask
        monkeypatch.setattr(_jsonnet, "_ask", lambda *a: sent.append(a[1]) or ask(*a))
        monkeypatch.setenv("HP_UNASKED", "hush-hush")
        monkeypatch.setenv("HP_ASKED", "x")
        assert evaluate_snippet("std.extVar('HP_ASKED')", "s") == "x"
        assert b"hush" not in sent[0]

    def test_a_variable_in_a_branch_not_taken_is_not_needed(self) -> None:
        assert evaluate_snippet("if true then 1 else std.extVar('HP_NOWHERE')", "s") == 1

    def test_one_that_is_nowhere_is_named_with_the_remedy(self, tmp_path: Path) -> None:
        file = written(tmp_path / "e.jsonnet", "{a: std.extVar('HP_NOWHERE')}")
        with pytest.raises(ConfigurationError, match=r"'HP_NOWHERE'.*ext_vars=\{'HP_NOWHERE'"):
            Params.from_file(file)

    def test_an_unreadable_value_breaks_only_a_file_that_asks_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HP_BAD", os.fsdecode(b"\xff\xfe"))
        written(tmp_path / "e.jsonnet", "{a: 1}")
        assert evaluate(tmp_path / "e.jsonnet") == {"a": 1}
        with pytest.raises(ConfigurationError, match="'HP_BAD' is not UTF-8"):
            evaluate_snippet("std.extVar('HP_BAD')", "s")

    def test_a_file_that_only_pretends_gets_its_own_error(self) -> None:
        with pytest.raises(ConfigurationError, match="evaluation failed"):
            evaluate_snippet("error 'undefined external variable: PATH'", "s")

    @pytest.mark.parametrize(
        "given", [{"A": 1}, {"A": None}, {1: "x"}, {"A": "\0"}, {"A": "\udcff"}]
    )
    def test_variables_are_text(self, given: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^ext_vars\[('A'|1)\]: "):
            evaluate_snippet("1", "s", given)


def is_alive(group: int) -> bool:
    """Tell whether a process group has a member."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


class TestRunaways:
    def test_time_is_limited(self, tmp_path: Path) -> None:
        file = written(tmp_path / "e.jsonnet", FOREVER)
        with pytest.raises(ConfigurationError, match=r"e\.jsonnet: .* limit of 0\.5 seconds"):
            evaluate(file, limits=Limits(seconds=0.5))

    @pytest.mark.parametrize(
        "text", ["std.range(1, 100000000)", "std.repeat('abcdefgh', 1000000000)"]
    )
    def test_memory_is_limited(self, text: str, tmp_path: Path, capfd: Any) -> None:
        file = written(tmp_path / "e.jsonnet", text)
        with pytest.raises(ConfigurationError, match=r"e\.jsonnet: .* limit of 200 MiB"):
            evaluate(file, limits=Limits(memory=200 << 20))
        assert capfd.readouterr() == ("", "")

    def test_memory_for_an_imported_file_is_limited(self, tmp_path: Path) -> None:
        with open(tmp_path / "big.txt", "wb") as big:
            big.truncate(1 << 30)
        file = written(tmp_path / "e.jsonnet", "importstr 'big.txt'")
        with pytest.raises(ConfigurationError, match=r"e\.jsonnet: .* limit of 200 MiB"):
            evaluate(file, limits=Limits(memory=200 << 20))

    def test_the_result_is_limited(self) -> None:
        with pytest.raises(ConfigurationError, match="s: the result exceeds the limit of 1000"):
            evaluate_snippet("std.repeat('x', 2000)", "s", limits=Limits(output=1000))

    def test_what_a_trace_writes_is_limited(self, capsys: pytest.CaptureFixture[str]) -> None:
        line = "std.trace(std.repeat('x', 100000), i)"
        evaluate_snippet(f"std.foldl(function(a, i) a + {line}, std.range(1, 40), 0)", "s")
        assert len(capsys.readouterr().err) <= 1 << 20

    @pytest.mark.parametrize(
        "text", ["local f(x) = 1 + f(x + 1); f(0)", "[" * 20_000, "{a: self.a}"]
    )
    def test_recursion_is_an_error(self, text: str) -> None:
        with pytest.raises(ConfigurationError):
            evaluate_snippet(text, "s")

    def test_ctrl_c_leaves_no_process(self, tmp_path: Path) -> None:
        """The file reads a pipe, so that the test knows the child is at work before it strikes."""
        os.mkfifo(tmp_path / "pipe.json")
        written(tmp_path / "e.jsonnet", "import 'pipe.json'")
        program = "import hyperparameter as hp; hp.Params.from_file('e.jsonnet')"
        parent = subprocess.Popen(
            [sys.executable, "-c", program], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        with open(tmp_path / "pipe.json", "w"):  # returns when the child opens it
            parent.send_signal(signal.SIGINT)  # to the parent alone, the child's worst case
            _, said = output_of(parent)
            # The pipe is still open: only a child that was killed ends, in the kernel's own time.
            patience = time.monotonic() + 150
            while is_alive(parent.pid) and time.monotonic() < patience:
                time.sleep(0.01)
            assert not is_alive(parent.pid)
        assert said.rstrip().endswith("KeyboardInterrupt")

    def test_time_is_the_only_thing_waited_for(self, tmp_path: Path) -> None:
        started = time.monotonic()
        with pytest.raises(ConfigurationError, match=r"limit of 0\.2 seconds"):
            evaluate_snippet(FOREVER, "s", limits=Limits(seconds=0.2))
        assert time.monotonic() - started < 20


class TestBackends:
    def test_without_one_jsonnet_says_what_to_install(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_jsonnet, "_search", list)
        monkeypatch.setattr(_jsonnet, "_FLAGS", ["-I", "-S"])  # no site-packages
        for name, text in (("e.jsonnet", "{}"), ("e.json", "{a: 1}")):
            with pytest.raises(ConfigurationError) as raised:
                Params.from_file(written(tmp_path / name, text))
            assert "pip install jsonnet" in str(raised.value)
        assert "Expecting property name" in str(raised.value)
        assert Params.from_file(written(tmp_path / "e.json", '{"a": 1}')).pop("a") == 1

    def test_without_the_official_one_the_other_is_taken(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The other one is played here: it has its own base directories, messages and types."""
        written(tmp_path / "site/rjsonnet.py", FAKE_RJSONNET)
        monkeypatch.setattr(_jsonnet, "_search", lambda: [str(tmp_path / "site")])
        monkeypatch.setattr(_jsonnet, "_FLAGS", ["-I", "-S"])
        monkeypatch.setenv("HP_X", "from env")
        written(tmp_path / "conf/x.txt", "imported")
        file = written(tmp_path / "conf/e.jsonnet", "HP_X x.txt")
        assert evaluate(file) == ["from env", "imported"]

    def test_the_official_one_comes_first(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        written(tmp_path / "site/rjsonnet.py", "raise SystemExit('must not be imported')")
        search = _jsonnet._search()
        monkeypatch.setattr(_jsonnet, "_search", lambda: [str(tmp_path / "site"), *search])
        assert evaluate_snippet("1 + 1", "s") == 2

    def test_a_crash_is_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        written(tmp_path / "site/rjsonnet.py", "import os; os.kill(os.getpid(), 11)")
        monkeypatch.setattr(_jsonnet, "_search", lambda: [str(tmp_path / "site")])
        monkeypatch.setattr(_jsonnet, "_FLAGS", ["-I", "-S"])
        with pytest.raises(ConfigurationError, match=r"s: .* crashed \(exit code -11\)"):
            evaluate_snippet("1", "s")

    def test_the_error_is_one_of_the_librarys(self) -> None:
        assert issubclass(_jsonnet.BackendMissing, hp.ConfigurationError)


FAKE_RJSONNET = """
import json, os
def evaluate_snippet(name, text, ext_vars, import_callback):
    variable, file = text.split()
    if variable not in ext_vars:
        raise RuntimeError(f"external variable is not defined: {variable}\\n    {name}:1:1")
    path, content = import_callback(os.getcwd(), file)
    assert isinstance(content, str)
    return json.dumps([ext_vars[variable], content])
"""
