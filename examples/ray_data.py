"""Read handwritten digits with Ray Data: parameters reach its functions and its pools of actors.

    python examples/ray_data.py                               # a Ray of its own, on this machine
    python examples/ray_data.py -D prep.floor=4 -D model.learn=500 --actors 3
    python examples/ray_data.py -D answer.margin=0.2          # leaves more images to a human
    python examples/ray_data.py --address auto --record run.json && hp show run.json

Ray Data runs the functions of a dataset later, in processes of its own, where the scopes of this
program are not open.  `hp_dist.bind` lets them travel with a function or a class.
"""

from __future__ import annotations

import logging

import hp_dist
import hyperparameter as hp

try:
    import numpy as np
    import ray
    import ray.data
    from sklearn.datasets import load_digits
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}. Run: pip install 'hyperparameter-dist[examples]'") from None

Batch = dict[str, np.ndarray]
UNSURE = -1


@hp.param("prep")
def prepare(batch: Batch, floor: int = 2, ceiling: int = 12) -> Batch:
    """Return the images without faint ink, and with strong ink no stronger than the rest.

    Args:
        batch: images as rows of 64 numbers, 0 for white to 16 for black
        floor: what counts as white
        ceiling: what counts as black
    """
    return {**batch, "image": np.clip(batch["image"], floor, ceiling) - floor}


class Reader:
    """Reads digits by comparing each image with the mean image of each digit."""

    @hp.param("model")
    def __init__(self, learn: int = 1000) -> None:
        """Learn the mean images.

        Args:
            learn: how many images to learn from, the first of the data set
        """
        images, digits = load_digits(return_X_y=True)
        images = prepare({"image": images[:learn]})["image"]
        self.means = np.array([images[digits[:learn] == digit].mean(axis=0) for digit in range(10)])

    @hp.param("answer")
    def __call__(self, batch: Batch, margin: float = 0.05) -> Batch:
        """Add what is read in each image, or `UNSURE`.

        Args:
            batch: prepared images
            margin: by how much the second best answer has to be worse, as a share of its distance
        """
        distances = ((batch["image"][:, None, :] - self.means) ** 2).sum(axis=2)
        first, second = np.sort(distances, axis=1)[:, :2].T
        answers = np.where(second - first < margin * second, UNSURE, distances.argmin(axis=1))
        return {"digit": batch["digit"], "answer": answers}


@hp.param("data")
def main(images: int = 700, batch: int = 100, actors: int = 2) -> None:
    """Read the last images of scikit-learn's data set of digits, and show how well that works.

    Args:
        images: how many images to read
        batch: how many of them are read at once
        actors: how many actors read
    """
    for name, value in {"images": images, "batch": batch, "actors": actors}.items():
        if value < 1:
            raise hp.UsageError(f"--{name} {value}: at least 1 is needed.")
    connect()
    rows, digits = load_digits(return_X_y=True)
    items = [{"image": image, "digit": digit} for image, digit in zip(rows, digits, strict=True)]
    answers = (
        ray.data.from_items(items[-images:], override_num_blocks=-(-images // batch))
        .map_batches(hp_dist.bind(prepare), batch_size=batch)
        .map_batches(
            hp_dist.bind(Reader),
            batch_size=batch,
            compute=ray.data.ActorPoolStrategy(size=actors),
            num_cpus=0.5,  # with whole ones the actors may leave none for the tasks before them
        )
        .iter_rows()
    )
    show([(int(row["digit"]), int(row["answer"])) for row in answers])


def connect() -> None:
    """Connect to the cluster in RAY_ADDRESS or on this machine, or start a Ray."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    ray.data.DataContext.get_current().enable_progress_bars = False


def show(answers: list[tuple[int, int]]) -> None:
    """Print a row for each digit."""
    print("digit  images  right  wrong  unsure")
    for digit in range(10):
        given = [answer for each, answer in answers if each == digit]
        right, unsure = given.count(digit), given.count(UNSURE)
        print(f"{digit:>5}{len(given):>8}{right:>7}{len(given) - right - unsure:>7}{unsure:>8}")
    sure = [(digit, answer) for digit, answer in answers if answer != UNSURE]
    right = sum(digit == answer for digit, answer in sure)
    print(f"{right} of {len(sure)} answers are right, {len(answers) - len(sure)} images are left.")


if __name__ == "__main__":
    hp.launch(main)
