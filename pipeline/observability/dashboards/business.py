"""What the shop gets of it: segments, carts won back, messages and what came of them, consent, tiers.

Metrics know who came and went, not who is in: sizes of segments and tiers are in the topics.
"""

from pipeline.observability.dashboards.grafana import Dashboard, Panel, Query, Row
from pipeline.observability.dashboards.overview import JOB
from pipeline.observability.dashboards.promql import increase, legend, ratio

_FOR_GOOD = 'end="ended"'


def _bars(title: str, description: str, query: str, by: str, unit: str = "short", width: int = 12) -> Panel:
    """Over the whole range shown."""
    return Panel(title, description, (Query(query, legend(by)),), "bargauge", unit, width)


def _hourly(title: str, description: str, counter: str, *of: str, by: str, width: int = 12) -> Panel:
    return Panel(
        title, description, (Query(increase(counter, *of, by=by, over="1h"), legend(by)),), width=width, stacked=True
    )


def _share(of: str, part: str, whole: str, by: str) -> str:
    """How much of a counter is `part`, for each that is `whole`; both are matchers."""
    return ratio(increase(of, part, by=by), increase(of, whole, by=by))


_SEGMENTS = Row(
    "Segments",
    (
        _hourly("Entered", "In an hour.", "segment_changes_total", 'change="entered"', by="segment", width=8),
        _hourly("Left", "In an hour.", "segment_changes_total", 'change="exited"', by="segment", width=8),
        _bars(
            "Who left, to who entered",
            "Over the range shown; above 1 a segment shrinks. Who leaves window shoppers for buyers has converted.",
            _share("segment_changes_total", 'change="exited"', 'change="entered"', "segment"),
            "segment",
            width=8,
        ),
    ),
)

_ABANDONMENT = Row(
    "Abandonment",
    (
        _bars(
            "Won back",
            "Recovered, of abandoned, by kind and stage, over the range shown.",
            _share("abandonments_total", 'change="recovered"', 'change="abandoned"', "kind, stage"),
            "kind, stage",
            "percentunit",
        ),
        _hourly("Abandoned, recovered, taken back", "In an hour.", "abandonments_total", by="kind, change"),
    ),
)

_MESSAGES = Row(
    "Messages",
    (
        _hourly("Decided to be sent", "In an hour.", "messages_total", by="message, channel"),
        _hourly(
            "Not sent, for good", "In an hour, by reason.", "message_suppressions_total", 'end="ended"', by="reason"
        ),
        _bars(
            "What came of them",
            "Over the range shown: sent, delivered, opened, clicked, failed, recovered.",
            increase("message_results_total", by="message, result"),
            "message, result",
        ),
        _bars(
            "Ordered, of those who took part",
            "By variant, beside who is held out. `afterclick experiments` says whether a difference can be believed.",
            _share(
                "experiment_exposures_total", 'change="converted"', 'change="exposed"', "experiment, variant, holdout"
            ),
            "experiment, variant, holdout",
            "percentunit",
        ),
    ),
)

_CONSENT = Row(
    "Consent",
    (
        _hourly(
            "Opt-outs",
            "In an hour, by channel and reason; complaints and hard bounces among them.",
            "consent_changes_total",
            'after="denied"',
            by="channel, reason",
        ),
        _bars(
            "Opt-outs for each message decided",
            "By channel, over the range shown.",
            ratio(
                increase("consent_changes_total", 'after="denied"', by="channel"),
                increase("messages_total", by="channel"),
            ),
            "channel",
            "percentunit",
        ),
    ),
)

_LOYALTY = Row(
    "Loyalty",
    (
        _bars(
            "Tiers reached",
            "Who joined or moved, by programme and tier, over the range shown: the mix of what changed.",
            increase("tier_changes_total", 'change=~"joined|upgraded|downgraded"', by="programme, to"),
            "programme, to",
        ),
        _hourly("Movement", "In an hour.", "tier_changes_total", by="programme, change"),
    ),
)

BUSINESS = Dashboard(
    "afterclick-business",
    "Afterclick: what the shop gets of it",
    "Segments, carts won back, messages and what came of them, consent, tiers.",
    (JOB,),
    (_SEGMENTS, _ABANDONMENT, _MESSAGES, _CONSENT, _LOYALTY),
)
