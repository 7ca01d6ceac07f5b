from pipeline.demo.worker_watch import lag_of

HEAD = "# TYPE afterclick_source_lag_records gauge\n"


def line(agent: str, partition: int, lag: int) -> str:
    return f'afterclick_source_lag_records{{agent="{agent}",partition="{partition}"}} {lag}.0\n'


def test_lag_is_what_both_agents_have_not_taken_yet() -> None:
    exposition = HEAD + line("intake", 0, 3) + line("intake", 1, 0) + line("shopper", 0, 4)

    assert lag_of(exposition) == 7


def test_lag_is_unknown_until_both_agents_tell_it() -> None:
    assert lag_of(HEAD + line("intake", 0, 0)) is None
    assert lag_of("") is None
