"""Every example of the API reference, with the values that it shows."""

import asyncio
import threading
from typing import Any

import pytest

import hyperparameter as hp
from hyperparameter import scope

TRUE_WORDS = ["true", "True", "TRUE", "t", "T", "yes", "YES", "y", "Y", "1", "on", "ON"]
FALSE_WORDS = ["false", "False", "FALSE", "f", "F", "no", "NO", "n", "N", "0", "off", "OFF"]


# Creating a scope


def test_an_empty_scope() -> None:
    assert dict(hp.scope()) == {}


def test_a_scope_from_keyword_arguments() -> None:
    assert dict(hp.scope(lr=0.001, batch_size=32)) == {"lr": 0.001, "batch_size": 32}


def test_a_scope_from_string_arguments() -> None:
    with hp.scope("lr=0.001", "batch_size=32"):
        assert hp.scope.lr | 0.1 == 0.001
        assert hp.scope.batch_size | 1 == 32


def test_a_string_argument_is_split_at_its_first_equals_sign() -> None:
    with hp.scope("query=a=b"):
        assert hp.scope.query() == "a=b"


def test_string_arguments_are_applied_after_keywords() -> None:
    with hp.scope("lr=0.5", lr=0.1):
        assert hp.scope.lr | 0.0 == 0.5


def test_a_scope_from_a_dictionary() -> None:
    ps = hp.scope(**{"train.lr": 0.001, "train.batch_size": 32})
    assert dict(ps) == {"train.lr": 0.001, "train.batch_size": 32}


def test_an_empty_scope_clears_inherited_values() -> None:
    with hp.scope(lr=1, other=2), hp.scope.empty(lr=0.001) as ps:
        assert dict(ps) == {"lr": 0.001}
        assert hp.scope.other | "none" == "none"


# Reading


def test_the_operator_returns_the_default_if_missing() -> None:
    assert hp.scope.train.lr | 0.001 == 0.001


def test_a_call_returns_the_default_if_missing() -> None:
    assert hp.scope.train.lr(0.001) == 0.001


def test_reading_returns_what_is_set() -> None:
    with hp.scope(**{"train.lr": 0.5}):
        assert hp.scope.train.lr | 0.001 == 0.5
        assert hp.scope.train.lr(0.001) == 0.5
        assert hp.scope.train.lr() == 0.5


def test_reading_without_default_raises_key_error_if_missing() -> None:
    with pytest.raises(KeyError):
        hp.scope.train.lr()


def test_dynamic_key_access() -> None:
    key = "train.lr"
    assert scope[key] | 0.001 == 0.001
    with hp.scope(**{key: 0.5}):
        assert scope[key] | 0.001 == 0.5


# Writing


def test_attribute_assignment() -> None:
    with hp.scope() as ps:
        hp.scope.train.lr = 0.001
        ps.train.batch_size = 32
        assert ps.storage().storage() == {"train.lr": 0.001, "train.batch_size": 32}


def test_what_was_written_is_gone_after_the_scope() -> None:
    with hp.scope():
        hp.scope.train.lr = 0.001
    assert hp.scope.train.lr | "none" == "none"


# Context manager


def test_basic_usage() -> None:
    with hp.scope(lr=0.001):
        assert hp.scope.lr() == 0.001


def test_nested_scopes() -> None:
    with hp.scope(a=1):
        assert hp.scope.a() == 1
        with hp.scope(a=2):
            assert hp.scope.a() == 2
        assert hp.scope.a() == 1


# Static methods


def test_empty() -> None:
    with hp.scope(inherited=1):
        with hp.scope.empty(fresh=2) as ps:
            assert ps.inherited("missing") == "missing"
            assert ps.fresh() == 2


def test_current_is_the_active_scope() -> None:
    with hp.scope(a=1), hp.scope(b=2):
        current = hp.scope.current()
        assert current.a() == 1
        assert current.b() == 2
        current.c = 3
        assert hp.scope.c() == 3


def _in_a_thread(function: Any) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_frozen_reaches_new_threads() -> None:
    with hp.scope(global_config=42):
        hp.scope.frozen()
    assert _in_a_thread(lambda: hp.scope.global_config()) == 42


def test_frozen_reaches_new_threads_started_inside_the_scope() -> None:
    with hp.scope(global_config=42):
        hp.scope.frozen()
        assert _in_a_thread(lambda: hp.scope.global_config()) == 42


def test_init_opens_a_scope_in_a_thread_for_good() -> None:
    def worker() -> list[Any]:
        hp.scope.init({"a": 1})
        return [hp.scope.a(), hp.scope.a | 0]

    assert _in_a_thread(worker) == [1, 1]
    assert hp.scope.a | 0 == 0


def test_init_without_params() -> None:
    def worker() -> Any:
        hp.scope.init()
        hp.scope.a = 1
        return hp.scope.a()

    assert _in_a_thread(worker) == 1


# Instance methods


def test_keys_is_an_iterable_of_all_keys() -> None:
    with hp.scope(**{"a": 1, "b.c": 2}) as ps:
        assert list(ps.keys()) == ["a", "b.c"]


def test_update_takes_a_dictionary() -> None:
    with hp.scope(a=1) as ps:
        assert ps.update({"a": 2, "b": {"c": 3}}) is ps
        assert dict(ps) == {"a": 2, "b.c": 3}


def test_clear_removes_all_parameters() -> None:
    with hp.scope(a=1, b=2) as ps:
        assert ps.clear() is ps
        assert dict(ps) == {}


# @hp.param


@hp.param("train")
def train(lr: float = 0.001, batch_size: int = 32, epochs: int = 10) -> str:
    return f"lr={lr}, batch_size={batch_size}"


def test_param_uses_the_function_defaults() -> None:
    assert train() == "lr=0.001, batch_size=32"


def test_param_takes_overrides_from_the_scope() -> None:
    with hp.scope(**{"train.lr": 0.01}):
        assert train() == "lr=0.01, batch_size=32"


def test_direct_arguments_have_the_highest_priority() -> None:
    assert train(lr=0.1) == "lr=0.1, batch_size=32"
    with hp.scope(**{"train.lr": 0.01}):
        assert train(lr=0.1) == "lr=0.1, batch_size=32"


def test_param_with_a_custom_namespace() -> None:
    @hp.param("myapp.config.train")
    def custom(lr: float = 0.001) -> str:
        return f"lr={lr}"

    with hp.scope(**{"myapp.config.train.lr": 0.01}):
        assert custom() == "lr=0.01"


def test_param_without_namespace_uses_the_function_name() -> None:
    @hp.param
    def my_function(x: int = 1) -> int:
        return x

    with hp.scope(**{"my_function.x": 2}):
        assert my_function() == 2


def test_param_on_a_class() -> None:
    @hp.param("Model")
    class Model:
        def __init__(self, hidden_size: int = 256, dropout: float = 0.1) -> None:
            self.hidden_size = hidden_size
            self.dropout = dropout

    with hp.scope(**{"Model.hidden_size": 512}):
        model = Model()
    assert (model.hidden_size, model.dropout) == (512, 0.1)


# Type conversion


@pytest.mark.parametrize("word", TRUE_WORDS)
def test_recognized_true_values(word: str) -> None:
    with hp.scope(flag=word):
        assert hp.scope.flag(False) is True


@pytest.mark.parametrize("word", FALSE_WORDS)
def test_recognized_false_values(word: str) -> None:
    with hp.scope(flag=word):
        assert hp.scope.flag(True) is False


def test_text_becomes_an_integer() -> None:
    with hp.scope(count="42"):
        value = hp.scope.count(0)
    assert value == 42
    assert type(value) is int


def test_text_with_a_fraction_becomes_a_float_for_an_integer_default() -> None:
    with hp.scope(value="3.14"):
        value = hp.scope.value(0)
    assert value == 3.14
    assert type(value) is float


def test_text_becomes_a_float() -> None:
    with hp.scope(lr="0.01"):
        assert hp.scope.lr(1.0) == 0.01


def test_a_number_becomes_a_string() -> None:
    with hp.scope(name=42):
        assert hp.scope.name("") == "42"


# Thread safety


def test_each_thread_has_its_own_scope() -> None:
    seen: dict[str, Any] = {}
    barrier = threading.Barrier(3)

    def worker() -> None:
        with hp.scope(worker_id=threading.current_thread().name):
            barrier.wait()
            seen[threading.current_thread().name] = hp.scope.worker_id()

    threads = [threading.Thread(target=worker, name=f"worker-{i}") for i in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seen == {f"worker-{i}": f"worker-{i}" for i in range(3)}


def test_a_plain_thread_does_not_see_its_parents_scope() -> None:
    with hp.scope(a=1):
        assert _in_a_thread(lambda: hp.scope.a | "none") == "none"


def test_a_task_sees_its_parents_scope() -> None:
    async def child() -> Any:
        return hp.scope.a()

    async def main() -> Any:
        with hp.scope(a=1):
            return await asyncio.create_task(child())

    assert asyncio.run(main()) == 1


# Error handling


def test_a_missing_parameter_is_a_key_error_with_a_bare_message() -> None:
    with pytest.raises(KeyError) as caught:
        hp.scope.a.b()
    assert str(caught.value) == "Hyperparameter 'a.b' is required but not defined."


def test_a_missing_parameter_says_what_was_meant() -> None:
    with hp.scope(**{"train.learning_rate": 1}), pytest.raises(hp.MissingParameter) as caught:
        hp.scope.train.learning_rat()
    assert str(caught.value).startswith(
        "Hyperparameter 'train.learning_rat' is required but not defined."
    )
    assert "train.learning_rate" in str(caught.value)


def test_a_missing_parameter_that_is_a_prefix_names_the_keys_below() -> None:
    with hp.scope(**{"a.b.c": 1, "a.b.d": 2}), pytest.raises(hp.MissingParameter) as caught:
        hp.scope.a.b()
    assert "a.b.c" in str(caught.value)
    assert "a.b.d" in str(caught.value)


def test_safe_access_with_a_default() -> None:
    with hp.scope():
        assert hp.scope.missing | "default" == "default"
        assert hp.scope.missing("default") == "default"


# Advanced features


def test_nested_dictionaries_are_flattened() -> None:
    with hp.scope(model={"hidden": 256, "layers": 4}):
        assert scope["model.hidden"]() == 256
        assert hp.scope.model.layers() == 4


def test_keys_are_constructed_dynamically() -> None:
    with hp.scope(**{"config.train.batch_size": 64}):
        sizes = [getattr(hp.scope.config, task).batch_size | 32 for task in ["train", "eval"]]
        assert sizes == [64, 32]
        assert [scope[f"config.{task}.batch_size"] | 32 for task in ["train", "eval"]] == sizes


def test_the_underlying_storage() -> None:
    with hp.scope(a=1, b=2) as ps:
        storage = ps.storage()
        assert storage.storage() == {"a": 1, "b": 2}
