"""The `hp` command: what it lists, describes and writes, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from importlib.metadata import distributions
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from programs import output_of
from unprivileged import unprivileged

from hyperparameter.cli import main

Run = Callable[..., tuple[int, str, str]]

TRAIN = '''
import hyperparameter as hp

@hp.param("train")
def train(lr=0.001, batch_size=32, epochs=10):
    """Training function with configurable learning rate."""

@hp.param("model")
def model(hidden_size=256, dropout=0.1): pass
'''
OTHER = '''
from hyperparameter import param as p, scope as s

TOKEN = "very secret"

@p
def login(user, api_token=TOKEN, *, retries: int = 3):
    """Log in.

    Args:
        retries: how often <b>it</b> is | tried
    """
    if s.verbose: s["train.lr"] | 0.5
    for task in user:
        getattr(s.config, task).size | 7
'''


def distribution(site: Path, name: str, version: str, files: dict[str, str], **extra: str) -> None:
    """Write an installed distribution as pip leaves it."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText"
    )
    for path, source in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(source)
    record = [*files, f"{info.name}/METADATA", f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{path},sha256=x,1\n" for path in record))
    for path, text in extra.items():
        (info / path).write_text(text)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages, two of which use us."""
    site = tmp_path / "site-packages"
    marker = f"\nopen({str(tmp_path / 'was imported')!r}, 'w')\n"
    distribution(
        site, "My-App", "1.0.0", {"myapp/__init__.py": marker, "myapp/train.py": TRAIN + marker}
    )
    distribution(site, "tool.kit", "0.2.1", {"toolkit.py": OTHER + marker})
    distribution(site, "plain", "3", {"plain/__init__.py": "import json\n# hyperparameter\n"})
    distribution(site, "hyperparameter-dist", "9", {"ours.py": TRAIN})
    return site


@pytest.fixture
def hp(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run the command in this process, beside the fake packages."""
    monkeypatch.syspath_prepend(str(site))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}

    def run(*words: str, search: Any = None) -> tuple[int, str, str]:
        status = main(words, environ, [str(site)] if search is None else search)
        out, err = capsys.readouterr()
        assert not (tmp_path / "was imported").exists()
        return status, out, err

    return run


def command(
    *words: str, cwd: Path, prefix: Iterable[str] = (), **options: Any
) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "XDG_CACHE_HOME": str(cwd / "cache"), **options.pop("env", {})}
    return subprocess.run(
        [*prefix, sys.executable, "-m", "hyperparameter.cli", *words],
        cwd=cwd,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        **options,
    )


def test_ls_lists_the_installed_packages_that_use_us(hp: Run) -> None:
    rule, dashes = "=" * 60, "-" * 60
    assert hp("ls") == (0, dedent(f"""\
        Packages using hyperparameter (2):
        {rule}
        Package                        Version      Params   Funcs
        {dashes}
        My-App                         1.0.0        5        2
        tool.kit                       0.2.1        6        1
        {dashes}
        Use 'hp ls <package>' to see hyperparameters in a package.
        """), "")  # fmt: skip
    status, out, _ = hp("list", "-f", "json")
    assert (status, json.loads(out)[0]) == (
        0, {"name": "My-App", "version": "1.0.0", "params": 5, "funcs": 2}
    )  # fmt: skip
    assert "| My-App | 1.0.0 | 5 | 2 |" in hp("ls", "-f", "markdown")[1]
    assert "<td>My-App</td>" in hp("ls", "-f", "html")[1]


def test_ls_says_that_no_package_uses_us(hp: Run, tmp_path: Path) -> None:
    nowhere = [str(tmp_path / "nowhere")]
    status, output, errors = hp("ls", search=nowhere)
    assert (status, errors) == (0, "")
    assert output.startswith("No packages using hyperparameter are installed.")
    assert "hp ls ." in output
    assert hp("ls", "-f", "json", search=nowhere) == (0, "[]\n", "")


def test_ls_lists_a_package(hp: Run) -> None:
    assert hp("ls", "myapp") == (0, dedent(f"""\
        Hyperparameters in myapp:
        {"-" * 40}
          train.lr = 0.001
          train.batch_size = 32
          train.epochs = 10
          model.hidden_size = 256
          model.dropout = 0.1

        Total: 5 hyperparameters
        """), "")  # fmt: skip


def test_ls_shows_a_package_as_a_tree_with_all_its_leaves(hp: Run) -> None:
    assert hp("ls", "myapp", "--tree") == (0, dedent(f"""\
        Hyperparameters in myapp:
        {"-" * 40}
        📁 train
          📄 lr = 0.001
          📄 batch_size = 32
          📄 epochs = 10
        📁 model
          📄 hidden_size = 256
          📄 dropout = 0.1

        Total: 5 hyperparameters
        """), "")  # fmt: skip


def test_a_key_that_is_a_prefix_as_well_is_a_leaf_and_a_folder(hp: Run) -> None:
    Path("app.py").write_text("import hyperparameter as hp\nhp.scope.a | 1\nhp.scope.a.b.c | 2\n")
    assert hp("ls", "app.py", "-t")[1].splitlines()[2:-2] == [
        "📄 a = 1",
        "📁 a",
        "  📁 b",
        "    📄 c = 2",
    ]


def test_ls_shows_required_ones_patterns_and_no_secrets(hp: Run) -> None:
    _, out, _ = hp("ls", "toolkit")
    assert out.splitlines()[2:-2] == [
        "  login.user (required)",
        "  login.api_token = ***",
        "  login.retries = 3",
        "  verbose = False",
        "  train.lr = 0.5",
        "  config.*.size = 7",
    ]
    for kind in ("text", "markdown", "json", "html"):
        for words in (("ls", "toolkit"), ("desc", "token", "toolkit")):
            _, out, _ = hp(*words, "-f", kind)
            assert "very secret" not in out
            assert "***" in out.replace("\\*", "*")


NAMES = ["My-App", "my_app", "MY.APP", "myapp", "myapp.train", "{site}/myapp", "{site}/myapp/train.py",
         "{site}"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_package_goes_by_many_names(hp: Run, site: Path, name: str) -> None:
    status, out, err = hp("ls", name.format(site=site))
    assert (status, err) == (0, "")
    assert "  train.lr = 0.001\n" in out


def test_a_package_in_the_current_folder_is_found(hp: Run) -> None:
    Path("here").mkdir()
    Path("here/inner.py").write_text(TRAIN)
    for name in ("here", "here.inner", ".", "here/", "here/inner.py"):
        assert "Total: 5 hyperparameters" in hp("ls", name)[1]


def test_a_namespace_package_is_all_its_parts(
    hp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("one", "two"):
        folder = tmp_path / part / "shared_namespace" / part
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"import hyperparameter as hp\nhp.scope.{part} | 1\n")
        monkeypatch.syspath_prepend(str(tmp_path / part))
    assert "Total: 2 hyperparameters" in hp("ls", "shared_namespace")[1]
    assert "  two = 1\n" in hp("ls", "shared_namespace.two")[1]


def test_an_editable_distribution_is_its_project(hp: Run, site: Path, tmp_path: Path) -> None:
    project = tmp_path / "a project"
    (project / "src" / "linked").mkdir(parents=True)
    (project / "src" / "linked" / "__init__.py").write_text(TRAIN)
    url = {"url": f"file://{str(project).replace(' ', '%20')}", "dir_info": {"editable": True}}
    distribution(site, "linked-app", "1", {"linked.pth": str(project / "src")},
                 **{"direct_url.json": json.dumps(url)})  # fmt: skip
    assert "Total: 5 hyperparameters" in hp("ls", "linked-app")[1]
    assert "linked-app                     1            5        2\n" in hp("ls")[1]


def test_json_is_nothing_but_json(hp: Run, site: Path) -> None:
    _, out, _ = hp("ls", "toolkit", "-f", "json")
    document = json.loads(out)
    assert document["login.retries"] == {
        "default": 3,
        "type": "int",
        "file": str(site / "toolkit.py"),
        "line": 7,
        "description": "how often <b>it</b> is | tried",
        "function": "login",
        "namespace": "login",
        "source": "toolkit",
    }
    assert document["login.user"]["default"] is None
    assert document["login.api_token"]["default"] == "***"
    assert json.loads(hp("ls", "plain", "-f", "json")[1]) == {}


def test_json_is_strict_whatever_the_defaults_are(hp: Run) -> None:
    Path("app.py").write_text(
        "import hyperparameter as hp\nhp.scope.a | 1e999\nhp.scope.b | {1: (2, None)}\n"
        "hp.scope.c | b'x'\nhp.scope.d | f(x)\nhp.scope.e | {'token': 'x', 'n': '\\ud800'}\n"
    )
    document = json.loads(hp("ls", "app.py", "-f", "json")[1], parse_constant=pytest.fail)
    defaults = {key: entry["default"] for key, entry in document.items() if key in "abcde"}
    assert defaults["a"] == "inf"
    assert defaults["b"] == {"1": [2, None]}
    assert (defaults["c"], defaults["d"]) == ("b'x'", "f(x)")
    assert defaults["e"]["token"] == "***"


def test_markdown_cells_cannot_be_broken(hp: Run) -> None:
    _, out, _ = hp("ls", "toolkit", "-f", "markdown")
    assert out.startswith("# Hyperparameters in toolkit\n\n| Key | Default | Type | Location |")
    (row,) = [line for line in out.splitlines() if "retries" in line]
    assert "how often &lt;b&gt;it&lt;/b&gt; is \\| tried" in row
    assert "config.\\*.size" in out


def test_html_is_one_page_that_loads_nothing(hp: Run) -> None:
    class Page(HTMLParser):
        open: list[str] = []

        def handle_starttag(self, tag: str, attrs: Any) -> None:
            assert tag not in ("script", "link", "img", "b")
            if tag != "meta":
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    _, out, _ = hp("ls", "toolkit", "-f", "html")
    page = Page()
    page.feed(out)
    assert page.open == []
    assert "&lt;b&gt;it&lt;/b&gt;" in out
    assert "http" not in out


def test_dependencies_are_those_that_are_imported_and_use_us(hp: Run, site: Path) -> None:
    distribution(site, "top", "1", {"topmost.py": (
        "import json, plain, middle_one\nimport hyperparameter as hp\nhp.scope.own | 1\n"
        "hp.scope.a | 1\n"
    )})  # fmt: skip
    distribution(site, "mid", "1", {"middle_one/__init__.py": "def f():\n    import bottom_one\n"})
    distribution(
        site, "bot", "1", {"bottom_one.py": "import topmost, hyperparameter as h\nh.scope.a | 2"}
    )

    def keys(*words: str) -> dict[str, Any]:
        found = json.loads(hp("ls", "topmost", *words, "-f", "json")[1])
        return {key: (entry["default"], entry["source"]) for key, entry in found.items()}

    own, deps = {"own": (1, "topmost"), "a": (1, "topmost")}, {"a": (2, "bottom_one")}
    assert keys() == keys("--self") == own
    assert keys("--deps") == deps
    assert keys("--all") == {**deps, **own}
    assert hp("ls", "plain", "--deps")[1] == (
        "No hyperparameters in the dependencies of plain: nothing uses @hp.param or hp.scope there.\n"
    )


def test_a_report_goes_to_a_file(hp: Run) -> None:
    assert hp("ls", "myapp", "--tree", "-o", "report.txt") == (0, "", "")
    assert "📁 train\n" in Path("report.txt").read_text("utf-8")
    assert hp("ls", "-f", "json", "-o", "all.json")[0] == 0
    assert len(json.loads(Path("all.json").read_text())) == 2


@pytest.mark.parametrize("path", ["missing/report.md", ".", "/proc/report.md"])
def test_a_report_that_cannot_be_written_is_one_line(hp: Run, path: str) -> None:
    status, out, err = hp("ls", "myapp", "-f", "markdown", "-o", path)
    assert (status, out) == (2, "")
    assert re.fullmatch(rf"hp: error: -o '{path}': [\w ]+\.\n", err)


def test_desc_describes_as_the_reference_does(hp: Run) -> None:
    assert hp("desc", "train.lr", "myapp") == (0, dedent(f"""\
        {"=" * 60}
        Hyperparameter: train.lr
        {"=" * 60}

          Default: 0.001
          Type: float
          Namespace: train
          Function: train

          Source: myapp
          Location: train.py:5

          Description: Training function with configurable learning rate.

          Usage:
            # Access via scope
            value = hp.scope.train.lr | 0.001

            # Set via command line
            --train.lr=<value>
        """), "")  # fmt: skip


def test_desc_says_where_else_a_parameter_is(hp: Run, site: Path) -> None:
    _, out, _ = hp("desc", "train.lr", str(site))
    assert "Default: 0.001\n" in out
    assert "Location: ours.py:5\n" in out
    assert "  Also:\n    myapp/train.py:5 declared in train, default 0.001\n" in out
    assert "    toolkit.py:13 read in login, default 0.5\n" in out


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("login.user", "value = hp.scope.login.user()"),
        ("login.api_token", "value = hp.scope.login.api_token | <default>"),
        ("verbose", "value = hp.scope.verbose | False"),
    ],
)
def test_desc_shows_how_to_read_it(hp: Run, key: str, line: str) -> None:
    assert f"    {line}\n" in hp("desc", key, "toolkit")[1]


def test_desc_spells_keys_that_are_no_names_as_texts(hp: Run) -> None:
    Path("app.py").write_text(
        "import hyperparameter as hp\nhp.scope['keys'] | 1\nhp.scope['a.0'] | 1\n"
    )
    assert "hp.scope['keys'] | 1" in hp("desc", "keys")[1]
    assert "hp.scope['a.0'] | 1" in hp("desc", "a.0")[1]


def test_desc_finds_parts_of_keys_in_the_current_folder(hp: Run) -> None:
    Path("app.py").write_text(TRAIN)
    assert "Hyperparameter: train.batch_size" in hp("describe", "BATCH")[1]
    assert "Location: app.py:5" in hp("desc", "train.lr")[1]
    assert hp("desc", "train") == (0, dedent("""\
        Multiple matches for 'train':
          train.lr = 0.001
          train.batch_size = 32
          train.epochs = 10
        """), "")  # fmt: skip


def test_desc_finds_the_pattern_that_a_key_fits(hp: Run) -> None:
    out = hp("desc", "config.test.size", "toolkit")[1]
    assert "Hyperparameter: config.*.size" in out
    assert "Usage" not in out


def test_desc_says_what_is_near_where_nothing_is_found(hp: Run) -> None:
    near = "hp: error: 'train.lrr': not found in myapp. Did you mean 'train.lr'?\n"
    assert hp("desc", "train.lrr", "myapp") == (1, "", near)
    assert hp("desc", "zzz", "myapp") == (1, "", "hp: error: 'zzz': not found in myapp.\n")


def test_desc_has_the_other_formats(hp: Run) -> None:
    assert list(json.loads(hp("desc", "size", "myapp", "-f", "json")[1])) == [
        "train.batch_size", "model.hidden_size",
    ]  # fmt: skip
    assert "| train.lr | 0.001 |" in hp("desc", "train.lr", "myapp", "-f", "markdown")[1]


FAILURES = [
    (("ls", "myap"), 1, "'myap': no such package, file or folder. Did you mean 'myapp'"),
    (("ls", "nothing.like.this"), 1, "'nothing.like.this': no such package, file or folder."),
    (("ls", "myapp.trian"), 1, "'myapp.trian': no such package, file or folder."),
    (("ls", "./missing.py"), 1, "'./missing.py': no such file or folder."),
    (("ls", "a\0b"), 1, "'a\\x00b': no such package, file or folder."),
    (("ls", ""), 1, "'': no such package, file or folder."),
    (("lss",), 2, "'lss': unknown command. Did you mean 'ls'? See hp --help."),
    (("ls", "a", "b"), 2, "unrecognized arguments: b. See hp --help."),
    (("ls", "-f", "pdf"), 2, "argument -f/--format: invalid choice"),
    (("ls", "a", "--self", "--all"), 2, "not allowed with"),
    (("desc",), 2, "the following arguments are required: key"),
    (("--nonsense",), 2, "unrecognized arguments: --nonsense"),
    ((), 2, "no command given"),
]


@pytest.mark.parametrize(("words", "status", "message"), FAILURES)
def test_what_goes_wrong_is_one_line_and_a_status(
    hp: Run, words: tuple[str, ...], status: int, message: str
) -> None:
    got, out, err = hp(*words)
    assert (got, out) == (status, "")
    assert err.startswith("hp: ")
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "name", ["pytest", "msgspec", "docstring_parser", "yaml", "docstring-parser"]
)
def test_packages_that_are_not_written_for_us_have_none(hp: Run, name: str) -> None:
    status, out, err = hp("ls", name, search=sys.path)
    said = f"no hyperparameters in {name.replace('-', '_')}: nothing uses @hp.param or hp.scope "
    assert (status, out.lower(), err) == (
        0, f"{said}there. --all looks into what it imports as well.\n", "",
    )  # fmt: skip
    assert hp("desc", "lr", name, search=sys.path)[0] == 1


def test_a_folder_here_may_be_called_like_a_module_of_the_standard_library(hp: Run) -> None:
    Path("json").mkdir()
    Path("json/app.py").write_text(TRAIN)
    assert "Total: 5 hyperparameters" in hp("ls", "json")[1]


@pytest.mark.parametrize("name", ["json", "sys", "os.path", "collections.abc"])
def test_the_standard_library_has_none(hp: Run, name: str) -> None:
    said = f"No hyperparameters in {name}: it is part of the standard library.\n"
    assert hp("ls", name) == (0, said, "")


def test_zipped_and_compiled_packages_are_said_not_to_be_scannable(
    hp: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
        packed.writestr("zipped_one/__init__.py", TRAIN)
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    status, out, err = hp("ls", "zipped_one")
    assert (status, out) == (1, "")
    assert re.fullmatch(
        r"hp: error: zipped_one: it is imported from .*packed.zip.*, which cannot be scanned.\n",
        err,
    )
    (tmp_path / "compiled_one.abi3.so").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "compiled_one: it is compiled" in hp("ls", "compiled_one")[2]


def test_a_file_that_does_not_parse_is_a_warning_and_the_rest_is_listed(hp: Run) -> None:
    Path("good.py").write_text(TRAIN)
    Path("bad.py").write_text("import hyperparameter\ndef f(:\n")
    status, out, err = hp("ls", ".")
    assert (status, "Total: 5 hyperparameters" in out) == (0, True)
    assert re.fullmatch(r"hp: warning: .*bad.py:2: cannot be parsed: .*\n", err)
    assert json.loads(hp("ls", ".", "-f", "json")[1])


def test_a_named_file_that_does_not_parse_is_a_warning_whatever_it_uses(hp: Run) -> None:
    Path("bad.py").write_text("x = (\n")
    status, out, err = hp("ls", "bad.py")
    assert (status, out[:21]) == (0, "No hyperparameters in")
    assert re.fullmatch(r"hp: warning: .*bad.py:1: cannot be parsed: .*\n", err)
    Path("fine.py").write_text("x = 1\n")
    assert hp("ls", "fine.py")[2] == ""


def test_a_folder_that_may_not_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o000)
    (tmp_path / "good.py").write_text(TRAIN)
    done = command("ls", ".", cwd=tmp_path, prefix=unprivileged())
    assert (done.returncode, "Total: 5 hyperparameters" in done.stdout) == (0, True)
    assert "closed: Permission denied" in done.stderr


def test_help_and_version_are_shown(hp: Run) -> None:
    assert "usage: hp" in hp("--help")[1]
    assert "--tree" in hp("ls", "--help")[1]
    # Not that of a distribution of the same name which the fixture has put before it.
    installed = sysconfig.get_path("purelib")
    (found,) = distributions(name="hyperparameter-dist", path=[installed])
    assert hp("--version") == (0, f"hp {found.version}\n", "")


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    lines = "".join(f"hp.scope.key{i} | {i}\n" for i in range(20_000))
    (tmp_path / "app.py").write_text(f"import hyperparameter as hp\n{lines}")
    script = f"{sys.executable} -m hyperparameter.cli ls . | head -1; echo ${{PIPESTATUS[0]}}"
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [f"Hyperparameters in {tmp_path.name}:", "141"]
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_these_characters_gets_others(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "app.py").write_text(
        "import hyperparameter as hp\nhp.scope.größe.x | '中'\n", encoding="utf-8"
    )
    done = command("ls", ".", "-t", cwd=tmp_path, env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, "")
    assert "+ gr" in done.stdout
    assert "- x = '\\u4e2d'" in done.stdout


def test_sources_cannot_steer_the_terminal(hp: Run) -> None:
    Path("app.py").write_text(
        "import hyperparameter as hp\n@hp.param\ndef f(x: '\x1b[31m' = 1): '\x1b[2J \x9b2J'\n"
        "hp.scope['a\\x1b\\nb'] | 1\n"
    )
    for words in (
        ("ls", "app.py"),
        ("desc", "f.x"),
        ("ls", ".", "-t"),
        ("ls", ".", "-f", "markdown"),
    ):
        status, out, _ = hp(*words)
        assert status == 0
        assert "\x1b" not in out
        assert "\x9b" not in out


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "hyperparameter.cli", "ls", "json"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        1,
        "hp: error: cannot write to stdout: No space left on device.\n",
    )


def test_an_interrupt_ends_with_one_line(tmp_path: Path) -> None:
    lines = "".join(f"hp.scope.key{i} | {i}\n" for i in range(20_000))
    (tmp_path / "app.py").write_text(f"import hyperparameter as hp\n{lines}")
    process = subprocess.Popen(
        [sys.executable, "-m", "hyperparameter.cli", "ls", "app.py"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.read(1) == b"H"  # the rest does not fit into the pipe, so it waits
    process.send_signal(signal.SIGINT)
    _, err = output_of(process)
    assert (process.returncode, err) == (130, b"hp: interrupted\n")


def test_a_package_of_a_thousand_files_is_listed_whole(tmp_path: Path) -> None:
    for i in range(1_000):
        folder = tmp_path / "big" / f"part{i % 20}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{i}.py").write_text(f"import hyperparameter as hp\nhp.scope.m{i}.lr | {i}\n")
    for _ in range(2):
        done = command("ls", "big", cwd=tmp_path)
        assert done.stdout.endswith("\nTotal: 1000 hyperparameters\n")
        assert (done.returncode, done.stderr) == (0, "")


ODD = """
import hyperparameter as hp

@hp.param("m")
def f(sep="\\x7f", cafe="café", cat="\N{CAT}", ends="a\\nb"): ...

hp.scope["k\\nTotal: 1"] | 1
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_json_is_json_in_every_encoding_of_the_terminal(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "app.py").write_text(ODD, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hyperparameter.cli", "ls", "app.py", "-f", "json"],
        cwd=tmp_path, capture_output=True, check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    document = json.loads(done.stdout.decode(encoding))
    assert {key: entry["default"] for key, entry in document.items()} == {
        "m.sep": "\x7f", "m.cafe": "café", "m.cat": "\N{CAT}", "m.ends": "a\nb", "k\nTotal: 1": 1,
    }  # fmt: skip


def test_html_spells_what_the_terminal_cannot_encode_as_html(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ODD, "utf-8")
    words = ("ls", "app.py", "-f", "html")
    done = command(*words, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"})
    assert "caf&#233;" in done.stdout
    assert "\\xe9" not in done.stdout


@pytest.mark.parametrize(
    "words", [(), ("-t",), ("-f", "html"), ("-f", "markdown")], ids=["text", "tree", "html", "md"]
)
def test_a_key_with_a_newline_stays_on_its_line(hp: Run, words: tuple[str, ...]) -> None:
    Path("app.py").write_text(ODD, "utf-8")
    _, out, _ = hp("ls", "app.py", *words)
    assert len([line for line in out.splitlines() if "Total: " in line]) == 2
    assert "\nTotal: 1 " not in out
    assert "\nTotal: 1" not in hp("desc", "Total", "app.py")[1]


def test_pipes_and_devices_are_named_and_left_out(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(TRAIN)
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "zero.py").symlink_to("/dev/zero")
    (tmp_path / "loop.py").symlink_to(".")
    for words in (("ls", "."), ("desc", "train.lr"), ("ls", ".", "--all")):
        done = command(*words, cwd=tmp_path, timeout=150)
        assert (done.returncode, "train.lr" in done.stdout) == (0, True)
        named = sorted(re.findall(r"(\w+\.py):1: is not a regular file", done.stderr))
        assert named[:3] == ["loop.py", "pipe.py", "zero.py"]
        assert "Traceback" not in done.stderr


def test_a_file_without_an_end_in_sight_is_named_and_left_out(hp: Run) -> None:
    with open("huge.py", "wb") as huge:
        huge.write(b"import hyperparameter\n")
        huge.truncate(1 << 40)  # takes no space, and no memory must be taken for it
    Path("good.py").write_text(TRAIN)
    status, out, err = hp("ls", ".")
    assert (status, "Total: 5 hyperparameters" in out) == (0, True)
    assert err.endswith("huge.py:1: is larger than 16 MiB\n")


@pytest.mark.parametrize(
    "line", ["import this, ", "import a,, b", "import , ,", "import 3, x.y., .z"]
)
@pytest.mark.parametrize("option", ["--all", "--deps"])
def test_text_that_looks_like_an_import_does_no_harm(hp: Run, line: str, option: str) -> None:
    Path("app.py").write_text(f'TEXT = """\n{line}\n"""\nimport toolkit, \\\n    myapp\n')
    status, out, err = hp("ls", "./app.py", option)
    assert (status, err) == (0, "")
    assert "login.retries = 3" in out
    assert "train.lr = 0.001" in out


def test_desc_of_a_last_name_comes_without_those_that_merely_contain_it(hp: Run) -> None:
    Path("app.py").write_text(
        "import hyperparameter as hp\nhp.scope.plot.C | 1\nhp.scope.cache.CC | 2\n"
        "hp.scope.a.lr | 1\nhp.scope.b.lr | 1\nhp.scope.lrs | 1\n"
    )
    assert "Hyperparameter: plot.C\n" in hp("desc", "C")[1]
    assert hp("desc", "lr")[1] == "Multiple matches for 'lr':\n  a.lr = 1\n  b.lr = 1\n"
    assert "lrs" in hp("desc", "rs")[1]


STRUCTURES = """
import hyperparameter as hp
from shop.conf import Optim

@hp.param("train")
def train(data, optim: Optim = Optim(lr=0.5)): ...
"""


def test_fields_of_structures_are_listed_and_described(hp: Run) -> None:
    Path("shop").mkdir()
    Path("shop/train.py").write_text(STRUCTURES)
    Path("shop/conf.py").write_text(
        "from dataclasses import dataclass\n\n@dataclass\nclass Optim:\n"
        '    """How weights change.\n\n    Args:\n        lr: size of a step\n    """\n'
        "    lr: float = 0.1\n    momentum: float = 0.9\n"
        '    """how much of the last step stays"""\n'
    )
    lines = hp("ls", "shop")[1].splitlines()[2:6]
    assert lines == [
        "  train.data (required)", "  train.optim = Optim(lr=0.5)",
        "  train.optim.lr = 0.5", "  train.optim.momentum = 0.9",
    ]  # fmt: skip
    out = hp("desc", "train.optim.lr", "shop")[1]
    for line in ("Default: 0.5", "Type: float", "Function: train", "Namespace: train.optim",
                 "Location: conf.py:10", "Description: size of a step",
                 "value = hp.scope.train.optim.lr | 0.5"):  # fmt: skip
        assert line in out
    out = hp("desc", "train.optim.momentum", "shop")[1]
    assert "Description: how much of the last step stays" in out
