"""Fuzz the collector: schemathesis against its OpenAPI document over HTTP, atheris on each wire format.

Usage: python -m tests.fuzz [--seconds 60] [--examples 300] [--only segment posthog]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.adapter_target import ADAPTERS
from tests.fuzz.fuzzing import run_atheris, run_schemathesis
from tests.fuzz.served import served


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    arguments.add_argument("--seconds", type=int, default=60, help="of atheris, for each format")
    arguments.add_argument("--examples", type=int, default=300, help="of schemathesis, for each path")
    arguments.add_argument("--only", nargs="*", default=tuple(ADAPTERS), help="formats")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="afterclick-fuzz-"))
    failed = []
    with served(folder) as collector:
        run = run_schemathesis(collector.url, given.examples)
        print(run.stdout[-6_000:], flush=True)
        failed += ["schemathesis"] if run.returncode else []
    for adapter in given.only:
        run = run_atheris(adapter, folder, f"-max_total_time={given.seconds}")
        told = [line for line in run.stderr.splitlines() if "stat::number_of_executed" in line or "cov:" in line]
        print(f"--- {adapter}: {' '.join(told[-2:])}", flush=True)
        if run.returncode:
            print(run.stdout[-3_000:], run.stderr[-3_000:], flush=True)
            failed.append(adapter)
    print(f"FAIL {', '.join(failed)}; what did it is in {folder}" if failed else "PASS")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
