"""Programs started as processes of their own find the scope in their environment."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from ray_settings import ray_settings

import hp_dist
import hyperparameter as hp
from hp_dist.subprocess import environ

KEY = "HYPERPARAMETER_SCOPE"

PICK_UP = """
    import os, sys, threading
    import hp_dist, hyperparameter as hp
    from hp_dist.subprocess import environ, pick_up

    def visible():
        return dict(hp.scope.storage().storage())

    def in_thread():
        seen = []
        thread = threading.Thread(target=lambda: seen.append(visible()))
        thread.start()
        thread.join()
        return seen[0]

    pick_up(os.environ)
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., list[str]]:
    """A function that runs a program in an environment and returns what it printed, as lines."""

    def run(
        source: str, env: Mapping[str, str], status: int = 0, prelude: str = PICK_UP
    ) -> list[str]:
        script = tmp_path / "program.py"
        script.write_text(textwrap.dedent(prelude) + textwrap.dedent(source))
        done = subprocess.run(
            [sys.executable, str(script)], env=env, capture_output=True, text=True, timeout=150
        )
        assert done.returncode == status, done.stderr
        return (done.stderr if status else done.stdout).splitlines()

    return run


def freeze(**params: Any) -> None:
    with hp.scope.empty(**params):
        hp.scope.frozen()


# -- environ ----------------------------------------------------------------------------------


def test_environ_is_a_copy_of_this_process_environment_with_the_scope() -> None:
    before = dict(os.environ)
    with hp.scope(a=1):
        env = environ()
    assert env.pop(KEY)
    before.pop(KEY, None)
    assert env == before
    assert KEY not in os.environ


def test_environ_copies_the_environment_that_it_is_given() -> None:
    given = {"PATH": "/bin", KEY: "old"}
    with hp.scope(a=1):
        env = environ(given)
        alone = environ({})
    assert given == {"PATH": "/bin", KEY: "old"}
    assert set(env) == {"PATH", KEY}
    assert set(alone) == {KEY}
    with hp_dist.extract(env):
        assert hp.scope.a() == 1


def test_a_value_that_cannot_travel_raises_before_anything_starts() -> None:
    with hp.scope(**{"model.size": (1, 2)}):
        with pytest.raises(hp_dist.CarrierError, match=r"'model\.size'"):
            environ()


# -- picking up -------------------------------------------------------------------------------


def test_a_program_starts_with_scopes_and_baseline_of_its_parent(program: Any) -> None:
    freeze(base=1, both="baseline")
    with hp.scope("lr=1e-3", both="scope"):
        env = environ()
    lines = program("print(visible(), in_thread(), repr(hp.scope.lr | ''))", env)
    scopes = {"base": 1, "both": "scope", "lr": 1e-3}
    assert lines == [f"{scopes} { {'base': 1, 'both': 'baseline'} } '1e-3'"]


def test_what_a_program_was_given_is_what_the_programs_that_it_starts_get(
    program: Any, tmp_path: Path
) -> None:
    file = tmp_path / "conf.json"
    file.write_text(
        '{"load": {"tags": [3.10, "007"]}, "log": {"urllib3.pool": {"level": "ERROR"}}}'
    )

    @hp.param("starts")
    def starts() -> Any:
        return environ()

    defines = ["-D", "~load.source", "-D", "load.source.name=007", "-D", "far=1e-3"]
    with hp.scope(**{"load.source.rate": 5}):
        env = hp.run_cli(starts, ["--allow-unknown", "-C", str(file), *defines])
    source = """
        import dataclasses

        @dataclasses.dataclass
        class Source:
            name: str = ""
            rate: float = 0.5

        @hp.param("load")
        def load(source: Source = Source(), tags: list[str] = []):
            print(source, tags)

        load()
        print(hp.scope.log | {}, hp.scope.far | "", hp.scope.far())
    """
    assert program(source, env) == [
        "Source(name='007', rate=0.5) ['3.10', '007']",
        "{'urllib3.pool': {'level': 'ERROR'}} 1e-3 0.001",
    ]


def test_a_program_without_the_variable_starts_with_nothing(program: Any) -> None:
    env = {key: value for key, value in os.environ.items() if key != KEY}
    assert program("print(visible(), in_thread())", env) == ["{} {}"]


def test_explain_in_the_program_names_the_process_that_started_it(program: Any) -> None:
    line = sys._getframe().f_lineno + 1
    with hp.scope(lr=1):
        env = environ()
    text = "\n".join(program("print(hp.explain('lr'))", env))
    assert f"test_subprocess.py:{line} on {os.uname().nodename}:{os.getpid()}" in text


def test_it_is_picked_up_once(program: Any) -> None:
    with hp.scope(a=1):
        env = environ()
    source = """
        with hp.scope(a=2):
            os.environ.update(environ())
        pick_up(os.environ)
        print(hp.scope.a())
    """
    assert program(source, env) == ["1"]


def test_what_comes_into_the_environment_later_is_not_picked_up(program: Any) -> None:
    env = {key: value for key, value in os.environ.items() if key != KEY}
    source = """
        with hp.scope(a=2):
            os.environ.update(environ())
        pick_up(os.environ)
        print(visible())
    """
    assert program(source, env) == ["{}"]


def test_a_forked_child_has_it_already(program: Any) -> None:
    with hp.scope(a=1):
        env = environ()
    source = """
        if not os.fork():
            with hp.scope.empty(b=2):
                pick_up(os.environ)
                print(visible(), flush=True)
            os._exit(0)
        os.wait()
    """
    assert program(source, env) == ["{'b': 2}"]


@pytest.mark.parametrize("cut", [0, 1, 50, -1])
def test_a_damaged_variable_is_an_error_at_the_start(cut: int, program: Any) -> None:
    with hp.scope(a=1):
        env = environ()
    env[KEY] = env[KEY][:cut]
    lines = program("print('started')", env, status=1)
    assert lines[-1].startswith("hp_dist.exceptions.CarrierError: ")


def test_a_program_that_goes_on_after_the_error_gets_it_again(program: Any) -> None:
    source = """
        os.environ["HYPERPARAMETER_SCOPE"] = "damaged"
        import hp_dist.subprocess
        hp_dist.subprocess._picked_up = False  # as before the first call
        for _ in range(2):
            try:
                pick_up(os.environ)
            except hp_dist.CarrierError as error:
                print("refused")
    """
    env = {key: value for key, value in os.environ.items() if key != KEY}
    assert program(source, env) == ["refused", "refused"]


def test_200_kb_go_through_the_environment_of_a_real_process(program: Any) -> None:
    with hp.scope(**{f"group.key{index:05}": index / 7 for index in range(6_000)}):
        env = environ()
        expected = sum(hp.scope.storage().storage().values())
        text = len(str(hp.scope.storage().storage()))
    assert text > 200_000
    assert len(env[KEY]) < 1000
    assert program("print(len(visible()), sum(visible().values()))", env) == [f"6000 {expected}"]


def test_grandchildren_get_what_their_parent_gives_them(program: Any) -> None:
    with hp.scope(a=1, data="x" * 200_000):
        env = environ()
    source = """
        import subprocess
        if "b" in hp.scope:
            print(hp.scope.a(), hp.scope.b(), len(hp.scope.data()), flush=True)
        else:
            with hp.scope(b=2):
                subprocess.run([sys.executable, __file__], env=environ(), check=True)
    """
    assert program(source, env) == ["1 2 200000"]


# -- rank -------------------------------------------------------------------------------------

FREEZES = {
    "before": "freeze(x=0.5); pick_up(os.environ)",
    "after": "pick_up(os.environ); freeze(x=0.5)",
    "before and after": "freeze(x=3); pick_up(os.environ); freeze(x=0.5)",
    "in a record": """
with hp.record():
    pick_up(os.environ)
    freeze(x=0.5)""",
}


@pytest.mark.parametrize("carries", ["scopes", "baseline", "both"])
@pytest.mark.parametrize("order", FREEZES)
def test_the_baseline_that_a_program_has_set_is_over_what_it_picks_up_everywhere(
    order: str, carries: str, program: Any
) -> None:
    if carries != "scopes":
        freeze(x=1, y=3)
    with hp.scope(x=2, y=3) if carries != "baseline" else nullcontext():
        env = environ()
    source = """
        import multiprocessing
        hp_dist.install("multiprocessing")

        def tell():
            print(hp.scope.x(), hp.scope.y(), in_thread()["x"], flush=True)

        if __name__ == "__main__":
            tell()
            for method in "fork", "spawn":
                context = multiprocessing.get_context(method)
                process = context.Process(target=tell)
                process.start()
                process.join()
                with context.Pool(1) as pool:
                    pool.apply(tell)
    """
    before = """
        def freeze(**values):
            with hp.scope(**values):
                hp.scope.frozen()
    """
    head = textwrap.dedent(PICK_UP).replace("pick_up(os.environ)", "", 1)
    script = head + textwrap.dedent(before) + FREEZES[order] + textwrap.dedent(source)
    assert program(script, env, prelude="") == ["0.5 3 0.5"] * 5


def test_what_is_open_while_the_baseline_is_set_shows_what_it_has_shown(program: Any) -> None:
    with hp.scope(x=2, y=3):
        env = environ()
    source = """
        with hp.scope(z=1):
            with hp.scope(x=0.5):
                hp.scope.frozen()
                print(visible())
            print(visible())
        print(visible())
        with hp.scope.empty(x=7):
            hp.scope.frozen()
        print(visible(), in_thread())
    """
    assert program(source, env) == [
        "{'x': 0.5, 'y': 3, 'z': 1}",
        "{'x': 2, 'y': 3, 'z': 1}",
        "{'x': 0.5, 'y': 3, 'z': 1}",
        "{'x': 7} {'x': 7}",
    ]


def test_a_baseline_from_a_file_is_under_what_a_program_picks_up(program: Any) -> None:
    with hp.scope(x=2):
        env = environ()
    source = """
        from hyperparameter._engine_interface import Layer, Origin, scope_of
        with scope_of(Layer({"x": 7, "y": 8}, Origin("file", "-C"))):
            hp.scope.frozen()
        pick_up(os.environ)
        print(hp.scope.x(), hp.scope.y())
    """
    head = textwrap.dedent(PICK_UP).replace("pick_up(os.environ)", "", 1)
    assert program(head + textwrap.dedent(source), env, prelude="") == ["2 8"]


def test_a_launch_ranks_it_over_its_files_and_the_baseline_of_before(
    program: Any, tmp_path: Path
) -> None:
    (tmp_path / "conf.toml").write_text("x = 7\nz = 8\n")
    with hp.scope(x=2):
        env = environ()
    source = f"""
        with hp.scope(x=0.5, y=1):
            hp.scope.frozen()

        @hp.param
        def main():
            print(hp.scope.x(), hp.scope.y(), hp.scope.z | 0, in_thread()["x"])

        hp.run_cli(main, [])
        sys.argv[1:] = ["-C", {str(tmp_path / "conf.toml")!r}]
        hp.launch(main)
    """
    assert program(source, env) == ["2 1 0 0.5", "2 1 8 2"]


# -- workers are left alone -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_of_multiprocessing_picks_up_for_its_main_module_alone(
    method: str, program: Any
) -> None:
    """Its main module is the program, which asks for it at import; its task asks again."""
    with hp.scope(a=1):
        env = environ()
    source = f"""
        import multiprocessing

        def task():
            with hp.scope.empty():
                pick_up(os.environ)
                print(visible(), flush=True)
            print(visible(), flush=True)

        if __name__ == "__main__":
            process = multiprocessing.get_context({method!r}).Process(target=task)
            process.start()
            process.join()
            print(visible())
    """
    assert program(source, env) == ["{}", "{'a': 1}", "{'a': 1}"]


def test_the_first_call_in_a_worker_does_not_pick_up(program: Any) -> None:
    with hp.scope(a=1):
        env = environ()
    source = """
        import multiprocessing, hp_dist.subprocess
        def task():
            hp_dist.subprocess._picked_up = False  # as where only tasks ask for it
            with hp.scope.empty():
                pick_up(os.environ)
                print(visible(), flush=True)
        process = multiprocessing.get_context("fork").Process(target=task)
        process.start()
        process.join()
    """
    assert program(source, env) == ["{}"]


def test_a_worker_of_ray_does_not_pick_up(program: Any, tmp_path: Path) -> None:
    """The workers of a Ray that the program starts inherit its environment."""
    (tmp_path / "tasks.py").write_text("import os\nfrom hp_dist.subprocess import pick_up\n"
                                       "pick_up(os.environ)\n")  # fmt: skip
    with hp.scope(a=1):
        env = environ()
    source = f"""
        os.chdir(os.environ["RAY_TMPDIR"])
        import ray

        @ray.remote
        def task():
            sys.path.insert(0, {str(tmp_path)!r})
            import tasks
            return "HYPERPARAMETER_SCOPE" in os.environ, visible(), in_thread()

        ray.init(num_cpus=1, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
        print(ray.get(task.remote(), timeout=150), visible())
        ray.shutdown()
    """
    with ray_settings() as settings:
        assert program(source, env | settings)[-1] == "(True, {}, {}) {'a': 1}"
