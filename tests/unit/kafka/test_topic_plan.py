"""Which topics a topology needs."""

from pathlib import Path

from pipeline.config.topology import load
from pipeline.kafka.topic_plan import Role
from pipeline.topics import plans_of
from tests.support.shop_history import write_topology


def test_every_topic_has_its_role_and_what_results_rest_on_binds(tmp_path: Path) -> None:
    plans = {plan.logical: plan for plan in plans_of(load(write_topology(tmp_path / "t.yaml", received="broker"), {}))}
    assert len(plans) == 15
    assert {name for name, plan in plans.items() if plan.co_partitioned} == {
        "clickstream",
        "shopper-events",
        "intake-changelog",
        "shopper-changelog",
        "backfill",
    }
    for name in ("intake-changelog", "shopper-changelog"):
        assert plans[name].role is Role.CHANGELOG
        assert plans[name].settings["cleanup.policy"] == "compact"
        assert "cleanup.policy" in plans[name].binding
    assert plans["clickstream"].binding == {"message.timestamp.type"}
    assert plans["clickstream"].settings["message.timestamp.type"] == "LogAppendTime"


def test_where_received_time_is_a_field_the_topics_time_is_nobodys_business(tmp_path: Path) -> None:
    plans = {plan.logical: plan for plan in plans_of(load(write_topology(tmp_path / "t.yaml", received="field"), {}))}
    assert not plans["clickstream"].binding
    assert "message.timestamp.type" not in plans["clickstream"].settings
