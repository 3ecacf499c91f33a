"""A sweep in a job: its runs are on all hosts, and what they print comes back."""

from typing import Any

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
    assert ran.status == 0, ran
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
        output, errors = running.communicate(timeout=60)
    assert (running.returncode, output) == (2, "")
    assert f"--on ray:{address}: this host is not a node of the cluster" in errors
    assert errors.count("\n") == 1
