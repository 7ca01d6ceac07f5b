"""All benchmarks, one after the other, and the table made of their results. Usage: python -m benchmarks"""

import subprocess
import sys
import time

from benchmarks import table

ORDER = ("stages", "replay", "worker", "transactions", "restore", "memory", "start", "failover", "latency")


def main() -> None:
    for name in ORDER:
        begun = time.monotonic()
        print(f"--- {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
        print(f"--- {name}: {time.monotonic() - begun:.0f} s", flush=True)
    table.main()


if __name__ == "__main__":
    main()
