"""Say hello, with Hydra."""

from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class Hello:
    name: str = MISSING
    times: int = 1


ConfigStore.instance().store(name="hello", node=Hello)


@hydra.main(version_base=None, config_name="hello")
def main(config):
    for _ in range(config.times):
        print(f"Hello {config.name}")


if __name__ == "__main__":
    main()
