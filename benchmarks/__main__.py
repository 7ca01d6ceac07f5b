"""Benchmarks, one after the other, and the tables made of their results.

Usage: python -m benchmarks [NAME ...] [-- OPTION ...]; without names all. Options go to each of the named.
"""

import subprocess
import sys
import time

from benchmarks import table

ORDER = (
    "stages", "replay", "worker", "transactions", "restore", "memory", "start", "failover", "latency", "sweep",
    "growth", "engines",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    names, options = arguments[:split], arguments[split + 1 :]
    if unknown := set(names) - set(ORDER):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(ORDER)}")
    for name in names or ORDER:
        begun = time.monotonic()
        print(f"--- {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *options], check=True)
        print(f"--- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    table.main()


if __name__ == "__main__":
    main(sys.argv[1:])
