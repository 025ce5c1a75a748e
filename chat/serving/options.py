"""The options of the servers that `manage.py serve` runs."""

from typing import Any

APPLICATION = "config.asgi:application"
BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 seconds for which nginx keeps idle connections, so that nginx never sends a
request on a connection that is being closed."""
_FRAME_BYTES = 128 * 1024
_DAPHNE_MESSAGE_BYTES = 8 * 1024 * 1024
"""daphne's option also limits outgoing messages, and an answer to `conversation.sync` is long."""

UVICORN: dict[str, Any] = {
    "backlog": BACKLOG,
    "ws": "websockets-sansio",
    "ws_max_size": _FRAME_BYTES,
    "ws_per_message_deflate": False,
    "ws_ping_interval": None,  # heartbeats and the idle timeout do the same, for less
    "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
    "access_log": False,  # the proxy writes it
    "log_config": None,  # Django's settings configure logging
    "server_header": False,
    "lifespan": "on",
}
"""For `uvicorn.Config`. The application adds its bounds on connections (`config.asgi`)."""

DAPHNE = (
    *("--verbosity", "0", "--no-server-name"),
    *("--websocket-max-message-size", str(_DAPHNE_MESSAGE_BYTES)),
)
