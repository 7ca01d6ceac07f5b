"""Two versions side by side: workers of the next one, whose state is of a newer format, among those of this one."""

from pathlib import Path

import pytest

from tests.mutation.mutant import Copy, Mutant
from tests.support.kafka_reader import decisions, read_committed
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker

_RECORD = "pipeline/state/record.py"
NEXT_VERSION = (
    # Another field in every record, and what that asks for: a new format, and a migration from the one before.
    Mutant("format", "pipeline/domain/shopper.py", "FORMAT = 3\n", "FORMAT = 4\n", ()),
    Mutant(
        "field",
        "pipeline/domain/shopper.py",
        "    pace: tuple[int, int] | None = None\n",
        '    pace: tuple[int, int] | None = None\n    rank: str = "unknown"\n',
        (),
    ),
    Mutant(
        "migration",
        _RECORD,
        "MIGRATIONS: dict[int, Migration] = {",
        "MIGRATIONS: dict[int, Migration] = {\n"
        "    3: lambda body: msgspec.structs.replace(msgspec.msgpack.decode(body, type=Shopper), format=FORMAT),\n    ",
        (),
    ),
    Mutant("checkpoint", "pipeline/runtime/checkpoint.py", "CHECKPOINT_FORMAT = 3", "CHECKPOINT_FORMAT = 4", ()),
    Mutant("default", "pipeline/runtime/ports.py", "    format: int = 3\n", "    format: int = 4\n", ()),
)
REFUSED = "The partition failed and stops: StateFormatError: "


def test_while_an_upgrade_rolls_nothing_is_decided_wrongly(live: LiveRun, tmp_path: Path) -> None:
    records = history(4_000, seed=8)
    copy = Copy(tmp_path / "next")
    for change in NEXT_VERSION:
        copy.change(change)
    newer = f"import sys; sys.path.insert(0, {str(copy.folder)!r})\n"
    live.worker("i", "intake")
    # given two workers of this version
    first, second = live.worker("a", "shopper"), live.worker("b", "shopper")
    eventually("they share the partitions", lambda: "Owns 2 partitions" in first.text() + second.text(), 60)
    live.send(records[:1_000])
    eventually("they decide", lambda: bool(decisions(live.brokers)), 60)
    # when the first one is replaced by one of the next version
    assert first.stop() == 0
    upgraded = live.worker("c", "shopper", prelude=newer)
    eventually("it takes its share", lambda: "Owns 2 partitions" in upgraded.text(), 60)
    live.send(records[1_000:2_000])
    eventually("it writes the next format", lambda: 4 in formats(live), 60)
    # and the next version is taken back
    assert upgraded.stop() == 0
    # then this version refuses the partitions that the next one had, says so, and goes on with its own
    eventually("the old worker refuses", lambda: second.text().count(REFUSED) == 2, 60)
    assert "of format 4, this version knows 3: run" in second.text()
    before = len(decisions(live.brokers))
    live.send(records[2_000:3_000])
    eventually("the others are decided on", lambda: len(decisions(live.brokers)) > before, 60)
    assert second.process.poll() is None
    # when the upgrade goes on to its end
    upgraded.start()
    assert second.stop() == 0
    live.worker("d", "shopper", prelude=newer)
    live.send(records[3_000:])
    # then all is decided as if nothing had been
    live.assert_decides_as(live.replayed(records), 90)


def formats(live: LiveRun) -> set[int]:
    """Of the shoppers' records in the changelog."""
    seen = read_committed(live.brokers, ["shop.shopper-changelog"])
    return {each.value[0] for each in seen if each.value and each.key and each.key[0] != 0}
