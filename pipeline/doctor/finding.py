"""What was found of one thing."""

from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """SKIPPED: could not be looked at, as something before it failed, or does not concern this topology."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True):
    """of: what was looked at, a word or two. told: what is true. advice: what to do, empty if nothing."""

    of: str
    verdict: Verdict
    told: str
    advice: str = ""


def failed(of: str, told: object, advice: str = "") -> Finding:
    return Finding(of, Verdict.FAIL, str(told), advice)


def warned(of: str, told: object, advice: str = "") -> Finding:
    return Finding(of, Verdict.WARN, str(told), advice)


def fine(of: str, told: object) -> Finding:
    return Finding(of, Verdict.OK, str(told))


def skipped(of: str, told: object) -> Finding:
    return Finding(of, Verdict.SKIPPED, str(told))
