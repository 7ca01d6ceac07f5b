"""docs/topology.md: the reference of the language, made of the models that read it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from pipeline.config.abandonment import Abandonment
from pipeline.config.aggregate import (
    AverageOrder,
    CartTests,
    Count,
    Distinct,
    Latest,
    Measure,
    OrderCount,
    Spend,
    TraitTests,
)
from pipeline.config.bound import Bounds
from pipeline.config.computed_trait import ComputedTests, ComputedTrait, CountTrait, EdgeTrait, OrderTrait, ValueTrait
from pipeline.config.condition import Condition
from pipeline.config.consent import ConsentSettings, ConsentTests
from pipeline.config.earn import Earn
from pipeline.config.entry import Entry
from pipeline.config.erasure import Erasure, Retention
from pipeline.config.expiry import Expire
from pipeline.config.flow import Kafka
from pipeline.config.intake import HotKeys, IntakeRules, PrivacyRules, Sampling
from pipeline.config.journey import JourneyStage
from pipeline.config.loyalty import Programme
from pipeline.config.message import Message
from pipeline.config.messaging import Cap, Holdout, Messaging
from pipeline.config.occasion import Occasion
from pipeline.config.operator import FilterTests, Tests
from pipeline.config.quiet_hours import QuietHours, SendHours
from pipeline.config.reward import Reward
from pipeline.config.rfm import Rfm, RfmTests
from pipeline.config.schema import default
from pipeline.config.segment import Hold, Segment
from pipeline.config.segment_calls import SegmentCalls
from pipeline.config.selection import Selecting
from pipeline.config.sequence import Sequence, Step
from pipeline.config.shop import Events, Late, Shop, Time
from pipeline.config.standing import PointsTests, TierTests
from pipeline.config.tiers import Level, Tiers, TierWindow
from pipeline.config.topology import Topology

PAGE = Path("docs/topology.md")

# Blocks in order of reading: heading, and the model behind it.
_BLOCKS: tuple[tuple[str, type[Entry]], ...] = (
    ("The file", Topology),
    ("shop", Shop),
    ("kafka", Kafka),
    ("events", Events),
    ("time", Time),
    ("time.late", Late),
    ("intake", IntakeRules),
    ("intake.hot_keys", HotKeys),
    ("intake.privacy", PrivacyRules),
    ("intake.sample", Sampling),
    ("segments.NAME", Segment),
    ("segments.NAME.hold", Hold),
    ("Conditions", Condition),
    ("count", Count),
    ("distinct", Distinct),
    ("sum, min, max, avg", Measure),
    ("first, last", Latest),
    ("sequence", Sequence),
    ("sequence.steps", Step),
    ("trait", TraitTests),
    ("orders", OrderCount),
    ("spend", Spend),
    ("average_order", AverageOrder),
    ("cart", CartTests),
    ("Conditions: rfm", RfmTests),
    ("tier", TierTests),
    ("points", PointsTests),
    ("consent", ConsentTests),
    ("Events and filters", Selecting),
    ("Bounds", Bounds),
    ("Operators", Tests),
    ("Operators in filters", FilterTests),
    ("traits.NAME", ComputedTrait),
    ("traits.NAME: count", CountTrait),
    ("traits.NAME: sum, min, max, avg, distinct, most_frequent", ValueTrait),
    ("traits.NAME: first, last", EdgeTrait),
    ("traits.NAME: orders, spend", OrderTrait),
    ("computed", ComputedTests),
    ("rfm", Rfm),
    ("journey", JourneyStage),
    ("segment_calls", SegmentCalls),
    ("erasure", Erasure),
    ("retention", Retention),
    ("abandonment.NAME", Abandonment),
    ("messaging", Messaging),
    ("messaging.consent", ConsentSettings),
    ("messaging.quiet_hours", QuietHours),
    ("messaging.caps", Cap),
    ("messaging.holdout", Holdout),
    ("messaging.messages.NAME", Message),
    ("messaging.messages.NAME.on", Occasion),
    ("messaging.messages.NAME.send", SendHours),
    ("loyalty.NAME", Programme),
    ("loyalty.NAME.earn", Earn),
    ("loyalty.NAME.expire", Expire),
    ("loyalty.NAME.rewards.NAME", Reward),
    ("loyalty.NAME.tiers", Tiers),
    ("loyalty.NAME.tiers.window", TierWindow),
    ("loyalty.NAME.tiers.levels", Level),
)
# Keys that many blocks share are told once.
_SHARED: tuple[tuple[type[Entry], str], ...] = (
    (Selecting, "`of` and `where`: see [Events and filters](#events-and-filters)."),
    (Bounds, "Bounds, at least one: see [Bounds](#bounds)."),
    (Tests, "Operators, at least one: see [Operators](#operators)."),
)
_HEADING = {model.__name__: heading for heading, model in _BLOCKS} | {"CartValue": "Bounds", "CartPieces": "Bounds"}

_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false"}
_NUMBERS = {2: "two", 4: "four"}

_INTRODUCTION = """\
<!-- Made by `python -m pipeline.config`; edit the models in pipeline/config instead. -->
# topology.yaml: every key

The one file that says what to decide and where it flows. `afterclick check` validates it, and says what it understood.
For completion in an editor, begin the file with `# yaml-language-server: $schema=schemas/topology.schema.json`.

* YAML 1.2: `on`, `yes` and `no` are plain words; a key given twice is an error, and so is an unknown one.
* **Durations** are `500ms`, `90s`, `15m`, `4h`, `30d`, `12w` or ISO 8601 (`P30D`). Months and years (`P1Y`) have no
  fixed length: only `term`, `grace` and `expire` of loyalty take them, as calendar arithmetic in the shop's zone.
* **Windows** (`within`) are a duration, sliding; `{calendar: day}`, `week`, `month`, `quarter` or `year`: the period
  that is now in the shopper's time zone (the trait `timezone`, else the latest `context.timezone`, else the shop's),
  weeks from Monday; or `{since: EVENT}`: all after the latest such event, nothing before the first one. Left out, all
  of a shopper's time counts.
* **Money** is a decimal in the shop's currency with no more digits than the currency has.
* **Names** of rules are lower-case letters, digits, `-` and `_`, a letter first, at most 64.
* `${NAME}` and `${NAME:-default}` in values are taken from the environment.
* What the language will have, and has not yet, is refused as "not supported yet".
"""


def page() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    for heading, model in _BLOCKS:
        parts.append("\n".join(_block(heading, model)) + "\n")
    return "\n".join(parts)


def _block(heading: str, model: type[Entry]) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    yield " ".join((model.__doc__ or "").split())
    fields = dict(model.model_fields)
    for shared, note in _SHARED:
        if model is not shared and issubclass(model, shared):
            fields = {name: field for name, field in fields.items() if name not in shared.model_fields}
            yield ""
            yield note
    if not fields:
        return
    made = model.model_json_schema()
    made = made.get("$defs", {}).get(model.__name__, made)
    properties = next(each for each in (made, *made.get("anyOf", ())) if "properties" in each)["properties"]
    yield ""
    yield "| key | type | default | meaning | example |"
    yield "|---|---|---|---|---|"
    for name, field in fields.items():
        key = field.alias or name
        yield _row(key, field, properties[key])


def _row(key: str, field: FieldInfo, written: dict[str, Any]) -> str:
    value = default(written)
    shown = "**required**" if field.is_required() else "" if value in (None, "") else f"`{_yaml(value)}`"
    example = f"`{key}: {_yaml(field.examples[0])}`" if field.examples else ""
    cells = (f"`{key}`", _type(written), shown, field.description or "", example)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _type(written: dict[str, Any]) -> str:
    """A type in words."""
    title = str(written.get("title", ""))
    if title[:1].islower():
        return title
    if "$ref" in written:
        return _link(str(written["$ref"]).rsplit("/", 1)[1])
    if "const" in written:
        return f"`{written['const']}`"
    if "enum" in written:
        return " or ".join(f"`{word}`" for word in written["enum"])
    options = [option for option in written.get("anyOf", ()) if option.get("type") != "null"]
    if options:
        return _type(next((option for option in options if "$ref" in option), options[0]))
    if "prefixItems" in written:
        items = written["prefixItems"]
        return f"{_NUMBERS[len(items)]} of {_type(items[0])}"
    if written.get("type") == "array":
        return f"list of {_type(written['items'])}"
    if written.get("type") == "object":
        values = [*written.get("patternProperties", {}).values(), written.get("additionalProperties")]
        return f"mapping to {_type(next(value for value in values if isinstance(value, dict)))}"
    return _WORDS.get(str(written.get("type")), "number")


def _link(model: str) -> str:
    heading = _HEADING.get(model, model)
    anchor = "".join(each for each in heading.lower().replace(" ", "-") if each.isalnum() or each in "-_")
    return f"[{heading}](#{anchor})"


def _yaml(value: Any) -> str:
    """A value as one would write it in flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(each) for each in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value) if value.startswith(("*", "^", "$")) else value
    return str(value)
