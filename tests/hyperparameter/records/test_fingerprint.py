"""Words for values that are no plain data: the same for equal ones, in every process."""

import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import hyperparameter as hp


class Net:
    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)
        self.itself = self


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


class Failing:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def words(value: object) -> str:
    with hp.record() as rec, hp.scope(a=value):
        hp.scope.a | None
    return str(rec.reads[0].value)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: Net(width=x),
        lambda x: Net(inner=[{"a": Slotted(x)}]),
        lambda x: Slotted({"b", "a", str(x)}),
        lambda x: np.array([0, x]),
        lambda x: np.array([Net(width=x)], dtype=object),
        lambda x: np.arange(12).reshape(3, 4)[:, x : x + 2],
        lambda x: "x" * 2**20 + str(x),
        lambda x: ["y" * 5000 for _ in range(300)] + [str(x)],
        lambda x: dict.fromkeys(range(1000), x),
        lambda x: 10**5000 + x,
        lambda x: b"z" * 5000 + bytes([x]),
    ],
)
def test_equal_values_have_the_same_words_and_others_do_not(make: Any) -> None:
    one, again, other = make(1), make(1), make(2)
    assert words(one) == words(again) != words(other)
    assert " at 0x" not in words(one)


def test_a_digest_is_the_same_in_every_process() -> None:
    code = (
        "import hyperparameter as hp\n"
        "class Net: pass\n"
        "net = Net(); net.names = {'a', 'b', 'c', 'd'}; net.rates = {'x': 0.1}\n"
        "with hp.record() as rec, hp.scope(a=net, b={'p', 'q', 'r'}):\n"
        "    hp.scope.a | None, hp.scope.b | None\n"
        "print([str(one.value) for one in rec.reads])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, check=True, timeout=150,
            capture_output=True, text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert len(printed) == 1


def test_contents_that_cannot_be_seen_are_named() -> None:
    assert words(threading.Lock()).endswith(", contents unknown>")
    assert "Failing" in words(Failing())
    assert "contents unknown" in words(Net(many=[[n] for n in range(200_000)]))


def test_the_middle_of_what_is_very_large_does_not_count_and_that_is_said() -> None:
    large = np.zeros(20 << 20, dtype=np.uint8)
    assert ", ~" in words(large)
    large[-1] = 1
    assert words(large) != words(np.zeros(20 << 20, dtype=np.uint8))


def test_no_secret_is_in_a_digest() -> None:
    assert words(Net(password="hunter2", x=1)) == words(Net(password="hunter3", x=1))
    assert "hunter" not in words(Net(password="hunter2", x=1))


@pytest.mark.parametrize("text", ["x" * 5000, "p" * 65_000])
def test_text_of_some_length_is_shown_short_and_given_back_whole(text: str, tmp_path: Any) -> None:
    with hp.record() as rec, hp.scope(a=text):
        hp.scope.a | ""
    rec.save(tmp_path / "r.json")
    again = hp.Record.load(tmp_path / "r.json")
    assert again.operative() == {"a": text}
    assert len(str(again.reads[0].value)) < 200


def test_text_of_a_megabyte_is_never_given_back(tmp_path: Any) -> None:
    with hp.record() as rec, hp.scope(a="x" * 2**20, b=list(range(100_000))):
        hp.scope.a | "", hp.scope.b | None
    rec.save(tmp_path / "r.json")
    again = hp.Record.load(tmp_path / "r.json")
    assert again.operative() == {}
    assert again.left_out.keys() == {"a", "b"}
    assert "1048576" in again.left_out["a"]


def test_a_secret_in_long_text_is_masked() -> None:
    assert "hunter2" not in words("password=hunter2 " + "x" * 5000)
