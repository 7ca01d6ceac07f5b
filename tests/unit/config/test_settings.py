"""Settings: flags, else environment, else defaults."""

from pathlib import Path

import pytest

from pipeline.config.settings import SettingsError, resolve


def test_defaults() -> None:
    settings = resolve({})
    assert settings.brokers == "localhost:9092"
    assert settings.data_directory == Path("data")
    assert settings.http == ("127.0.0.1", 8080)
    assert settings.topology == Path("topology.yaml")
    assert (settings.schema_registry, settings.log, dict(settings.kafka)) == (None, "text", {})


def test_flags_win_over_the_environment() -> None:
    environment = {"AFTERCLICK_BROKERS": "a:1, b:2", "AFTERCLICK_HTTP": "off", "AFTERCLICK_LOG": "json"}
    assert resolve(environment).brokers == "a:1,b:2"
    assert resolve(environment).http is None
    assert resolve(environment).log == "json"
    settings = resolve(environment, brokers="c:3", http="[::1]:99", data_directory=Path("/x"), log="text")
    assert (settings.brokers, settings.http, settings.log) == ("c:3", ("::1", 99), "text")
    assert settings.data_directory == Path("/x")


def test_kafka_variables_are_client_properties() -> None:
    settings = resolve(
        {"AFTERCLICK_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "AFTERCLICK_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    )
    assert settings.kafka == {"sasl.mechanism": "SCRAM-SHA-512", "security.protocol": "SASL_SSL"}


def test_secrets_are_never_shown() -> None:
    settings = resolve(
        {
            "AFTERCLICK_KAFKA_SASL_PASSWORD": "hunter2",
            "AFTERCLICK_KAFKA_SSL_KEY_PEM": "hunter2",
            "AFTERCLICK_KAFKA_SASL_USERNAME": "kim",
            "AFTERCLICK_SCHEMA_REGISTRY": "https://kim:hunter2@registry",
        }
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.shown_kafka())
    assert settings.shown_kafka()["sasl.username"] == "kim"
    assert settings.kafka["sasl.password"] == "hunter2"


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"AFTERCLICK_BROKERS": "localhost"}, "AFTERCLICK_BROKERS has 'localhost'"),
        ({"AFTERCLICK_BROKERS": "a:0"}, "AFTERCLICK_BROKERS has 'a:0'"),
        ({"AFTERCLICK_BROKERS": ","}, "AFTERCLICK_BROKERS names no broker"),
        ({"AFTERCLICK_HTTP": "8080"}, "AFTERCLICK_HTTP is '8080'"),
        ({"AFTERCLICK_STANDBYS": "-1"}, "AFTERCLICK_STANDBYS is '-1'"),
        ({"AFTERCLICK_STATE_MEMORY_MIB": "8"}, "AFTERCLICK_STATE_MEMORY_MIB is '8'"),
        ({"AFTERCLICK_STATE_MEMORY_MIB": "1GB"}, "AFTERCLICK_STATE_MEMORY_MIB is '1GB'"),
        ({"AFTERCLICK_LOG": "xml"}, "AFTERCLICK_LOG is 'xml'"),
        ({"AFTERCLICK_SCHEMA_REGISTRY": "registry:8081"}, "AFTERCLICK_SCHEMA_REGISTRY should be a URL"),
        ({"AFTERCLICK_KAFKA_BOOTSTRAP_SERVERS": "a:1"}, "AFTERCLICK_KAFKA_BOOTSTRAP_SERVERS is not taken"),
    ],
)
def test_wrong_settings_are_told(environment: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve(environment)
    assert any(problem.startswith(told) for problem in caught.value.problems)


def test_all_wrong_settings_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({"AFTERCLICK_BROKERS": "x", "AFTERCLICK_HTTP": "y", "AFTERCLICK_LOG": "z"})
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(("text", "ratio"), [("0.25", 0.25), ("1", 1.0)])
def test_the_limit_of_dead_letters_is_a_share(text: str, ratio: float) -> None:
    assert resolve({"AFTERCLICK_DEAD_LETTER_RATIO": text}).dead_letter_ratio == ratio


@pytest.mark.parametrize("text", ["10 %", "0", "-0.1", "1.5", "nan"])
def test_a_limit_that_is_no_share_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="AFTERCLICK_DEAD_LETTER_RATIO is"):
        resolve({"AFTERCLICK_DEAD_LETTER_RATIO": text})
