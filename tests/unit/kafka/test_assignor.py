"""Who has which partition, as assignments tell it."""

from types import SimpleNamespace
from typing import Any

from faust.assignor.client_assignment import ClientAssignment, ClientMetadata
from yarl import URL

from pipeline.kafka.assignor import Assignor, owners_of

A, B = "http://a:8081", "http://b:8081/afterclick"


def assignor(url: str) -> Assignor:
    tables = SimpleNamespace(changelog_topics={"changelog"}, changelog_queue=None)
    app: Any = SimpleNamespace(tables=tables, conf=SimpleNamespace(canonical_url=URL(url)))
    return Assignor(app)


def assignment(said: str) -> Any:
    metadata = ClientMetadata(
        assignment=ClientAssignment(actives={"events": [0]}, standbys={}),
        url=said,
        changelog_distribution={},
        external_topic_distribution={A: {"events": [0]}, B: {"events": [1, 2]}, "http://shop.shopper": {"events": [3]}},
        topic_groups={},
    )
    packed = Assignor._compress(metadata.dumps())
    return SimpleNamespace(assignment=[("events", [0])], user_data=packed)


def test_owners_are_those_that_say_where_they_are() -> None:
    mine = assignor(A)
    mine.on_assignment(assignment(A))
    assert owners_of(mine.external_topic_distribution, "events", "http://shop.shopper") == {0: A, 1: B, 2: B}


def test_a_static_member_takes_its_assignment_also_under_its_address_of_before() -> None:
    mine = assignor("http://a:9999")
    mine.on_assignment(assignment(A))
    assert mine.assigned_actives()
    # and tells its new one from then on
    assert str(mine._url) == "http://a:9999"
