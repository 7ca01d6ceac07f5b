"""Try seeds and tell of those on which the engine and the oracle differ: `python -m tests.oracle --seeds 5000`.

decisions: every line of every output of a random topology and stream. explanations: every clause at random instants.
windows, window-explanations: the same on windows of the calendar and since events, on tiers and points, and on shoppers
who travel. arrivals: one history that arrives in two ways. consents: decisions of topologies that ask for consent,
messages: of those that send messages, earning: of programmes that earn in every way, ledgers: of their members' months,
tier-explanations: what is told of their tiers at random instants. merges: decisions on all of these of shoppers whose
ids meet.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool

from tests.oracle.arrival import unsettled
from tests.oracle.explained import misexplained
from tests.oracle.explained_tiers import misjudged
from tests.oracle.ledger_trial import misbooked
from tests.oracle.merges import disagreement as disagreement_on_merges
from tests.oracle.random_abandonment import abandonment_case
from tests.oracle.random_consent import consent_case
from tests.oracle.random_earning import earning_case
from tests.oracle.random_merges import merge_case
from tests.oracle.random_messages import message_case
from tests.oracle.random_windows import case as window_case
from tests.oracle.trial import case, disagreement

EVERY = 20.0
SHOWN = 5


def misdecided_on_consent(seed: int) -> list[str]:
    return disagreement(*consent_case(seed))


def misdecided_on_messages(seed: int) -> list[str]:
    return disagreement(*message_case(seed))


def misdecided_on_abandonment(seed: int) -> list[str]:
    return disagreement(*abandonment_case(seed))


def misdecided_on_earning(seed: int) -> list[str]:
    return disagreement(*earning_case(seed))


def misjoined(seed: int) -> list[str]:
    return disagreement_on_merges(*merge_case(seed))


def misdecided(seed: int) -> list[str]:
    return disagreement(*case(seed))


def miswindowed(seed: int) -> list[str]:
    return disagreement(*window_case(seed))


LOOKED_AT: dict[str, Callable[[int], list[str]]] = {
    "decisions": misdecided,
    "explanations": misexplained,
    "windows": miswindowed,
    "window-explanations": partial(misexplained, case=window_case),
    "arrivals": unsettled,
    "abandonments": misdecided_on_abandonment,
    "consents": misdecided_on_consent,
    "messages": misdecided_on_messages,
    "ledgers": misbooked,
    "earning": misdecided_on_earning,
    "tier-explanations": misjudged,
    "merges": misjoined,
}


def differences(kind: str, seed: int) -> tuple[int, list[str]]:
    try:
        return seed, LOOKED_AT[kind](seed)
    except Exception:
        return seed, [traceback.format_exc()]


def main() -> int:
    arguments = argparse.ArgumentParser(
        prog="python -m tests.oracle", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--seeds", type=int, default=1_000, help="how many")
    arguments.add_argument("--first", type=int, default=0, help="the first one")
    arguments.add_argument("--jobs", type=int, default=2, help="how many at once")
    arguments.add_argument("--only", choices=LOOKED_AT, help="only these, not all of them")
    given = arguments.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    with Pool(given.jobs) as pool:
        failed = [_try(kind, seeds, pool.imap_unordered) for kind in ([given.only] if given.only else LOOKED_AT)]
    return 1 if any(failed) else 0


def _try(kind: str, seeds: range, spread: Callable[..., object]) -> list[int]:
    failed: list[int] = []
    begun = told = time.monotonic()
    for number, (seed, found) in enumerate(spread(partial(differences, kind), seeds, 10), 1):  # type: ignore[arg-type]
        if found:
            failed.append(seed)
            print(f"\n{kind}, seed {seed}: {len(found)} differences; repeat it with --only {kind} --first {seed}")
            print(*(f"  {one}" for one in found[:SHOWN]), sep="\n")
        now = time.monotonic()
        if now - told >= EVERY or number == len(seeds):
            told = now
            print(f"{kind}: {number} seeds, {number / (now - begun):.0f} a second, {len(failed)} failed", flush=True)
    if failed:
        print(f"{kind} failed: {' '.join(map(str, sorted(failed)))}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
