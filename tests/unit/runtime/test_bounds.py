"""The bounds of what is written fit into each other."""

from pipeline.kafka.outbox import PRODUCER_PROPERTIES, RECORD_BYTES
from pipeline.kafka.topic_plan import topic_plans
from pipeline.runtime.ports import SHOPPER_LIMIT
from pipeline.runtime.shopper_settings import Settings


def test_the_longest_shopper_record_fits_the_producer_and_the_changelog() -> None:
    names = ("clickstream", "shopper-events", "intake-changelog", "shopper-changelog", "clickstream-dlq", "backfill")
    plans = topic_plans({name: name for name in names}, 4, 1, "broker", ())
    changelogs = [plan for plan in plans if plan.logical.endswith("changelog")]
    room = SHOPPER_LIMIT + 64 * 1024
    assert Settings(1, None).shopper_bytes == SHOPPER_LIMIT
    assert room < RECORD_BYTES == PRODUCER_PROPERTIES["message.max.bytes"]
    assert all(int(plan.settings["max.message.bytes"]) >= RECORD_BYTES for plan in changelogs)
