"""Which right calls are left out, by what a topology says: bots, those who do not want to be followed, a sample."""

import json
from typing import Any

import pytest

from pipeline.domain.consent_definition import ConsentDefinition
from pipeline.domain.definition import Plan
from pipeline.domain.event import CONSENT_WORD, Event
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake.omission import Omission
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.intake_definition import (
    ANONYMOUS,
    DROP,
    FLAG,
    IntakeDefinition,
    PrivacyDefinition,
    SampleDefinition,
)
from pipeline.domain.message_definition import SHARES
from tests.support.client_call import accept, track

BOT = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
WILLS = ("Consent Changed", "Email Unsubscribed", "Shopper Suppressed", "Shopper Erased")


def plan(*, identities: bool = False, categories: dict[str, str] | None = None, **intake: Any) -> Plan:
    return Plan(
        name="shop",
        digest="00000001",
        aliases={"Abgemeldet": "Email Unsubscribed"},
        intake=IntakeDefinition(**intake),
        identities=IdentityDefinition() if identities else None,
        consent=ConsentDefinition(categories=categories) if categories is not None else None,
    )


def said(plan: Plan, **over: Any) -> Any:
    (one,) = accept(track(**over), plan=plan)
    return one


def flags(one: Any) -> tuple[str, ...]:
    assert isinstance(one, Event), one
    return one.flags


def privacy(**rules: Any) -> Plan:
    return plan(privacy=PrivacyDefinition(**rules))


def test_a_bot_is_flagged() -> None:
    assert flags(said(plan(bots=FLAG), context=BOT)) == ("bot",)
    assert flags(said(plan(bots=FLAG), context={"userAgent": "Mozilla/5.0 (iPhone)"})) == ()
    assert flags(said(plan(bots=FLAG))) == ()


def test_a_bot_is_left_out() -> None:
    assert said(plan(bots=DROP), context=BOT) == Omission("bot")
    assert flags(said(plan(bots=DROP), context={"userAgentData": {"mobile": True}})) == ()


def test_nobody_looks_for_bots_where_the_topology_does_not_say_so() -> None:
    (one,) = accept(track(context=BOT))
    assert flags(one) == ()
    assert flags(said(plan(enrich=frozenset({"device"})), context=BOT)) == ()


@pytest.mark.parametrize(
    "context", [{"doNotTrack": "1"}, {"doNotTrack": "yes"}, {"globalPrivacyControl": True}, {"doNotTrack": 1}]
)
def test_who_does_not_want_to_be_followed_is_not(context: dict[str, Any]) -> None:
    assert said(privacy(do_not_track=DROP), context=context) == Omission("do_not_track")


@pytest.mark.parametrize(
    "context",
    [{"doNotTrack": "0"}, {"doNotTrack": "unspecified"}, {"globalPrivacyControl": False}, {"doNotTrack": 2}, {}],
)
def test_who_says_nothing_of_it_is(context: dict[str, Any]) -> None:
    assert flags(said(privacy(do_not_track=DROP), context=context)) == ()


def test_the_signal_is_passed_over_by_default() -> None:
    assert flags(said(privacy(required=("A",)), context={"doNotTrack": "1"})) == ()


def test_anonymous_is_what_was_done_under_an_anonymous_id() -> None:
    rule = plan(identities=True, privacy=PrivacyDefinition(do_not_track=ANONYMOUS))
    one = said(rule, userId="kim", anonymousId="a-1", context={"doNotTrack": "1"})
    assert (one.shopper, one.anonymous, one.anonymous_id, one.flags) == ("a-1", True, "", ("do_not_track",))


@pytest.mark.parametrize(
    "over",
    [
        {"userId": "kim"},
        {"type": "identify", "anonymousId": "a-1", "traits": {"email": "kim@shop.example"}},
        {"type": "alias", "previousId": "a-1", "anonymousId": "a-1"},
        {"type": "group", "anonymousId": "a-1"},
    ],
)
def test_what_can_not_be_anonymous_is_left_out(over: dict[str, Any]) -> None:
    assert said(privacy(do_not_track=ANONYMOUS), context={"doNotTrack": "1"}, **over) == Omission("do_not_track")


@pytest.mark.parametrize(
    "context, taken",
    [
        ({"consent": {"categoryPreferences": {"A": True, "B": True, "C": False}}}, True),
        ({"consent": {"categoryPreferences": {"A": True, "B": False}}}, False),
        ({"consent": {"categoryPreferences": {"A": True}}}, False),
        ({"consent": {"categoryPreferences": {"A": True, "B": "yes"}}}, False),
        ({"consentManagement": {"allowedConsentIds": ["A", "B"], "deniedConsentIds": []}}, True),
        ({"consentManagement": {"allowedConsentIds": ["A"], "deniedConsentIds": ["B"]}}, False),
        ({"consentManagement": {"allowedConsentIds": ["A", "B"], "deniedConsentIds": ["B"]}}, False),
        (
            {
                "consent": {"categoryPreferences": {"A": False}},
                "consentManagement": {"allowedConsentIds": ["A", "B"]},
            },
            False,
        ),
        ({}, True),
        ({"consent": {"categoryPreferences": {}}}, True),
        ({"consent": 7, "consentManagement": {"allowedConsentIds": {}}}, True),
    ],
)
def test_required_consent(context: dict[str, Any], taken: bool) -> None:
    one = said(privacy(required=("A", "B")), context=context)
    assert isinstance(one, Event) if taken else one == Omission("no_consent")


def test_a_call_that_says_nothing_of_consent_may_be_left_out() -> None:
    assert said(privacy(required=("A",), unknown=False)) == Omission("no_consent")


def test_without_consent_what_was_done_may_be_taken_as_anonymous() -> None:
    rule = privacy(required=("A",), refused=ANONYMOUS)
    one = said(rule, userId="kim", anonymousId="a-1", context={"consent": {"categoryPreferences": {"A": False}}})
    assert (one.shopper, one.flags) == ("a-1", ("no_consent",))


def test_a_withdrawal_is_heard_of_a_call_that_is_not_taken() -> None:
    rule = plan(categories={"Ads": "marketing"}, privacy=PrivacyDefinition(required=("A",)))
    context = {"consent": {"categoryPreferences": {"A": False, "Ads": False}}, "device": {"token": "t"}}
    one = said(rule, context=context, properties={"secret": 1}, anonymousId="a-1")
    assert (one.type, one.name, one.shopper, one.consents) == (
        CONSENT_WORD,
        CONSENT_WORD,
        "u-1",
        (("marketing", False),),
    )
    assert (bytes(one.properties), one.device, one.anonymous_id, one.flags) == (b"{}", "", "", ("no_consent",))


def test_an_order_of_consent_management_is_heard_as_well() -> None:
    rule = plan(categories={"Ads": "marketing"})
    one = said(rule, context={"consentManagement": {"deniedConsentIds": ["Ads"]}})
    assert one.consents == (("marketing", False),)


def test_a_broken_call_that_may_not_be_kept_is_in_no_dead_letter() -> None:
    broken = {"event": "Order Completed", "properties": {"total": -1}, "context": {"doNotTrack": "1"}}
    assert said(privacy(do_not_track=DROP), **broken) == Omission("do_not_track")
    rule = plan(categories={"Ads": "marketing"}, privacy=PrivacyDefinition(do_not_track=DROP))
    broken["context"] = {"doNotTrack": "1", "consent": {"categoryPreferences": {"Ads": False}}}
    assert said(rule, **broken) == Omission("do_not_track")
    assert isinstance(said(privacy(), **broken), Refusal)


@pytest.mark.parametrize("name", [*WILLS, "Abgemeldet"])
def test_wills_pass(name: str) -> None:
    rule = plan(bots=DROP, privacy=PrivacyDefinition(do_not_track=DROP, required=("A",), unknown=False))
    one = said(
        rule, event=name, context={"doNotTrack": "1", **BOT}, properties={"channel": "email", "status": "denied"}
    )
    assert flags(one) == ()


def test_of_a_shopper_all_is_sampled_or_nothing() -> None:
    rule = plan(sample=SampleDefinition(share=SHARES // 10))
    ids = [f"s{number}" for number in range(2_000)]
    taken = {one for one in ids if isinstance(said(rule, userId=one), Event)}
    assert 140 <= len(taken) <= 260
    again = {one for one in ids if isinstance(said(rule, userId=one, event="Order Completed", messageId="x"), Event)}
    assert taken == again
    assert said(rule, userId=next(one for one in ids if one not in taken)) == Omission("not_sampled")


def test_another_salt_draws_others_and_a_greater_share_the_same_and_more() -> None:
    def drawn(**rule: Any) -> set[str]:
        sampled = plan(sample=SampleDefinition(**rule))
        return {f"s{n}" for n in range(500) if isinstance(said(sampled, userId=f"s{n}"), Event)}

    half = drawn(share=SHARES // 2)
    assert half != drawn(share=SHARES // 2, salt="other")
    assert half < drawn(share=SHARES * 3 // 4)
    assert (drawn(share=0), len(drawn(share=SHARES))) == (set(), 500)


def test_an_erasure_is_no_matter_of_samples() -> None:
    assert isinstance(said(plan(sample=SampleDefinition(share=0)), event="Shopper Erased"), Event)


def test_what_is_left_out_keeps_its_place_in_the_batch() -> None:
    batch = {"batch": [track(), track(context=BOT), track(event=None), track()]}
    answers = accept(json.dumps(batch).encode(), plan=plan(bots=DROP))
    assert [type(one) for one in answers] == [Event, Omission, Refusal, Event]
    assert answers[2].item == 2


def test_a_claim_is_made_of_what_is_taken_alone() -> None:
    rule = plan(identities=True, bots=DROP)
    assert accept(track(userId="kim", anonymousId="a-1", context=BOT), plan=rule) == [Omission("bot")]
