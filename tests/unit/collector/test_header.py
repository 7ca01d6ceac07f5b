"""What the headers of a request tell, where the collector is asked to look at them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.collector import resolve_collector
from pipeline.config.settings import SettingsError
from tests.support.collector_client import CollectorClient

KEY = {"authorization": "Basic d2tfdGVzdDo="}
CLOUD = {"COUNTRY_HEADERS": "CF-IPCountry, CloudFront-Viewer-Country"}


def context(folder: Path, headers: dict[str, str], settings: dict[str, str], own: Any = ...) -> Any:
    client = CollectorClient(folder, **settings)
    call = {"type": "page", "userId": "u-1", "messageId": "m"} | ({} if own is ... else {"context": own})
    assert client.request("POST", "/v1/page", json.dumps(call).encode(), KEY | headers).status_code == 200
    (record,) = client.log.records
    return json.loads(record.value).get("context")


@pytest.mark.parametrize(
    "headers, country",
    [
        ({"cf-ipcountry": "DE"}, "DE"),
        ({"CF-IPCountry": "de"}, "DE"),
        ({"cloudfront-viewer-country": "AT"}, "AT"),
        ({"cf-ipcountry": "XX", "cloudfront-viewer-country": "AT"}, "AT"),
        ({"cf-ipcountry": "T1"}, None),
        ({"cf-ipcountry": "Germany"}, None),
        ({"x-country-code": "DE"}, None),
        ({}, None),
    ],
)
def test_the_country_that_a_cdn_tells(tmp_path: Path, headers: dict[str, str], country: str | None) -> None:
    assert context(tmp_path, headers, CLOUD) == (None if country is None else {"location": {"country": country}})


@pytest.mark.parametrize(
    "headers, told",
    [
        ({"DNT": "1"}, {"doNotTrack": "1"}),
        ({"Sec-GPC": "1"}, {"globalPrivacyControl": True}),
        ({"DNT": "0", "Sec-GPC": "0"}, None),
    ],
)
def test_signals_of_privacy(tmp_path: Path, headers: dict[str, str], told: Any) -> None:
    assert context(tmp_path, headers, {"PRIVACY_HEADERS": "yes"}) == told


def test_headers_are_looked_at_only_if_asked(tmp_path: Path) -> None:
    assert context(tmp_path, {"cf-ipcountry": "DE", "dnt": "1", "sec-gpc": "1"}, {}) is None


@pytest.mark.parametrize(
    "own, then",
    [
        ({"locale": "de"}, {"locale": "de", "location": {"country": "DE"}}),
        ({"location": {"city": "Wien"}}, {"location": {"city": "Wien", "country": "DE"}}),
        ({"location": {"country": "AT"}}, {"location": {"country": "AT"}}),
        (None, {"location": {"country": "DE"}}),
        ("text", "text"),
    ],
)
def test_what_the_client_says_itself_stands(tmp_path: Path, own: Any, then: Any) -> None:
    assert context(tmp_path, {"cf-ipcountry": "DE"}, CLOUD, own) == then


def test_each_call_of_a_batch_has_it(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path, **CLOUD)
    call = {"type": "page", "userId": "u-1"}
    body = json.dumps({"batch": [call | {"messageId": "a"}, call | {"messageId": "b"}]}).encode()
    assert client.request("POST", "/v1/batch", body, KEY | {"cf-ipcountry": "DE"}).status_code == 200
    told = [json.loads(record.value)["context"] for record in client.log.records]
    assert told == [{"location": {"country": "DE"}}] * 2


@pytest.mark.parametrize(
    "settings, problem",
    [
        ({"COUNTRY_HEADERS": "CF IPCountry:"}, "write names of headers"),
        ({"PRIVACY_HEADERS": "maybe"}, "it should be yes or no"),
    ],
)
def test_wrong_settings(settings: dict[str, str], problem: str) -> None:
    given = {f"AFTERCLICK_COLLECTOR_{name}": value for name, value in {"WRITE_KEYS": "k", **settings}.items()}
    with pytest.raises(SettingsError) as error:
        resolve_collector(given)
    assert problem in str(error.value)
