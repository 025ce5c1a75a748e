"""The state of the group, for systemd (`Type=notify`).

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

import os
import socket

import structlog

logger = structlog.get_logger(__name__)

READY = "READY=1"
STOPPING = "STOPPING=1"


def notify(state: str) -> None:
    """Send the state to systemd. Do nothing if systemd does not wait for it.

    A failure is only logged: the variable may be inherited from elsewhere, and the group serves.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # in the abstract namespace
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.sendto(state.encode(), address)
    except OSError as error:
        logger.warning("systemd.not_notified", state=state, reason=str(error))
