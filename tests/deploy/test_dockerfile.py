"""The Dockerfile, by hadolint; what it says is checked in tests/unit/docker."""

from tests.deploy.checking_tools import REPOSITORY, python_tool


def test_hadolint_finds_nothing() -> None:
    assert python_tool("hadolint", REPOSITORY / "docker/Dockerfile") == ""
