"""Uploads and downloads of files, which are larger than anything else that passes a server.

A signed address of the local storage names the size of its upload. The servers check the signature
as soon as they have the head, so that nobody else can send a large body.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from config.servers.connection_bounds import MAX_BODY_BYTES
from messaging.files.storages.local_addresses import PATH, LocalAddresses

_PATH = PATH.encode()


def most_body_bytes(method: bytes, target: bytes) -> int:
    """Return the most bytes of the body of a request, by its method and its target."""
    if method != b"PUT" or not target.startswith(_PATH) or settings.CHAT_FILES != "local":
        return MAX_BODY_BYTES
    path, _, query = target.partition(b"?")
    try:
        address = path.decode("ascii"), query.decode("ascii")
    except UnicodeDecodeError:
        return MAX_BODY_BYTES
    granted = LocalAddresses(settings.SECRET_KEY).verify("PUT", *address)
    return MAX_BODY_BYTES if granted is None else max(granted.size, MAX_BODY_BYTES)


def is_streamed(scope: Mapping[str, Any]) -> bool:
    """Return whether the answer to this request is read from the disk while it is sent. Then only
    the bytes in the connection wait for the client."""
    return bool(scope["path"].startswith(PATH))
