"""Environments beside the project's own, made from their locks on demand and kept until a lock changes: Python's
packages in a virtual environment, npm's in a folder of their own."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Unavailable(Exception):
    """What it needs is not on this machine, or cannot be fetched; the message says what."""


def python_environment(folder: Path, lock: Path) -> Path:
    """The interpreter of the environment that `lock` (hashed requirements) describes. Raises Unavailable."""
    python = folder / "bin" / "python"
    with _making(folder, lock) as wanted:
        if wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _fetched([*pip, "--require-hashes", "-r", str(lock)], lock)
    return python


def node_modules(folder: Path, lock: Path) -> Path:
    """The `node_modules` that `lock` (a package-lock.json, its package.json beside it) describes, made in `folder`.
    No script of a package is run. Raises Unavailable."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Unavailable("node and npm are not on this machine")
    modules = folder / "node_modules"
    with _making(folder, lock) as wanted:
        if wanted:
            folder.mkdir(parents=True, exist_ok=True)
            for file in (lock, lock.with_name("package.json")):
                shutil.copy(file, folder)
            quiet = ["--no-audit", "--no-fund", "--loglevel", "error"]
            _fetched(["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", *quiet, "--prefix", str(folder)], lock)
    return modules


@contextmanager
def _making(folder: Path, lock: Path) -> Iterator[bool]:
    """Whether the environment is to be made; one process at a time, others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # In the folder: it goes with what it is of.
    stamp, digest = folder / "lock.sha256", hashlib.sha256(lock.read_bytes()).hexdigest()
    with folder.with_name(f"{folder.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest:
            yield False
            return
        print(f"--- environment of {lock}: {folder}", flush=True)
        yield True
        stamp.write_text(digest)


def _fetched(command: list[str], lock: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"the packages of {lock.name} cannot be fetched: {done.stderr.strip()[-300:]}")
