"""docs/tutorial.md as somebody follows it: files saved, commands typed into one shell, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.apache_kafka import free_port
from tests.support.kafka_reader import decisions
from tests.support.worker_process import SLOWEST

REPOSITORY = Path(__file__).parents[2]
_PAGE = (REPOSITORY / "docs/tutorial.md").read_text()
_SAVED = re.compile(r"[Ss]ave this as `([\w.]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
_TYPED = re.compile(r"```sh\n(.*?)```", re.DOTALL)
_PATIENCE = 200
"""Seconds, of a machine that is not busy."""

# The installation is the one that runs the test, and the broker is there already.
_PRELUDE = """\
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
make() { :; }
docker() { :; }
python() { "$PYTHON" "$@"; }
"""
_AFTERCLICK = """afterclick() { "$PYTHON" -c "from pipeline.cli import main; main()" "$@"; }\n"""
# It cannot be administered, and a worker has to know that.
_AFTERCLICK_EMBEDDED = """\
afterclick() {
    case $1 in
    topics) return ;;
    worker) set -- "$@" --embedded ;;
    esac
    "$PYTHON" -c "from pipeline.cli import main; main()" "$@"
}
"""


def saved() -> dict[str, str]:
    """The files that the page has one save, by name."""
    return dict(_SAVED.findall(_PAGE))


def follow(home: Path, brokers: str, embedded: bool) -> "subprocess.CompletedProcess[str]":
    """Follow it to the end, with `home` as one's home directory. Fails as soon as a command does."""
    folder = home / "afterclick-tutorial"
    folder.mkdir()
    for name, text in saved().items():
        (folder / name).write_text(text)
    typed = "".join(_TYPED.findall(_PAGE))
    typed = typed.replace("localhost:9092", brokers).replace("127.0.0.1:8090", f"127.0.0.1:{free_port()}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCLICK_")}
    paths = {"PYTHON": sys.executable, "PYTHONPATH": str(REPOSITORY), "HOME": str(home)}
    return subprocess.run(
        ["bash", "-c", _PRELUDE + (_AFTERCLICK_EMBEDDED if embedded else _AFTERCLICK) + typed],
        cwd=REPOSITORY,
        env=environment | paths,
        capture_output=True,
        text=True,
        timeout=_PATIENCE * SLOWEST,
        check=False,
    )


def assert_told(told: "subprocess.CompletedProcess[str]", home: Path, brokers: str) -> None:
    """What the page promises has happened: Kim is written to, Lea is not, and Kim's order is told."""
    logs = "".join(each.read_text() for each in (home / "afterclick-tutorial").glob("*.log"))
    assert told.returncode == 0, told.stdout + told.stderr + logs
    written = re.findall(r"write to (.*), id [0-9a-f]{32}", told.stdout)
    assert written == ["['kim@shop.example']: reminder"], told.stdout
    assert re.findall(r"(\w+): cart (\w+) at", told.stdout) == [("kim", "abandoned"), ("kim", "recovered")]
    messages = [decision for decision in decisions(brokers) if decision["topic"] == "messages"]
    assert [message["shopper"] for message in messages] == ["kim"]
    for instant in ("10:01:20.000Z", "10:01:25.000Z"):
        assert f'"effective_at":"2026-01-05T{instant}"' in told.stdout, "as the page says of the replay"
