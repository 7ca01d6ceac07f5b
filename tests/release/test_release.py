"""A release is the same to the byte wherever it is built, and works where only its wheel is."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import __version__
from tests.release.release import bill_of_materials, build, python
from tests.support.locked_environment import Unavailable

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Sdist and wheel, built from the checkout."""
    try:
        python()
    except Unavailable as reason:
        pytest.skip(str(reason))
    return build(REPOSITORY, tmp_path_factory.mktemp("release"))


def digests(files: list[Path]) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_two_builds_are_the_same_to_the_byte(release: list[Path], tmp_path: Path) -> None:
    sdist = next(file for file in release if file.suffix == ".gz")
    shutil.unpack_archive(sdist, tmp_path / "source")
    (source,) = (tmp_path / "source").iterdir()
    (source / "PKG-INFO").unlink()  # the one file that a checkout has not
    assert digests(build(source, tmp_path / "again")) == digests(release)


def test_what_only_has_the_wheel_runs_the_demo(release: list[Path], tmp_path: Path) -> None:
    wheel = next(file for file in release if file.suffix == ".whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(tmp_path / "installed"), str(wheel)], check=True)
    shutil.copy(REPOSITORY / "topology.yaml", tmp_path)
    place = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    where = "import pipeline; print(pipeline.__file__, pipeline.__version__)"
    said = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=place, capture_output=True, text=True)
    assert said.stdout.split() == [str(tmp_path / "installed" / "pipeline" / "__init__.py"), __version__], said.stderr
    command = [str(tmp_path / "installed" / "bin" / "afterclick"), "demo", "--plain", "--seconds", "5"]
    shown = subprocess.run([sys.executable, *command], cwd=tmp_path, env=place, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "decisions" in shown.stdout


def test_the_bill_of_materials_names_every_package_with_its_hash(tmp_path: Path, release: list[Path]) -> None:
    listed = json.loads(bill_of_materials(tmp_path / "bill.json").read_text())
    lock = (REPOSITORY / "docker" / "requirements.lock").read_text()
    locked = {line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    named = {one["name"]: one for one in listed["components"]}
    assert named.keys() == locked
    assert all(one["externalReferences"][0]["hashes"] for one in named.values())
    assert listed["metadata"]["component"]["name"] == "afterclick"
