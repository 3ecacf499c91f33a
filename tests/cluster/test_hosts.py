"""Jobs from outside of a cluster: scopes and sweeps reach every host, and outlive those that go.

The tests run in this order, on one cluster, which takes as long to start as the tests to run: from
the last but one on, hosts are missing.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from programs import output_of

import hp_dist
import hyperparameter as hp

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "tests" / "helpers"
PROGRAM = HELPERS / "cut_off.py"
EXAMPLE = ROOT / "examples" / "cluster.py"
SWEPT = """
import pathlib, socket, time
import beside
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 0.1, meet: str = "") -> dict:
    print("ran on", socket.gethostname())
    folder = pathlib.Path(meet)  # the hosts are of one machine, and see the same folder
    (folder / socket.gethostname()).touch()
    while len(list(folder.iterdir())) < 3:  # so that no host can take them all
        time.sleep(0.05)
    return {"score": beside.double(lr), "host": socket.gethostname()}

if __name__ == "__main__":
    hp.launch(train)
"""


def rows(output: str) -> list[dict[str, str]]:
    """Return the table that the example prints, behind the lines of Ray."""
    table = output[output.index("ran as ") :].partition("\n\n")[0]
    head, *body = (re.split(r" {2,}", line) for line in table.splitlines())
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


def test_nobody_submits_a_job_without_the_token(cluster: Any) -> None:
    ran = cluster.run_job(EXAMPLE, RAY_AUTH_MODE="disabled")
    assert (ran.status, ran.output) == (2, "")
    assert ran.errors.startswith(f"hp: error: --address {cluster.dashboard}: the cluster wants a")


def test_a_job_from_outside_reads_the_command_line_and_the_scope_on_every_host(
    cluster: Any,
) -> None:
    carrier: dict[str, str] = {}
    with hp.scope(**{"train.steps": 5, "train.lr": 9.0}):
        hp_dist.inject(carrier)
    ran = cluster.run_job(EXAMPLE, "--address=auto", "--tasks=1", "-D", "train.lr=0.3", **carrier)
    print(ran.output)
    assert ran.status == 0, f"{ran.output}\n{ran.errors}"
    driver, *others = rows(ran.output)
    assert driver["node"] == cluster.head.address
    assert driver["origin"] == "cli -D"
    assert {(row["node"], row["ran as"]) for row in others} == {
        (host.address, ran_as)
        for host in (cluster.head, cluster.second, cluster.third)
        for ran_as in ("task", "actor created", "actor method")
    }
    for row in [driver, *others]:
        assert row["train.lr"] == "0.3", row
    for row in others:
        assert row["origin"] == f"cli -D on {cluster.head.name}:{driver['pid']}", row
    # From 1, five steps at 0.3: (1 - 2 * 0.3) ** 5, squared.
    assert driver["loss"] == f"{0.4**10:.4f}"


def test_a_sweep_in_a_job_runs_on_all_hosts_and_has_their_logs(cluster: Any) -> None:
    folder = cluster.folder / "job"
    folder.mkdir()
    (folder / "beside.py").write_text("def double(value):\n    return 2 * value\n")
    program = folder / "train.py"
    program.write_text(SWEPT)
    meet = cluster.folder / "meet"
    meet.mkdir()
    sweep = ("--sweep", "lr=1,2,3,4,5,6,7,8", "--meet", str(meet))
    ran = cluster.run_job(program, *sweep, "--on", "ray")
    assert ran.status == 0, f"{ran.output}\n{ran.errors}"
    table = ran.output[ran.output.index("Results:") :].splitlines()[2:10]
    hosts = {int(row.split()[0]): row.split()[3] for row in table}
    assert [float(row.split()[2]) for row in table] == [2.0 * lr for lr in range(1, 9)]
    assert set(hosts.values()) == {
        one.name for one in (cluster.head, cluster.second, cluster.third)
    }
    (logs,) = cluster.folder.rglob("_ray_pkg_*/sweeps/train-1/logs")
    for number, host in hosts.items():
        assert (logs / f"{number}.log").read_text() == f"ran on {host}\n"


def test_from_a_host_that_is_not_a_node_the_error_says_what_to_do(cluster: Any) -> None:
    address = f"{cluster.head.address}:6379"
    command = ["python", "train.py", "--sweep", "lr=1,2", "--on", f"ray:{address}"]
    with cluster.begin(cluster.client, command, cluster.folder / "job") as running:
        output, errors = output_of(running)
    assert (running.returncode, output) == (2, "")
    assert f"--on ray:{address}: this host is not a node of the cluster" in errors
    assert errors.count("\n") == 1


def test_who_follows_a_job_loses_the_cluster_and_finds_it_again(
    cluster: Any, tmp_path: Path
) -> None:
    end = cluster.folder / "end"
    with cluster.begin_job(HELPERS / "counting.py", str(end)) as job:
        while job.stdout.readline() != "5\n":
            assert job.poll() is None
        cluster.client.cut_off()
        while not (line := job.stderr.readline()).startswith("hp: lost"):
            assert line
        cluster.client.connect(cluster.switch)
        end.touch()
        output, errors = (
            job.stdout.read(),
            job.stderr.read(),
        )  # `communicate` loses what was buffered
    assert job.returncode == 7, errors
    *numbers, last = output.splitlines()
    assert last == f"ended after {numbers[-1]}"
    assert numbers == [str(number) for number in range(6, int(numbers[-1]) + 1)]  # each one once


def test_what_ran_on_hosts_that_go_continues_elsewhere_as_it_was_submitted(cluster: Any) -> None:
    there, also, here = (one.address for one in (cluster.second, cluster.third, cluster.head))
    with cluster.begin_job(PROGRAM, "-D", "train.steps=7") as job:
        for begun in job.stdout:
            if begun.startswith("begun on"):
                break
        cluster.second.cut_off()
        cluster.third.close()  # and all that ran there dies
        output, errors = job.stdout.read(), job.stderr.read()
    assert begun == f"begun on {there} {also}\n", errors
    assert job.returncode == 0, f"{output}\n{errors}"
    # Ray's news about the hosts that have gone stand among the lines.
    told = json.loads(next(line for line in output.splitlines() if line.startswith("{")))
    print(begun, json.dumps(told, indent=1))
    home = f"{cluster.head.name}:{told['pid']}"
    line = (PROGRAM).read_text().partition('"train.lr": 0.5')[0].count("\n") + 1
    for host in (there, also):
        retried, before, after = told[host]
        attempts = retried.pop("begun")
        assert (attempts[0], attempts[-1]) == (host, here)
        assert (before.pop("node"), retried.pop("node"), after.pop("node")) == (host, here, here)
        for read in (retried, before, after):
            origin = read["origins"].pop("train.lr")
            assert origin.startswith("code ")
            assert origin.endswith(f"cut_off.py:{line} on {home}")
            assert read == {"lr": 0.5, "steps": 7, "origins": {"train.steps": f"cli -D on {home}"}}


def test_a_host_that_comes_back_gets_work_again(cluster: Any) -> None:
    cluster.second.connect(cluster.switch)
    cluster.start_node(cluster.second)
    ran = cluster.run_job(EXAMPLE, "--address=auto", "--tasks=1", "--actors=0")
    print(ran.output)
    assert ran.status == 0, f"{ran.output}\n{ran.errors}"
    nodes = {row["node"] for row in rows(ran.output)}
    assert nodes == {cluster.head.address, cluster.second.address}
