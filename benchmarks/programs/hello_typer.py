"""Say hello, with typer."""

import typer


def main(name: str, times: int = typer.Option(1, help="how often")):
    """Say hello."""
    for _ in range(times):
        print(f"Hello {name}")


if __name__ == "__main__":
    typer.run(main)
