"""Releases of the product that tests run side by side: this checkout, and the one before it."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from tests.kept import CACHE, kept
from tests.servers.forked import run_python

_CHECKOUT = Path(__file__).resolve().parents[1]
PREVIOUS_COMMIT = "0462550380899c4c6b37566eb80a056221eee6ae"
"""The latest commit of the previous release."""
_COMMAND_SECONDS = 600.0
_INSTALL_SECONDS = 600.0


class ReleaseMissing(Exception):
    """The history of this checkout lacks the commit of the previous release: clone the repository
    with its full history (`git fetch --unshallow`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A checkout, and the Python that has what it requires."""

    name: str
    directory: Path
    python: str

    def manage(self, environment: Mapping[str, str], *arguments: str) -> str:
        """Run a management command of this release and return its output. Raises
        subprocess.CalledProcessError."""
        whole = {**os.environ, **environment}
        if self.python == sys.executable:
            return run_python(
                "manage.py",
                *arguments,
                environment=whole,
                directory=self.directory,
                timeout=_COMMAND_SECONDS,
                check=True,
            ).stdout
        return subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.directory,
            env=whole,
            check=True,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
        ).stdout


PRESENT = Release(name="present", directory=_CHECKOUT, python=sys.executable)


def require_previous_release() -> None:
    """Raises ReleaseMissing."""
    command = ["git", "cat-file", "-e", f"{PREVIOUS_COMMIT}^{{commit}}"]
    try:
        found = subprocess.run(command, cwd=_CHECKOUT, check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise ReleaseMissing("git is not installed.") from error
    if found.returncode:
        raise ReleaseMissing(f"{ReleaseMissing.__doc__} git says: {found.stderr.strip()}")


def previous_release() -> Release:
    """The previous release, whose files are written once: Python compiles them there. Raises
    ReleaseMissing."""
    directory = kept(f"checkout-{PREVIOUS_COMMIT[:16]}", _write_previous_release)
    return Release(name="previous", directory=directory, python=_python_for(directory))


def _write_previous_release(directory: Path) -> None:
    require_previous_release()
    archive = subprocess.run(
        ["git", "archive", "--format=tar", PREVIOUS_COMMIT],
        cwd=_CHECKOUT,
        check=True,
        stdout=subprocess.PIPE,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")


def _python_for(directory: Path) -> str:
    """Return the Python of this environment where it has every requirement in the version that the
    release pins, else one of a virtual environment that is made once."""
    requirements = directory / "requirements-dev.txt"
    text = requirements.read_text()
    if all(map(_is_met, text.splitlines())):
        return sys.executable
    digest = hashlib.sha256(f"{sys.version}\n{text}".encode()).hexdigest()[:16]
    environment = CACHE / f"release-{digest}"
    python = environment / "bin" / "python"
    complete = environment / "complete"
    if not complete.exists():
        uv = [sys.executable, "-m", "uv"]
        _install(*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment))
        _install(*uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(requirements))
        complete.touch()
    return str(python)


def _is_met(line: str) -> bool:
    """Whether a line of the requirements names nothing, or a version that is installed here."""
    pinned = line.partition("#")[0].strip().removesuffix("\\")
    if "==" not in pinned:
        return True
    requirement = Requirement(pinned)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    try:
        return version(requirement.name) in requirement.specifier
    except PackageNotFoundError:
        return False


def _install(*command: str) -> None:
    subprocess.run(command, check=True, timeout=_INSTALL_SECONDS)
