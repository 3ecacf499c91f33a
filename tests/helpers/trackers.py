"""A run of each tracker with values that trackers get wrong, read back from where it stores them.

`python trackers.py NAME FOLDER` pickles an `Outcome`; a process of its own, since trackers leave
threads, handlers and import hooks behind.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import os
import pickle
import struct
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import hyperparameter as hp

SECRET = "hunter2"


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Opt:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.99)


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


HARD: dict[str, Any] = {
    "n.one": 1, "n.half": 0.5, "n.yes": True, "n.exact": 2**53, "n.beyond": 2**53 + 1,
    "n.int64": 2**63, "n.big": 2**80, "n.negative": -(2**80),
    "n.inf": math.inf, "n.minus_inf": -math.inf, "n.nan": math.nan, "none": None,
    "t.text": "adam", "t.empty": "", "t.long": "x" * 10_000, "t.huge": "x" * 100_000,
    "t.half": "a\ud800b", "t.nul": "a\0b",
    "t.none": "None", "t.number": "1", "t.big": str(2**80), "t.nan": "nan",
    "t.infinity": "Infinity", "t.list": "[1, 2]", "t.line": "a\n\x1b[31mb", "t.umlaut": "ü 日 😀",
    "t.reference": "${t.text}",
    "c.list": [1, "a", None, [0.5]], "c.tuple": (1, (2, 3)), "c.set": {3, 1}, "c.empty": [],
    "c.numbers": [2**80, math.inf], "c.long": ["y" * 4_000, "z" * 4_000], "c.text": ["a\ud800"],
    "c.path": Path("data/x"), "c.enum": Color.RED, "c.opt": Opt(0.3), "c.opaque": Opaque(),
    "c.names": {2: "a", None: "b", True: "c", "": "d"}, "c.alike": {2: "a", "2": "b"},
    "layers[0].size": 1, "user@host": 2, "ü.日": 3, "a b": 4, "p//q": 5, "p/q/": 6, "/p": 18,
    "layers_0_.size": 7, "k" * 300: 8, "_wandb": 9, "_private": 10, "private": 11, "A": 12, "a": 13,
    "a.b": 14, "x\ny": 15, "😀": 16, "$include": 17,
    "db.password": SECRET, "c.secret": [1, "sk-proj-" + "4" * 40],
}  # fmt: skip
SECRETS = {"db.password", "c.secret"}
UNTYPED = {"c.set", "c.path", "c.enum", "c.opt"}
"""What no file gives back to a reader who names no type."""


def in_words() -> set[str]:
    """Return the keys of which a record has words alone; large texts are among them."""
    left_out = record_of(HARD).left_out
    found = {key for key, reason in left_out.items() if "only its words" in reason}
    assert {"t.huge", "c.opaque"} <= found <= {"t.huge", "c.opaque", "t.long"}
    return found


class Outcome(NamedTuple):
    """What was exported, what the tracker has stored, and what each further log said."""

    exported: hp.Exported
    stored: dict[str, Any]
    warned: list[str]
    again: hp.Exported
    other: hp.Exported
    stored_after: dict[str, Any]
    records: list[list[str]]
    many: int
    extra: dict[str, Any]


def record_of(values: Mapping[str, Any]) -> hp.Record:
    with hp.record() as record, hp.scope(**values):
        for key in values:
            hp.scope[key]()
    return record


def logged(record: hp.Record, target: str, run: object = None) -> tuple[hp.Exported, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exported = record.log_to(target, run)
    found = [one for one in caught if one.filename == __file__]  # libraries have their own
    return exported, [str(one.message) for one in found]


FIRST, OTHER = {"lr": 0.1, "depth": 3}, {"lr": 0.2, "depth": 3, "late": 1}
MANY = {f"group{n // 10}.key{n}": n for n in range(5_000)}


def mlflow(folder: Path) -> Outcome:
    import mlflow as library

    library.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    library.create_experiment("hard", artifact_location=(folder / "artifacts").as_uri())
    library.set_experiment("hard")
    client = library.MlflowClient()
    none = raised(record_of(FIRST), "mlflow")
    with library.start_run() as run:
        hard, warned = logged(record_of(HARD), "mlflow")
        stored = client.get_run(run.info.run_id).data
    with library.start_run() as second:
        logged(record_of(FIRST), "mlflow")
    again, _ = logged(record_of(FIRST), "mlflow", second.info.run_id)
    other, _ = logged(record_of(OTHER), "mlflow", second)
    with library.start_run() as third:
        many, _ = logged(record_of(MANY), "mlflow")
        logged(record_of({}), "mlflow")
    saved = [folder / "artifacts" / one.info.run_id / "artifacts" for one in (run, second)]
    all_stored = client.get_run(third.info.run_id).data.params
    return Outcome(
        hard, stored.params, warned, again, other,
        client.get_run(second.info.run_id).data.params, [records_in(one) for one in saved],
        sum(all_stored.get(k) == str(v) for k, v in MANY.items()) * (not many.changed),
        {"tag": stored.tags["hp.version"], "no run": none},
    )  # fmt: skip


def wandb(folder: Path) -> Outcome:
    for name in ("DIR", "CACHE_DIR", "CONFIG_DIR", "DATA_DIR"):
        os.environ[f"WANDB_{name}"] = str(folder / name)
        (folder / name).mkdir()
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_DISABLE_GIT="true")
    import wandb as library

    none = raised(record_of(FIRST), "wandb")
    with library.init(project="hard") as run:
        hard, warned = logged(record_of(HARD), "wandb")
    with library.init(project="hard") as second:
        logged(record_of(FIRST), "wandb")
        again, _ = logged(record_of(FIRST), "wandb")
        other, _ = logged(record_of(OTHER), "wandb", second)
    with library.init(project="hard") as third:
        many, _ = logged(record_of(MANY), "wandb")
        logged(record_of({}), "wandb")
    with library.init(project="hard") as swept:
        swept.config.update_locked({"lr": 0.9}, "sweep")
        locked, _ = logged(record_of(FIRST), "wandb")
    with library.init(project="hard", mode="disabled") as disabled:
        nothing, _ = logged(record_of(FIRST), "wandb")
        kept = dict(disabled.config)
    configs = [wandb_stored(Path(one.dir).parent) for one in (run, second, third)]
    return Outcome(
        hard, configs[0][0], warned, again, other, configs[1][0],
        [records_in(Path(one.dir)) for one in (run, second)],
        sum(configs[2][0].get(k) == v for k, v in MANY.items()) * (not many.changed),
        {"files": configs[0][1], "no run": none, "locked": locked.changed,
         "disabled": (nothing.changed, kept)},
    )  # fmt: skip


def wandb_stored(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the config that a run has written for its upload, and the files that it uploads."""
    import json

    from wandb.proto import wandb_internal_pb2 as proto

    (path,) = folder.glob("*.wandb")
    config: dict[str, Any] = {}
    files = []
    for data in leveldb_records(path.read_bytes()):
        record = proto.Record()
        record.ParseFromString(data)
        for item in record.config.update:
            config[item.key] = json.loads(item.value_json)
        files += [file.path for file in record.files.files]
    return config, files


def leveldb_records(data: bytes) -> Iterator[bytes]:
    at, block, found = 7, 32_768, b""  # after the header of W&B
    while at + 7 <= len(data):
        left = block - at % block
        _, length, kind = struct.unpack("<IHB", data[at : at + 7])
        if left < 7 or kind == 0:
            at += left
            continue
        found += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # a whole record, or its last part
            yield found
            found = b""


def trackio(folder: Path) -> Outcome:
    os.environ.update(TRACKIO_DIR=str(folder), HF_HUB_OFFLINE="1")
    import trackio as library
    from trackio.sqlite_storage import SQLiteStorage

    def run(*records: hp.Record, log_first: bool = False) -> tuple[dict[str, Any], list[Any]]:
        name = f"run{time.monotonic_ns()}"
        started = library.init(project="hard", name=name, embed=False)
        if log_first:
            library.log({"loss": 1})
        found = [
            logged(record, "trackio", started if n else None) for n, record in enumerate(records)
        ]
        library.log({"loss": 2})
        library.finish()
        return SQLiteStorage.get_run_config("hard", name) or {}, found

    none = raised(record_of(FIRST), "trackio")
    stored, ((hard, warned),) = run(record_of(HARD))
    after, ((first, _), (again, _), (other, _)) = run(*map(record_of, (FIRST, FIRST, OTHER)))
    many, ((all_, _), _) = run(record_of(MANY), record_of({}))
    late, ((late_exported, _),) = run(record_of(FIRST), log_first=True)
    del first
    paths = [path for path in folder.rglob("blobs/*/*/*") if path.is_file()]
    blobs = [path.read_text("utf-8") for path in paths]
    blobs.sort(key=lambda text: "n.big" not in text)
    return Outcome(
        hard, stored, warned, again, other, after, [blobs],
        sum(many.get(k) == v for k, v in MANY.items()) * (not all_.changed),
        {"no run": none, "late": (late, late_exported)},
    )  # fmt: skip


def tensorboard(folder: Path) -> Outcome:
    from tensorboardX import SummaryWriter

    def run(*records: hp.Record) -> tuple[list[dict[str, Any]], list[Any], Path]:
        place = folder / str(time.monotonic_ns())
        with SummaryWriter(str(place)) as writer:
            found = [logged(record, "tensorboard", writer) for record in records]
        runs = [tensorboard_stored(path) for path in sorted(place.iterdir()) if path.is_dir()]
        return runs, found, place

    none = raised(record_of(FIRST), "tensorboard")
    (stored,), ((hard, warned),), place = run(record_of(HARD))
    runs, (_, (again, _), (other, _)), second = run(*map(record_of, (FIRST, FIRST, OTHER)))
    (many, empty), ((all_, _), _), _ = run(record_of(MANY), record_of({}))
    assert empty == {}
    return Outcome(
        hard, stored, warned, again, other, runs[-1], [records_in(place), records_in(second)],
        sum(many.get(k) == v for k, v in MANY.items()) * (not all_.changed),
        {"no run": none},
    )  # fmt: skip


def tensorboard_stored(folder: Path) -> dict[str, Any]:
    from tensorboardX.proto import event_pb2, plugin_hparams_pb2

    found: dict[str, Any] = {}
    (path,) = folder.iterdir()
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack("<Q", data[at : at + 8])
        event = event_pb2.Event()
        event.ParseFromString(data[at + 12 : at + 12 + length])
        at += 12 + length + 4
        for value in event.summary.value:
            content = plugin_hparams_pb2.HParamsPluginData()
            content.ParseFromString(value.metadata.plugin_data.content)
            for name, one in content.session_start_info.hparams.items():
                found[name] = getattr(one, one.WhichOneof("kind"))
    return found


def records_in(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(folder.glob("hp-record*.json"))]


def raised(record: hp.Record, target: str) -> str:
    try:
        record.log_to(target)
    except (RuntimeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def outcome_of(name: str, folder: Path) -> Outcome:
    """Run this file for one tracker and return what it has found."""
    done = subprocess.run(
        [sys.executable, __file__, name, str(folder)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    outcome: Outcome = pickle.loads((folder / "outcome").read_bytes())
    return outcome


if __name__ == "__main__":
    import trackers  # so that its classes are pickled by a name that the test has

    os.environ.update(DO_NOT_TRACK="true", WANDB_ERROR_REPORTING="false")  # no reports to others
    place = Path(sys.argv[2])
    made = getattr(trackers, sys.argv[1])(place)
    (place / "outcome").write_bytes(pickle.dumps(made))
