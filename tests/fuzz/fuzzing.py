"""The two fuzzers, each a process of the environment that requirements.lock describes."""

import os
import subprocess
import sysconfig
from pathlib import Path

from pipeline.collector.body import decompressed
from pipeline.collector.format import format_of
from tests.support.captured_request import CAPTURES, captured, clients
from tests.support.locked_environment import python_environment

HERE = Path(__file__).parent
_REPOSITORY = HERE.parents[1]
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_GA4 = b"api_secret=k\n\n" + (
    b'{"client_id":"c.1","timestamp_micros":"1795327638278000","user_properties":{"plan":{"value":"gold"}},'
    b'"events":[{"name":"purchase","params":{"transaction_id":"O1","value":1,"items":[{"item_id":"P1"}]}}]}'
)
_GTAG = (
    b"tid=G-1&cid=1.2&gcs=G111\n\nen=purchase&cu=EUR&epn.value=5&ep.transaction_id=O1&pr1=idP1~nma~~b~pr5~k0a~v0b\nen=x"
)


def python() -> Path:
    """The interpreter with the fuzzers. Raises Unavailable."""
    return python_environment(_REPOSITORY / ".venv-fuzz", HERE / "requirements.lock")


def corpus(adapter: str, folder: Path) -> Path:
    """What was captured of clients of this format, a file each, in the form that adapter_target.py takes."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds = [_GA4] if adapter == "ga4" else [_GTAG] if adapter == "gtag" else [b"{}"]
    for one in (one for client in clients() for one in captured(client)) if CAPTURES.is_dir() else ():
        taken = format_of(one.method, one.path, one.headers)
        if taken is not None and taken.name == adapter:
            body = decompressed(one.body, one.headers.get("content-encoding", ""))
            seeds.append(one.target.partition("?")[2].encode() + b"\n\n" + body)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)
    return folder


def run_atheris(adapter: str, folder: Path, limit: str) -> "subprocess.CompletedProcess[str]":
    """limit: an option of libFuzzer's, as `-max_total_time=60` or `-runs=5000`. Exits other than 0 if something was
    found; the input that did it is then in `folder`."""
    command = [
        str(python()),
        str(HERE / "adapter_fuzzer.py"),
        adapter,
        str(corpus(adapter, folder / f"{adapter}-corpus")),
    ]
    flags = [limit, "-max_len=20000", f"-artifact_prefix={folder}/", "-print_final_stats=1", "-rss_limit_mb=1500"]
    path = os.pathsep.join((str(_REPOSITORY), sysconfig.get_paths()["purelib"]))
    return _ran([*command, *flags], {"PYTHONPATH": path})


def run_schemathesis(url: str, examples: int, paths: str = ".", key: str = "") -> "subprocess.CompletedProcess[str]":
    """url: of a running collector or query API; key: of the latter. examples: for each operation. paths: a regular
    expression."""
    tool = python().with_name("schemathesis")
    flags = ["--checks", _CHECKS, "--max-examples", str(examples), "--seed", "1", "--suppress-health-check", "all"]
    flags += ["--include-path-regex", paths, *(["--header", f"Authorization: Bearer {key}"] if key else [])]
    return _ran([str(tool), "run", f"{url}/openapi.json", *flags], {})


def _ran(command: list[str], environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
