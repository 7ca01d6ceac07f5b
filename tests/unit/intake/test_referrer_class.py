"""What kind of page somebody came from."""

import pytest

from pipeline.domain.intake.referrer_class import REMEMBERED, ReferrerClasses, host_of

PAGE = "https://www.shop.example/p/31?utm_source=x"


@pytest.mark.parametrize(
    "referrer, kind",
    [
        ("", "direct"),
        (None, "direct"),
        (7, "direct"),
        ("https://shop.example/", "internal"),
        ("https://www.shop.example/cart", "internal"),
        ("https://blog.shop.example/x", "internal"),
        ("https://shop.example.evil.test/", "other"),
        ("https://notshop.example/", "other"),
        ("https://www.google.com/", "search"),
        ("https://www.google.co.uk/search?q=mug", "search"),
        ("https://www.google.com.br", "search"),
        ("https://google.de/", "search"),
        ("https://r.search.yahoo.com/_ylt", "search"),
        ("https://duckduckgo.com/", "search"),
        ("android-app://com.google.android.googlequicksearchbox/", "search"),
        ("https://google.evil.test/", "other"),
        ("https://l.facebook.com/l.php?u=x", "social"),
        ("https://t.co/abc", "social"),
        ("https://WWW.Instagram.com:443/", "social"),
        ("https://mail.google.com/mail/u/0", "email"),
        ("https://webmail.host.example/", "email"),
        ("android-app://com.google.android.gm", "email"),
        ("https://deref-gmx.net/mail/x", "email"),
        ("https://chatgpt.com/", "assistant"),
        ("https://gemini.google.com/app", "assistant"),
        ("https://news.example/", "other"),
        ("about:blank", "other"),
    ],
)
def test_by_hosts(referrer: object, kind: str) -> None:
    assert ReferrerClasses().of(referrer, PAGE) == kind


def test_a_page_without_address_has_no_site_of_its_own() -> None:
    assert ReferrerClasses().of("https://shop.example/", "") == "other"


@pytest.mark.parametrize(
    "address, host",
    [
        ("https://user:pass@www.Shop.example:8443/p?x=https://y#z", "shop.example"),
        ("//shop.example/p", "shop.example"),
        ("https://shop.example.", "shop.example"),
        ("https://shop.example?x=1", "shop.example"),
        ("/p/31", ""),
        ("?utm_source=x", ""),
    ],
)
def test_hosts(address: str, host: str) -> None:
    assert host_of(address) == host


def test_what_is_remembered_is_bounded() -> None:
    classes = ReferrerClasses()
    for number in range(REMEMBERED + 10):
        assert classes.of(f"https://s{number}.example", PAGE) == "other"
    assert len(classes) <= REMEMBERED
