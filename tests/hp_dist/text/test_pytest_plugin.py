"""The pytest plugin: `--hp KEY=VALUE` for a session, and a clean scope for each test."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import hyperparameter as hp

ROOT = Path(__file__).parents[3]
USES_IT = "[pytest]\nusefixtures = clean_scope\n"
# Nothing but what the test is about: quick, and the plugin by its module, installed or not.
ALONE = ("-p", "hp_dist.pytest_plugin", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in this process on the test files made."""
    return pytester.runpytest_inprocess(*ALONE, *options)


def run_xdist(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run pytest in a process of its own, with pytest-xdist."""
    return pytester.runpytest_subprocess(*ALONE, "-p", "xdist", *options, timeout=240)


READS = """
    import threading
    import hyperparameter as hp

    def in_thread(read):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(read()))
        thread.start()
        thread.join()
        return seen[0]
"""

# -- values -----------------------------------------------------------------------------------


def test_values_are_the_baseline_of_the_session_and_have_no_type(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        READS
        + """
    def test_it():
        assert hp.scope.train.lr | 0.5 == 0.001
        assert hp.scope.train.lr | "" == "1e-3"
        assert hp.scope.name() == "a=b"
        assert in_thread(lambda: hp.scope.train.lr | 0.5) == 0.001
        assert str(hp.explain("train.lr")).startswith("train.lr = 0.001  (cli --hp)")
    """
    )
    run(pytester, "--hp", "train.lr=1e-3", "--hp=name=a=b").assert_outcomes(passed=1)


def test_the_last_of_two_values_counts_and_blanks_around_a_key_do_not(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(READS + "\n    def test_it():\n        assert hp.scope.a() == 2\n")
    run(pytester, "--hp", "a=1", "--hp", " a =2").assert_outcomes(passed=1)


def test_modules_see_the_values_when_they_are_imported(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import hyperparameter as hp\ndef pytest_configure():\n    print(hp.scope.a())"
    )
    pytester.makepyfile(
        "import hyperparameter as hp\nA = hp.scope.a()\ndef test_it(): assert A == 1"
    )
    run(pytester, "--hp", "a=1").assert_outcomes(passed=1)


def test_values_come_from_the_ini_file_and_the_environment_too(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\naddopts = --hp a=1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--hp b=2")
    pytester.makepyfile(
        "import hyperparameter as hp\ndef test_it(): assert (hp.scope.a(), hp.scope.b()) == (1, 2)"
    )
    run(pytester).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "ERROR: --hp: 'a' has no '='. Write it as KEY=VALUE."),
        ("=1", "ERROR: --hp: '=1' has no key before '='. Write it as KEY=VALUE."),
        ("a..b=1", "ERROR: --hp: Key 'a..b' has an empty segment. Write it as names joined by single dots."),
        ("a\nb", r"ERROR: --hp: 'a\nb' has no '='. Write it as KEY=VALUE."),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(text: str, message: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run(pytester, "--hp", text)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [message]


def test_bad_input_stops_xdist_before_there_are_workers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    result = run_xdist(pytester, "--hp", "a", "-n", "2")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        "ERROR: --hp: 'a' has no '='. Write it as KEY=VALUE."
    ]


@pytest.mark.parametrize("options", [(), ("--hp", "a=1")])
def test_a_session_in_a_program_leaves_the_program_as_it_was(
    options: tuple[str, ...], pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        f"""
        import hyperparameter as hp
        def test_it():
            assert ("mine" in hp.scope, "a" in hp.scope) == {(not options, bool(options))}
            hp.scope.read | 1
        """
    )
    before = hp.process_record()
    with hp.scope(mine=2):
        run(pytester, *options).assert_outcomes(passed=1)
        assert dict(hp.scope.storage().storage()) == {"mine": 2}
    assert hp.process_record() is before
    assert ("read" in before.operative()) == (not options)


# -- xdist ------------------------------------------------------------------------------------

TELLS = """
    import os, sys
    import hyperparameter as hp

    def tell():
        seen = (hp.scope.a | "", len(hp.scope.b | ""), os.environ["PYTEST_XDIST_WORKER"])
        origin = str(hp.explain("a")).splitlines()[0]
        with open(f"{os.environ['TELL_TO']}/{os.getpid()}-{seen[2]}", "a") as file:
            print(*seen, origin, file=file)

    def test_first(): tell()
    def test_second(): tell()
    def test_third(): tell()
    def test_fourth(): tell()
"""


@pytest.mark.parametrize("size", [1, 200_000])
def test_workers_of_xdist_get_the_values_with_their_origin_in_the_controller(
    size: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Large ones come from an ini file: an argument could not hold them."""
    told = tmp_path / "told"
    told.mkdir()
    monkeypatch.setenv("TELL_TO", str(told))
    pytester.makepyfile(TELLS)
    pytester.makeini(f"[pytest]\naddopts = --hp a=007 --hp b={'x' * size}")
    result = run_xdist(pytester, "-n", "2")
    result.assert_outcomes(passed=4)
    lines = [line for file in told.iterdir() for line in file.read_text().splitlines()]
    workers = {line.split()[2] for line in lines}
    pids = {file.name.partition("-")[0] for file in told.iterdir()}
    assert (len(lines), workers, len(pids)) == (4, {"gw0", "gw1"}, 2)
    origins = set()
    for line in lines:
        seen = re.fullmatch(r"007 (\d+) gw[01] a = '007'  \(cli --hp on (\S+):(\d+)\)", line)
        assert seen is not None, line
        assert int(seen[1]) == size
        assert seen[2] == os.uname().nodename
        origins.add(seen[3])
    assert len(origins) == 1, "one controller"
    assert origins.isdisjoint(pids)


def test_a_worker_that_replaces_a_crashed_one_gets_the_values_too(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import os
        import hyperparameter as hp
        def test_a(): os._exit(1)
        def test_b(): assert hp.scope.a() == 1
        """
    )
    result = run_xdist(pytester, "-n", "1", "--hp", "a=1")
    result.assert_outcomes(passed=1, failed=1)


def test_only_the_values_go_to_workers_and_not_what_the_controller_has_open(
    pytester: pytest.Pytester,
) -> None:
    """The workers run the same conftest; the controller's objects could not travel anyway."""
    pytester.makeconftest(
        """
        import hyperparameter as hp
        def pytest_configure(config):
            if not hasattr(config, "workerinput"):
                hp.scope.init({"controller": object()})
        """
    )
    pytester.makepyfile(
        """
        import hyperparameter as hp
        def test_it(): assert ("controller" in hp.scope, hp.scope.a()) == (False, 1)
        """
    )
    run_xdist(pytester, "-n", "1", "--hp", "a=1").assert_outcomes(passed=1)


@pytest.mark.parametrize("absence", [(), ("-p", "no:xdist")])
def test_it_works_without_xdist(absence: tuple[str, ...], pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import hyperparameter as hp\ndef test_it(): assert hp.scope.a() == 1")
    result = pytester.runpytest_subprocess(*ALONE, *absence, "--hp", "a=1", timeout=240)
    result.assert_outcomes(passed=1)


# -- the fixture ------------------------------------------------------------------------------

LEAKY = """
    import pytest
    import hyperparameter as hp

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_leaves_everything_open(number):
        assert hp.process_record().operative() == {}
        assert dict(hp.scope.storage().storage()) == EXPECTED
        hp.scope.lr | 0.1
        assert hp.process_record().operative() == {**EXPECTED, "lr": 0.1}
        hp.scope.init({"left": number})
        hp.record().__enter__()
        hp.scope.frozen()
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one", "xdist"])
@pytest.mark.parametrize(
    ("options", "expected"), [((), {}), (("--hp", "a=1"), {"a": 1})], ids=["bare", "hp"]
)
def test_each_test_starts_from_the_values_alone(
    workers: tuple[str, ...], options: tuple[str, ...], expected: object, pytester: pytest.Pytester
) -> None:
    pytester.makeini(USES_IT)
    pytester.makepyfile(LEAKY.replace("EXPECTED", repr(expected)))
    start = run_xdist if workers else run
    start(pytester, *workers, *options).assert_outcomes(passed=3)


def test_after_the_test_everything_is_as_before(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        import hyperparameter as hp

        def state():
            return dict(hp.scope.storage().storage()), hp.process_record()

        @pytest.fixture(autouse=True)
        def around():
            with hp.scope(base=1):
                hp.scope.frozen()
            with hp.scope(outer=2):
                before = state()
                yield
                assert state() == before

        @pytest.fixture
        def inner(around, clean_scope):
            yield

        def test_it(inner):
            assert dict(hp.scope.storage().storage()) == {}
            hp.scope.init({"left": 1})
            hp.scope.frozen()
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_fixtures_of_a_test_may_open_scopes_inside(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        import hyperparameter as hp

        @pytest.fixture
        def lr(clean_scope):
            with hp.scope(lr=1):
                yield

        def test_it(lr):
            assert dict(hp.scope.storage().storage()) == {"lr": 1, "a": 2}
        """
    )
    run(pytester, "--hp", "a=2").assert_outcomes(passed=1)


# -- what it costs those who do not use it ----------------------------------------------------


def test_the_entry_point_names_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    entry = project["entry-points"]["pytest11"]
    assert entry == {"hyperparameter": "hp_dist.pytest_plugin"}
    point = importlib.metadata.EntryPoint("hyperparameter", entry["hyperparameter"], "pytest11")
    assert point.load().clean_scope


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that is installed for child processes, with our entry point."""
    info = tmp_path / "site" / "hp_entry-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hp-entry\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\nhyperparameter = hp_dist.pytest_plugin\n")
    path = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))


def test_the_entry_point_alone_brings_the_plugin(
    distribution: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile(
        "import hyperparameter as hp\ndef test_it(clean_scope): assert hp.scope.a() == 1"
    )
    result = pytester.runpytest_subprocess("-n1", "--hp", "a=1", timeout=240)
    result.assert_outcomes(passed=1)


def test_it_can_be_turned_off(
    distribution: None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    pytester.makepyfile("def test_it(): pass")
    off = ("-p", "no:hyperparameter")
    pytester.runpytest_subprocess(*off, timeout=240).assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess(*off, "--hp", "a=1", timeout=240)
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_its_module_imports_nothing_that_pytest_has_not_imported() -> None:
    """Apart from its package, which is measured by itself."""
    program = (
        "import sys, pytest, hp_dist; before = set(sys.modules); import hp_dist.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["hp_dist.pytest_plugin"]


# -- tracebacks -------------------------------------------------------------------------------


def test_the_traceback_ends_in_the_test_and_full_trace_shows_all(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
    import hyperparameter as hp

    @hp.param("tb")
    def f(x: int = 1):
        raise RuntimeError("of the function")

    def test_missing():
        hp.scope.tb.nope()

    def test_wrong():
        with hp.scope(**{"tb.x": "many"}):
            f()

    def test_own():
        f()

    def test_cause():
        try:
            hp.scope.tb.nope()
        except KeyError as error:
            raise ValueError("from it") from error
    """
    )
    result = run(pytester)
    result.assert_outcomes(failed=4)
    ours = re.compile(r"^\S*/?hyperparameter/\S+\.py:\d+", re.MULTILINE)
    assert not ours.search(result.stdout.str())
    result.stdout.fnmatch_lines(["*test_the_traceback*.py:8: MissingParameter"])
    assert ours.search(run(pytester, "--full-trace").stdout.str())


def test_a_mistake_in_the_library_itself_is_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
    import hyperparameter as hp

    def test_it(monkeypatch):
        from hyperparameter._scopes import accessor
        monkeypatch.setattr(accessor, "require", None)
        hp.scope.tb.nope()
    """
    )
    assert "accessor.py" in run(pytester).stdout.str()
