"""Two records of one person tell of links and of a language as one that had heard all of it."""

import pytest

from pipeline.domain.commerce.union import join_carts
from pipeline.domain.identity.profile import join_profile
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart, Line, Shopping

DE, FR, EN = (5, "de-DE"), (5, "fr-FR"), (9, "en-GB")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(None, None, None), (DE, None, DE), (None, DE, DE), (DE, EN, EN), (EN, DE, EN), (DE, FR, FR), (FR, DE, FR)],
)
def test_the_language_that_was_told_last_stands(
    ours: tuple[int, str] | None, theirs: tuple[int, str] | None, expected: tuple[int, str] | None
) -> None:
    shopper = Shopper(created=1, locale=ours)
    join_profile(shopper, Shopper(created=2, locale=theirs), [])
    assert shopper.locale == expected


def cart(updated: int, links: tuple[str, str] | None) -> Cart:
    return Cart("c", [Line("p", "", "", "", 1, 5, links=("/p", ""))], updated, links=links)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (cart(1, ("/a", "")), cart(2, ("/b", "/k")), ("/b", "/k")),
        (cart(2, ("/a", "")), cart(1, ("/b", "/k")), ("/a", "/k")),
        (cart(2, None), cart(1, ("/b", "")), ("/b", "")),
        (cart(1, ("/a", "")), cart(2, None), ("/a", "")),
    ],
)
def test_of_one_cart_the_links_of_the_newer_side_stand(ours: Cart, theirs: Cart, expected: tuple[str, str]) -> None:
    shopper = Shopper(shopping=Shopping(carts=[ours]))
    join_carts(shopper, Shopper(shopping=Shopping(carts=[theirs])))
    (joined,) = shopper.carts
    assert joined.links == expected
    assert [line.links for line in joined.lines] == [("/p", "")]
