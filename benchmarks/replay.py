"""Events a second of `afterclick replay` on one core: reading JSON, deciding, sorting and writing, memory store.

Usage: python -m benchmarks.replay [--events 500000] [--repeats 3]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.workload import workload

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "events.ndjson"
        with source.open("wb") as file:
            file.writelines(value + b"\n" for _, value in workload(given.events))
        command = [
            sys.executable, "-m", "pipeline.cli", "replay", str(source), "--quiet",
            "--topology", str(HERE / "reference.topology.yaml"), "--output", str(Path(folder) / "out"),
        ]  # fmt: skip
        seconds = []
        for _ in range(given.repeats):
            begun = time.perf_counter()
            subprocess.run(command, check=True)
            seconds.append(time.perf_counter() - begun)
        rates = sorted(given.events / one for one in seconds)
    print(
        json.dumps(
            {"events": given.events, "events_per_second": {"min": rates[0], "median": median(rates), "max": rates[-1]}}
        )
    )


if __name__ == "__main__":
    main()
