"""Installs the peers into a folder of their own, from the registries of npm, Python and Debian."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CACHE = Path(__file__).resolve().parents[3] / ".peers"
_SECONDS = 600


class Missing(Exception):
    """A peer cannot be installed or run here. The message is the reason that the table shows."""


class Source(Protocol):
    """Where a peer comes from."""

    def install(self, folder: Path) -> None:
        """Install into a folder that is empty. Raises Missing."""

    def versions(self, folder: Path) -> str:
        """Return the names and versions of what is installed."""


@dataclass(frozen=True, slots=True)
class Npm:
    packages: tuple[str, ...]

    def install(self, folder: Path) -> None:
        (folder / "package.json").write_text("{}")
        # A package that downloads a program when it is installed would not come from the registry.
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        _run([*command, *self.packages], folder)

    def versions(self, folder: Path) -> str:
        found = []
        for package in self.packages:
            name = package[0] + package[1:].partition("@")[0]
            text = (folder / "node_modules" / name / "package.json").read_text()
            found.append(f"{name} {json.loads(text)['version']}")
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class Pip:
    packages: tuple[str, ...]

    def install(self, folder: Path) -> None:
        uv = str(Path(sys.executable).parent / "uv")
        _run([uv, "venv", "--quiet", "--python", sys.executable, "venv"], folder)
        python = str(folder / "venv" / "bin" / "python")
        _run([uv, "pip", "install", "--quiet", "--python", python, *self.packages], folder)

    def versions(self, folder: Path) -> str:
        names = [package.partition("[")[0].partition("=")[0] for package in self.packages]
        code = (
            "import sys; from importlib.metadata import version;"
            "print(*(f'{name} {version(name)},' for name in sys.argv[1:]))"
        )
        return _run([str(folder / "venv/bin/python"), "-c", code, *names], folder).strip(" ,\n")


@dataclass(frozen=True, slots=True)
class Debian:
    """Packages, and the packages that they need and this machine lacks, unpacked beside the
    system."""

    packages: tuple[str, ...]

    def install(self, folder: Path) -> None:
        simulated = ["apt-get", "-s", "install", "--no-install-recommends", *self.packages]
        lines = _run(simulated, folder).splitlines()
        names = [line.split()[1] for line in lines if line.startswith("Inst ")]
        if not names:
            raise Missing(f"{', '.join(self.packages)}: the system has these packages itself.")
        _run(["apt-get", "download", *names], folder)
        for package in folder.glob("*.deb"):
            _run(["dpkg", "-x", package.name, "."], folder)

    def versions(self, folder: Path) -> str:
        found = [next(folder.glob(f"{package}_*.deb")).name for package in self.packages]
        return ", ".join(" ".join(name.split("_")[:2]) for name in found)


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is here already: the product itself."""

    def install(self, folder: Path) -> None:
        pass

    def versions(self, folder: Path) -> str:
        return ""


def installed(name: str, source: Source, *, only_cached: bool = False) -> Path:
    """Return the folder of a peer, and install it if it is not there yet. Raises Missing."""
    stamp = "".join(c if c.isalnum() or c in ".-_" else "_" for c in repr(source))[:120]
    folder = CACHE / name
    done = folder / f"installed-{stamp}"
    if done.exists() or isinstance(source, Nothing):
        return folder
    if only_cached:
        raise Missing(f"{name} is not installed. `make bench` installs it.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        source.install(folder)
    except Missing:
        shutil.rmtree(folder)
        raise
    done.touch()
    return folder


def _run(command: Sequence[str], folder: Path) -> str:
    """Run a step of an installation, and return its output. Raises Missing."""
    if shutil.which(command[0]) is None:
        raise Missing(f"There is no {Path(command[0]).name} on this machine.")
    try:
        done = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} took longer than {_SECONDS} s.") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{Path(command[0]).name} failed: {lines[-1] if lines else done.returncode}")
    return done.stdout
