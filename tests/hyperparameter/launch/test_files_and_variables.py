"""What a launched program reads beside its command line: files of any shape, and variables."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

PROGRAM = """
from dataclasses import dataclass
import hyperparameter as hp

@dataclass
class Optim:
    kind: str = "adam"
    lr: float = 1.0
    Eps: float = 0.0

@hp.param
class Model:
    def __init__(self, hidden=256):
        self.hidden = hidden

@hp.param("train")
def main(optim: Optim = Optim(), epochs: int = 1, T: int = 1, table: dict[str, int] = {"A": 1},
         name: str = "n"):
    print(optim.kind, optim.lr, optim.Eps, epochs, T, table, name, Model().hidden,
          hp.scope.deep.rate | 0.5)

if __name__ == "__main__":
    hp.launch(main, env_prefix="MY")
"""
DEFAULTS = "adam 1.0 0.0 1 1 {'A': 1} n 256 0.5\n"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text))

    return write


@pytest.fixture
def run(tmp_path: Path, write: Write) -> Run:
    """Run the program with words of a command line, variables, and text on standard input."""
    write("app.py", PROGRAM)

    def run(*words: str, stdin: str = "", program: str = "app.py", **env: str) -> object:
        return subprocess.run(
            [sys.executable, program, *words], cwd=tmp_path, input=stdin, capture_output=True,
            text=True, timeout=150, check=False, env={**os.environ, **env},
        )  # fmt: skip

    return run  # type: ignore[return-value]


def output(done: "subprocess.CompletedProcess[str]") -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def error(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the one line of a usage error."""
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.rstrip("\n")


# -- includes ---------------------------------------------------------------------------------


@pytest.fixture
def groups(write: Write) -> None:
    write("conf.yaml", '$include: ["optim/${train.optim.kind}.yaml"]\ntrain: {epochs: 2}\n')
    write("optim/sgd.yaml", "train:\n  optim: {lr: 0.1}\n")
    write("optim/adam.yaml", "train:\n  optim: {lr: 0.2}\n  epochs: 9\n")


@pytest.mark.usefixtures("groups")
def test_options_definitions_and_variables_choose_a_file(run: Run) -> None:
    words = ["-C", "conf.yaml"]
    sgd = DEFAULTS.replace("adam 1.0 0.0 1", "sgd 0.1 0.0 2")
    assert output(run(*words, "--optim.kind", "sgd")) == sgd
    assert output(run(*words, "-D", "train.optim.kind=sgd")) == sgd
    assert output(run(*words, MY_TRAIN__OPTIM__KIND="sgd")) == sgd
    assert output(run(*words, "--optim.kind=adam", "--optim.lr=3")).startswith("adam 3.0 0.0 2")
    assert error(run(*words, "--optim.kind", "sgdd")) == (
        "app.py: error: conf.yaml:1: $include 'optim/${train.optim.kind}.yaml': the file "
        "optim/sgdd.yaml does not exist. Did you mean 'sgd.yaml'? "
        "train.optim.kind is 'sgdd' (cli --optim.kind)."
    )


@pytest.mark.usefixtures("groups")
def test_what_is_included_has_its_file_as_origin_and_is_checked(run: Run, write: Write) -> None:
    done = run("-C", "conf.yaml", "--optim.kind=sgd", "-ep", "train.optim.lr")
    assert "origin=file optim/sgd.yaml:2" in output(done)
    write("optim/sgd.yaml", "train: {optim: {lrr: 0.1}}")
    assert "(file optim/sgd.yaml:1)" in error(run("-C", "conf.yaml", "--optim.kind=sgd"))


def test_a_key_that_chooses_a_file_is_used(run: Run, write: Write) -> None:
    write("conf.yaml", '$include: "${group}.yaml"\ngroup: sgd\n')
    write("sgd.yaml", "train: {epochs: 4}\n")
    write("other.yaml", "train: {epochs: 5}\n")
    assert " 4 " in output(run("-C", "conf.yaml"))
    assert " 5 " in output(run("-C", "conf.yaml", "-D", "group=other"))
    assert " 5 " in output(run("-C", "conf.yaml", MY_GROUP="other"))
    write("conf.yaml", '$include: "${use.group}.yaml"\nuse: {group: sgd}\n')
    assert "Did you mean 'use.group'?" in error(run("-C", "conf.yaml", "-D", "use.grp=other"))


# -- files at keys, standard input, the default file ---------------------------------------------


def test_a_file_is_put_at_a_key(run: Run, write: Write) -> None:
    write("sgd.yaml", "kind: sgd\nlr: ${train.epochs}\n")
    assert output(run("-C", "train.optim=sgd.yaml", "--epochs", "3")).startswith("sgd 3.0 0.0 3")
    assert "sgd.yaml:2" in output(
        run("-C", "train.optim=sgd.yaml", "--epochs=3", "-ep", "train.optim.lr")
    )
    text = error(run("-C", "train.optim=sgdd.yaml"))
    assert "-C train.optim=sgdd.yaml: the file sgdd.yaml does not exist. Did you mean 's" in text
    assert "train.optm.kind (file sgd.yaml:1)" in error(
        run("-C", "train.optm=sgd.yaml", "--epochs=3")
    )


def test_a_word_that_is_a_file_as_a_whole_is_that_file(run: Run, write: Write) -> None:
    write("lr=0.1/epochs=3.yaml", "train: {epochs: 3}\n")
    write("a=b.yaml", "train: {epochs: 4}\n")
    assert " 3 " in output(run("-C", "lr=0.1/epochs=3.yaml"))
    assert " 4 " in output(run("-C", "a=b.yaml"))
    assert "-C lr=0.2/x.yaml: the file 0.2/x.yaml does not exist" in error(
        run("-C", "lr=0.2/x.yaml")
    )


@pytest.mark.parametrize(
    "text",
    [
        "train: {epochs: 7}", "---\n# c\ntrain:\n  epochs: 7\n", '{"train": {"epochs": 7}}',
        '{\n\t"train": {\n\t\t"epochs": 7}}', "{train: {epochs: 7}}", "[train]\nepochs = 7\n",
        "# c\ntrain.epochs = 7\n", '"train" = {epochs = 7}\n', "'train'.\"epochs\"=7",
    ],
)  # fmt: skip
def test_standard_input_is_yaml_json_or_toml(run: Run, text: str) -> None:
    assert " 7 " in output(run("-C", "-", stdin=text))
    assert " 7 " in output(run("-C", "-", "-C", "-", stdin=text))  # which is empty by then


def test_standard_input_has_lines_and_may_be_put_at_a_key(run: Run) -> None:
    assert "train.epoch (file <stdin>:2)" in error(run("-C", "-", stdin="train:\n  epoch: 3\n"))
    assert output(run("-C", "train.optim=-", stdin="lr: 3")).startswith("adam 3.0")
    assert "<stdin>:1" in error(run("-C", "-", stdin='{"a": 1,}'.replace("a", "train: [")))
    assert output(run("-C", "-", stdin="")) == DEFAULTS


@pytest.mark.parametrize(
    "text", ["[1,2]", '["a", {"b": 1}]', "[a, b]", "- 1\n- 2\n", "# c\n[1,\n2]\n"]
)
def test_a_list_on_standard_input_is_told_as_that_of_a_file(run: Run, text: str) -> None:
    wanted = "<stdin>: the top level must be a mapping of keys to values, not list."
    assert wanted in error(run("-C", "-", stdin=text))
    wrong = error(run("-C", "-", stdin="[train\nepochs = 7\n"))
    assert "<stdin>:1: Expected ']' at the end of a table declaration." in wrong


@pytest.mark.parametrize("kind", ["toml", "yaml", "json"])
def test_a_printed_configuration_is_read_from_standard_input(run: Run, kind: str) -> None:
    printed = output(run("--epochs", "5", "--name", "${x}", "--print-config", kind))
    assert output(run("-C", "-", stdin=printed)) == DEFAULTS.replace(" 1 1 ", " 5 1 ", 1).replace(
        " n ", " ${x} "
    )


def test_the_default_file_is_the_weakest(run: Run, write: Write) -> None:
    write("app2.py", PROGRAM.replace('env_prefix="MY"', 'config="conf.toml"'))
    write("more.yaml", "train: {epochs: 4}\n")
    missing = error(run(program="app2.py"))
    assert missing.startswith(
        "app2.py: error: conf.toml: the configuration file of this program does not exist."
    )
    assert error(run("-C", "more.yaml", program="app2.py")) == missing
    assert run("--help", program="app2.py").returncode == 0
    write("conf.toml", "")  # as `app2.py --print-config > conf.toml` does first
    printed = output(run("--print-config", program="app2.py"))
    write("conf.toml", printed.replace("epochs = 1", "epochs = 3").replace('"n"', '"m"'))
    assert " 3 1 {'A': 1} m " in output(run(program="app2.py"))
    assert " 4 1 {'A': 1} m " in output(run("-C", "more.yaml", program="app2.py"))
    assert "origin=file conf.toml:" in output(run("-ep", "train.epochs", program="app2.py"))


# -- flat files -------------------------------------------------------------------------------


def test_names_at_the_top_are_parameters_of_the_function(run: Run, write: Write) -> None:
    write("f.yaml", "epochs: 3\nname: run-${epochs}\noptim:\n  lr: 5\ntable: {b: 2}\n")
    assert output(run("-C", "f.yaml")) == "adam 5.0 0.0 3 1 {'A': 1, 'b': 2} run-3 256 0.5\n"
    assert " 7 1 {'A': 1, 'b': 2} run-7 " in output(run("-C", "f.yaml", "--epochs", "7"))
    assert "origin=file f.yaml:4" in output(run("-C", "f.yaml", "-ep", "train.optim.lr"))


def test_flat_and_nested_files_are_one(run: Run, write: Write) -> None:
    write("f.toml", "epochs = 3\nT = 4\n")
    write("n.toml", "[train]\nepochs = 5\n")
    assert " 5 4 " in output(run("-C", "f.toml", "-C", "n.toml"))
    assert " 3 4 " in output(run("-C", "n.toml", "-C", "f.toml"))


def test_a_name_that_a_file_has_in_full_is_not_short_in_it(run: Run, write: Write) -> None:
    write("f.yaml", "epochs: 3\ntrain: {epochs: '${epochs}'}\n")
    assert " 3 1 " in output(run("-C", "f.yaml"))
    write("g.yaml", "epochs: 3\ntrain: {epochs: 4}\n")
    assert (
        "epochs (file g.yaml:1): train.epochs is set twice, also at g.yaml:2. Remove one of them."
    ) in error(run("-C", "g.yaml"))


def test_a_typo_in_a_flat_file_is_an_error(run: Run, write: Write) -> None:
    write("f.yaml", "epoch: 3\n")
    assert "Did you mean 'train.epochs'?" in error(run("-C", "f.yaml"))
    write("f.yaml", "optim: {lrr: 3}\n")
    assert "lrr (file f.yaml:1)" in error(run("-C", "f.yaml"))


def test_a_name_that_means_something_else_at_the_top_keeps_its_meaning(
    run: Run, write: Write
) -> None:
    write(
        "other.py",
        """
        import hyperparameter as hp

        @hp.param("data")
        def load(path="p"):
            return path

        @hp.param("m")
        def main(data: dict = {}, seed: int = 0):
            print(load(), data, seed, hp.scope.seed | 1)

        hp.launch(main)
        """,
    )
    write("f.yaml", "data: {path: q}\nseed: 5\n")
    assert output(run("-C", "f.yaml", program="other.py")) == "q {} 0 5\n"


def test_each_command_reads_a_flat_file_for_itself(run: Run, write: Write) -> None:
    write(
        "two.py",
        """
        import hyperparameter as hp

        @hp.param("a")
        def one(lr=1):
            print("one", lr)

        @hp.param("b")
        def two(lr=2):
            print("two", lr)

        hp.launch()
        """,
    )
    write("f.yaml", "lr: 9\n")
    assert output(run("one", "-C", "f.yaml", program="two.py")) == "one 9\n"
    assert output(run("-C", "f.yaml", "two", program="two.py")) == "two 9\n"


# -- sections that are not for this program ------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "x-base: &b {lr: 3}\ntrain: {optim: {<<: *b}}\n",
        "x-base: &b\n  optim: {lr: 3}\ntrain:\n  <<: *b\n",
        "x-lr: &lr 3\ntrain: {optim: {lr: *lr}}\n",
        "groups:\n  one: &b {lr: 3}\ntrain: {optim: *b}\n",
        "x: &b {lr: 3, kind: adam}\ntrain: {optim: {lr: '${x.lr}'}}\n",
    ],
)
def test_anchors_for_other_sections_set_nothing(run: Run, write: Write, text: str) -> None:
    write("c.yaml", text)
    assert output(run("-C", "c.yaml")).startswith("adam 3.0 ")
    assert output(run("-C", "c.yaml", "--allow-unknown")).startswith("adam 3.0 ")


@pytest.mark.parametrize("text", ["x: &x {lr: 3}\ny: &y [1]\nz: &z 3\n", "# c\n", "", "train:\n"])
def test_a_file_of_anchors_alone_and_an_empty_one_set_nothing(
    run: Run, write: Write, text: str
) -> None:
    write("c.yaml", text)
    assert output(run("-C", "c.yaml")) == DEFAULTS


def test_an_anchor_makes_no_key_of_the_program_known(run: Run, write: Write) -> None:
    write("c.yaml", "train: &t {epoch: 3}\nx: *t\n")
    assert "train.epoch (file c.yaml:1)" in error(run("-C", "c.yaml"))


def test_a_section_of_another_program_is_a_note(run: Run, write: Write) -> None:
    write("serve.py", "import hyperparameter as hp\n@hp.param('server')\ndef s(port=1): ...\n")
    write("c.yaml", "train: {epochs: 3}\nserver:\n  port: 3\n  host: h\n")
    done = run("-C", "c.yaml")
    assert done.returncode == 0
    assert " 3 1 " in done.stdout
    assert done.stderr == (
        "app.py: server (c.yaml:3): this section is left alone. serve.py reads it, and this "
        "program does not.\n"
    )
    write("c.yaml", "server: {port: 3, host: h}\ntrain: {epochs: '${server.port}'}\n")
    assert " 3 1 " in run("-C", "c.yaml").stdout
    write("c.yaml", "servr:\n  port: 3\n")
    assert "servr.port (file c.yaml:2)" in error(run("-C", "c.yaml"))
    assert "server.port (cli -D)" in error(run("-D", "server.port=3"))


@pytest.fixture
def with_tasks(write: Write) -> None:
    """A program that makes its keys at run time, in another folder than the one beside it."""
    write(
        "tasks.py",
        """
        import hyperparameter as hp

        @hp.param("main")
        def main(x: int = 1):
            for task in ("fit", "test"):
                print(hp.scope[f"tasks.{task}.size"] | 1)

        hp.launch(main, env_prefix="MY")
        """,
    )


@pytest.mark.usefixtures("with_tasks")
@pytest.mark.parametrize("text", ["tasks: {fit: {siz: 3}}\n", "tasks: {fit: 3}\n"])
def test_a_section_of_keys_made_at_run_time_is_this_program_s(
    run: Run, write: Write, text: str
) -> None:
    write("c.yaml", text)
    assert "tasks.fit" in error(run("-C", "c.yaml", program="tasks.py"))
    write("c.yaml", "tasks: {fit: {size: 3}}\n")
    assert output(run("-C", "c.yaml", program="tasks.py")) == "3\n1\n"


@pytest.mark.usefixtures("with_tasks")
def test_a_variable_of_keys_made_at_run_time_is_checked(run: Run) -> None:
    wrong = error(run(MY_TASKS__FIT__SIZ="3", program="tasks.py"))
    assert "tasks.fit.siz (env $MY_TASKS__FIT__SIZ)" in wrong
    assert output(run(MY_TASKS__FIT__SIZE="3", program="tasks.py")) == "3\n1\n"


@pytest.mark.usefixtures("with_tasks")
@pytest.mark.parametrize("key", ["tasks.fit.siz", "task.fit.size", "task.fit.siz"])
def test_a_key_made_at_run_time_is_suggested_for_a_typo(run: Run, key: str) -> None:
    wrong = error(run("-D", f"{key}=3", program="tasks.py"))
    assert "Did you mean 'tasks.fit.size'?" in wrong


def test_a_value_for_a_group_names_its_keys(run: Run, write: Write) -> None:
    write("c.yaml", "Model: 3\n")
    assert error(run("-C", "c.yaml")).startswith(
        "app.py: error: Model (file c.yaml:1): this is a group, not a parameter. "
        "Its keys are Model.hidden."
    )
    assert "train.epochs" in error(run("-D", "train=3"))
    wrong = error(run("-D", "TRAIN=3"))
    assert "has no such parameter. train is a group, not a parameter. Its keys are " in wrong


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        (("-C", "value.toml", "--epochs", "2"), "file value.toml:1"),
        (("-C", "value.toml", "-C", "group.toml"), "file value.toml:1"),
        (("-C", "value.toml", "-D", "train.epochs=2"), "file value.toml:1"),
        (("-C", "group.toml", "-D", "train=5", "--epochs", "2"), "cli -D"),
        (("-C", "group.toml", "-D", "~train", "-D", "train=5", "--epochs", "2"), "cli -D"),
    ],
)
def test_a_value_for_a_group_is_found_below_a_stronger_source(
    run: Run, write: Write, words: tuple[str, ...], origin: str
) -> None:
    write("value.toml", "train = 5\n")
    write("group.toml", "[train]\nepochs = 7\n")
    assert error(run(*words)).startswith(f"app.py: error: train ({origin}): this is a group")


def test_references(run: Run, write: Write) -> None:
    write("c.yaml", "root: /data\ntrain: {name: '${root}/run'}\n")
    assert " /data/run " in output(run("-C", "c.yaml"))
    write("c.yaml", "epochs: 3\ntrain: {name: '${train.epoch}'}\n")
    assert "Did you mean 'train.epochs'?" in error(run("-C", "c.yaml"))


# -- the environment --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("MY_TRAIN__EPOCHS", " 1 1 ", " 5 1 "),
        ("MY_MODEL__HIDDEN", " 256 ", " 5 "),
        ("MY_Model__hidden", " 256 ", " 5 "),
        ("MY_TRAIN__T", " 1 1 ", " 1 5 "),
        ("MY_TRAIN__TABLE__A", "'A': 1", "'A': 5"),
        ("MY_TRAIN__TABLE__NEW", "'A': 1", "'A': 1, 'new': 5"),
        ("MY_TRAIN__OPTIM__EPS", "1.0 0.0", "1.0 5.0"),
        ("MY_TRAIN__OPTIM__LR", "1.0 0.0", "5.0 0.0"),
        ("MY_DEEP__RATE", " 0.5", " 5.0"),
    ],
)
def test_a_variable_sets_a_key_of_the_program(run: Run, name: str, old: str, new: str) -> None:
    assert output(run(**{name: "5"})) == DEFAULTS.replace(old, new, 1)


@pytest.mark.parametrize("default", ["DEFAULTS", "dict(y=1)", "{'y': 1}"])
def test_a_variable_sets_a_part_of_what_is_read_as_a_whole(
    run: Run, write: Write, default: str
) -> None:
    program = f"""
        import hyperparameter as hp
        DEFAULTS = dict(y=1)
        @hp.param
        def main(n=1):
            print(hp.scope.opt | {default})
        hp.launch(main, env_prefix="MY")
        """
    write("whole.py", program)
    assert output(run(program="whole.py", MY_OPT__X="5")) == "{'y': 1, 'x': 5}\n"
    assert output(run("-D", "opt.x=5", program="whole.py")) == "{'y': 1, 'x': 5}\n"


@pytest.mark.parametrize(
    "name", ["MY_HOME", "MY_SERVICE__HOST", "MYTRAIN", "MY_", "MY___X", "MY_A____B", "MY_TRAIN",
             "MY_MODEL", "MY_DEEP"]
)  # fmt: skip
def test_variables_of_others_are_left_alone(run: Run, write: Write, name: str) -> None:
    write("c.yaml", "train: {epochs: 3}\nModel: {hidden: 4}\n")
    assert output(run(**{name: "x"})) == DEFAULTS
    assert " 3 1 {'A': 1} n 4 " in output(run("-C", "c.yaml", **{name: "x"}))


def test_a_variable_without_its_namespace_is_told_its_name(run: Run) -> None:
    done = run(MY_EPOCHS="3")
    assert (done.returncode, done.stdout) == (0, DEFAULTS)
    assert done.stderr == (
        "app.py: $MY_EPOCHS sets nothing. Use MY_TRAIN__EPOCHS to set train.epochs.\n"
    )
    assert run(MY_LR="3").stderr == (
        "app.py: $MY_LR sets nothing. Use MY_TRAIN__OPTIM__LR to set train.optim.lr.\n"
    )
    assert run(MY_TRIAN__T="3").stderr == (
        "app.py: $MY_TRIAN__T sets nothing. Use MY_TRAIN__T to set train.T.\n"
    )


@pytest.mark.parametrize(
    ("name", "right", "key"),
    [
        ("MY_TRAIN_EPOCHS", "MY_TRAIN__EPOCHS", "train.epochs"),
        ("MY_TRAIN_OPTIM_LR", "MY_TRAIN__OPTIM__LR", "train.optim.lr"),
        ("MY_TRAIN_OPTIM__LR", "MY_TRAIN__OPTIM__LR", "train.optim.lr"),
        ("MY_Train_Epochs", "MY_TRAIN__EPOCHS", "train.epochs"),
    ],
)
def test_a_variable_with_single_underscores_is_told_its_name(
    run: Run, name: str, right: str, key: str
) -> None:
    done = run(**{name: "3"})
    assert (done.returncode, done.stdout) == (0, DEFAULTS)
    assert done.stderr == f"app.py: ${name} sets nothing. Use {right} to set {key}.\n"


def test_a_variable_of_a_namespace_is_checked(run: Run) -> None:
    assert "train.epoch (env $MY_TRAIN__EPOCH)" in error(run(MY_TRAIN__EPOCH="3"))
    assert "train.optim.lrr (env $MY_TRAIN__OPTIM__LRR)" in error(run(MY_TRAIN__OPTIM__LRR="3"))


def test_a_variable_that_a_reference_takes_is_used(run: Run, write: Write) -> None:
    write("c.yaml", "train: {name: 'run-${size}-${deep.x}', epochs: '${epochs}'}\n")
    assert " 4 1 {'A': 1} run-3-2 " in output(
        run("-C", "c.yaml", "-D", "deep.x=2", MY_SIZE="3", MY_EPOCHS="4")
    )
    write("c.yaml", "size: 1\ntrain: {name: '${size}'}\n")
    assert " 3 256" in output(run("-C", "c.yaml", MY_SIZE="3"))


# -- errors of files that the program reads ------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "mentions"),
    [
        ("hp.config('nope.yaml')", ["nope.yaml"]),
        ("hp.Params.from_file('nope.json')", ["nope.json"]),
        ("hp.Params({'a': 1}).pop('b')", ['"b"']),
        ("hp.config({'a': '${typo}', 'type': 1})", ["'typo'", "Did you mean 'type'?"]),
        ("hp.config('v.jsonnet')", ["v.jsonnet", "NO_SUCH"]),
        ("hp.Params.from_file('v.jsonnet')", ["v.jsonnet", "NO_SUCH"]),
        ("hp.Params.from_file('v.json').pop_int('a')", ["'x'", "v.json:1"]),
        ("hp.config('list.yaml')", ["list.yaml"]),
    ],
)
def test_an_error_of_a_file_is_one_line(
    run: Run, write: Write, body: str, mentions: list[str]
) -> None:
    write("v.jsonnet", "{a: std.extVar('NO_SUCH')}")
    write("v.json", '{"a": "x"}')
    write("list.yaml", "- 1\n")
    head = "import hyperparameter as hp\n@hp.param('m')\ndef main():\n"
    write("reads.py", f"{head}    {body}\nhp.launch(main)\n")
    text = error(run(program="reads.py"))
    assert text.startswith("reads.py: error: ")
    for mention in mentions:
        assert mention in text
