"""Say hello, with tyro."""

import tyro


def main(name: tyro.conf.Positional[str], times: int = 1):
    """Say hello.

    Args:
        name: whom to greet
        times: how often
    """
    for _ in range(times):
        print(f"Hello {name}")


if __name__ == "__main__":
    tyro.cli(main)
