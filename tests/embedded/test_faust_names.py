"""The private names of Faust and aiokafka that pipeline/kafka rests on (runtime-facts.md, C8).

Both are pinned. When a pin is lifted and one of these fails, the override that rests on the name has to be read again.
"""

import asyncio
import importlib
import inspect
from typing import Any

import aiokafka
import faust
import pytest
from aiokafka.consumer import consumer, fetcher
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import TopicPartitionState
from faust.app.base import App
from faust.assignor.partition_assignor import PartitionAssignor
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer, ConsumerThread
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import ConsumerMessage

from pipeline.kafka.group_member import GroupMember

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (Consumer, "getmany", ["self", "timeout"]),
        (Consumer, "_wait_next_records", ["self", "timeout"]),
        (Consumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
        (Consumer, "_new_offset", ["self", "tp"]),
        (Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
        (Consumer, "commit", ["self", "topics", "start_new_transaction"]),
        (Consumer, "perform_seek", ["self"]),
        (Consumer, "resume_partitions", ["self", "tps"]),
        (Consumer, "on_buffer_full", ["self", "tp"]),
        (Consumer, "on_buffer_drop", ["self", "tp"]),
        (Consumer, "verify_event_path", ["self", "now", "tp"]),
        (Consumer, "_get_active_partitions", ["self"]),
        (Consumer, "_is_changelog_tp", ["self", "tp"]),
        (Consumer, "stop_flow", ["self"]),
        (AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
        (
            AIOKafkaConsumerThread,
            "_fetch_records",
            ["self", "consumer", "active_partitions", "timeout", "max_records"],
        ),
        (AIOKafkaConsumerThread, "_commit", ["self", "offsets"]),
        (AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
        (AIOKafkaConsumerThread, "__post_init__", ["self"]),
        (ConsumerThread, "call_thread", ["self", "fun", "args", "kwargs"]),
        (TableManager, "_update_channels", ["self"]),
        (Recovery, "on_rebalance", ["self", "assigned", "revoked", "newly_assigned", "generation_id"]),
        (Recovery, "_resume_streams", ["self", "generation_id"]),
        (Recovery, "flush_buffers", ["self"]),
        (App, "_on_partitions_revoked", ["self", "revoked"]),
        (PartitionAssignor, "on_assignment", ["self", "assignment"]),
        (PartitionAssignor, "_decompress", ["compressed"]),
        (Fetcher, "fetched_records", ["self", "partitions", "timeout", "max_records"]),
        (GroupCoordinator, "check_errors", ["self"]),
        (GroupCoordinator, "_do_rejoin_group", ["self", "subscription"]),
        (GroupCoordinator, "_send_req", ["self", "request"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_is_there_with_its_parameters(owner: Any, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_consumers_are_members_of_our_kind() -> None:
    importlib.import_module("pipeline.kafka.consumer_thread")
    assert consumer.GroupCoordinator is GroupMember
    source = inspect.getsource(GroupCoordinator)
    for name in ("_coordination_task", "_closing", "_group_instance_id", "self.member_id = "):
        assert name in source


def test_the_pins_are_what_this_was_read_in() -> None:
    assert faust.__version__ == "0.15.3"
    assert aiokafka.__version__.startswith("0.14.")


def test_recovery_without_tables_resumes_the_streams_alone() -> None:
    source = inspect.getsource(Recovery._restart_recovery.fun)
    assert "if not self.tables or" in source
    assert source.index("if not self.tables or") < source.index("_resume_streams") < source.index("_build_highwaters")


def test_partitions_are_opened_before_they_are_sought() -> None:
    source = inspect.getsource(Recovery._resume_streams)
    order = ["on_rebalance_complete.send", "resume_partitions", "perform_seek", "flow_control.resume", "resume_flow"]
    assert [source.index(step) for step in order] == sorted(source.index(step) for step in order)


def test_partitions_are_drained_before_they_are_given_up() -> None:
    source = inspect.getsource(App._on_partitions_revoked)
    order = ["stop_flow", "flow_control.clear", "on_partitions_revoked.send"]
    assert [source.index(step) for step in order] == sorted(source.index(step) for step in order)


def test_an_assignment_has_who_has_what_and_has_to_be_of_ones_own_address() -> None:
    source = inspect.getsource(PartitionAssignor.on_assignment)
    assert "assert metadata.url == str(self._url)" in source
    assert isinstance(PartitionAssignor._url, property)
    assert isinstance(PartitionAssignor.external_topic_distribution, property)


def test_messages_carry_their_generation_and_faust_skips_those_of_another() -> None:
    assert "generation_id" in inspect.signature(ConsumerMessage).parameters
    assert "app.consumer_generation_id" in inspect.getsource(faust.Stream._py_aiter)


def test_a_partitions_state_tells_position_and_ends() -> None:
    async def fresh() -> TopicPartitionState:
        return TopicPartitionState(None)

    state = asyncio.run(fresh())
    assert (state.highwater, state.lso, state.timestamp) == (None, None, None)
    assert isinstance(TopicPartitionState.position, property)
    assert isinstance(TopicPartitionState.has_valid_position, property)


def test_the_fetcher_takes_the_consumers_isolation_level_and_wait_when_it_starts() -> None:
    source = inspect.getsource(aiokafka.AIOKafkaConsumer.start)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in source
    assert "isolation_level=self._isolation_level" in source


def test_the_transport_is_found_by_its_name() -> None:
    from pipeline.kafka import agent_app, transport

    assert TRANSPORTS.by_name(agent_app.SCHEME) is transport.Transport


def test_fetched_records_are_made_by_the_class_that_we_put_in_place() -> None:
    assert "partition_records = PartitionRecords(" in inspect.getsource(Fetcher._proc_fetch_request)
    assert "self._consumer_record(tp, record)" in inspect.getsource(fetcher.PartitionRecords._unpack_records)
