"""A sweep on several hosts, one of which is cut off and one killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from programs import output_of

from hyperparameter._sweeps.store.stored import Stored

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


@pytest.mark.seconds(900)
def test_a_sweep_loses_no_run_with_hosts_that_are_cut_off_and_killed(cluster: Any) -> None:
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
        # One that had not begun there comes last, and may have to wait for a place.
        until(lambda: done_in(folder / "sweeps" / "sweep") >= len(noted("ended")) >= 6)
        second.connect(cluster.switch)
        cluster.start_node(second)
        until(lambda: any(n >= 12 and host == second.name for n, host in noted("began")))
        Path(f"{notes}.back").touch()
        output, errors = output_of(sweep)
    ended = noted("ended")
    ran = {one.address: [n for n, host in ended if host == one.name] for one in (first, second)}
    print(output, errors, "\n".join(f"{address} ran {ns}" for address, ns in ran.items()))
    assert sweep.returncode == 0
    assert sorted(n for n, _ in ended) == [*range(24)], "a run that had ended ran again"
    assert all(ran.values())
    assert killed
    assert {n for n, _ in noted("began")} == {*range(24)}
    with begin("undisturbed", "local") as undisturbed:
        wanted, _ = output_of(undisturbed)
    assert table(output) == table(wanted)
