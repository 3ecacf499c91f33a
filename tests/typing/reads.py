"""What type checkers see in reads; checked by mypy and pyright, never run."""

from typing import Any, assert_type

import hyperparameter as hp


def reads() -> None:
    assert_type(hp.scope.train.lr | 0.1, float)
    assert_type(hp.scope.train.lr(0.1), float)
    assert_type(hp.scope["train.lr"] | 0.1, float)
    assert_type(hp.scope.train.epochs | 10, int)
    assert_type(hp.scope.train.name | "adam", str)
    assert_type(hp.scope.train.sizes | [64, 32], list[int])
    assert_type(hp.scope.train.debug(False), bool)
    assert_type(hp.scope.train.lr | (hp.scope.lr | 0.1), float)


def reads_that_tell_nothing() -> None:
    assert_type(hp.scope.train.lr | None, Any)
    assert_type(hp.scope.train.lr(), Any)
    assert_type(hp.scope.train.lr(None), Any)


def reads_that_may_be_none() -> tuple[float | None, str | None]:
    rate: float | None = hp.scope.train.lr | None
    name: str | None = hp.scope.train.name(None)
    return rate, name


def through_a_handle() -> None:
    with hp.scope("train.lr=0.1", batch_size=32) as ps:
        assert_type(ps, hp.scope)
        assert_type(ps.train.lr | 0.1, float)
        assert_type(ps.train.lr(0.1), float)
        assert_type(ps["batch_size"], Any)
        ps.train.lr = 0.2
        ps["train.lr"] = 0.2
        del ps.train.lr


def writes() -> None:
    hp.scope.train.lr = 0.1
    hp.scope.lr = 0.1
    hp.scope["train.lr"] = 0.1
    del hp.scope.train.lr
    if hp.scope.train.debug:
        pass


def public_names() -> None:
    assert_type(hp.scope.current(), hp.scope)
    assert_type(hp.scope.empty("a=1", b=2), hp.scope)
    assert_type(hp.scope.storage().storage(), dict[str, Any])
    assert_type(list(hp.scope.keys()), list[str])
    hp.scope.frozen()
    assert_type(hp.scope.update({"a": 1}), hp.scope)


def mappings(**params: object) -> None:
    with hp.scope(a=1) as ps:
        assert_type(dict(ps), dict[str, Any])
        assert_type({**ps}, dict[str, Any])
        mappings(**ps)
    assert_type(list(ps.keys()), list[str])
    assert_type(list(hp.scope.keys()), list[str])
