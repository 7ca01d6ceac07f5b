"""The report of `afterclick experiments`, as data."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.config.duration import format_duration
from pipeline.domain.definition import Plan
from pipeline.domain.message_definition import SHARES, MessageDefinition, MessagingDefinition
from pipeline.domain.messaging.message import attribution_of
from pipeline.domain.value.instant import format_instant
from pipeline.experiment.exposure_log import HELD_OUT, SENT, Exposure, ExposureLog
from pipeline.experiment.statistic import Interval, critical, difference, fit, proportion

SUSPICIOUS = 0.001
"""Below this probability a split is no accident (Fabijan et al., "Diagnosing sample ratio mismatch", KDD 2019)."""


class TooLong(ValueError):
    """More time was asked for than orders are followed."""


def experiments_data(
    log: ExposureLog,
    plan: Plan,
    within: int | None = None,
    control: str | None = None,
    confidence: float = 0.95,
    wanted: Sequence[str] = (),
) -> dict[str, Any]:
    """docs/experiments.md tells what each field means. within: ms from exposure to order; None: as long as the message
    is followed. control: the arm that others are compared with. wanted: experiments to tell of; all if empty. Raises
    TooLong."""
    names = [name for name in log.exposures if not wanted or name in wanted]
    return {
        "as_of": format_instant(log.as_of),
        "confidence": confidence,
        "within": None if within is None else format_duration(within),
        "experiments": [
            _Experiment(name, log, plan, within, critical(confidence)).data(control) for name in sorted(names)
        ],
    }


class _Experiment:
    def __init__(self, name: str, log: ExposureLog, plan: Plan, within: int | None, z: float) -> None:
        messaging = plan.messaging or MessagingDefinition(())
        self.name, self.z, self.plan, self.as_of = name, z, plan, log.as_of
        self.exposures, self.several = log.exposures[name], log.several.get(name, 0)
        self.messages = {one.name: one for one in messaging.messages if one.experiment == name}
        self.within = within
        self.arms = self._arms(messaging)
        self._check()

    def _check(self) -> None:
        for one in self.exposures:
            message = self.messages.get(one.message)
            if self.within is not None and message is not None and self.within > self._lasts(message, one.channel):
                lasts = format_duration(self._lasts(message, one.channel))
                raise TooLong(f"Orders after {one.message} are followed for {lasts}, no longer: --within {lasts}")

    def _lasts(self, message: MessageDefinition, channel: str) -> int:
        return attribution_of(message, self.plan, channel)

    def _arms(self, messaging: MessagingDefinition) -> dict[str, int | None]:
        """Arm -> its declared share of those who are not held out, None if none is declared; of the holdout its share
        of all."""
        arms: dict[str, int | None] = {}
        marketing = [one for one in self.messages.values() if not one.transactional]
        if messaging.holdout is not None and marketing:
            arms[HELD_OUT] = messaging.holdout.share
        for message in self.messages.values():
            arms.update(message.variants or ((SENT, SHARES),))
        return arms | {one.arm: None for one in self.exposures if one.arm not in arms}

    def data(self, control: str | None) -> dict[str, Any]:
        told = {arm: self._arm(arm, share) for arm, share in self.arms.items()}
        first = control if control in told else HELD_OUT if HELD_OUT in told else "control"
        if first not in told:
            first = min(told)
        rates = {arm: _interval(one["rate"]) for arm, one in told.items()}
        for arm, one in told.items():
            mine, theirs = rates[arm], rates[first]
            one["difference"] = None
            if arm != first and mine is not None and theirs is not None:
                one["difference"] = _shown(difference(mine, theirs))
        definitions = {one.identity for one in self.messages.values()}
        present = [one for one in self.exposures if one.definition in definitions]
        return {
            "experiment": self.name,
            "layer": self.exposures[0].layer,
            "control": first,
            "arms": list(told.values()),
            "several": self.several,
            "earlier_definitions": len(self.exposures) - len(present),
            "split": self._split(present),
            "holdout_split": self._holdout_split(present),
        }

    def _arm(self, arm: str, share: int | None) -> dict[str, Any]:
        mine = [one for one in self.exposures if one.arm == arm]
        bought = [one for one in mine if self._counts(one)]
        revenue: dict[str, int] = {}
        for one in bought:
            if one.revenue is not None:
                revenue[one.currency] = revenue.get(one.currency, 0) + one.revenue
        return {
            "arm": arm,
            "holdout": arm == HELD_OUT,
            "percent": None if share is None else share * 100 / SHARES,
            "exposed": len(mine),
            "still_open": sum(1 for one in mine if self._is_open(one)),
            "converted": len(bought),
            "rate": _shown(proportion(len(bought), len(mine), self.z)),
            "revenue": [{"amount": amount, "currency": currency} for currency, amount in sorted(revenue.items())],
        }

    def _counts(self, one: Exposure) -> bool:
        return one.time_to_order is not None and (self.within is None or one.time_to_order <= self.within)

    def _is_open(self, one: Exposure) -> bool:
        message = self.messages.get(one.message)
        lasts = self.within or (0 if message is None else self._lasts(message, one.channel))
        return one.time_to_order is None and self.as_of < one.at + lasts

    def _split(self, exposures: list[Exposure]) -> dict[str, Any] | None:
        """Whether the variants came about as declared."""
        shares = {arm: share for arm, share in self.arms.items() if arm != HELD_OUT and share is not None}
        return _fit({arm: (_number(exposures, arm), share) for arm, share in shares.items()})

    def _holdout_split(self, exposures: list[Exposure]) -> dict[str, Any] | None:
        """Whether as many were held out as declared."""
        share = self.arms.get(HELD_OUT)
        if share is None:
            return None
        held = _number(exposures, HELD_OUT)
        return _fit({HELD_OUT: (held, share), "others": (len(exposures) - held, SHARES - share)})


def _number(exposures: list[Exposure], arm: str) -> int:
    return sum(1 for one in exposures if one.arm == arm)


def _fit(arms: dict[str, tuple[int, int]]) -> dict[str, Any] | None:
    found = fit([count for count, _ in arms.values()], [share for _, share in arms.values()])
    if found is None:
        return None
    chi_square = None if found.chi_square == float("inf") else round(found.chi_square, 4)
    return {
        "chi_square": chi_square,
        "degrees": found.degrees,
        "p": found.p,
        "suspicious": found.p < SUSPICIOUS,
    }


def _shown(interval: Interval | None) -> dict[str, float] | None:
    return None if interval is None else {name: round(value, 6) for name, value in interval._asdict().items()}


def _interval(shown: dict[str, float] | None) -> Interval | None:
    return None if shown is None else Interval(**shown)


def rows_of(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The report as flat rows, one an arm, for tables of others."""
    for experiment in data["experiments"]:
        for arm in experiment["arms"]:
            row = {"experiment": experiment["experiment"], "layer": experiment["layer"] or "", "arm": arm["arm"]}
            row |= {name: arm[name] for name in ("percent", "exposed", "still_open", "converted")}
            for name in ("rate", "difference"):
                values = arm[name] or {"estimate": None, "low": None, "high": None}
                row |= {name: values["estimate"], f"{name}_low": values["low"], f"{name}_high": values["high"]}
            row["control"] = experiment["control"]
            for name in ("split", "holdout_split"):
                row[f"{name}_p"] = None if experiment[name] is None else experiment[name]["p"]
                row[f"{name}_suspicious"] = None if experiment[name] is None else experiment[name]["suspicious"]
            yield row
