"""No command shows a secret of the environment, also where it fails or is asked for a stack."""

from pathlib import Path

import pytest

from tests.support.shop_history import write_topology
from tests.support.worker_process import afterclick

SETTINGS = {
    "BROKERS": "127.0.0.1:1",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "KAFKA_SASL_USERNAME": "me",
    "KAFKA_SASL_PASSWORD": "hunter2",
}


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "said"),
    [
        (["check"], {}, 0, "valid"),
        (["check", "--json"], {}, 0, '"digest"'),
        (["--debug", "topics"], {"KAFKA_SASL_PASSWRD": "hunter2"}, 1, "AFTERCLICK_KAFKA_SASL_PASSWRD is not supported"),
        (["--debug", "worker"], {"LOG": "xml"}, 1, "AFTERCLICK_LOG is 'xml'"),
        (["--debug", "worker"], {"KAFKA_SSL_KEY_PEM": "hunter2"}, 1, "AFTERCLICK_KAFKA_SSL_KEY_PEM go together"),
        (
            ["topics"],
            {"KAFKA_SSL_KEY_PEM": "hunter2", "KAFKA_SSL_CERTIFICATE_PEM": "hunter2"},
            1,
            "The client properties AFTERCLICK_KAFKA_* can't be used",
        ),
        (["simulate"], {"KAFKA_SASL_MECHANISM": "GSSAPI"}, 1, "AFTERCLICK_KAFKA_SASL_MECHANISM is 'GSSAPI'"),
    ],
)
def test_no_output_holds_one(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], code: int, said: str
) -> None:
    topology = write_topology(tmp_path / "topology.yaml")
    run = afterclick(*arguments, "--topology", topology, **(SETTINGS | settings))
    assert run.returncode == code, run.stderr
    assert said in run.stdout + run.stderr
    assert "hunter2" not in run.stdout + run.stderr
