"""`make` on somebody else's machine: the environment is made, mended, or refused in words."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ops.desk import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that needs no packages: only what makes the environment."""
    (tmp_path / ".ci").mkdir()
    shutil.copy2(ROOT / ".ci" / "venv", tmp_path / ".ci" / "venv")
    for kind in ("embedded", "dev"):
        (tmp_path / f"requirements-{kind}.lock").touch()
    return tmp_path


def make_environment(clone: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [clone / ".ci" / "venv", "embedded"],
        env={**os.environ, "PYTHON": python},
        capture_output=True,
        text=True,
        timeout=120,
    )


def lacking(clone: Path, *modules: str) -> str:
    """A Python of this version that cannot import `modules`."""
    tests = " ".join(f'*"{module}"*) exit 1;;' for module in modules)
    fake = clone / "python"
    fake.write_text(
        "#!/bin/sh\n"
        f'for a in "$@"; do case "$a" in {tests} esac; done\n'
        f'exec {sys.executable} "$@"\n'
    )
    fake.chmod(0o755)
    return str(fake)


def test_an_environment_is_made_once_and_mended_after_an_interruption(clone: Path) -> None:
    first = make_environment(clone, sys.executable)
    assert first.returncode == 0, first.stderr
    assert "Making .venv with Python 3." in first.stderr
    assert make_environment(clone, sys.executable).stderr == "", "nothing changed, nothing to do"

    (clone / ".venv" / ".installing").touch()
    (clone / ".venv" / "half").touch()
    again = make_environment(clone, sys.executable)
    assert again.returncode == 0
    assert "Making .venv" in again.stderr
    assert not (clone / ".venv" / "half").exists()

    (clone / "requirements-embedded.lock").write_text("# renewed\n")
    changed = make_environment(clone, sys.executable)
    assert "Installing requirements-embedded.lock" in changed.stderr
    assert "Making" not in changed.stderr


def test_a_python_that_is_too_old_is_named_with_the_way_out(clone: Path) -> None:
    done = make_environment(clone, lacking(clone, "import sys"))
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13, and found none of them" in done.stderr
    assert "PYTHON=/path/to/python3.12 make run" in done.stderr
    assert not (clone / ".venv").exists()


def test_a_debian_python_without_venv_is_told_what_to_install(clone: Path) -> None:
    done = make_environment(clone, lacking(clone, "import ensurepip", "import pip"))
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


def test_make_alone_tells_what_there_is() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    for target in ("run", "serve", "test", "lint", "format", "lock", "bench", "clean"):
        assert f"make {target} " in done.stdout
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
