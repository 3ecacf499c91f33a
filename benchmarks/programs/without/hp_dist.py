"""Stands for the library where a program is measured without it: nothing is carried."""


def install(*engines: str) -> None:
    pass
