"""Benchmarks, one after the other, and what is made of their results: tables, and the figures of `afterclick sizing`.

Usage: python -m benchmarks [NAME ...] [-- OPTION ...]; without names all. An option, given as
`--name value`, goes to each of them that has it; one that none has is an error.
"""

import subprocess
import sys
import time

from benchmarks import sizing, table

ORDER = (
    "stages", "intake", "replay", "worker", "transactions", "restore", "memory", "start", "failover", "latency",
    "sweep", "volume", "messaging", "loyalty", "member", "collector", "growth", "engines",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    names, options = arguments[:split], arguments[split + 1 :]
    if unknown := set(names) - set(ORDER):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(ORDER)}")
    given = _pairs(options)
    takes = {name: _taken(name, given) for name in names or ORDER}
    if unheard := [option for option, _ in given if not any(option in dict(taken) for taken in takes.values())]:
        sys.exit(f"none of {', '.join(takes)} has {', '.join(unheard)}")
    for name, taken in takes.items():
        begun = time.monotonic()
        print(f"--- {name}", flush=True)
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *(word for pair in taken for word in pair)], check=True
        )
        print(f"--- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    table.main()
    sizing.main()


def _pairs(options: list[str]) -> list[tuple[str, str]]:
    if len(options) % 2 or not all(option.startswith("--") for option in options[::2]):
        sys.exit("options are written as --name value")
    return list(zip(options[::2], options[1::2], strict=True))


def _taken(name: str, given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the given options that the benchmark has, by its own help."""
    if not given:
        return []
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace(",", " ").split()
    return [(option, value) for option, value in given if option in words or f"[{option}" in words]


if __name__ == "__main__":
    main(sys.argv[1:])
