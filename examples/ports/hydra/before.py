"""An application with config groups, as Hydra's tutorial builds it."""

from dataclasses import dataclass, field
from typing import Any

# -- configuration
import hydra
from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class DBConfig:
    driver: str = MISSING
    host: str = "localhost"
    user: str = MISSING
    timeout: int = 10


@dataclass
class UIConfig:
    create_db: bool = MISSING
    view: bool = MISSING


@dataclass
class Config:
    defaults: list[Any] = field(default_factory=lambda: ["_self_"])
    db: DBConfig = MISSING
    ui: UIConfig = MISSING


ConfigStore.instance().store(name="base_config", node=Config)


@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg: Config) -> None:
    # -- program
    connect(cfg.db)
    show(cfg.ui)


def connect(db: DBConfig) -> None:
    print(f"{db.driver}: {db.user}@{db.host}, timeout {db.timeout}")


def show(ui: UIConfig) -> None:
    print("buttons:", "create, view" if ui.create_db else "view" if ui.view else "none")


# -- configuration
if __name__ == "__main__":
    main()
