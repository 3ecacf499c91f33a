"""Names of environment variables for keys: `APP_TRAIN__LR` is `train.lr` with the prefix `APP`."""

DOT = "__"


def start_of(prefix: str) -> str:
    """Return what the names of variables with a prefix begin with."""
    return prefix if prefix.endswith("_") or not prefix else f"{prefix}_"


def variable_for(prefix: str, key: str) -> str:
    """Return the name of the variable that sets a key."""
    return start_of(prefix) + key.replace(".", DOT).upper()


def key_of_unknown(prefix: str, variable: str) -> str:
    """Return the key that a variable with the prefix means where no key is known."""
    return variable[len(start_of(prefix)) :].replace(DOT, ".").lower()
