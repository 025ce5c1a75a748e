"""docs/openapi.yaml is what the API says of itself, and a linter agrees with it. A typed client is
compiled in `tests.clients.javascript.test_package`."""

import os
import shutil
import subprocess
from pathlib import Path

from django.core.management import call_command

from tests.conftest import skip_or_fail

KEPT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
REDOCLY = "@redocly/cli@2.77.0"


def npm(package: str, *command: str, directory: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of a package from the npm registry."""
    if shutil.which("npm") is None:
        skip_or_fail("There is no `npm`, so nobody else has read docs/openapi.yaml.")
    packages = [f"--package={one}" for one in package.split()]
    return subprocess.run(
        ["npm", "exec", "--yes", "--silent", *packages, "--", *command],
        cwd=directory,
        env={**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"},
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_it_is_what_the_api_says_of_itself(tmp_path: Path) -> None:
    """`make schema` writes it anew."""
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made))

    assert KEPT.read_text() == made.read_text(), "Run `make schema` and look at what changed."


def test_a_linter_finds_no_error(tmp_path: Path) -> None:
    linted = npm(REDOCLY, "redocly", "lint", str(KEPT), directory=tmp_path)

    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert "warning" not in linted.stderr.lower().replace("deprecation warning", "")
