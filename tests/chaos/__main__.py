"""Let everything fail, on real brokers, and audit what comes out: `make chaos MINUTES=30 SEED=1`."""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.chaos.replay_check import replay_differences
from tests.chaos.report import table, write
from tests.chaos.run import TOPOLOGY, ChaosRun

_EXAMPLES = """\
examples:
  make chaos                                  three minutes, another seed each time
  make chaos MINUTES=30 SEED=7 REPORT=1       half an hour, written to docs/chaos.md
  python -m tests.chaos --minutes 5 --keep    keep data and logs, and say where

The seed decides faults and traffic; what runs on a machine at the same time is up to the machine.
Exits 0 if nothing differs, 1 if something does, 2 if the run itself failed. Ctrl-C ends the trouble; the audit follows.
Needs Java 17 and Maven; about 4 GB of memory."""


def main() -> int:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    arguments.add_argument("--minutes", type=float, default=3, help="of trouble, the start included (default: 3)")
    arguments.add_argument("--seed", type=int, default=None, help="of faults and traffic (default: any)")
    arguments.add_argument("--rate", type=float, default=250, help="events a second, about (default: 250)")
    arguments.add_argument("--report", action="store_true", help="write docs/chaos.md")
    arguments.add_argument("--keep", action="store_true", help="keep data and logs")
    given = arguments.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    print(f"seed {seed}; the same faults again: make chaos MINUTES={given.minutes:g} SEED={seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="afterclick-chaos-"))
    failed = True
    try:
        run = ChaosRun(folder, seed, given.rate, lambda what: print(what, flush=True))
        outcome = run.run(given.minutes * 60)
        outcome.differences += replay_differences(run.logs, TOPOLOGY, folder, outcome.last_due)
        failed = not outcome.passed
        print(f"\n{table(outcome)}\n")
        for difference in outcome.differences[:50]:
            print(f"  {difference}")
        print("FAIL" if failed else "PASS", f"- {outcome.kills} kills, {len(outcome.differences)} differences")
        if given.report:
            write(outcome, given.minutes)
        return 1 if failed else 0
    except (RuntimeError, TimeoutError) as error:
        print(f"The run itself failed: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Left without an audit.", file=sys.stderr)
        return 130
    finally:
        if given.keep or failed:
            print(f"data and logs: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
