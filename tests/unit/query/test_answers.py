"""What the query API tells of shoppers and segments, and what it leaves out."""

import json
from urllib.parse import quote

import pytest

from pipeline.kafka.changelog_lookup import partition_of
from pipeline.query.decision_ring import Row
from pipeline.query.placement import Placement
from tests.support.query_client import ADMIN, PERSONAL, READ, QueryClient
from tests.support.shop_state import CODEC
from tests.unit.query.conftest import HOSTILE


def members_by_record(records: dict[bytes, bytes], segment: str) -> set[str]:
    memberships = {key.decode(): CODEC.decode(value).memberships.get(segment) for key, value in records.items()}
    return {shopper for shopper, one in memberships.items() if one is not None and one.member}


def test_a_shopper_is_told_with_how_fresh_that_is(api: QueryClient, records: dict[bytes, bytes]) -> None:
    found = api.data("/v1/shoppers/shopper-2")
    record = CODEC.decode(records[b"shopper-2"])
    assert found["shopper"] == "shopper-2"
    assert {name: one["member"] for name, one in found["segments"].items()} == {
        name: one.member for name, one in record.memberships.items()
    }
    assert found["tiers"]["club"]["balance"] == record.standings["club"].balance
    assert found["orders"]["count"] == len(record.orders)
    assert {one["cart_id"] for one in found["carts"]} == {one.cart_id for one in record.carts}
    assert set(found["timers"]) >= {"next", "segments", "abandonment", "loyalty"}
    assert found["freshness"]["partition"] == partition_of(b"shopper-2", 4)
    assert found["freshness"]["partition_time"] == "2026-01-01T00:00:00.000Z"
    assert found["freshness"]["next_offset"] >= 0


def test_personal_data_is_told_only_to_who_asks_and_may(api: QueryClient) -> None:
    address = "shopper-2@shop.example"
    plain = api.get("/v1/shoppers/shopper-2?explain=engaged", PERSONAL)
    assert address not in plain.text
    assert plain.json()["withheld"] == ["traits", "computed", "consent"]
    refused = api.get("/v1/shoppers/shopper-2?include=personal", READ)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_scope")
    for key in (PERSONAL, ADMIN):
        told = api.data("/v1/shoppers/shopper-2?include=personal", key)
        assert told["traits"]["email"]["value"] == address
        assert told["withheld"] == []


def test_a_rule_is_explained_alone_or_with_the_shopper(api: QueryClient) -> None:
    alone = api.data("/v1/shoppers/shopper-2/explain/buyers")
    assert alone["segment"] == "buyers" and alone["when"]["clause"] == "orders"
    within = api.data("/v1/shoppers/shopper-2?explain=buyers")
    alone.pop("freshness")
    assert within["explain"] == alone
    tier = api.data("/v1/shoppers/shopper-2/explain/loyalty.club")
    assert tier["programme"] == "club" and tier["tier"] in ("bronze", "silver", "gold")
    unknown = api.get("/v1/shoppers/shopper-2/explain/nonsense")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_rule")


@pytest.mark.parametrize("limit", [1, 7, 1_000])
def test_pages_of_members_are_all_members_once(api: QueryClient, records: dict[bytes, bytes], limit: int) -> None:
    expected = members_by_record(records, "buyers")
    assert len(expected) > 7
    found, cursor, looked = list[str](), "0.", 0
    while cursor is not None:
        page = api.data(f"/v1/segments/buyers/members?limit={limit}&cursor={cursor}")
        assert len(page["members"]) <= limit
        found += [one["shopper"] for one in page["members"]]
        looked, cursor = looked + page["looked_at"], page["next_cursor"]
    assert sorted(found) == sorted(expected)
    assert looked == len(records)


def test_a_page_ends_with_its_slice_of_time(api: QueryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.query.partitions._SLICE", -1.0)
    page = api.data("/v1/segments/buyers/members")
    assert page["looked_at"] == 1 and page["next_cursor"] != "1."


def test_an_id_with_anything_in_it_is_an_id(api: QueryClient) -> None:
    assert api.data(f"/v1/shoppers/{quote(HOSTILE, safe='')}")["shopper"] == HOSTILE
    assert api.data(f"/v1/shoppers/{quote(HOSTILE, safe='')}/explain/engaged")["shopper"] == HOSTILE


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1/shoppers/nobody", 404),
        ("/v1/shoppers/%00checkpoint", 404),
        ("/v1/shoppers/%00erased%2F00", 404),
        ("/v1/shoppers/" + "x" * 5_000, 404),
        ("/v1/shoppers/%ff", 400),
        ("/v1/shoppers/", 404),
        ("/v1/shoppers/..%2F..%2Fetc", 404),
        ("/v1/shoppers/a/../b", 404),
        ("/v1/shoppers/shopper-2?explain=", 400),
        ("/v1/shoppers/shopper-2?explain=a&explain=b", 400),
        ("/v1/shoppers/shopper-2?nonsense=1", 400),
        ("/v1/shoppers/shopper-2?include=everything", 400),
        ("/v1/shoppers/shopper-2?explain=%ff", 400),
        ("/v1/segments/nonsense/members", 404),
        ("/v1/segments/buyers/members?limit=0", 400),
        ("/v1/segments/buyers/members?limit=1001", 400),
        ("/v1/segments/buyers/members?limit=%EF%BC%91", 400),
        ("/v1/segments/buyers/members?cursor=4.", 400),
        ("/v1/segments/buyers/members?cursor=-1.", 400),
        ("/v1/segments/buyers/members?cursor=0.AA", 400),
        ("/v1/segments/buyers/members?cursor=0.!", 400),
        ("/v1/segments/buyers/members?cursor=", 400),
        ("/v1/decisions?topic=shopper-changelog", 404),
        ("/v1/decisions?limit=999999999999", 400),
        ("/v2/shoppers/shopper-2", 404),
        ("/", 404),
        ("/v1/" + "/".join("x" * 50), 404),
    ],
)
def test_what_is_not_there_or_cannot_be_read_is_said(api: QueryClient, target: str, status: int) -> None:
    response = api.get(target)
    assert response.status_code == status, response.text
    assert set(response.json()) == {"code", "message"}


def test_decisions_are_the_latest_first_and_bare(api: QueryClient) -> None:
    changes = {"shopper": "kim", "segment": "buyers", "change": "entered"}
    consent = {"shopper": "lee", "channel": "email", "address": "5d41"}
    for number in range(600):
        value = json.dumps(changes | {"sequence": number}).encode()
        api.ring.add([Row(number, 0, number, "segment-changes", b"kim", value)])
    api.ring.add([Row(700, 1, 0, "consent-changes", b"lee", json.dumps(consent).encode())])
    found = api.data("/v1/decisions?limit=2")["decisions"]
    assert [(one["topic"], one["offset"]) for one in found] == [("consent-changes", 0), ("segment-changes", 599)]
    assert found[0]["decision"] == consent | {"address": None}
    assert found[1]["decision"]["sequence"] == 599
    told = api.data("/v1/decisions?shopper=lee&include=personal", PERSONAL)["decisions"]
    assert [one["decision"] for one in told] == [consent]
    # what is older than the ring is there no more
    kept = api.data("/v1/decisions?topic=segment-changes&limit=500")["decisions"]
    assert [one["offset"] for one in kept] == list(range(599, 99, -1))
    api.log.away = True
    away = api.get("/v1/decisions")
    assert (away.status_code, away.json()["code"]) == (503, "brokers_away")


def test_a_ledger_is_audited_and_cut_to_the_latest(api: QueryClient) -> None:
    def entry(number: int, balance: int) -> bytes:
        at = f"2026-01-01T00:00:0{number}.000Z"
        told = {"id": str(number), "effective_at": at, "programme": "club", "entry": "confirmed", "points": 10}
        return json.dumps(told | {"balance": balance, "pending": 0}).encode()

    api.log.points["kim"] = [entry(1, 10), entry(2, 20), entry(3, 31)]
    club = api.data("/v1/shoppers/kim/ledger?limit=2")["programmes"]["club"]
    assert (club["balance"], club["entries_kept"]) == (31, 3)
    assert [one["id"] for one in club["entries"]] == ["2", "3"]
    assert len(club["faults"]) == 1
    assert api.get("/v1/shoppers/lee/ledger").status_code == 404
    api.log.points["kim"] = [b"\x00\x00\x00\x00\x01avro"]
    assert api.get("/v1/shoppers/kim/ledger").json()["code"] == "unreadable_topic"


def test_who_has_what_another_worker_has(api: QueryClient) -> None:
    mine = partition_of(b"shopper-2", 4)
    other = "http://worker-1:8081"
    api.placement = Placement({}, frozenset(), {mine: other})
    moved = api.get("/v1/shoppers/shopper-2/explain/buyers?include=personal", PERSONAL)
    assert moved.status_code == 307
    assert moved.headers["location"] == f"{other}/v1/shoppers/shopper-2/explain/buyers?include=personal"
    # nobody says to have it
    api.placement = Placement({}, frozenset(), {})
    unknown = api.get("/v1/shoppers/shopper-2")
    assert (unknown.status_code, unknown.json()["code"]) == (503, "owner_unknown")
    assert unknown.headers["retry-after"] == "1"
    # it is here, but not open yet
    api.placement = Placement({mine: "restoring"}, frozenset(), {mine: other})
    assert api.get("/v1/shoppers/shopper-2").json()["code"] == "not_open"
    # the agent does not answer
    api.placement = None
    assert api.get("/v1/shoppers/shopper-2").json()["code"] == "agent_silent"


def test_pages_lead_on_to_the_worker_that_has_the_next_partition(api: QueryClient) -> None:
    api.placement = Placement({0: "processing"}, frozenset({0}), {1: "http://b:1", 2: "http://b:1", 3: "http://b:1"})
    page = api.data("/v1/segments/buyers/members?limit=1000")
    assert page["next_cursor"] == "1."
    moved = api.get("/v1/segments/buyers/members?limit=1000&cursor=1.")
    assert moved.headers["location"] == "http://b:1/v1/segments/buyers/members?limit=1000&cursor=1."


def test_the_topology_and_the_partitions_are_told(api: QueryClient) -> None:
    told = api.data("/v1/topology")
    assert [one["name"] for one in told["segments"]] == ["buyers", "engaged"]
    assert told["programmes"][0]["tiers"] == ["bronze", "silver", "gold"]
    assert api.get("/v1/partitions", PERSONAL).status_code == 403
    standing = api.data("/v1/partitions", ADMIN)
    assert [one["partition"] for one in standing["here"]] == [0, 1, 2, 3]
    assert all(one["freshness"]["partition_time"] for one in standing["here"])
