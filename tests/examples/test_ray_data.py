"""examples/ray_data.py reads the images that the same steps read in plain Python."""

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_digits

import hyperparameter as hp

UNSURE = -1


def prepared(image: list[int], floor: int, ceiling: int) -> list[int]:
    return [min(max(ink, floor), ceiling) - floor for ink in image]


def answered(image: list[int], means: list[list[float]], margin: float) -> int:
    distances = [sum((a - b) ** 2 for a, b in zip(image, mean, strict=True)) for mean in means]
    first, second = sorted(range(10), key=distances.__getitem__)[:2]
    far = distances[second]
    return UNSURE if far - distances[first] < margin * far else first


def expected(
    images: int = 700, floor: int = 2, ceiling: int = 12, learn: int = 1000, margin: float = 0.05
) -> tuple[list[list[int]], str]:
    """Return the rows of the table, and the line below it, computed without NumPy and Ray."""
    data = load_digits()
    rows = [prepared([int(ink) for ink in row], floor, ceiling) for row in data.data.tolist()]
    digits = data.target.tolist()
    means = []
    for digit in range(10):
        of_digit = [
            row for row, each in zip(rows[:learn], digits[:learn], strict=True) if each == digit
        ]
        means.append([sum(column) / len(of_digit) for column in zip(*of_digit, strict=True)])
    answers = Counter(
        (digit, answered(row, means, margin))
        for row, digit in zip(rows[-images:], digits[-images:], strict=True)
    )
    table = []
    for digit in range(10):
        given = {answer: count for (each, answer), count in answers.items() if each == digit}
        total, right, unsure = sum(given.values()), given.get(digit, 0), given.get(UNSURE, 0)
        table.append([digit, total, right, total - right - unsure, unsure])
    right, unsure = sum(row[2] for row in table), sum(row[4] for row in table)
    return table, f"{right} of {images - unsure} answers are right, {unsure} images are left."


def shown(done: subprocess.CompletedProcess[str]) -> tuple[list[list[int]], str]:
    assert done.returncode == 0, done.stderr
    _, *rows, last = done.stdout.splitlines()
    return [[int(cell) for cell in row.split()] for row in rows], last


def test_the_answers_are_those_of_plain_python_and_the_record_has_all_reads(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    assert shown(run("ray_data.py", "--record", "run.json")) == expected()
    record = hp.Record.load(tmp_path / "run.json")
    assert record.operative() == {
        "data.images": 700, "data.batch": 100, "data.actors": 2, "prep.floor": 2,
        "prep.ceiling": 12, "model.learn": 1000, "answer.margin": 0.05,
    }  # fmt: skip
    by_key = {key: {r.process for r in record.reads if r.key == key} for key in record.operative()}
    assert by_key["data.images"].isdisjoint(by_key["prep.floor"] | by_key["model.learn"])
    # An actor may be so late that the other one has read everything; tasks prepare, and actors too.
    assert by_key["answer.margin"] <= by_key["model.learn"] < by_key["prep.floor"]


def test_parameters_reach_functions_and_both_methods_of_the_class(run: Callable[..., Any]) -> None:
    words = "--images 300 --batch 64 --actors 1 -D prep.floor=4 -D prep.ceiling=9"
    done = run("ray_data.py", *words.split(), "-D", "model.learn=400", "-D", "answer.margin=0.2")
    wanted = expected(300, floor=4, ceiling=9, learn=400, margin=0.2)
    assert shown(done) == wanted
    for default in ({"floor": 2}, {"ceiling": 12}, {"learn": 1000}, {"margin": 0.05}):
        others = {"floor": 4, "ceiling": 9, "learn": 400, "margin": 0.2, **default}
        assert expected(300, **others) != wanted  # each of them makes a difference


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--batch 0", "--batch 0: at least 1 is needed."),
        ("-D prep.floor=dark", "-D prep.floor: 'dark' is not an int."),
        ("-D model.lern=3", "Did you mean 'model.learn'?"),
    ],
)
def test_a_mistake_is_one_line(run: Callable[..., Any], words: str, message: str) -> None:
    done = run("ray_data.py", *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
