"""`make release`: build everything that a release consists of into `dist/`, and check it.

This is a dry run: nothing is tagged, pushed or uploaded. The version is `messaging.__version__`;
every other place names the same one.
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from messaging import __version__

_CHECKOUT = Path(__file__).resolve().parents[2]
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HEADING = re.compile(r"^## (\S+) - (\S+)$", re.MULTILINE)
_UNRELEASED = "unreleased"
_BILL_TOOL = "cyclonedx-bom==7.5.0"


class NotReady(Exception):
    """The checkout cannot become a release. The text says why."""


def main() -> int:
    """Build the release. Return the exit status: 1 if the checkout is not ready for it."""
    parser = argparse.ArgumentParser(prog="python -m config.development.release")
    parser.add_argument(
        "--final",
        action="store_true",
        help="require that CHANGELOG.md has the date of the release, and that the tag is free",
    )
    arguments = parser.parse_args()
    try:
        build(_CHECKOUT, _CHECKOUT / "dist", final=arguments.final)
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build(checkout: Path, folder: Path, *, final: bool = False) -> None:
    """Build a clean checkout into this folder, which is emptied first. Raises NotReady."""
    require_consistent(checkout, final=final)
    _require_clean(checkout, "Commit or remove them first.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    name = f"chat-backend-{__version__}"
    _run(
        checkout, "git", "archive", f"--prefix={name}/", f"--output={folder / name}.tar.gz", "HEAD"
    )
    for client in sorted((checkout / "clients").iterdir()):
        if (client / "package.json").exists():
            pack_javascript(client, folder)
        if (client / "pyproject.toml").exists():
            _run(client, sys.executable, "-m", "uv", "build", "--quiet", "--out-dir", str(folder))
    (folder / ".gitignore").unlink(missing_ok=True)  # uv writes one
    _write_bill(checkout, folder / f"{name}.cdx.json")
    _require_clean(checkout, "The build must not change them.")
    files = sorted(folder.iterdir())
    sums = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in files]
    (folder / "SHA256SUMS").write_text("".join(sums))
    print("".join(sums), end="")


def pack_javascript(client: Path, folder: Path) -> None:
    """Pack a client with types that are made anew. Raises NotReady."""
    shutil.rmtree(client / "types", ignore_errors=True)  # `tsc` leaves those of removed modules
    _run(client, "npm", "pack", "--silent", "--pack-destination", str(folder))


def require_consistent(checkout: Path, *, final: bool = False) -> None:
    """Require one version everywhere, and its entry in the changelog. Raises NotReady.

    `final`: the entry has a date, and no tag of this version exists.
    """
    if not _VERSION.fullmatch(__version__):
        raise NotReady(f"The version {__version__} is not of the form 1.2.3.")
    for place, version in _versions(checkout):
        if version != __version__:
            raise NotReady(f"{place} has the version {version}, and messaging has {__version__}.")
    heading = _HEADING.search((checkout / "CHANGELOG.md").read_text())
    if heading is None or heading[1] != __version__:
        raise NotReady(f"CHANGELOG.md must begin with `## {__version__} - date`.")
    if final and heading[2] == _UNRELEASED:
        raise NotReady(f"Write the date of the release {__version__} into CHANGELOG.md.")
    if final and _run(checkout, "git", "tag", "--list", f"v{__version__}"):
        raise NotReady(f"The tag v{__version__} exists. Raise the version.")


def _versions(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield each place that names the version, besides `messaging`."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())
    yield "pyproject.toml", project["project"]["version"]
    for file in sorted((checkout / "clients").glob("*/package*.json")):
        yield str(file.relative_to(checkout)), json.loads(file.read_text())["version"]
    for file in sorted((checkout / "clients").glob("*/pyproject.toml")):
        version = tomllib.loads(file.read_text())["project"].get("version", __version__)
        yield str(file.relative_to(checkout)), version


def _write_bill(checkout: Path, file: Path) -> None:
    """Write the software bill of materials: each package of requirements.txt, with its hashes."""
    tool = (sys.executable, "-m", "uv", "tool", "run", "--quiet", "--from", _BILL_TOOL)
    _run(
        checkout,
        *(*tool, "cyclonedx-py", "requirements", "requirements.txt"),
        *("--pyproject", "pyproject.toml", "--mc-type", "application"),
        *("--output-reproducible", "--of", "JSON", "-o", str(file)),
    )


def _require_clean(checkout: Path, what_to_do: str) -> None:
    """Raises NotReady if a file is changed, or unknown to git."""
    changed = _run(checkout, "git", "status", "--porcelain")
    if changed:
        raise NotReady(f"These files are not as committed:\n{changed}\n{what_to_do}")


def _run(folder: Path, *command: str) -> str:
    """Run a command and return its output. Raises NotReady."""
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    except FileNotFoundError as missing:
        raise NotReady(f"{command[0]} is not installed.") from missing
    if done.returncode:
        raise NotReady(f"{_shown(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _shown(command: Sequence[str]) -> str:
    return " ".join(command)


if __name__ == "__main__":
    sys.exit(main())
