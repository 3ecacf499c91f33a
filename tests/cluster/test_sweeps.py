"""A sweep on several hosts: its runs are on all of them, whatever becomes of one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hyperparameter._sweeps.stored import Stored

PROGRAM = """
import socket, time
import beside
import hyperparameter as hp

@hp.param("train")
def train(lr: float = 0.1) -> dict:
    print("ran on", socket.gethostname())
    time.sleep(3)  # so that no host can take them all
    return {"score": beside.double(lr), "host": socket.gethostname()}

if __name__ == "__main__":
    hp.launch(train)
"""


def test_a_sweep_in_a_job_runs_on_all_hosts_and_has_their_logs(cluster: Any) -> None:
    folder = cluster.folder / "job"
    folder.mkdir()
    (folder / "beside.py").write_text("def double(value):\n    return 2 * value\n")
    program = folder / "train.py"
    program.write_text(PROGRAM)
    ran = cluster.run_job(program, "--sweep", "lr=1,2,3,4,5,6,7,8,9,10,11,12", "--on", "ray")
    assert ran.status == 0, f"{ran.output}\n{ran.errors}"
    table = ran.output[ran.output.index("Results:") :].splitlines()[2:14]
    hosts = {int(row.split()[0]): row.split()[3] for row in table}
    assert [float(row.split()[2]) for row in table] == [2.0 * lr for lr in range(1, 13)]
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
        output, errors = running.communicate(timeout=150)
    assert (running.returncode, output) == (2, "")
    assert f"--on ray:{address}: this host is not a node of the cluster" in errors
    assert errors.count("\n") == 1


ENDURED = """
import os, socket, time
import hyperparameter as hp

@hp.param("train")
def train(notes: str, n: int = 0) -> dict:
    def note(what):
        handle = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{what} {n} {socket.gethostname()}\\n".encode())
        os.close(handle)

    note("began")
    while not os.path.exists(notes + (".go" if n < 12 else ".back")):
        time.sleep(0.05)
    note("ended")
    return {"score": 2 * n}

if __name__ == "__main__":
    hp.launch(train)
"""


def table(output: str) -> list[list[str]]:
    """Return the table of results, without the times that the runs took."""
    rows = output[output.index("Results:") :].splitlines()[2:]
    return [row.split()[:-1] for row in rows[: rows.index("") if "" in rows else None]]


def done_in(sweep: Path) -> int:
    with Stored.read(str(sweep)) as store:
        return store.counts().get("done", 0)


def test_a_sweep_loses_no_run_with_hosts_that_are_cut_off_and_killed(cluster: Any) -> None:
    """The last test of this file: afterwards one host is missing."""
    folder = cluster.folder / "endured"
    folder.mkdir()
    (folder / "train.py").write_text(ENDURED)
    notes = folder / "notes"

    def noted(what: str) -> list[tuple[int, str]]:
        lines = notes.read_text().splitlines() if notes.exists() else []
        words = [line.split() for line in lines]
        return [(int(n), host) for kind, n, host in words if kind == what]

    def begin(name: str, on: str) -> Any:
        words = ["--sweep", "n=0:24", "--retries", "4", "--name", name, "--on", on]
        return cluster.begin(cluster.head, ["python", "train.py", str(notes), *words], folder)

    def until(done: Callable[[], bool]) -> None:
        def why_not() -> str:
            said = sweep.communicate() if sweep.poll() else "it has not ended"
            return f"{noted('began')}, {noted('ended')}: {said}"

        cluster.wait_until(done, why_not, lambda: bool(sweep.poll()))

    first, second, third = cluster.head, cluster.second, cluster.third
    with begin("sweep", f"ray:{first.address}:6379") as sweep:
        until(lambda: {host for _, host in noted("began")} == {first.name, second.name, third.name})
        second.cut_off()  # its runs continue, and nobody hears of it
        third.close()
        killed = {n for n, host in noted("began") if host == third.name}
        Path(f"{notes}.go").touch()
        # Until Ray has noticed: what ran on the second had ended, and has to be found by then.
        until(lambda: done_in(folder / "sweeps" / "sweep") >= 12)
        second.connect(cluster.switch)
        cluster.start_node(second)
        until(lambda: any(n >= 12 and host == second.name for n, host in noted("began")))
        Path(f"{notes}.back").touch()
        output, errors = sweep.communicate(timeout=240)
    ended = noted("ended")
    ran = {one.address: [n for n, host in ended if host == one.name] for one in (first, second)}
    print(output, errors, "\n".join(f"{address} ran {ns}" for address, ns in ran.items()))
    assert sweep.returncode == 0
    assert sorted(n for n, _ in ended) == [*range(24)], "a run that had ended ran again"
    assert all(ran.values())
    assert killed
    assert {n for n, _ in noted("began")} == {*range(24)}
    with begin("undisturbed", "local") as undisturbed:
        wanted, _ = undisturbed.communicate(timeout=240)
    assert table(output) == table(wanted)
