"""The edge cases of semantics.md, part 9, and the scenarios that hold them: `python -m tests.scenarios.edge_cases`."""

import re
from collections import defaultdict
from pathlib import Path

from tests.scenarios.scenario import Scenario, scenarios

EDGE_CASES = {
    1: "client clock three hours ahead",
    2: "client clock a year behind",
    3: "no sentAt",
    4: "a timestamp without zone",
    5: "epoch seconds and milliseconds",
    6: "an event of the future",
    7: "an event exactly as old as the window",
    8: "two events of one millisecond",
    9: "two hours without time after an outage",
    10: "quiet hours in the gap as clocks go forward",
    11: "quiet hours in the overlap as clocks go back",
    12: "an anniversary of 29 February",
    13: "another zone while something waits",
    14: "a tier's calendar year with a leap day",
    15: "expiry at a month's end",
    16: "the same message, the same body",
    17: "the same message, another body",
    18: "one order from client and server",
    19: "a batch sent again",
    20: "a refund told twice",
    21: "what a sink answered, sent again",
    24: "the purchase before the checkout",
    25: "the purchase late, after a stage",
    26: "a snapshot of the cart older than a delta",
    27: "the refund before the order",
    28: "the identify after the purchase",
    29: "an event too late",
    30: "an order updated after its refund",
    31: "cancelled, then completed",
    32: "more removed than there was",
    33: "a price of 0, or a negative one",
    34: "a quantity as a text",
    35: "no cart_id",
    36: "another currency in the middle of a cart",
    37: "a cart emptied and filled again within the cool-down",
    38: "a part of the cart bought",
    39: "two carts at a merge",
    40: "another person's order",
    42: "visits to the tracking page after the purchase",
    43: "a shared device",
    44: "logged out, and another user in",
    45: "known while something waits",
    46: "a chain of merges",
    47: "two merges that contradict each other",
    48: "a blocked id",
    49: "an erased shopper who sends events again",
    50: "suppressed, and not any more",
    52: "another e-mail address",
    53: "flapping around a threshold",
    57: "a circle of references",
    58: "a new profile that never did it",
    60: "a hostile regular expression",
    61: "a trait of another type",
    62: "refunds of more than the order",
    63: "a refund of points that are spent",
    64: "a refund of points that have expired",
    65: "an upgrade that skips a level",
    66: "a downgrade at the instant of earning",
    67: "an order at the end of grace",
    68: "a tier that is locked",
    69: "several currencies",
    70: "points split by rounding",
    71: "another rule between order and confirmation",
    72: "the tier at a late order's time",
    73: "points pending as a programme ends",
    74: "a merge of two members",
    75: "unsubscribed between decision and sending",
    76: "exactly at the end of a cap's span",
    77: "deferred beyond its expiry",
    78: "two candidates at one instant",
    79: "transactional messages",
    80: "quiet hours in no known zone",
    81: "fewer messages asked for",
    82: "a shopper held out who buys",
    90: "a hot key",
}
"""By number: what part 9 asks of time, duplicates, orders, carts, addresses, segments, loyalty, caps and consent."""

LEFT_OUT = {
    41: "all items out of stock: no catalogue is read, so nothing is known of stock",
}
"""By number: why a case has no scenario."""

TOLD = [*range(1, 16), *range(24, 43), *range(62, 83)]
"""Of time, orders, carts, loyalty and messages every case has a scenario, or a reason to have none."""


def numbers(page: str, case: Scenario) -> set[int]:
    """What a scenario cites of a page: `readings 3, 53; edge 7`."""
    cited = re.findall(rf"{page}s? ([\d, ]+)", case.rules)
    return {int(number) for one in cited for number in re.findall(r"\d+", one)}


def held() -> dict[int, list[str]]:
    """The scenarios of each case, by their ids."""
    found: dict[int, list[str]] = defaultdict(list)
    for name, case in scenarios(Path(__file__).parent):
        for number in sorted(numbers("edge", case)):
            found[number].append(name)
    return found


if __name__ == "__main__":
    by_number = held()
    for edge in sorted({*EDGE_CASES, *LEFT_OUT, *by_number}):
        print(f"{edge}. {EDGE_CASES.get(edge) or LEFT_OUT.get(edge, '')}")
        print(*(f"    {name}" for name in by_number[edge]), sep="\n")
