"""A program of three files, one override misspelt, one default in use: what can be told."""

import subprocess
import sys
from pathlib import Path

FILES = {
    "settings.py": """\
import hyperparameter as hp
OVERRIDES = hp.scope(**{"train.learning_rat": 0.5, "train.epochs": 3})
""",
    "model.py": """\
import hyperparameter as hp
@hp.param("train")
def train(learning_rate: float = 0.1, epochs: int = 10):
    return learning_rate * epochs * (hp.scope.model.width | 32)
""",
    "main.py": """\
import hyperparameter as hp
from model import train
from settings import OVERRIDES
with hp.record() as record, OVERRIDES, hp.scope("train.epochs=5"):
    train()
    print(hp.explain("train.epochs"))
    print(hp.explain("train.learning_rate"))
print(record.operative(nested=True))
print(*record.unused(), sep="\\n")
""",
}


MISSPELT = (
    "train.learning_rat (code settings.py:2) was never read, did you mean 'train.learning_rate'?"
)
SHADOWED = (
    "train.epochs (code settings.py:2) was never read; its readers got the value of code main.py:4"
)


def test_operative_unused_and_explain_tell_the_story(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "main.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "train.epochs = 5  (code main.py:4)",
        "  shadows 3  (code settings.py:2)",
        "  declared by train (model.py:2), default 10",
        "train.learning_rate is not set.",
        "  declared by train (model.py:2), default 0.1",
        "{'train': {'learning_rate': 0.1, 'epochs': 5}, 'model': {'width': 32}}",
        MISSPELT,
        SHADOWED,
    ]
