"""What `install` replaces in Ray: all of it or nothing, and put back to the very objects.

No Ray is started here.
"""

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

import hp_dist
from hp_dist import _engines

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:ray.*"),
    pytest.mark.filterwarnings("ignore::FutureWarning:ray.*"),
]

PACKAGES = ("ray", "multiprocessing", "concurrent", "joblib")
CLIENT = "ray.util.client.common"


@pytest.fixture(autouse=True)
def everything_imported() -> Iterator[None]:
    """Import all that is patched, so that installing does not change it by importing more."""
    for name in ("ray.util.client.api", "joblib", "multiprocessing.pool"):
        importlib.import_module(name)
    hp_dist.install()  # what this imports is imported from now on
    hp_dist.uninstall()
    yield
    hp_dist.uninstall()


def owners() -> Iterator[tuple[str, Any]]:
    """Yield the modules of the engines' packages and the classes in them, with their names."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in PACKAGES and type(module) is ModuleType:
            yield name, module
            for key, value in list(vars(module).items()):
                if isinstance(value, type) and value.__module__ == name:
                    yield f"{name}.{key}", value


def picture() -> dict[str, dict[str, Any]]:
    """Return every attribute of every module and class; the values, so that none is freed."""
    return {name: dict(vars(owner)) for name, owner in owners()}


_MISSING = object()
_OF_PYTHON = {"__builtins__", "__warningregistry__", "_abc_impl", "__dict__", "__weakref__"}


def differences(before: dict[str, dict[str, Any]]) -> set[str]:
    after = picture()
    return {
        f"{name}.{key}"
        for name in before.keys() | after.keys()
        for key in before.get(name, {}).keys() | after.get(name, {}).keys()
        if before.get(name, {}).get(key, _MISSING) is not after.get(name, {}).get(key, _MISSING)
        and key not in _OF_PYTHON
    }


def in_threads(count: int, function: Callable[[], Any]) -> None:
    """Run `function` in several threads at once; raise what one of them raised."""
    start, errors = threading.Barrier(count), []

    def run() -> None:
        start.wait(30)
        try:
            function()
        except BaseException as error:  # noqa: BLE001  # raised below
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


# -- putting back -----------------------------------------------------------------------------


@pytest.mark.parametrize("names", [("ray",), ()], ids=["ray", "all"])
def test_uninstall_puts_back_the_very_objects(names: tuple[str, ...]) -> None:
    before = picture()
    hp_dist.install(*names)
    replaced = differences(before)
    hp_dist.uninstall()
    assert {
        "ray.remote_function.RemoteFunction._remote",
        "ray.actor.ActorClass._remote",
        "ray.actor.ActorMethod._remote",
        "ray.util.client.api._ClientAPI.call_remote",
    } <= replaced
    assert differences(before) == set()


def test_what_is_replaced_keeps_its_name_documentation_and_signature() -> None:
    before = picture()
    hp_dist.install("ray")
    replaced = differences(before)
    after = picture()
    for path in replaced:
        owner, _, name = path.rpartition(".")
        old, new = before[owner][name], after[owner][name]
        for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
            assert getattr(old, attribute) == getattr(new, attribute), path
        assert inspect.signature(old) == inspect.signature(new), path


def test_installing_again_replaces_nothing_more() -> None:
    before = picture()
    hp_dist.install("ray")
    once = picture()
    hp_dist.install("ray")
    hp_dist.install("ray", "ray")
    assert differences(once) == set()
    hp_dist.uninstall()
    hp_dist.uninstall()
    assert differences(before) == set()


def test_a_hundred_times_is_as_good_as_once() -> None:
    before = picture()
    for _ in range(100):
        hp_dist.install("ray")
        hp_dist.uninstall()
    assert differences(before) == set()


def test_threads_that_install_at_once_install_once() -> None:
    before = picture()
    for _ in range(10):
        in_threads(8, lambda: hp_dist.install("ray"))
        assert _engines.installed() == ("ray",)
        hp_dist.uninstall()
        assert differences(before) == set()


def test_threads_that_install_and_uninstall_at_once_leave_nothing_by_halves() -> None:
    def churn() -> None:
        for _ in range(20):
            hp_dist.install("ray", "multiprocessing")
            hp_dist.uninstall()

    before = picture()
    in_threads(6, churn)
    assert (_engines.installed(), differences(before)) == ((), set())


def test_one_engine_does_not_replace_what_is_of_another() -> None:
    before = picture()
    hp_dist.install("ray")
    assert {path.partition(".")[0] for path in differences(before)} == {"ray"}


# -- a Ray that has changed inside ------------------------------------------------------------

WORDS = {
    "ray.remote_function": [
        "_function", "_function_signature", "_inject_lock", "_is_cross_language",
        "_last_export_cluster_and_job", "_uuid",
    ],
    "ray.actor": [
        "__ray_metadata__", "__ray_actor_class__", "modified_class", "method_meta",
        "actor_creation_function_descriptor", "last_export_cluster_and_job",
        "is_cross_language", "from_class", "_actor", "_method_name", "_ray_method_signatures",
    ],
    CLIENT: [
        "_func", "actor_cls", "_signature", "_lock", "_ref", "_client_side_ref", "_remote_stub",
    ],
}  # fmt: skip
ATTRIBUTES = [
    ("ray.remote_function", "RemoteFunction._remote"),
    ("ray.actor", "ActorClass._remote"),
    ("ray.actor", "ActorMethod._remote"),
    ("ray.actor", "PythonFunctionDescriptor"),
    ("ray.actor", "_ActorClassMethodMetadata"),
    ("ray.actor", "_ActorClassMethodMetadata.create"),
    ("ray.util.client.api", "_ClientAPI.call_remote"),
    ("ray.util.client.api", "_ClientAPI"),
    ("ray._private.client_mode_hook", "client_mode_should_convert"),
    ("ray.experimental.internal_kv", "_internal_kv_put"),
    ("ray.experimental.internal_kv", "_internal_kv_get"),
    ("ray.experimental.internal_kv", "_internal_kv_del"),
]


def assert_refused(match: str) -> None:
    """Installing says what is wrong and what to do, and leaves everything as it was."""
    before = picture()
    for names in (("ray",), ("multiprocessing", "futures", "joblib", "ray"), ()):
        with pytest.raises(hp_dist.EngineError, match=match) as caught:
            hp_dist.install(*names)
        assert "hp_dist.ray.remote" in str(caught.value)
        assert _engines.installed() == ()
        assert differences(before) == set()
    hp_dist.install("multiprocessing")
    mine = picture()
    with pytest.raises(hp_dist.EngineError):
        hp_dist.install("futures", "ray")
    assert _engines.installed() == ("multiprocessing",)  # as it was before that call
    assert differences(mine) == set()
    hp_dist.uninstall()
    assert differences(before) == set()


def source_of(module: str) -> Path:
    """Return the path of a module's source, without importing it."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


@pytest.mark.parametrize(
    ("module", "word"), [(module, word) for module, words in WORDS.items() for word in words]
)
def test_name_that_is_gone_from_a_source_is_refused(
    monkeypatch: pytest.MonkeyPatch, module: str, word: str
) -> None:
    """Other names that contain it do not make up for it."""
    changed, read_text = source_of(module), Path.read_text

    def source(path: Path, *args: Any, **kwargs: Any) -> str:
        found = read_text(path, *args, **kwargs)
        if path == changed:
            found, count = re.subn(rf"(?<!\w){word}(?!\w)", rf"{word}_moved", found)
            assert count, f"{module} has no {word} even now"
        return found

    monkeypatch.setattr(Path, "read_text", source)
    assert_refused(rf"Ray .*{module}\.{word}")


@pytest.mark.parametrize(("module", "path"), ATTRIBUTES)
def test_attribute_that_is_gone_is_refused(
    monkeypatch: pytest.MonkeyPatch, module: str, path: str
) -> None:
    owner = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    monkeypatch.delattr(owner, name)
    assert_refused(name)


def test_client_that_is_gone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda n, *rest: None if n == CLIENT else find_spec(n, *rest)
    )
    assert_refused(re.escape(CLIENT))


@pytest.mark.parametrize("module", WORDS)
def test_ray_without_a_source_is_refused(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    missing, read_text = source_of(module), Path.read_text

    def source(path: Path, *args: Any, **kwargs: Any) -> str:
        if path == missing:
            raise FileNotFoundError(path)
        return read_text(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", source)
    assert_refused(missing.name)


def test_ray_of_today_is_not_refused_without_grpc(tmp_path: Path) -> None:
    """Ray's client needs grpc, which Ray alone does not bring."""
    (tmp_path / "grpc.py").write_text("raise ImportError('no grpc here')\n")
    program = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import ray, hp_dist
        hp_dist.install("ray")
        from ray.remote_function import RemoteFunction
        print("hp_dist" in RemoteFunction._remote.__code__.co_filename, "grpc" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", dedent(program), str(tmp_path)],
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("True False\n", "")
