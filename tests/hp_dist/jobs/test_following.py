"""What `hp submit` says of job servers that are silent, lost, or none at all."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ray_settings import WARNINGS

from hp_dist._jobs import following, server
from hyperparameter.cli import main

pytestmark = WARNINGS
JOB = {"type": "SUBMISSION", "submission_id": "job", "entrypoint": "x", "driver_node_id": "a"}
DONE = {**JOB, "status": "SUCCEEDED", "driver_exit_code": 0}
RUNNING = {**JOB, "status": "RUNNING"}
Answer = Callable[[web.Request], Any]


class Fake:
    """A job server that does what a test tells it to.

    `ends` are the characters after which it breaks off, each time that somebody follows the job.
    """

    def __init__(self, output: str = "", ends: tuple[int, ...] = ()) -> None:
        self.output = output
        self.ends = list(ends)
        self.info = dict(DONE)
        self.submitted: list[Any] = []
        self.port = 0

    async def version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": "4", "ray_version": "2.60.0"})

    async def package(self, request: web.Request) -> web.Response:
        return web.Response(status=404 if request.method == "GET" else 200)

    async def submit(self, request: web.Request) -> web.Response:
        self.submitted.append(await request.json())
        return web.json_response({"job_id": "job", "submission_id": "job"})

    async def details(self, request: web.Request) -> web.Response:
        return web.json_response(self.info if not self.ends else RUNNING)

    async def tail(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        end = self.ends.pop(0) if self.ends else len(self.output)
        for start in range(0, end, 7):
            await socket.send_str(self.output[start : min(start + 7, end)])
        if end < len(self.output):
            assert request.transport is not None
            request.transport.abort()
        return socket

    async def file(self, request: web.Request) -> web.Response:
        return web.Response(text=self.output)

    async def serve(self, ready: threading.Event, over: asyncio.Event) -> None:
        app = web.Application()
        routes: dict[str, Any] = {
            "/api/version": self.version,
            "/api/packages/{protocol}/{name}": self.package,
            "/api/jobs/": self.submit,
            "/api/jobs/{job}": self.details,
            "/api/jobs/{job}/logs/tail": self.tail,
            "/api/v0/logs/file": self.file,
        }
        app.add_routes([web.route("*", path, answer) for path, answer in routes.items()])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        ready.set()
        await over.wait()
        await runner.cleanup()


@contextlib.contextmanager
def running(fake: Fake) -> Iterator[Fake]:
    ready, loop, over = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(fake.serve(ready, over)))
    thread.start()
    try:
        assert ready.wait(30)
        yield fake
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(following, "_PAUSES", (0.01,) * 3)
    monkeypatch.setattr(following, "_SILENCE", 0.2)
    monkeypatch.setattr(following, "_POLL", 0.01)
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "")  # which is set here, and put back
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text("")


def submit(port: int, *words: str) -> int:
    return main(
        ["submit", "--address", f"http://127.0.0.1:{port}", "--name", "job", *words, "main.py"]
    )


OUTPUT = "".join(f"line {number}\n" for number in range(200))


def test_a_connection_that_is_lost_again_and_again_costs_no_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(Fake(OUTPUT, (0, 100, 101, 1000, 1003))) as fake:
        assert submit(fake.port) == 0
    said = capsys.readouterr()
    assert said.out == OUTPUT
    assert "hp: lost http://" in said.err


def test_a_server_that_is_gone_leaves_the_job_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    class Gone(Fake):
        async def details(self, request: web.Request) -> web.Response:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

    with running(Gone(OUTPUT, (50,) * 20)) as fake:
        assert submit(fake.port) == 1
        said = capsys.readouterr()
    assert said.out == OUTPUT[:50]
    last = said.err.splitlines()[-1]
    address = f"http://127.0.0.1:{fake.port}"
    assert "job job continues" in last
    assert f"ray job logs --follow --address {address} job" in last
    assert f"ray job stop --address {address} job" in last


def test_output_that_cannot_be_followed_comes_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Broken(Fake):
        asked = 0

        async def details(self, request: web.Request) -> web.Response:
            self.asked += 1
            return web.json_response(self.info if self.asked > 10 else RUNNING)

    with running(Broken(OUTPUT, (50,) * 20)) as fake:
        fake.info = {**JOB, "status": "FAILED", "driver_exit_code": 9}
        assert submit(fake.port) == 9
    said = capsys.readouterr()
    assert said.out == OUTPUT
    assert "Waiting for the end of job job without it." in said.err


@pytest.mark.parametrize(
    ("info", "status", "told"),
    [
        ({"status": "FAILED", "message": "runtime_env setup failed:\n  no space\n"}, 1,
         "hp: job job failed: runtime_env setup failed: no space\n"),
        ({"status": "FAILED", "driver_exit_code": -9}, 137, "hp: job job was killed by SIGKILL.\n"),
        ({"status": "STOPPED"}, 143, "hp: job job was stopped.\n"),
        ({"status": "FAILED", "driver_exit_code": 2}, 2, ""),
    ],
    ids=["never started", "killed", "stopped", "status"],
)  # fmt: skip
def test_how_a_job_has_ended(
    capsys: pytest.CaptureFixture[str], info: dict[str, Any], status: int, told: str
) -> None:
    with running(Fake("x\n")) as fake:
        fake.info = {**JOB, **info}
        assert submit(fake.port) == status
    first, *rest = capsys.readouterr().err.splitlines(keepends=True)
    assert first.startswith("hp: job job is submitted to ")
    assert "".join(rest) == told


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert submit(port) == 2
    address = f"http://127.0.0.1:{port}"
    assert capsys.readouterr().err == f"hp: error: --address {address}: Connection refused.\n"


def test_somebody_listens_and_never_answers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server._ANSWERS <= 10
    monkeypatch.setattr(server, "_ANSWERS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert submit(port) == 2
    assert "nobody answers within" in capsys.readouterr().err


async def page(request: web.Request) -> web.Response:
    return web.Response(text="<html></html>", content_type="text/html")


async def other_json(request: web.Request) -> web.Response:
    return web.json_response({"hello": "world"})


@pytest.mark.parametrize("answer", [page, other_json, None], ids=["page", "json", "404"])
def test_what_answers_is_another_server(
    capsys: pytest.CaptureFixture[str], answer: Answer | None
) -> None:
    class Other(Fake):
        async def version(self, request: web.Request) -> web.Response:
            if answer is None:
                raise web.HTTPNotFound
            found: web.Response = await answer(request)
            return found

    with running(Other()) as fake:
        assert submit(fake.port) == 2
    assert capsys.readouterr().err == (
        f"hp: error: --address http://127.0.0.1:{fake.port}: what answers there is not the "
        "dashboard of a Ray cluster.\n"
    )


def test_a_cluster_that_has_just_started_is_asked_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Starting(Fake):
        was_asked = False

        async def submit(self, request: web.Request) -> web.Response:
            if not self.was_asked:
                self.was_asked = True
                text = "No available agent to submit job, please try again later."
                return web.Response(status=500, text=text)
            return await super().submit(request)

    with running(Starting()) as fake:
        assert submit(fake.port, "--detach") == 0
    assert fake.was_asked
    assert len(fake.submitted) == 1
    assert capsys.readouterr().out == "job\n"


def test_the_command_line_of_the_job_and_nothing_else_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(Fake()) as fake:
        assert submit(fake.port, "--detach") == 0
    (told,) = fake.submitted
    assert told["entrypoint"] == "exec python main.py"
    assert not told.get("metadata")
    assert not told["runtime_env"].get("env_vars")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["submit"], "the following arguments are required: SCRIPT. See hp submit --help."),
        (["submit", "main.py"], "no address given. Name the dashboard of the cluster: "),
        (["submit", "--address", "ray://h:1", "main.py"], "--address 'ray://h:1': this is not the"),
        (["submit", "--address", "http://h:port", "main.py"], "--address 'http://h:port': this is"),
        (["submit", "--wait", "--detach", "main.py"], "argument --detach: not allowed with"),
        (["submit", "--name", "a/b", "main.py"], "--name 'a/b': a name has letters, digits,"),
        (["submit", "--frob", "main.py"], "unrecognized arguments: --frob"),
        (["submti"], "'submti': unknown command. Did you mean 'submit'? See hp --help."),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_usage(capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"hp: error: {told}")
    assert said.count("\n") == 1


def test_the_scope_in_the_environment_has_to_be_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYPERPARAMETER_SCOPE", "{}")
    assert submit(1) == 2
    assert capsys.readouterr().err.startswith("hp: error: $HYPERPARAMETER_SCOPE: ")
