"""`afterclick sizing`: how many partitions and workers, how much memory and disk a shop needs."""

import json
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.sizing.demand import Demand, parse_number
from pipeline.sizing.measured import measured
from pipeline.sizing.plan import size
from pipeline.sizing.price import Prices, monthly
from pipeline.sizing.text import lines


def command(
    events_per_day: Annotated[str, typer.Option("--events-per-day", metavar="N", help="As 100M, or 2500000.")],
    shoppers: Annotated[str, typer.Option("--shoppers", metavar="N", help="Known at a time, as 5M.")],
    peak: Annotated[float, typer.Option("--peak", help="Rate of the busiest minutes over the day's mean.")] = 4.0,
    rules: Annotated[int, typer.Option("--rules", help="Segments, abandonments and programmes.")] = 10,
    event_bytes: Annotated[int, typer.Option("--event-bytes", help="Of a call, before compression.")] = 1_000,
    record_bytes: Annotated[
        float | None,
        typer.Option("--record-bytes", help="Mean of a shopper's record; `afterclick stats` tells yours."),
    ] = None,
    event_us: Annotated[
        float | None,
        typer.Option("--event-us", help="CPU of an event of yours, microseconds; docs/sizing.md says how."),
    ] = None,
    retention_days: Annotated[float, typer.Option("--retention-days", help="Of clickstream and decisions.")] = 7.0,
    replication: Annotated[int, typer.Option("--replication", help="Of the topics.")] = 3,
    standbys: Annotated[int, typer.Option("--standbys", help="AFTERCLICK_STANDBYS.")] = 1,
    tick_ms: Annotated[int, typer.Option("--tick-ms", help="`time.tick` of the topology.")] = 500,
    utilisation: Annotated[
        float, typer.Option("--utilisation", help="Share of a core planned with at the peak.")
    ] = 0.6,
    growth: Annotated[float, typer.Option("--growth", help="How many times today's workers partitions allow.")] = 2.0,
    price_core: Annotated[float, typer.Option("--price-core", help="Of a core, a month.")] = 0.0,
    price_memory: Annotated[float, typer.Option("--price-memory", help="Of a GiB of memory, a month.")] = 0.0,
    price_disk: Annotated[float, typer.Option("--price-disk", help="Of a GiB of workers' disk, a month.")] = 0.0,
    price_kafka: Annotated[float, typer.Option("--price-kafka", help="Of a GiB of brokers' disk, a month.")] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Reckon partitions, workers, memory and disk from what a shop brings, by what was measured of this version
    (docs/sizing.md). Costs are told where prices are given.

    Examples: [bold]afterclick sizing --events-per-day 100M --shoppers 5M[/] ·
    [bold]afterclick sizing --events-per-day 10M --shoppers 1M --peak 8 --price-core 25 --price-memory 3[/]
    """
    demand = Demand(
        events_per_day=parse_number(events_per_day),
        shoppers=parse_number(shoppers),
        peak=peak,
        rules=rules,
        event_bytes=event_bytes,
        record_bytes=record_bytes,
        event_us=event_us,
        retention_days=retention_days,
        replication=replication,
        standbys=standbys,
        tick_ms=tick_ms,
        utilisation=utilisation,
        growth=growth,
    )
    sizing = size(demand, measured())
    prices = Prices(price_core, price_memory, price_disk, price_kafka)
    costs = monthly(sizing, prices) if prices.given else {}
    if as_json:
        typer.echo(json.dumps({**msgspec.to_builtins(sizing), "cost_a_month": costs}, indent=2))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for what, how_much in lines(demand, sizing, costs):
        table.add_row(what, how_much)
    Console(highlight=False, soft_wrap=True, markup=False).print(table)
