"""The file that all libraries load: 1 000 keys in groups of ten."""

from __future__ import annotations

from typing import Any

KEYS = 1_000


def values() -> dict[str, dict[str, Any]]:
    kinds = (1, 0.5, "text", True, [1, 2, 3])
    return {
        f"group{group}": {f"key{i}": kinds[i % len(kinds)] for i in range(10)}
        for group in range(KEYS // 10)
    }


def as_yaml() -> str:
    lines = []
    for name, group in values().items():
        lines.append(f"{name}:")
        lines += [f"  {key}: {str(value).lower()}" for key, value in group.items()]
    return "\n".join(lines) + "\n"
