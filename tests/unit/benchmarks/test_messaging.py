"""What the benchmark of messages measures: a block that sends and withholds, and nothing else that differs."""

from collections import Counter
from pathlib import Path

from benchmarks.correspondence import reachable, with_messages
from benchmarks.messaging import burst, lost
from pipeline.config.topology import parse
from tests.support.replaying import lines, replay


def test_of_reachable_shoppers_messages_are_sent_and_withheld(tmp_path: Path) -> None:
    source = tmp_path / "calls.ndjson"
    source.write_bytes(b"".join(value + b"\n" for _, value in reachable(6_000, 1_000)))
    replay(tmp_path / "out", source, plan=parse(with_messages(), {}).plan())
    sent = Counter(one["message"] for one in lines(tmp_path / "out", "messages"))
    withheld = Counter(one["reason"] for one in lines(tmp_path / "out", "message-suppressions"))
    assert min(sent["cart-reminder"], sent["order-confirmation"]) > 10
    assert {"consent", "unreachable", "quiet_hours"} <= set(withheld)


def test_all_stages_and_messages_of_a_burst_are_seen() -> None:
    figures = burst(50, rate=10)
    assert 0 < float(str(figures["stage_seconds_longest"])) < 10
    assert 0 < float(str(figures["message_seconds_longest"])) < 10


def test_throughput_lost() -> None:
    assert lost(100, 125) == 20.0
