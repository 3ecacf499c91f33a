"""A mapping that was given as a value is never taken for no value."""

from datetime import timedelta
from typing import Any

import pytest

import hyperparameter as hp

DEFAULTS = [0.1, 1, "x", True, [], (), timedelta(1)]


@pytest.mark.parametrize("default", DEFAULTS, ids=repr)
def test_a_mapping_is_refused_where_a_scalar_or_list_is_read(default: Any) -> None:
    with hp.scope(t={"lr": {"value": 3}}):
        for read in (hp.scope.t.lr, hp.scope["t.lr"]):
            with pytest.raises(hp.ConversionError, match=r"t\.lr .*\{'value': 3\} is not"):
                read | default


def test_it_is_refused_where_it_was_written_to_an_open_scope() -> None:
    with hp.scope() as ps:
        ps.lr = {"value": 3}
        with pytest.raises(hp.ConversionError, match=r"\{'value': 3\} is not a float"):
            ps.lr | 0.1


def test_a_mapping_inside_takes_the_place_of_a_scalar_outside() -> None:
    with hp.scope(lr=0.5), hp.scope(lr={"value": 3}), pytest.raises(hp.ConversionError):
        hp.scope.lr | 0.1


def test_a_scalar_inside_takes_the_place_of_a_mapping_outside() -> None:
    with hp.scope(lr={"value": 3}), hp.scope(lr=0.5):
        assert (hp.scope.lr | 0.1) == 0.5


def test_a_mapping_whose_names_have_been_deleted_is_gone() -> None:
    with hp.scope(lr={"value": 3}):
        del hp.scope.lr.value
        assert (hp.scope.lr | 0.1) == 0.1
        assert not hp.scope.lr


def test_longer_keys_are_a_namespace_that_may_have_the_name_of_a_parameter() -> None:
    for make in (lambda: hp.scope(**{"o.x": 1}), lambda: hp.config({"o.x": 1})):
        with make():
            assert (hp.scope.o | 1) == 1
            assert (hp.scope.o.x | 2) == 1
            assert not hp.scope.o


def test_a_mapping_is_true_unless_it_is_empty() -> None:
    with hp.scope(d={"a": 1}, e={}):
        assert hp.scope.d
        assert not hp.scope.e
