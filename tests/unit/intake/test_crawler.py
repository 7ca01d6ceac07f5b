"""Who is taken for a crawler, and who is not."""

import pytest

from pipeline.domain.intake.crawler import is_crawler

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        f"Mozilla/5.0 {CHROME} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        f"Mozilla/5.0 (X11; Linux x86_64) {CHROME.replace('Chrome', 'HeadlessChrome')}",
        f"Mozilla/5.0 (Linux; Android 11; moto g power) {CHROME} Chrome-Lighthouse",
        f"Mozilla/5.0 {CHROME}; compatible; ChatGPT-User/1.0; +https://openai.com/bot",
        "Mozilla/5.0 (compatible; YandexImages/3.0; +http://yandex.com/bots)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "GoogleOther",
        "AdsBot-Google (+http://www.google.com/adsbot.html)",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "Mozilla/5.0 (compatible; OurShopSpider; ops@shop.example)",
    ],
)
def test_crawlers(agent: str) -> None:
    assert is_crawler(agent)


@pytest.mark.parametrize(
    "agent",
    [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME}",
        f"Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 21) {CHROME}",
        f"Mozilla/5.0 (Linux; Android 12; CUBOT_X18_Plus) {CHROME}",
        # A build that the list crawler-user-agents takes for a crawler's.
        f"Mozilla/5.0 (Linux; Android 15; CPH2725 Build/AP3A.240617.008; wv) {CHROME}",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148 Instagram 300.0 (iPhone14,5; en_US)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15",
        "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A.240205.002)",
        "MyShop/4.2 CFNetwork/1568.200.51 Darwin/24.1.0",
        "",
    ],
)
def test_people(agent: str) -> None:
    assert not is_crawler(agent)
