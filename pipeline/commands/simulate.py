"""`afterclick simulate`: believable traffic of a shop, to a file or to Kafka."""

import time
from contextlib import nullcontext
from threading import Event as Flag
from typing import Annotated

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.config.duration import parse_duration
from pipeline.config.flow import CLICKSTREAM
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.domain.value.instant import DAY, format_instant, parse_instant
from pipeline.kafka.client import Client, ClientError
from pipeline.simulator.file_sink import FileSink
from pipeline.simulator.kafka_sink import KafkaSink, SinkError
from pipeline.simulator.pace import Pace
from pipeline.simulator.run import Sent, progress, run, stopping
from pipeline.simulator.traffic import World

_WRONG = 2
_FILE_START = "2026-01-05T08:00:00Z"
_FILE_EVENTS, _FILE_RATE, _KAFKA_RATE = 100_000, 2.0, 100.0
_FEWEST_SHOPPERS, _VISIT = 2_000, 15


def command(
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="A file (also .gz), or `-`; without it, to Kafka.")
    ] = None,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    events: Annotated[int | None, typer.Option("--events", metavar="N", min=0, help="How many calls.")] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="D", help="How much simulated time: 90m, 7d.")
    ] = None,
    shoppers: Annotated[
        int | None, typer.Option("--shoppers", metavar="N", min=1, help="How many people there are.")
    ] = None,
    start: Annotated[str | None, typer.Option("--start", metavar="TIME", help="Where simulated time begins.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed is another history.")] = 1,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="N", help="Calls a second, on average over a day.")
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", metavar="N", help="To Kafka: simulated seconds in a real one.")
    ] = 1.0,
    clock: Annotated[
        str | None,
        typer.Option("--clock", metavar="START:SPEED[:ORIGIN]", help="Start and speed in one, as workers take it."),
    ] = None,
    flaws: Annotated[
        float, typer.Option("--flaws", metavar="SHARE", min=0, max=1, help="Calls late, repeated or broken.")
    ] = 0.01,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no summary.")] = False,
) -> None:
    """Make believable shop traffic: visits, carts left behind, people who come back, orders, refunds, strangers who
    turn into customers. The same seed and options give the same file. To Kafka it runs until Ctrl-C, in real time or
    `--speed` times as fast.

    Examples: [bold]afterclick simulate --output day.ndjson.gz --duration 1d[/] ·
    [bold]afterclick simulate --rate 500 --speed 60[/]
    """
    settings = resolve(process_environment(), topology=topology, brokers=brokers)
    to_kafka = output is None
    loaded = load(topology, process_environment()) if to_kafka or settings.topology.exists() else None
    per_second = _positive("--rate", rate if rate is not None else _KAFKA_RATE if to_kafka else _FILE_RATE)
    begin, pace_speed, origin = _time(start, _positive("--speed", speed), clock, to_kafka)
    density = per_second / pace_speed if to_kafka else per_second
    world = World(
        seed=seed,
        start=begin,
        rate=density,
        shoppers=shoppers or max(_FEWEST_SHOPPERS, int(density * DAY / 1000 / _VISIT)),
        flaws=flaws,
        currency=loaded.shop.currency if loaded is not None else "EUR",
    )
    until = None if duration is None else begin + _duration(duration)
    if not to_kafka and events is None and duration is None:
        events = _FILE_EVENTS
    with stopping() as stop:
        pace = Pace(begin, pace_speed, origin, stop) if to_kafka else None
        sink = _sink(output, loaded, settings)
        sent = _send(world, sink, stop, pace, events, until, quiet)
    if not quiet:
        typer.echo(_told(sent, begin), err=True)


def _told(sent: Sent, begin: int) -> str:
    ended = f", up to {format_instant(sent.last)}" if sent.calls else ""
    return f"{sent.calls:,} calls from {format_instant(begin)}{ended}{', stopped' if sent.stopped else ''}."


def _send(
    world: World,
    sink: FileSink | KafkaSink,
    stop: Flag,
    pace: Pace | None,
    calls: int | None,
    until: int | None,
    quiet: bool,
) -> Sent:
    console = Console(stderr=True)
    shown = progress(console, world, calls, until) if console.is_terminal and not quiet else nullcontext()
    try:
        with sink, shown as show:
            return run(world, sink, stop, calls=calls, until=until, pace=pace, shown=show)
    except BrokenPipeError:
        raise typer.Exit(0) from None
    except SinkError as error:
        raise Failure(str(error)) from None


def _sink(output: str | None, topology: Topology | None, settings: Settings) -> FileSink | KafkaSink:
    if output is None:
        assert topology is not None  # noqa: S101 - loaded whenever there is no file
        try:
            properties = Client(settings.brokers, settings.kafka).librdkafka("afterclick-simulate")
            return KafkaSink(properties, topology.topic(CLICKSTREAM))
        except (ClientError, SinkError) as error:
            raise Failure(str(error)) from None
    try:
        return FileSink(output)
    except OSError as error:
        raise Failure(f"{output} cannot be written: {error.strerror}.", _WRONG) from None


def _time(start: str | None, speed: float, clock: str | None, to_kafka: bool) -> tuple[int, float, int]:
    """Where simulated time begins (ms), how fast it runs, and the real time (ms) at which it began."""
    now = int(time.time() * 1000)
    if clock is not None:
        parts = clock.split(":")
        try:
            begin, pace, origin = int(parts[0]), float(parts[1]), int(parts[2]) if parts[2:] else now
        except (ValueError, IndexError):
            raise Failure(f"--clock {clock} is not START_MS:SPEED[:ORIGIN_MS].", _WRONG) from None
        return begin, _positive("--clock", pace), origin
    text = start if start is not None else None if to_kafka else _FILE_START
    instant = now if text is None else parse_instant(text)
    if instant is None:
        raise Failure(f"--start {text} is no time; write it as {_FILE_START}.", _WRONG)
    return instant, speed, now


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise Failure(f"--duration: {error}.", _WRONG) from None


def _positive(name: str, number: float) -> float:
    if not 0 < number < 1e9:
        raise Failure(f"{name} {number:g} should be above 0.", _WRONG)
    return number
