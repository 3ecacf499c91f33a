"""The job server of a Ray cluster: Ray's own client, with deadlines and errors of one line."""

from __future__ import annotations

import asyncio
import codecs
import io
import logging
import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from hyperparameter.exceptions import UsageError

if TYPE_CHECKING:
    from ray.job_submission import JobDetails, JobSubmissionClient

T = TypeVar("T")
_ANSWERS = 10.0  # seconds until a server that says nothing is taken for gone
_SLOW = 100_000  # bytes a second, over which an archive may take its time
_EXISTS = re.compile(r"Job with submission_id \S+ already exists")
_STARTS = "No available agent"  # says a cluster that was started seconds ago
_NOT_READY_YET = 30  # attempts, one a second
_PREFIX = re.compile(r"^(RuntimeError: |ValueError: |Request failed with status code \d+: )+")
_OTHER = "what answers there is not the dashboard of a Ray cluster."
_NEEDS = "hp submit needs {}. Install it with 'pip install hyperparameter-dist[jobs]'."


class Unreachable(Exception):
    """The server did not answer, or not as the job server of Ray; the text says how."""


class Refused(Exception):
    """The server has answered that it does not do what it was asked to."""


class JobServer:
    """The server behind `address`."""

    def __init__(self, address: str, client: JobSubmissionClient) -> None:
        self.address = address
        self._client = client

    @classmethod
    def connect(cls, address: str, source: str) -> JobServer:
        """Connect; `UsageError` that begins with `source` where no job server answers.

        `source` is what the user has written the address behind.
        """
        _check_url(address, source)
        # Ray's client lets these variables override the address that it is given.
        os.environ["RAY_API_SERVER_ADDRESS"] = address
        make = _client_class()
        try:
            return cls(address, _within(_ANSWERS, lambda: make(address)))
        except (Unreachable, Refused) as error:
            raise UsageError(f"{source} {address}: {error}") from None

    def submit(self, name: str, entrypoint: str, archive: str, variables: dict[str, str]) -> None:
        """Send a job; `UsageError` where the cluster does not take it."""
        environment = {"working_dir": archive, "env_vars": variables}
        seconds = 60 + os.path.getsize(archive) / _SLOW

        def send() -> str:
            job: str = self._client.submit_job(
                entrypoint=entrypoint, submission_id=name, runtime_env=environment
            )
            return job

        try:
            for _ in range(_NOT_READY_YET):
                try:
                    _within(seconds, send)
                    return
                except Refused as error:
                    if _STARTS not in str(error):
                        raise
                time.sleep(1)
            _within(seconds, send)
        except Refused as error:
            if _EXISTS.search(str(error)):
                raise UsageError(
                    f"--name {name}: the cluster has a job of this name. Give another one."
                ) from None
            raise UsageError(f"{self.address} does not take the job: {error}") from None
        except Unreachable as error:
            raise UsageError(
                f"{self.address}: {error} Whether it has taken the job, "
                f"'ray job status --address {self.address} {name}' can tell."
            ) from None

    def info(self, name: str) -> JobDetails:
        return _within(_ANSWERS, lambda: self._client.get_job_info(name))

    def stop(self, name: str) -> None:
        _within(_ANSWERS, lambda: self._client.stop_job(name))

    def file(self, name: str, node: str) -> Iterator[str]:
        """Yield the whole output of a job, whatever bytes it has, from the file on its node."""
        decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        lines = io.IncrementalNewlineDecoder(decoder, translate=True)  # as `tail` has them
        wanted = {"node_id": node, "filename": f"job-driver-{name}.log", "lines": "-1"}
        try:
            # Of Ray's public ways to a file none takes the address of a dashboard.
            answer = self._client._do_request(
                "GET", "/api/v0/logs/file", params=wanted, stream=True, timeout=_ANSWERS
            )
            if answer.status_code != HTTPStatus.OK:
                raise Refused(_last_line(answer.text))
            for data in answer.iter_content(chunk_size=None):
                if text := lines.decode(data):
                    yield text
            if text := lines.decode(b"", final=True):
                yield text
        except Refused:
            raise
        except Exception as error:
            raise _in_one_line(error) from error

    def tail(self, name: str, silence: float) -> Iterator[str]:
        """Yield the output of a job from its beginning; "" for each `silence` of seconds.

        It ends where the server says that there will be no more, or for any other reason: only
        `info` can tell.
        """
        chunks: queue.SimpleQueue[str | None] = queue.SimpleQueue()

        async def pump() -> None:
            async for chunk in self._client.tail_job_logs(name):
                chunks.put(chunk)

        def follow() -> None:
            try:
                asyncio.run(pump())
            except Exception:  # whatever it is, `info` says how the job is
                logging.getLogger(__name__).debug("the logs of %s", name, exc_info=True)
            finally:
                chunks.put(None)

        threading.Thread(target=follow, daemon=True).start()
        while True:
            try:
                chunk = chunks.get(timeout=silence)
            except queue.Empty:
                yield ""
                continue
            if chunk is None:
                return
            if chunk:
                yield chunk


def _check_url(address: str, source: str) -> None:
    try:
        parts = urlsplit(address)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number
        is_url = False
    if not is_url:
        raise UsageError(
            f"{source} {address!r:.200}: this is not the URL of a dashboard. Write it as "
            "http://HOST:8265."
        )


def _client_class() -> Callable[[str], JobSubmissionClient]:
    try:
        from ray.job_submission import JobSubmissionClient
    except ModuleNotFoundError as error:
        raise UsageError(_NEEDS.format(error.name or "ray")) from None
    for name in ("requests", "aiohttp"):  # without these two, Ray's client says so only in part
        try:
            __import__(name)
        except ModuleNotFoundError:
            raise UsageError(_NEEDS.format(f"{name}, which Ray's job client uses")) from None
    # It tells of each upload, and of each log that ends.
    logging.getLogger("ray.dashboard.modules").setLevel(logging.ERROR)
    for module in ("dashboard_sdk", "job.sdk"):
        logging.getLogger(f"ray.dashboard.modules.{module}").setLevel(logging.ERROR)
    made: Callable[[str], JobSubmissionClient] = JobSubmissionClient
    return made


def _within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns within this time, else raise `Unreachable` or `Refused`.

    Ray's client waits for ever.  The thread that still waits is left to itself: the process does
    not wait for it.
    """
    answers: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put((call(), None))
        except Exception as error:  # noqa: BLE001  # raised below, in the caller's thread
            answers.put((None, error))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise Unreachable(f"nobody answers within {seconds:.0f} s.") from None
    if error is not None:
        raise _in_one_line(error) from error
    return answer  # type: ignore[return-value]  # None only where the call returns it


def _in_one_line(error: Exception) -> Exception:
    from ray.exceptions import AuthenticationError

    text = str(error)
    if isinstance(error, AuthenticationError):
        return Refused(_about_token(text))
    if reason := _reason(error):
        return Unreachable(f"{reason}.")
    # OSError are those of requests, and Ray's in their place.
    is_other = isinstance(error, (OSError, KeyError, ValueError)) or "Version check" in text
    return Unreachable(_OTHER) if is_other else Refused(_last_line(text))


def _about_token(text: str) -> str:
    if text.startswith("Authentication required"):
        return (
            "the cluster wants a token. Set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH to the "
            "file that holds it."
        )
    if text.startswith("Authentication failed"):
        return (
            "the cluster has another token. Set RAY_AUTH_TOKEN_PATH to the file that holds it, or "
            "RAY_AUTH_TOKEN."
        )
    return _last_line(text.partition(". ")[0])


def _reason(error: BaseException) -> str:
    """Return what the system says, which Ray and requests have wrapped; or ""."""
    reason = ""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, OSError) and one.strerror:
            reason = one.strerror
        one = one.__cause__ or one.__context__
    return reason


def _last_line(text: str) -> str:
    """Return the line that says what happened: of a traceback the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip(" .")]
    if not lines:
        return "it does not say why."
    line = lines[-1] if "Traceback (most recent call last)" in text else " ".join(lines)
    return f"{_PREFIX.sub('', line)[:500].rstrip('. ')}."
