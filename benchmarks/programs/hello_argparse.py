"""Say hello, with argparse."""

import argparse


def main() -> None:
    parser = argparse.ArgumentParser(description="Say hello.")
    parser.add_argument("name", help="whom to greet")
    parser.add_argument("--times", type=int, default=1, help="how often (default: 1)")
    given = parser.parse_args()
    for _ in range(given.times):
        print(f"Hello {given.name}")


if __name__ == "__main__":
    main()
