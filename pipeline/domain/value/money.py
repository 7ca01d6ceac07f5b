"""Money: integer minor units, and the one rule of conversion into the shop's currency."""

from collections.abc import Mapping
from typing import Any

from pipeline.domain.value.number import MICRO, half_up, scaled, to_micro

# ISO 4217: currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def exponent(currency: str) -> int:
    """Digits of the currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


class Exchange:
    """Amounts as sent, into minor units of the shop's currency. rates: currency -> its unit in micro of the shop's."""

    __slots__ = ("_rates", "_scale", "currency")

    def __init__(self, currency: str, rates: Mapping[str, int]) -> None:
        self.currency = currency
        self._scale = 10 ** exponent(currency)
        self._rates = dict(rates)

    def knows(self, currency: str) -> bool:
        return currency in ("", self.currency) or currency in self._rates

    def rate(self, currency: str) -> str | None:
        """The rate of another currency as a decimal, `0.92`; None of the shop's own, and where there is none."""
        micro = None if currency in ("", self.currency) else self._rates.get(currency)
        if micro is None:
            return None
        whole, part = divmod(micro, MICRO)
        return f"{whole}.{part:06}".rstrip("0").rstrip(".")

    def amount(self, value: Any, currency: str = "", times: int = 1) -> int | None:
        """`value` x `times` in minor units of the shop's currency, half up, once; `currency` "" = the shop's.

        None if the value is no plain finite number or the currency has no rate.
        """
        if currency in ("", self.currency):
            minor = scaled(value, self._scale)
            return None if minor is None else minor * times
        rate = self._rates.get(currency)
        micro = to_micro(value)
        if rate is None or micro is None:
            return None
        return half_up(micro * times * rate * self._scale, MICRO * MICRO)

    def from_micro(self, micro: int, currency: str = "") -> int | None:
        """As `amount`, of an amount in millionths of `currency`, as sums of exact prices are kept."""
        if currency in ("", self.currency):
            return half_up(micro * self._scale, MICRO)
        rate = self._rates.get(currency)
        return None if rate is None else half_up(micro * rate * self._scale, MICRO * MICRO)

    def from_minor(self, minor: int, currency: str = "", times: int = 1) -> int | None:
        """As `amount`, of an amount already in minor units of `currency`."""
        if currency in ("", self.currency):
            return minor * times
        rate = self._rates.get(currency)
        if rate is None:
            return None
        return half_up(minor * times * rate * self._scale, MICRO * 10 ** exponent(currency))


def quantity(number: int, currency: str) -> int | dict[str, Any]:
    """A number in outputs: of `currency` in minor units, of points or the like where there is none, ""."""
    return render(number, currency) if currency else number


def render(minor: int, currency: str) -> dict[str, Any]:
    """Money as it stands in outputs."""
    return {"amount": minor, "currency": currency}
