"""A worker refuses a mapping that was given for a number where the scope was opened."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PROGRAM = """
    import multiprocessing as mp, sys
    from concurrent.futures import ProcessPoolExecutor
    import hp_dist, hyperparameter as hp

    @hp.param("t")
    def declared(lr: float = 0.1):
        return lr

    READERS = [
        lambda: hp.scope.t.lr | 0.1,
        lambda: hp.scope.t.lr(0.1),
        lambda: hp.scope["t.lr"] | 0.1,
        declared,
        lambda: hp.Params.from_scope(prefix="t").pop_float("lr", 0.1),
        lambda: hp.scope.t.lr | {},
    ]

    def told(_):
        lines = []
        for read in READERS:
            try:
                lines.append(repr(read()))
            except hp.ConversionError as error:
                lines.append(str(error).partition("): ")[2])
        return lines

    if __name__ == "__main__":
        method, file = sys.argv[1:]
        hp_dist.install()
        context = mp.get_context(method)
        for scope in (hp.scope(t={"lr": {"value": 3}}), hp.config(file)):
            with scope, context.Pool(1) as pool:
                (lines,) = pool.map(told, [0])
                print(*lines, sep="\\n")
            with scope, ProcessPoolExecutor(1, mp_context=context) as executor:
                print(*executor.submit(told, 0).result(), sep="\\n")
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_refuses_a_mapping_for_a_number(method: str, tmp_path: Path) -> None:
    file, program = tmp_path / "conf.json", tmp_path / "program.py"
    file.write_text(json.dumps({"t": {"lr": {"value": 3}}}))
    program.write_text(dedent(PROGRAM))
    command = [sys.executable, str(program), method, str(file)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=100, check=False)
    refused = ["{'value': 3} is not a float."] * 5
    assert (done.stdout.splitlines(), done.stderr) == ([*refused, "{'value': 3}"] * 4, "")
