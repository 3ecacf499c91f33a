"""Say hello, with click."""

import click


@click.command()
@click.argument("name")
@click.option("--times", default=1, help="how often", show_default=True)
def main(name, times):
    """Say hello."""
    for _ in range(times):
        print(f"Hello {name}")


if __name__ == "__main__":
    main()
