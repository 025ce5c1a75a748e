"""The files for Caddy and systemd, as these programs check them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from chat.management.commands.serve import Command as Serve
from messaging.management.commands.apply_retention import Command as ApplyRetention
from messaging.management.commands.run_notification_worker import Command as Work
from tests.conftest import skip_or_fail
from tests.integration.deploy.files import DEPLOY, documents, unknown_settings

UNITS = {
    "chat.service": Serve,
    "chat-worker@.service": Work,
    "chat-retention.service": ApplyRetention,
}


def test_caddy_accepts_its_file() -> None:
    if shutil.which("caddy") is None:
        skip_or_fail("caddy is not installed. Install the Debian package of this name.")
    file = DEPLOY / "caddy" / "Caddyfile"
    command = ["caddy", "adapt", "--config", str(file), "--adapter", "caddyfile", "--validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_the_unit(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd-analyze is not installed. Install the Debian package systemd.")
    text = (DEPLOY / "systemd" / name).read_text()
    assert text.count("/opt/chat/.venv/bin/python") == 1
    unit = tmp_path / name.replace("@", "@9201")
    unit.write_text(text.replace("/opt/chat/.venv/bin/python", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_the_unit_starts_a_command_with_options_that_exist(name: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text().splitlines()
    (start,) = [line for line in lines if line.startswith("ExecStart=")]
    _, program, command, *options = start.replace("%i", "9201").split()
    parser = UNITS[name]().create_parser(program, command)

    assert parser.parse_args(options)


def test_systemd_accepts_the_timer(tmp_path: Path) -> None:
    """It starts the unit of its name."""
    if shutil.which("systemd-analyze") is None:
        skip_or_fail("systemd-analyze is not installed. Install the Debian package systemd.")
    for name in ("chat-retention.timer", "chat-retention.service"):
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace("/opt/chat/.venv/bin/python", "/bin/true"))
    timer = str(tmp_path / "chat-retention.timer")
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", timer]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_each_setting_of_the_example_exists() -> None:
    lines = (DEPLOY / "systemd" / "chat.env.example").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]

    assert "SECRET_KEY" in names
    assert unknown_settings(names) == set()


def test_the_service_of_cloud_run_starts_a_command_with_settings_that_exist() -> None:
    (service,) = documents(DEPLOY / "cloud-run" / "service.yaml")
    (container,) = service["spec"]["template"]["spec"]["containers"]
    program, file, command, *options = container["args"]

    assert (program, file, command) == ("python", "manage.py", "serve")
    assert Serve().create_parser("manage.py", command).parse_args(options)
    assert unknown_settings(one["name"] for one in container["env"]) == set()
