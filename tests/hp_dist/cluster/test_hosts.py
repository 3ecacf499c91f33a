"""The scope reaches tasks and actors on every host, and a task that outlives its host keeps it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "tests" / "helpers" / "cut_off.py"
EXAMPLE = ROOT / "examples" / "cluster.py"


def rows(table: str) -> list[dict[str, str]]:
    head, *body = (re.split(r" {2,}", line) for line in table.partition("\n\n")[0].splitlines())
    return [dict(zip(head, cells, strict=True)) for cells in body]


@pytest.mark.parametrize(
    "credentials",
    [{"RAY_AUTH_MODE": "disabled"}, {"RAY_AUTH_TOKEN": "0" * 64}],
    ids=["no token", "another token"],
)
def test_nobody_runs_anything_without_the_token(cluster: Any, credentials: dict[str, str]) -> None:
    once = {"RAY_NUM_REDIS_GET_RETRIES": "1"}  # a refusal is final, Ray would ask 20 times
    ran = cluster.run(EXAMPLE, "--address=auto", **credentials, **once)
    assert (ran.status, ran.output) == (2, "")
    assert "InvalidAuthToken" in ran.errors
    assert ran.errors.splitlines()[-1].startswith("cluster.py: error: --address auto: ")


def test_tasks_and_actors_on_both_hosts_read_the_command_line(cluster: Any) -> None:
    ran = cluster.run(EXAMPLE, "--address=auto", "--tasks=1", "-D", "train.lr=0.3")
    print(ran.output)
    assert ran.status == 0, ran.errors
    assert ran.errors == ""
    driver, *others = rows(ran.output)
    assert driver["node"] == cluster.head.address
    assert driver["origin"] == "cli -D"
    assert {(row["node"], row["ran as"]) for row in others} == {
        (host.address, ran_as)
        for host in (cluster.head, cluster.second)
        for ran_as in ("task", "actor created", "actor method")
    }
    for row in [driver, *others]:
        assert row["train.lr"] == "0.3", row
    for row in others:
        assert row["origin"] == f"cli -D on {cluster.head.name}:{driver['pid']}", row


def test_what_ran_on_a_host_that_is_cut_off_goes_on_elsewhere_as_it_was_submitted(
    cluster: Any,
) -> None:
    with cluster.begin(PROGRAM, "-D", "train.steps=7") as program:
        begun = program.stdout.readline()
        cluster.second.cut_off()
        output, errors = program.communicate(timeout=330)
    assert begun == f"begun on {cluster.second.address}\n", errors
    assert program.returncode == 0, errors
    # Ray's news about the host that has gone stand among the lines.
    told = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    print(begun, json.dumps(told, indent=1))
    home = f"{cluster.head.name}:{told['pid']}"
    line = (PROGRAM).read_text().partition('"train.lr": 0.5')[0].count("\n") + 1
    expected = {
        "lr": 0.5,
        "steps": 7,
        "origins": {
            "train.lr": f"code {PROGRAM}:{line} on {home}",
            "train.steps": f"cli -D on {home}",
        },
    }
    there, here = cluster.second.address, cluster.head.address
    assert told["retried"] == {"begun": [there, here], "node": here, **expected}
    assert told["before"] == {"node": there, **expected}
    assert told["after"] == {"node": here, **expected}
