"""`afterclick erase`: have all that is known of a shopper erased, and prove it."""

import json
import time
import uuid
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.commands.failure import Failure
from pipeline.commands.options import DEFAULT_TOPOLOGY, Brokers, TopologyFile
from pipeline.config.settings import Settings, process_environment, resolve
from pipeline.config.topology import Topology, load
from pipeline.erasing.text import audited, erased

_PATIENCE = 10.0
_WRONG = 2


def command(
    shopper: Annotated[str, typer.Argument(metavar="SHOPPER", help="The shopper's id, as clients send it.")],
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="For the receipt; it must name nobody.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow until the receipt is there.")] = True,
    timeout: Annotated[float, typer.Option("--timeout", min=1, metavar="SECONDS", help="How long to follow.")] = 120.0,
    request: Annotated[
        str | None,
        typer.Option("--request", metavar="ID", help="Name of the request: given again, it is not made again."),
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Ask for nothing: look for what is left of a shopper who was erased.")
    ] = False,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="TEXT", help="Audit: another identifier, as an e-mail address; several times."),
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option("--known", metavar="FILE", help="Audit: what `afterclick export` wrote before; it names them."),
    ] = None,
    data_dirs: Annotated[
        list[Path] | None,
        typer.Option("--data-dir", metavar="DIR", help="Audit: a worker's directory; several times. Default: none."),
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Audit: first compact the stores in --data-dir, of a worker that rests.")
    ] = False,
    topology: TopologyFile = DEFAULT_TOPOLOGY,
    brokers: Brokers = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as data.")] = False,
) -> None:
    """Have all that is known of a shopper erased: record, timers, waiting messages. It can't be undone. Whatever comes
    of the shopper later is dropped. Prints the receipt, which names nobody.

    With --audit, look for identifiers of a shopper who was erased: in stores, changelogs and outputs. Exits 1 if one is
    found where none may be.

    Examples: [bold]afterclick erase kim --reason "request 1743"[/] · [bold]afterclick erase kim --yes --no-wait[/] ·
    [bold]afterclick erase kim --audit --known kim.json --data-dir /data/a --data-dir /data/b[/]
    """
    settings = resolve(process_environment(), topology=topology, brokers=brokers)
    loaded = load(settings.topology, process_environment())
    if loaded.erasure is None:
        raise Failure(f"{settings.topology} erases nobody: give it `erasure: {{pepper: ${{ERASURE_PEPPER}}}}`.", _WRONG)
    if not shopper:
        raise Failure("A shopper's id is never empty.", _WRONG)
    if audit:
        data = _audit(loaded, settings, shopper, [*(also or ())], known, data_dirs or [], compact)
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False) if as_json else "\n".join(audited(data)))
        if not data["clean"]:
            raise typer.Exit(1)
        return
    if not yes and not typer.confirm(f"Erase all that is known of {shopper}? It can't be undone.", err=True):
        raise typer.Exit(1)
    data = _erase(loaded, settings, shopper, reason, request or str(uuid.uuid4()), timeout if wait else 0.0)
    typer.echo(json.dumps(data, indent=2, ensure_ascii=False) if as_json else "\n".join(erased(data)))


def _erase(
    topology: Topology, settings: Settings, shopper: str, reason: str | None, request: str, patience: float
) -> dict[str, Any]:
    # Imported where it is needed: `--help` does not wait for Kafka's libraries.
    from pipeline.domain.erasure import Erasure
    from pipeline.erasing.request import request_call
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.changelog_lookup import partition_of
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.receipt import SendError, await_receipt, end_of, receipts_of, send_request
    from pipeline.kafka.restore import RestoreError
    from schemas.decision_reader import decision_reader

    digest = Erasure(topology.plan()).digest(shopper)
    key, output = digest.encode(), topology.topic("erasures")
    read = decision_reader("erasures", topology.kafka.format)
    now = time.time_ns() // 1_000_000
    call = request_call(shopper, request, now, reason, dated=topology.time.received == "field")

    def ours(line: dict[str, Any]) -> bool:
        return bool(line["cause"]["message_id"] == request)

    def matches(found: bytes | None, value: bytes) -> dict[str, Any] | None:
        line = read(value) if found == key else None
        return line if line is not None and ours(line) else None

    asked = {"request": request, "digest": digest}
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        partition = partition_of(key, topology.kafka.partitions)
        for receipt in receipts_of(client, output, partition, key, read):
            if ours(receipt.line):
                return {**asked, "receipt": receipt.line}
        place = end_of(client, output, partition)
        at = send_request(client, topology.topic("clickstream"), shopper.encode(), call)
        asked["sent"] = f"{topology.topic('clickstream')} {at[0]}:{at[1]}"
        if not patience:
            return {**asked, "receipt": None}
        with Console(stderr=True).status("") as status:

            def waiting(passed: float) -> None:
                status.update(f"Asked at {asked['sent']}; waiting for the receipt, {passed:.0f} of {patience:.0f} s")

            line = await_receipt(client, output, place, matches, patience, waiting)
    except (BrokersAway, AdminError, ClientError, RestoreError, SendError) as error:
        raise Failure(str(error)) from error
    if line is None:
        raise Failure(
            f"The request is on the log ({asked['sent']}); no receipt came within {patience:.0f} s. Do workers run? "
            f"Look again with --request {request}."
        )
    return {**asked, "receipt": line}


def _audit(
    topology: Topology,
    settings: Settings,
    shopper: str,
    also: list[str],
    known: Path | None,
    directories: list[Path],
    compact: bool,
) -> dict[str, Any]:
    from pipeline.domain.erasure import Erasure
    from pipeline.erasing.audit import compact_stores, in_stores
    from pipeline.erasing.needle import needles_of
    from pipeline.erasing.topics import audit_topics
    from pipeline.kafka.admin import AdminError, BrokersAway, TopicAdmin
    from pipeline.kafka.client import Client, ClientError
    from pipeline.kafka.restore import RestoreError
    from pipeline.runtime.ports import StateError

    try:
        exported = None if known is None else json.loads(known.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{known} can't be read: {error}", _WRONG) from error
    needles = needles_of(shopper, also, exported)
    try:
        client = Client(settings.brokers, settings.kafka).librdkafka(topology.name)
        TopicAdmin(client).wait_for_brokers(_PATIENCE)
        found = audit_topics(client, topology, Erasure(topology.plan()).digest(shopper), needles)
        if found is None:
            raise Failure("This shopper was never erased: there is no receipt of it.")
        receipt, findings = found
        if compact:
            compact_stores(directories)
        findings += list(in_stores(directories, needles, compacted=compact))
    except (BrokersAway, AdminError, ClientError, RestoreError, StateError) as error:
        raise Failure(str(error)) from error
    return {
        "receipt": receipt,
        "identifiers": len(needles),
        "clean": all(finding.allowed for finding in findings),
        "findings": [finding.data() for finding in findings],
    }
