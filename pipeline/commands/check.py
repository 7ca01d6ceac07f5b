"""`afterclick check`: validate a topology, and say what was understood."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, TopologyFile
from pipeline.config.account import account
from pipeline.config.settings import process_environment
from pipeline.config.topology import load
from pipeline.domain.decide import Engine


def command(
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Validate the topology and print what was understood: its topics, which events touch which rules, what is kept
    of each shopper, and the timers that may run. Exits 2, naming every mistake with its line, if it is not valid.

    Examples: [bold]afterclick check[/] · [bold]afterclick check --topology shop.yaml --json | jq .events[/]
    """
    loaded = load(topology, process_environment())
    try:
        Engine(loaded.plan())
    except ValueError as error:
        raise Failure(f"{topology}: {error}", exit_code=2) from error
    understood = account(loaded)
    if as_json:
        typer.echo(json.dumps(understood, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{topology}: valid")
    for line in lines(understood):
        typer.echo(line)


def lines(understood: dict[str, Any]) -> Iterator[str]:
    """The account as text."""
    shop, time, kafka = understood["shop"], understood["time"], understood["kafka"]
    rates = "".join(f", 1 {name} = {rate} {shop['currency']}" for name, rate in shop["exchange_rates"].items())
    yield ""
    yield f"{understood['name']}: {shop['timezone']}, {shop['currency']}{rates}; digest {understood['digest'][:12]}"
    yield (
        f"time: received {time['received']}, tick {time['tick']}, margin {time['margin']}, stall {time['stall']},"
        f" late after {time['late']['segments']} (segments) and {time['late']['triggers']} (triggers)"
        + (f", live from {time['live_from']}" if time["live_from"] else "")
    )
    if understood["intake"]:
        yield f"intake: {', '.join(understood['intake'])}"
    yield ""
    yield f"topics ({kafka['partitions']} partitions, replication {kafka['replication']}, {kafka['format']})"
    yield from _table(understood["topics"])
    if understood["aliases"]:
        yield ""
        yield "aliases"
        yield from _table(understood["aliases"])
    yield ""
    yield "events, and the rules they touch"
    yield from _table({event: ", ".join(rules) for event, rules in understood["events"].items()})
    for rule in understood["rules"]:
        yield ""
        title = f": {rule['title']}" if rule["title"] else ""
        yield f"{rule['section']}.{rule['name']} [{rule['definition']}]{title}"
        yield from (f"  keeps   {each}" for each in rule["keeps"])
        yield from (f"  timer   {each}" for each in rule["timers"])
    yield ""
    yield "a shopper's record, in bytes at the most"
    yield from _record(understood["record"])
    if understood["remarks"]:
        yield ""
        yield "remarks"
        yield from (f"  {remark}" for remark in understood["remarks"])


def _record(record: dict[str, Any]) -> Iterator[str]:
    yield from _table({part: f"{size:>10,}" for part, size in record["parts"].items()})
    yield from _table({"together": f"{record['total']:>10,}"}, max(map(len, record["parts"])))
    yield (
        f"  of it {record['an_order']} for each of {record['orders']:,} orders, {record['a_refund']} for each of"
        f" {record['refunds']:,} refunds; older ones remain in totals alone;"
    )
    yield f"  an event that would make it longer than {record['limit']:,} is a dead letter (oversize)"


def _table(rows: dict[str, str], least: int = 0) -> Iterator[str]:
    width = max([least, *map(len, rows)])
    return (f"  {left:<{width}}  {right}" for left, right in rows.items())
