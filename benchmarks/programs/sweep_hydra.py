"""Runs that do nothing, with Hydra."""

from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore


@dataclass
class Train:
    n: int = 0


ConfigStore.instance().store(name="train", node=Train)


@hydra.main(version_base=None, config_name="train")
def main(config):
    return config.n / 7


if __name__ == "__main__":
    main()
