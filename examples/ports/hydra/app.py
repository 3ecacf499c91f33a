"""The same application and the same files of groups: each function names what it takes."""

from __future__ import annotations

from pathlib import Path

import hyperparameter as hp


# -- configuration
@hp.param("db")
def connect(driver: str, user: str, host: str = "localhost", timeout: int = 10) -> None:
    # -- program
    print(f"{driver}: {user}@{host}, timeout {timeout}")


# -- configuration
@hp.param("ui")
def show(create_db: bool, view: bool) -> None:
    # -- program
    print("buttons:", "create, view" if create_db else "view" if view else "none")


# -- configuration
@hp.param("app")
def main() -> None:
    # -- program
    connect()  # type: ignore[call-arg]  # filled from the configuration
    show()  # type: ignore[call-arg]


# -- configuration
if __name__ == "__main__":
    hp.launch(main, config=Path(__file__).with_name("conf.yaml"))
