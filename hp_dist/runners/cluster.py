"""The Ray cluster that runs go to: found, connected to, and left again."""

from __future__ import annotations

import os
import signal
import socket
import threading
from contextlib import suppress
from typing import Any

from hyperparameter import _runner_interface as interface
from hyperparameter.exceptions import UsageError

_SECONDS = 5.0
_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Where Ray tells the driver of a job how the job is configured: its code has been shipped."""
# The beginning of a connection of HTTP/2, which all servers of Ray speak: with no settings.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_NOT_SHIPPED = [".git/", ".venv/", "venv/", "__pycache__/", "/sweeps/"]
_SETTINGS = 4  # the kind of frame by which a server answers


def connect(address: str, where: str, *, is_sweep: bool) -> bool:
    """Connect to the cluster, and tell whether that is to be undone; `UsageError` if it fails.

    The cluster is the one that the program uses already, the one at the address or in
    `$RAY_ADDRESS`, one that runs on this host, or else a new one.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise UsageError(
            f"{where} needs Ray. Install it with 'pip install hyperparameter-dist[ray]'."
        ) from None
    if ray.is_initialized():
        _check_same(address, where)
        return False
    target = address or os.environ.get("RAY_ADDRESS", "")
    shown = where if address else f"{where}: $RAY_ADDRESS"
    if target not in ("", "auto", "local"):
        _probe(target, shown)
        _check_node(target, shown)
    if is_sweep:
        print_news(False)
    is_client = target.startswith("ray://")  # whose driver is a process of the cluster
    ships = _program_folder() if is_client and _JOB not in os.environ else ""
    _init(target, where, is_sweep=is_sweep, ships=ships)
    is_named = target not in ("", "auto", "local")
    if is_named and not is_client and _JOB not in os.environ and _is_elsewhere():
        # Its other hosts cannot import the modules of the program.
        ray.shutdown()
        _init(target, where, is_sweep=is_sweep, ships=_program_folder())
    return True


def _program_folder() -> str:
    """Return where the modules of the program are; the first of `sys.path` is a folder of Ray."""
    path = interface.main_module().path
    return os.path.dirname(os.path.abspath(path)) if path else os.getcwd()


_OTHER_AUTHENTICATION = (
    "It answers, so it may want another token, or have none: set RAY_AUTH_MODE=token, and "
    "RAY_AUTH_TOKEN_PATH to the file that holds it, or unset them."
)


def _init(address: str, where: str, *, is_sweep: bool, ships: str = "") -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": not is_sweep, "logging_level": "ERROR"}
    if ships:
        # Ray leaves out what .gitignore and .rayignore name too, and refuses more than 500 MiB.
        options["runtime_env"] = {"working_dir": ships, "excludes": _NOT_SHIPPED}
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address or None, **options)
    except Exception as error:  # Ray raises errors of many kinds here
        with suppress(Exception):
            ray.shutdown()
        problem = one_line(error)
        if address and "Failed to connect" in problem:
            problem = f"{problem.rstrip('.')}. {_OTHER_AUTHENTICATION}"
        raise UsageError(f"{where}: Ray cannot be used: {problem}") from error
    finally:
        if is_main and before not in (None, signal.SIG_DFL):
            signal.signal(signal.SIGTERM, before)  # the launcher's, by which the run is recorded


def one_line(error: BaseException) -> str:
    """Return what an error of Ray says, which takes many lines, as one."""
    head, has_traceback, rest = str(error).partition("Traceback (most recent call last):")
    last = rest.rstrip().rpartition("\n")[2] if has_traceback else ""
    text = " ".join(f"{head} {last}".split()) or type(error).__name__
    text = text.partition(" This can happen if ")[0]  # a guess, and where to look in Ray's logs
    return text if len(text) <= 500 else f"{text[:497]}..."


def _probe(address: str, where: str) -> None:
    """Raise `UsageError` where nothing answers: Ray itself would try for a minute."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{where}: {address!r:.80} is not an address. Write it as HOST:PORT.")
    advice = "Give the address that 'ray start --head' has shown, or start a cluster there."
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _SECONDS) as connection:
            connection.settimeout(_SECONDS)
            if os.environ.get("RAY_USE_TLS", "0") in ("", "0"):
                connection.sendall(_GREETING)
                answer = connection.recv(9, socket.MSG_WAITALL)
                if len(answer) < 9 or answer[3] != _SETTINGS:
                    raise UsageError(f"{where}: what answers at {address} is not Ray. {advice}")
    except OSError as error:
        reason = "no answer within 5 s" if isinstance(error, TimeoutError) else error.strerror
        raise UsageError(f"{where}: nothing answers at {address} ({reason}). {advice}") from None


def _check_same(address: str, where: str) -> None:
    import ray

    if address in ("", "auto", "local") or address.startswith("ray://"):
        return
    used = ray.get_runtime_context().gcs_address
    if used != address:
        raise UsageError(
            f"{where}: the program uses the cluster at {used} already. Write --on ray, or have the "
            "program not call ray.init."
        )


def _check_node(address: str, where: str) -> None:
    """Raise `UsageError` where this host is not a node: Ray would look for one for a minute."""
    if address.startswith("ray://"):
        return
    try:
        from ray._private.services import find_node_ids
    except ImportError:  # it looks by itself
        return
    if not find_node_ids():
        host = address.rpartition(":")[0]
        raise UsageError(
            f"{where}: this host is not a node of the cluster at {address}. Submit the program: hp "
            f"submit --address http://{host}:8265 PROGRAM ... --on ray. Or connect from outside: "
            f"--on ray:ray://{host}:10001."
        )


def print_news(is_on: bool) -> None:
    """Let Ray print what happens in the cluster, or not: it does so on stdout, in colours.

    `log_to_driver=False` leaves that out no more than Ray's debugger, which has this switch.
    """
    import ray

    ray._private.worker._worker_logs_enabled = is_on


def _is_elsewhere() -> bool:
    """Tell whether the cluster has other hosts than this one."""
    import ray

    here = ray.util.get_node_ip_address()
    return any(node["NodeManagerAddress"] != here for node in ray.nodes() if node["Alive"])
