"""The programs of examples/ports: each does what the program does that it was ported from.

Hydra and gin are not installed for the tests: what their programs print was printed by them.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PORTS = ROOT / "examples" / "ports"
FILES = {
    "gpt": (["before.py", "small_before.py"], ["gpt.py", "small.toml"]),
    "mnist": (["before.py"], ["mnist.py"]),
    "hydra": (["before.py", "conf/config.yaml"], ["app.py", "conf.yaml"]),
    "gan": (["before.py", "before.gin"], ["gan.py", "gan.yaml"]),
}


def run(port: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=PORTS / port, capture_output=True, text=True, timeout=150
    )


def printed(port: str, *words: str) -> str:
    done = run(port, *words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


SAME = [
    ("gpt", "", ""),
    ("gpt", "--seed=3 --weight_decay=0.5 --decay_lr=False",
     "--seed 3 -D adamw.weight_decay=0.5 -D lr.decay=false"),
    ("gpt", "small_before.py --max_iters=21", "-C small.toml --max-iters 21"),
    ("mnist", "", ""),
    ("mnist", "--no-cuda --lr 0.5 --epochs 2", "--no-cuda --lr 0.5 --epochs 2"),
    ("mnist", "--save-model --seed 4", "--save-model --seed 4"),
    ("mnist", "--batch-size 500 --log-interval 2 --dry-run",
     "-D mnist.batch_size=500 -D mnist.log_interval=2 -D mnist.dry_run=true"),
    ("mnist", "--test-batch-size 7", "-D mnist.test_batch_size=7"),
]  # fmt: skip


@pytest.mark.parametrize(("port", "before", "after"), SAME)
def test_a_port_prints_what_its_model_prints(port: str, before: str, after: str) -> None:
    was = printed(port, "before.py", *before.split())
    now = printed(port, f"{port}.py", *after.split())
    assert now == re.sub(r"Overriding config with .*\n", "", was)


OUTPUTS = [
    ("hydra", "", "mysql: omry@localhost, timeout 10\nbuttons: create, view\n"),
    ("hydra", "-D db.kind=postgresql -D ui.kind=view -D db.timeout=3",
     "postgresql: postgres_user@localhost, timeout 3\nbuttons: view\n"),
    ("gan", "", "mean 3.0670, edge 2.9576\n"),
    ("gan", "--seed 3 -D rate=0.1", "mean 2.0586, edge 2.3820\n"),
]  # fmt: skip


@pytest.mark.parametrize(("port", "words", "expected"), OUTPUTS)
def test_a_port_prints_what_hydra_and_gin_print(port: str, words: str, expected: str) -> None:
    assert printed(port, FILES[port][1][0], *words.split()) == expected


MISTAKES = [
    ("gpt", "-D lr.peek=1", "Did you mean 'lr.peak'?"),
    ("mnist", "-D mnist.batchsize=1", "Did you mean 'mnist.batch_size'?"),
    ("hydra", "-D db.kind=postgrsql", "Did you mean 'postgresql.yaml'"),
    ("hydra", "-D db.timout=3", "Did you mean 'db.timeout'?"),
    ("gan", "-D generator.learningrate=3", "Did you mean 'generator.learning_rate'"),
]


@pytest.mark.parametrize(("port", "words", "message"), MISTAKES)
def test_a_mistake_in_a_port_is_one_line(port: str, words: str, message: str) -> None:
    done = run(port, FILES[port][1][0], *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def configuration_lines(port: str, names: list[str]) -> int:
    """Count the lines of files that configure, without blank ones and comments.

    In a program they stand between the comments `-- configuration` and `-- program`.
    """
    count = 0
    for name in names:
        is_counted = "-- configuration" not in (text := (PORTS / port / name).read_text("utf-8"))
        for line in map(str.strip, text.splitlines()):
            if line.startswith("# -- "):
                is_counted = line == "# -- configuration"
            elif line and line[0] != "#":
                count += is_counted
    return count


@pytest.mark.parametrize("port", FILES)
def test_the_page_counts_the_lines_of_configuration(port: str) -> None:
    before, after = (configuration_lines(port, names) for names in FILES[port])
    page = (ROOT / "docs" / "coming-from.md").read_text("utf-8")
    row = re.search(rf"examples/ports/{port}/\w+\.py\).*\| (\d+) \| (\d+) \|", page)
    assert row is not None
    assert (int(row[1]), int(row[2])) == (before, after)
    assert after < before
