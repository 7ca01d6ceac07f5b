"""A worker that does nothing is found, one that has nothing to do is left alone."""

from threading import Event

import pytest

from pipeline.observability import stuck
from pipeline.observability.stuck import Beat, Opening, Place, StuckDetector, Watchdog


class World:
    """A clock and the partitions' places."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.places: dict[int, Place | Opening] = {}
        self.beat = Beat(lambda: self.now)
        self.away = False
        self.detector = StuckDetector(self.beat, lambda: self.places, 60.0, lambda: self.now, lambda: self.away)

    def after(self, seconds: float, **places: Place | Opening) -> list[str]:
        self.now += seconds
        self.beat.turn()
        self.places = {int(name[1:]): place for name, place in places.items()}
        return self.detector.complaints()


def test_records_that_wait_and_are_not_taken_are_told() -> None:
    world = World()
    assert world.after(0, p3=Place(100, 5), p4=Place(7, 1)) == []
    assert world.after(60, p3=Place(100, 5), p4=Place(8, 1)) == []
    assert world.after(1, p3=Place(100, 9), p4=Place(8, 1)) == [
        "partition 3 has taken nothing for 61 s and has 9 records waiting"
    ]


def test_an_idle_partition_is_not_stuck() -> None:
    world = World()
    for _ in range(5):
        assert world.after(60, p0=Place(100, 0)) == []
    # Work arrives: the time counts from now, not from when it became idle.
    assert world.after(60, p0=Place(100, 3)) == []
    assert world.after(59, p0=Place(100, 3)) == []
    assert world.after(2, p0=Place(100, 3)) != []


def test_progress_starts_the_time_anew() -> None:
    world = World()
    for offset in range(10):
        assert world.after(50, p0=Place(offset, 1_000)) == []


def test_a_partition_that_was_away_begins_anew() -> None:
    world = World()
    world.after(0, p0=Place(5, 1))
    assert world.after(50) == []
    assert world.after(50, p0=Place(5, 1)) == []


def test_an_opening_that_gets_nowhere_is_told() -> None:
    world = World()
    world.after(0, p3=Opening("fencing", 1), p4=Opening("restoring", 1))
    assert world.after(60, p3=Opening("fencing", 1), p4=Opening("restoring", 2)) == []
    assert world.after(1, p3=Opening("fencing", 1), p4=Opening("restoring", 3)) == [
        "partition 3 is fencing and has made no progress for 61 s"
    ]


def test_an_opening_that_ends_begins_the_time_anew() -> None:
    world = World()
    world.after(0, p0=Opening("restoring", 7))
    world.after(50, p0=Opening("restoring", 7))
    assert world.after(11, p0=Place(0, 9)) == []
    assert world.after(60, p0=Place(0, 9)) == []
    assert world.after(1, p0=Place(0, 9)) != []
    assert world.after(1, p0=Opening("fencing", 8)) == []


def test_trying_again_starts_the_time_anew() -> None:
    world = World()
    for tries in range(5):
        assert world.after(50, p0=Place(7, 1_000, tries)) == []


def test_while_the_brokers_are_away_nobody_is_stuck() -> None:
    world = World()
    world.after(0, p0=Place(7, 10))
    # given brokers that are away for hours
    world.away = True
    for _ in range(100):
        assert world.after(59, p0=Place(7, 10)) == []
    # when they are back, then there are 60 s to get on
    world.away = False
    assert world.after(59, p0=Place(7, 10)) == []
    assert world.after(60, p0=Place(7, 10)) == []
    assert world.after(1, p0=Place(7, 10)) != []


def test_a_loop_that_stands_still_is_told() -> None:
    world = World()
    world.now += 61
    assert world.detector.complaints() == ["the event loop has not turned for 61 s"]


def test_the_watchdog_dumps_stacks_and_gives_up_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world, gave_up, dumps = World(), Event(), []
    monkeypatch.setattr(stuck, "dump_stacks", lambda: dumps.append(1))
    world.now += 100
    watchdog = Watchdog(world.detector, gave_up.set, every=0.01)
    watchdog.start()
    assert gave_up.wait(5)
    watchdog.stop()
    assert dumps == [1]
    assert "the event loop has not turned for 100 s" in caplog.text


def test_a_process_that_was_paused_as_a_whole_is_given_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world, gave_up = World(), Event()
    monkeypatch.setattr(stuck, "dump_stacks", lambda: None)
    watchdog = Watchdog(world.detector, gave_up.set, every=5, clock=lambda: world.now)
    world.places = {0: Place(7, 3)}
    world.now += 5
    assert not watchdog.look()
    # when all of it stands still for longer than anything may, and goes on
    world.now += 300
    assert not watchdog.look()
    world.beat.turn()
    world.now += 5
    assert not watchdog.look()
    # then only what stands still from now on counts
    for _ in range(12):
        world.beat.turn()
        world.now += 5
        assert not watchdog.look()
    world.beat.turn()
    world.now += 5
    assert watchdog.look() and gave_up.is_set()


def test_the_watchdog_can_be_stopped() -> None:
    watchdog = Watchdog(World().detector, lambda: None, every=30)
    watchdog.start()
    watchdog.stop()


def test_stacks_go_to_stderr_without_values(capfd: pytest.CaptureFixture[str]) -> None:
    secret = "shopper-4711"
    stuck.dump_stacks()
    told = capfd.readouterr().err
    assert "test_stacks_go_to_stderr_without_values" in told
    assert secret not in told
