"""Say hello, with hp.launch."""

import hyperparameter as hp


@hp.param("hello")
def main(name, times=1):  # type: ignore[no-untyped-def]  # as a user's first program is written
    """Say hello.

    Args:
        name: whom to greet
        times: how often
    """
    for _ in range(times):
        print(f"Hello {name}")


if __name__ == "__main__":
    hp.launch(main)
