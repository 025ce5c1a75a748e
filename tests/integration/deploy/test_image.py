"""The image, without a container engine: its own commands in a folder of the same content, which
they cannot write to."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import pytest

from config.development.ports import free_port
from config.development.processes import Process
from tests.conftest import skip_or_fail
from tests.databases import migrate
from tests.integration.deploy.files import CHECKOUT
from tests.servers.environment import isolated_environment

USER = 10001


def instructions(word: str) -> Sequence[str]:
    """The arguments of these instructions of the Dockerfile, each as one line."""
    text = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", " ")
    return re.findall(rf"^{word} +(.*)$", text, re.MULTILINE)


def command(word: str) -> list[str]:
    """The command of `CMD`, or of `HEALTHCHECK`."""
    (line,) = instructions(word)
    found: list[str] = json.loads(line[line.index("[") :])
    return found


def copy_context(folder: Path) -> None:
    """Copy what .dockerignore leaves of the checkout."""
    rules = (CHECKOUT / ".dockerignore").read_text().splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    excluded = [rule for rule in rules[1:] if not rule.startswith("!")]
    assert excluded == ["config/development", "**/__pycache__", "**/*.pyc"]
    for rule in rules[1:]:
        source, target = CHECKOUT / rule[1:], folder / rule[1:]
        if rule.startswith("!") and source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        elif rule.startswith("!"):
            shutil.copy(source, target)
    shutil.rmtree(folder / "config" / "development")


def test_the_dockerfile_has_no_faults() -> None:
    """As hadolint knows them."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "Dockerfile"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_special() -> None:
    assert instructions("USER") == [f"{USER}:{USER}"]
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


@pytest.fixture(name="image")
def _image(tmp_path: Path) -> Path:
    """What /app contains. Nobody may write to it."""
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        skip_or_fail("setpriv is not installed. Install the Debian package util-linux.")
    app = tmp_path / "app"
    app.mkdir(mode=0o755)
    copy_context(app)
    built = [line for line in instructions("RUN") if "manage.py" in line]
    assert len(built) == 1
    build = built[0].replace("/opt/venv/bin/python", shlex.quote(sys.executable))
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(["sh", "-c", build], cwd=app, env=environment, check=True)
    for path in (app, *app.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    return app


def test_the_image_serves_and_ends(image: Path, tmp_path: Path) -> None:
    """With production's settings, on a folder that it cannot write to: it answers its health check
    and serves static files, and SIGTERM ends it well."""
    data = tmp_path / "data"
    data.mkdir()
    environment = {
        **isolated_environment(data),
        "DEBUG": "0",
        "CHAT_DEMO": "0",
        "CHAT_AUTH": "firebase",
        "GOOGLE_CLOUD_PROJECT": "demo-chat",
        "SECRET_KEY": "a-key-of-this-test-that-is-long-enough-1234567890-abcdefghij",
        "ALLOWED_HOSTS": "127.0.0.1",
        "TMPDIR": str(data),
    }
    migrate(environment)
    before = {str(path): path.stat().st_mtime_ns for path in image.rglob("*")}
    port = str(free_port())
    # Root without capabilities is held to the permissions of files, as any other user is.
    powerless = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    python = {"python": sys.executable, "0.0.0.0": "127.0.0.1", "8000": port}
    health = [part.replace(":8000", f":{port}") for part in command("HEALTHCHECK")]
    health = [*powerless, sys.executable, *health[1:]]

    def healthy() -> bool:
        return subprocess.run(health, capture_output=True, check=False).returncode == 0

    serve = [*powerless, *(python.get(part, part) for part in command("CMD"))]
    with Process(
        serve, ready=healthy, environment=environment, directory=image, deadline=100
    ) as it:
        url = f"http://127.0.0.1:{port}/static/admin/css/base.css"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
        it.send_signal(signal.SIGTERM)
        assert it.wait(15) == 0, it.output()
    assert not healthy()
    assert {str(path): path.stat().st_mtime_ns for path in image.rglob("*")} == before
