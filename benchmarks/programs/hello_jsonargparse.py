"""Say hello, with jsonargparse."""

from jsonargparse import auto_cli


def main(name: str, times: int = 1):
    """Say hello.

    Args:
        name: whom to greet
        times: how often
    """
    for _ in range(times):
        print(f"Hello {name}")


if __name__ == "__main__":
    auto_cli(main)
