"""Ports of servers are free when the server starts."""

import socket
import sys

import pytest

from config.development.ports import free_port


@pytest.mark.skipif(sys.platform != "linux", reason="The port is reserved on Linux only.")
def test_a_port_is_reserved_for_a_server_that_names_it() -> None:
    """Also between two servers: whoever restarts one finds its port free."""
    port = free_port()

    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)):
            pass
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
