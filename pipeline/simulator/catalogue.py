"""The shop's products."""

from dataclasses import dataclass
from random import Random

# Category: nouns, and the range of prices, minor units.
_SHELVES: dict[str, tuple[tuple[str, ...], int, int]] = {
    "Shoes": (("Runner", "Sneaker", "Boot", "Sandal", "Loafer"), 3990, 18990),
    "Kitchen": (("Mug", "Kettle", "Pan", "Knife", "Teapot", "Whisk"), 590, 8990),
    "Garden": (("Spade", "Lantern", "Planter", "Hose", "Bird Bath"), 890, 12990),
    "Books": (("Atlas", "Novel", "Cookbook", "Field Guide"), 890, 3490),
    "Toys": (("Robot", "Puzzle", "Kite", "Train", "Marbles"), 790, 6990),
    "Clothing": (("Jacket", "Shirt", "Scarf", "Jumper", "Socks"), 990, 14990),
    "Home": (("Lamp", "Cushion", "Blanket", "Mirror", "Clock"), 1290, 15990),
}
_LOOKS = ("Red", "Blue", "Green", "Oak", "Linen", "Steel", "Ivory", "Black")


@dataclass(frozen=True, slots=True)
class Product:
    """price: minor units. fame: weight of being looked at."""

    product_id: str
    sku: str
    name: str
    category: str
    price: int
    fame: float


class Catalogue:
    """A few hundred products, some far better known than others."""

    def __init__(self, random: Random) -> None:
        self.products: list[Product] = []
        for category, (nouns, low, high) in _SHELVES.items():
            for noun in nouns:
                for look in random.sample(_LOOKS, 6):
                    number = len(self.products) + 1
                    price = random.randrange(low, high) // 100 * 100 + 99
                    sku = f"{category[:2].upper()}-{noun[:3].upper()}-{look[:3].upper()}"
                    fame = random.paretovariate(1.2)
                    self.products.append(Product(f"p{number:03d}", sku, f"{look} {noun}", category, price, fame))
        self.categories = tuple(_SHELVES)
        self._by_category = {
            name: [one for one in self.products if one.category == name] for name in self.categories
        }  # fmt: skip
        self._fame = {name: [one.fame for one in shelf] for name, shelf in self._by_category.items()}

    def choose(self, random: Random, category: str, number: int = 1) -> list[Product]:
        """Products of a category, by fame, with repetition."""
        return random.choices(self._by_category[category], self._fame[category], k=number)
