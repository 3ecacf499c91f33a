"""A notebook with a real kernel: cells that are run again, an event loop, workers."""

import os
import re
import sys
from typing import Any

import nbclient
import nbformat
import pytest

CELLS = {
    "declare": """
import hyperparameter as hp, hp_dist

@hp.param("train")
def train(lr=0.1, n: int = 3):
    return lr, n
print(train())
""",
    "scope": """
with hp.scope("train.lr=0.5"):
    print(train(), hp.explain("train.lr"))
""",
    "declare again": """
@hp.param("train")
def train(lr=0.2, n: int = 3, extra="x"):
    return lr, n, extra
print(train())
""",
    "open for good": """
ps = hp.scope.init({"train.n": 7})
""",
    "next cell": """
print(train())
""",
    "event loop": """
import asyncio

async def step(rate):
    with hp.scope(**{"train.lr": rate}):
        await asyncio.sleep(0)
        return train()[0]
print(await asyncio.gather(step(1.0), step(2.0)), train()[0])
""",
    "launch": """
hp.launch(train)
""",
    "run the program": """
print(hp.run_cli(train, ["--lr", "4"]))
""",
    "pool": """
hp_dist.install()
import multiprocessing

def look(_):
    return hp.scope.train.lr | 0.0, str(hp.explain("train.lr"))
with multiprocessing.get_context("fork").Pool(1) as pool, hp.scope(**{"train.lr": 0.25}):
    print(*pool.map(look, [0])[0])
""",
    "record": """
with hp.record() as rec, hp.scope(**{"train.lr": 0.125, "train.lrr": 1}):
    train()
print(*rec.unused())
rec
""",
    "sweep": """
print([run.result[0] for run in hp.sweep(train, {"train.lr": [1.0, 2.0]})])
""",
}
NAMES = list(CELLS)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the cells in turn; return what each has printed or shown, errors included."""
    folder = tmp_path_factory.mktemp("notebook")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    client = nbclient.NotebookClient(
        nbformat.v4.new_notebook(cells=cells),
        timeout=120,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "runtime"))
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        patch.setenv("JUPYTER_PATH", os.path.join(sys.prefix, "share", "jupyter"))
        done = client.execute()
    return {name: _shown(cell) for name, cell in zip(NAMES, done.cells, strict=True)}


def _shown(cell: Any) -> str:
    parts: list[str] = []
    for output in cell["outputs"]:
        texts = [output.get("text", ""), *output.get("traceback", ()), output.get("evalue", "")]
        parts += [*texts, str(output.get("data", ""))]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(filter(None, parts)))


def test_origins_name_the_cells_as_the_notebook_does(notebook: dict[str, str]) -> None:
    assert notebook["declare"].split() == ["(0.1,", "3)"]
    assert notebook["scope"].splitlines() == [
        "(0.5, 3) train.lr = 0.5  (code In[2]:1)",
        "  declared by train (In[1]:3), default 0.1",
    ]


def test_a_cell_that_is_run_again_declares_anew(notebook: dict[str, str]) -> None:
    assert notebook["declare again"].strip() == "(0.2, 3, 'x')"


def test_what_a_cell_opens_for_good_is_seen_in_the_next(notebook: dict[str, str]) -> None:
    assert notebook["next cell"].strip() == "(0.2, 7, 'x')"


def test_coroutines_on_the_loop_of_the_kernel_are_apart(notebook: dict[str, str]) -> None:
    assert notebook["event loop"].strip() == "[1.0, 2.0] 0.2"


def test_launch_says_that_the_words_are_the_kernels(notebook: dict[str, str]) -> None:
    shown = notebook["launch"]
    assert "error: the words in sys.argv are those of the notebook's kernel." in shown
    assert "hp.launch(f, [])" in shown
    assert notebook["run the program"].strip() == "(4.0, 7, 'x')"


def test_workers_of_a_notebook_get_the_scope_and_name_its_cell(notebook: dict[str, str]) -> None:
    assert re.match(r"0\.25 train\.lr = 0\.25  \(code In\[9\]:6 on \S+\)", notebook["pool"])


def test_a_record_shows_itself_and_names_what_was_not_read(notebook: dict[str, str]) -> None:
    shown = notebook["record"]
    assert "train.lrr (code In[10]:1) was never read, did you mean 'train.lr'?" in shown
    assert "text/html" in shown
    assert "In[3]:1" in shown


def test_a_sweep_runs_in_a_notebook(notebook: dict[str, str]) -> None:
    assert notebook["sweep"].strip().endswith("[1.0, 2.0]")
