"""A provider's webhook as it stands in the clickstream: which provider it is of, and the calls that it is made into."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from pipeline.domain.intake.envelope import decode_call
from pipeline.domain.intake.provider import mailgun, onesignal, sendgrid, ses, twilio
from pipeline.domain.intake.provider.feedback import Feedback
from pipeline.domain.intake.refusal import RefusedCall

# Fields of a form.
_FIELDS = 200

_list = msgspec.json.Decoder(list[msgspec.Raw]).decode


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    recognises: Callable[[Mapping[str, Any]], bool]
    feedback: Callable[[Mapping[str, Any]], Iterator[Feedback]]


PROVIDERS = tuple(
    Provider(one.NAME, one.recognises, one.feedback) for one in (ses, sendgrid, mailgun, twilio, onesignal)
)


@dataclass(frozen=True, slots=True)
class Part:
    """One event of a webhook. original: its bytes. item: its place in a list, None of one that is no list. calls: what
    it is made into, in the shape of clients' calls; refused: why that cannot be done."""

    original: bytes
    item: int | None
    calls: tuple[dict[str, Any], ...] = ()
    refused: RefusedCall | None = None


def read_webhook(value: bytes) -> list[Part] | None:
    """The events of a webhook, None if the value is of no provider. Only for values that are no client's call."""
    if value.lstrip()[:1] == b"[":
        return _events(value)
    payload = _form(value) if b"=" in value and value.lstrip()[:1] != b"{" else _object(value)
    provider = _provider(payload) if payload is not None else None
    return None if payload is None or provider is None else [_part(provider, payload, value, None)]


def _provider(payload: Mapping[str, Any]) -> Provider | None:
    return next((one for one in PROVIDERS if one.recognises(payload)), None)


def _part(provider: Provider, payload: Mapping[str, Any], original: bytes, item: int | None) -> Part:
    try:
        return Part(original, item, tuple(one.call(provider.name) for one in provider.feedback(payload)))
    except RefusedCall as refused:
        return Part(original, item, refused=refused)


def _events(value: bytes) -> list[Part] | None:
    """A list of events is SendGrid's, if its first one is."""
    try:
        items = [bytes(item) for item in _list(value)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not items or (first := _object(items[0])) is None or not sendgrid.recognises(first):
        return None
    provider = next(one for one in PROVIDERS if one.name == sendgrid.NAME)
    return [_read(provider, item, at) for at, item in enumerate(items)]


def _read(provider: Provider, item: bytes, at: int) -> Part:
    try:
        return _part(provider, decode_call(item), item, at)
    except RefusedCall as refused:
        return Part(item, at, refused=refused)


def _object(value: bytes) -> dict[str, Any] | None:
    try:
        return decode_call(value)
    except RefusedCall:
        return None


def _form(value: bytes) -> dict[str, str] | None:
    try:
        fields = parse_qsl(value.decode(), keep_blank_values=False, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        return None
    return dict(fields)
