"""Crawlers: programs that fetch pages as nobody's visit, by how they call themselves.

What hides behind a browser's name is not found here; hot keys are what shows it (hot_key.py).
"""

import re2

# A pattern as general as can be, rather than a list of names: of the 2,123 crawlers that the list crawler-user-agents
# 1.67 knows it finds 85 in 100, of those among them that pretend to be a browser, and so may run a page's scripts, 92;
# of 16,700 devices of people it takes 2 in 1,000 for one, nearly all of them feed readers and downloaders. That list
# itself takes a build of Android 15 for a crawler, 6 phones in 1,000 (docs/decisions.md).
_CRAWLER = "|".join(
    (
        # Cubot makes phones.
        r"(?:^|[^u]|[^c]u)bot(?:[^a-z]|$)|bots|crawl|spider|slurp|scrap|fetch|preview|archiv|prerender",
        r"headless|phantomjs|selenium|puppeteer|playwright|lighthouse|pagespeed|gtmetrix|ptst/|ghost inspector",
        r"monitor|uptime|pingdom|statuscake|synthetic|thousandeyes|site24x7|datadog",
        r"validator|link.?check|sitecheck|securityheaders",
        r"google(?:other|-[a-z]|image|docs| favicon| web)|mediapartners|facebookexternalhit|meta-external",
        r"(?:chatgpt|claude|perplexity|mistralai|manus)-user|yandex(?:images|metrika)",
        r"^(?:curl|wget|python|java/|go-http|ruby|php|perl|node|axios|apache-http|libwww|guzzle|lwp|faraday|undici|got/)",
        r"^(?:postman|insomnia|httpie|httpx|aiohttp|rest-client|scrapy)",
        # Crawlers of good manners say where to complain.
        r"https?://|[a-z0-9]@[a-z0-9-]+\.[a-z]",
    )
)
_options = re2.Options()
_options.case_sensitive = False
_pattern = re2.compile(_CRAWLER, _options)


def is_crawler(user_agent: str) -> bool:
    """Whether a user agent is known to be no person's."""
    return _pattern.search(user_agent) is not None
