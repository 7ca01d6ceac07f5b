"""The documentation's site is built without a warning, and shows what GitHub shows."""

import re
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath

import pytest

from tests.site.site import build, python
from tests.support.fetched import fetched

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` builds it."""
    fetched(python)
    folder = tmp_path_factory.mktemp("site")
    built = build(folder)
    assert built.returncode == 0, built.stderr
    assert not built.stdout + built.stderr
    return folder


class Article(HTMLParser):
    """What stands in a page's article, without navigation. text: outside of code."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.items, self.text = 0, ""
        self._code = 0
        html = page.read_text()
        self.feed(html[html.index("<article") : html.index("</article>")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre")
        self.items += tag == "li"
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._code else data


def test_links_of_its_articles_lead_to_its_files(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert len(pages) > 30
    for page in pages:
        local = [one.split("#")[0] for one in Article(page).links if not re.match(r"[a-z]+:|#|/", one)]
        assert [one for one in local if one and not (site / normpath(one)).is_file()] == [], page.name


def test_every_item_of_a_list_is_one_as_on_github(site: Path) -> None:
    """Python-Markdown wants other indentation, and a line before: else an item is text of the paragraph above."""
    for source in sorted((REPOSITORY / "docs").glob("*.md")):
        prose = re.sub(r"^ *```.*?^ *```$", "", source.read_text(), flags=re.MULTILINE | re.DOTALL)
        expected = len(re.findall(r"^ *(?:\*|\d+\.) ", prose, re.MULTILINE))
        article = Article(site / f"{source.stem}.html")
        assert article.items == expected, source.name
        assert "```" not in article.text, source.name


@pytest.mark.parametrize("page", ["sizing", "failure-scenarios", "operations", "contracts", "runbooks"])
def test_what_a_platform_engineer_looks_for_is_two_clicks_from_the_front(site: Path, page: str) -> None:
    first = {link.split("#")[0] for link in Article(site / "index.html").links}
    second = {
        link.split("#")[0]
        for one in first
        if (site / one).is_file() and one.endswith(".html")
        for link in Article(site / one).links
    }
    assert f"{page}.html" in first | second


def test_nothing_is_fetched_from_elsewhere_by_who_reads_it(site: Path) -> None:
    for page in sorted(site.glob("*.html")):
        fetched_from = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"?(https?://[^\"\s>]+)", page.read_text())
        assert fetched_from == [], page.name
