"""Workers may change their root before they read, so nothing is left to be imported by reads."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

READS = """
    import dataclasses, enum, sys
    from contextlib import suppress
    from typing import Literal, NamedTuple, Optional

    import hp_dist, hyperparameter as hp

    class Color(enum.Enum):
        RED = 1

    @dataclasses.dataclass
    class Options:
        lr: float = 0.1
        name: Optional[str] = None

    class Pair(NamedTuple):
        one: int
        other: int = 2

    @hp.param("train")
    def train(
        options: Options = Options(), pair: Pair = Pair(1), color: Color = Color.RED,
        mode: Literal["fast", "slow"] = "fast", size: int | str | None = None,
        layers: list[int] = [], sizes: dict[str, int] = {},
    ):
        return options, pair, color, mode, size, layers, sizes

    def read_all():
        with hp.record() as rec, hp.scope(
            "train.options.lr=3", 'train.pair={"one": 5}', "train.color=RED", "train.mode=slow",
            "train.size=7", "train.layers=[1, 2]", "train.sizes.a=1", "token=abc", "bad=word",
        ):
            train()
            hp.scope.options | Options()
            hp.scope["token"] | ""
            hp.scope.storage()
            hp.scope.frozen()
            for wrong in (lambda: hp.scope.bad | 1, lambda: hp.scope.lacks()):
                with suppress(hp.HyperparameterError):
                    wrong()
        return rec.reads

    before = set(sys.modules)
    assert len(read_all()) > 10
    print(sorted(name for name in set(sys.modules) - before if name.startswith("hyperparameter")))
"""


def test_reads_of_every_kind_find_all_modules_imported(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(dedent(READS))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
