"""Personas: who the shoppers are, and what a shop remembers of them between visits."""

from dataclasses import dataclass, field
from random import Random

from pipeline.simulator.catalogue import Product

_FIRST = ("Kim", "Alex", "Noor", "Maya", "Jonas", "Lea", "Ines", "Tom", "Ada", "Sven", "Yuki", "Omar", "Zoe", "Luca")
_PLACES = (
    ("DE", "Europe/Berlin", "de-DE", 50), ("AT", "Europe/Vienna", "de-AT", 9), ("CH", "Europe/Zurich", "de-CH", 8),
    ("FR", "Europe/Paris", "fr-FR", 12), ("GB", "Europe/London", "en-GB", 12), ("US", "America/New_York", "en-US", 9),
)  # fmt: skip
# Share of people, how readily a product goes into the cart, how readily a cart becomes an order, products looked at.
_HABITS = (
    (0.55, 0.03, 0.35, 5.0),  # look around
    (0.25, 0.15, 0.30, 6.0),  # cannot decide
    (0.15, 0.16, 0.70, 4.0),  # come to buy
    (0.05, 0.25, 0.90, 6.0),  # love the shop
)


@dataclass(slots=True)
class Line:
    product: Product
    quantity: int


@dataclass(slots=True)
class Persona:
    """A person with one device. cart and known (has told who they are) last from visit to visit."""

    number: int
    anonymous_id: str
    first_name: str
    country: str
    timezone: str
    locale: str
    newsletter: bool
    favourites: tuple[str, ...]
    adds: float
    buys: float
    looks: float
    known: bool = False
    logged_in: bool = False
    visiting: bool = False
    visits: int = 0
    cart: list[Line] = field(default_factory=list)
    cart_number: int = 1

    @property
    def user_id(self) -> str:
        return f"u-{self.number}"

    @property
    def cart_id(self) -> str:
        return f"c-{self.number}-{self.cart_number}"

    def total(self) -> int:
        """What is in the cart, minor units."""
        return sum(line.product.price * line.quantity for line in self.cart)


def persona(seed: int, number: int, categories: tuple[str, ...]) -> Persona:
    """The `number`-th person of a seed, always the same."""
    random = Random(f"{seed}/{number}")  # noqa: S311 - play, not secrets
    _, adds, buys, looks = random.choices(_HABITS, [habit[0] for habit in _HABITS])[0]
    country, timezone, locale, _ = random.choices(_PLACES, [place[3] for place in _PLACES])[0]
    return Persona(
        number=number,
        anonymous_id=f"a-{random.getrandbits(48):012x}",
        first_name=random.choice(_FIRST),
        country=country,
        timezone=timezone,
        locale=locale,
        newsletter=random.random() < 0.3,
        favourites=tuple(random.sample(categories, 3)),
        adds=adds,
        buys=buys,
        looks=looks,
    )
