"""The reference rules on Bytewax: a stateful flat map between Kafka topics; run it with a recovery store."""

import os
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from reference import Decision, State, decide, new_shopper

BROKERS = [os.environ["BROKERS"]]


def keyed(message: KafkaSourceMessage) -> tuple[str, dict[str, Any]]:
    call = orjson.loads(message.value)
    return call["userId"], call


def follow(state: State | None, call: dict[str, Any]) -> tuple[State, list[Decision]]:
    if state is None:
        state = new_shopper()
    return state, decide(state, call)


def rendered(pair: tuple[str, Decision]) -> KafkaSinkMessage:
    shopper, decision = pair
    return KafkaSinkMessage(shopper.encode(), orjson.dumps(decision))


flow = Dataflow("reference")
calls = kop.input("calls", flow, brokers=BROKERS, topics=[os.environ["SOURCE"]])
decisions = op.stateful_flat_map("follow", op.map("keyed", calls.oks, keyed), follow)
kop.output("decisions", op.map("rendered", decisions, rendered), brokers=BROKERS, topic=os.environ["SINK"])
