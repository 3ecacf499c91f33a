"""Structures inside of structures, for the contract of values and that of layers."""

import dataclasses


@dataclasses.dataclass
class Opt:
    lr: float = 0.1
    name: str = "sgd"
    n: int | None = None
    tags: list[str] = dataclasses.field(default_factory=list)
    extra: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Adam(Opt):
    eps: float = 1e-8


@dataclasses.dataclass
class Cfg:
    opt: Opt = dataclasses.field(
        default_factory=lambda: Opt(0.5, "d", tags=["d"], extra={"k": "v"})
    )
    alt: Opt | None = None
    opts: dict[str, Opt] = dataclasses.field(default_factory=lambda: {"base": Opt(name="B")})
    items: list[Opt] = dataclasses.field(default_factory=list)
    tag: str = "t"
