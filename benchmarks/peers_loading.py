"""What the same YAML file costs in other libraries; run in an environment of their own.

Prints, as JSON, by name: milliseconds, and multiples of the bare parser with marks in the same
turns.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from dynaconf import Dynaconf
from measure import in_turns
from omegaconf import OmegaConf
from pydantic import create_model
from pydantic_settings import BaseSettings, YamlConfigSettingsSource
from sample import as_yaml, values


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "sample.yaml")
        file.write_text(as_yaml())
        settings = _settings(file)
        taken = in_turns(
            {
                "compose": lambda: yaml.compose(file.read_text(), yaml.CSafeLoader),
                "PyYAML, CSafeLoader, without marks": lambda: yaml.load(
                    file.read_text(), yaml.CSafeLoader
                ),
                "OmegaConf": lambda: OmegaConf.load(file),
                "Dynaconf": lambda: Dynaconf(settings_files=[str(file)]).to_dict(),
                "pydantic-settings": settings,
            },
            rounds=10,
            calls=1,
        )
    bare = taken.pop("compose")
    print(json.dumps({n: {"ms": t.median / 1e6, "x compose": t / bare} for n, t in taken.items()}))


def _settings(file: Path) -> Any:
    groups: dict[str, Any] = {}
    for name, group in values().items():
        fields: dict[str, Any] = {key: (type(value), ...) for key, value in group.items()}
        groups[name] = (create_model(name, **fields), ...)

    class Base(BaseSettings):
        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **_: Any) -> Any:
            return (YamlConfigSettingsSource(settings_cls, yaml_file=file),)

    return create_model("Settings", __base__=Base, **groups)


if __name__ == "__main__":
    main()
