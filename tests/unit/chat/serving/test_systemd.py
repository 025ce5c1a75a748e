"""What systemd hears."""

import socket
from pathlib import Path

import pytest

from chat.serving.systemd import READY, notify


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_that_the_group_is_ready(
    abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(5)
        systemd.bind(f"\0{name}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)

        notify(READY)

        assert systemd.recv(100) == b"READY=1"


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)

    notify(READY)


def test_a_socket_that_does_not_exist_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable may be inherited from elsewhere, as in a container."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))

    notify(READY)
