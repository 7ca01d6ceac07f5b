from pipeline.demo.ticker import Headline, Ticker


def offer(ticker: Ticker, *sorts: str) -> None:
    for number, sort in enumerate(sorts):
        ticker.offer(Headline(sort, 0, f"{sort} {number}"))


def shown(ticker: Ticker) -> list[str]:
    return [headline.text for headline in ticker.shown]


def test_a_quiet_stream_is_shown_whole() -> None:
    ticker = Ticker(pace=2)

    for sort in ("entered", "exited", "joined"):
        offer(ticker, sort)
        ticker.advance(1)

    assert shown(ticker) == ["entered 0", "exited 0", "joined 0"]
    assert ticker.count == 3


def test_no_more_than_the_pace_is_shown() -> None:
    ticker = Ticker(pace=2)
    offer(ticker, "a", "b", "c", "d")

    ticker.advance(0.25)
    assert len(ticker.shown) == 2

    ticker.advance(0.5)
    assert len(ticker.shown) == 3


def test_of_a_flood_the_latest_is_shown() -> None:
    ticker = Ticker(pace=1)
    offer(ticker, "entered", "entered", "entered")

    ticker.advance(5)

    assert shown(ticker) == ["entered 2"]


def test_a_rare_sort_is_not_drowned_by_a_frequent_one() -> None:
    ticker = Ticker(pace=1)
    for _ in range(3):
        offer(ticker, "entered", "recovered")
        ticker.advance(1)

    assert [headline.sort for headline in ticker.shown] == ["entered", "recovered", "entered"]


def test_only_the_latest_are_kept() -> None:
    ticker = Ticker(pace=10, length=2)
    offer(ticker, "a", "b", "c")

    ticker.advance(1)

    assert [headline.sort for headline in ticker.shown] == ["b", "c"]
