"""`@ray.remote` functions that inherit the scope of the thread that calls `.remote()`.

The function that Ray exports is wrapped to take the scope as one more keyword argument, which
every submission fills.  Ray binds arguments against a signature, so that has it too; the user's
function never sees it.
"""

from __future__ import annotations

import functools
import inspect
import uuid
from collections.abc import Callable
from typing import Any

from hyperparameter import context

from ._carried import Carried
from ._carrier import beside
from ._engines import Patches
from .exceptions import EngineError

_ARGUMENT = "_hyperparameter_carried"
_SEAMS = (
    "_function",
    "_function_signature",
    "_inject_lock",
    "_last_export_cluster_and_job",
    "_uuid",
)


def patch(patches: Patches) -> None:
    """Replace `RemoteFunction._remote`; `EngineError` when Ray is not as expected."""
    from ray.remote_function import RemoteFunction

    source = inspect.getsource(RemoteFunction)
    moved = [name for name in ("_remote", *_SEAMS) if name not in source]
    if moved:
        import ray

        raise EngineError(
            f"Ray {ray.__version__} has changed inside ({', '.join(moved)} gone), so its functions "
            "cannot inherit scopes. Pass hp_dist.bind(function) to a task and call it there."
        )
    from ray import ObjectRef

    beside.add(ObjectRef)  # Ray counts the references that it sees among the arguments
    patches.replace(RemoteFunction, "_remote", _submitting(RemoteFunction._remote))


def _submitting(remote: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(remote)
    def wrapper(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        if _inherits(self):
            kwargs = {**(kwargs or {}), _ARGUMENT: Carried.capture().pack()}
        return remote(self, args, kwargs, *rest, **options)

    return wrapper


def _inherits(remote_function: Any) -> bool:
    """Wrap the function once, also where it has been exported bare; tell whether it is wrapped."""
    function = remote_function._function
    if getattr(function, "__hp_carries__", False):
        return True
    if remote_function._is_cross_language or function.__module__.startswith("ray."):
        return False
    with remote_function._inject_lock:
        if not getattr(remote_function._function, "__hp_carries__", False):
            remote_function._function = carrying(remote_function._function)
            # Ray makes the signature and the export anew where there are none.
            remote_function._function_signature = None
            remote_function._last_export_cluster_and_job = None
            remote_function._uuid = uuid.uuid4()  # or workers that know the bare one keep it
    return True


def carrying(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with one more keyword argument, the scope that it runs inside."""
    wrapper = context.wrap(function, _prepare, context.restore)
    functools.update_wrapper(wrapper, function)
    del wrapper.__wrapped__  # type: ignore[attr-defined]  # Ray would look through the wrapper
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    extra = inspect.Parameter(_ARGUMENT, inspect.Parameter.KEYWORD_ONLY, default=None)
    last = len(parameters)
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        last -= 1
    wrapper.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*parameters[:last], extra, *parameters[last:]]
    )
    wrapper.__hp_carries__ = True  # type: ignore[attr-defined]
    return wrapper


def _prepare(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    carried = kwargs.pop(_ARGUMENT, None)
    if carried is not None:
        carried.open()
    return args, kwargs
