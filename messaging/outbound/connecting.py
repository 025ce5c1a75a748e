"""The guard of outgoing connections: it resolves a name itself, checks every address, and connects
to an address that it has checked.

A check of the URL alone would not do. A name may resolve to a private address, and to another
address at the next look-up (DNS rebinding). `getaddrinfo` also reads `2130706433`, `0x7f.1` and
`017700000001` as addresses. TLS still verifies the name, because only the connection uses the
address.
"""

import asyncio
import ssl
from collections.abc import Sequence

from messaging.outbound.addresses import Address, Network, is_permitted
from messaging.outbound.connection import Connection
from messaging.outbound.failures import Failure, OutboundFailed
from messaging.outbound.resolving import Resolve
from messaging.outbound.targets import Target

_MAX_TRIED = 3
"""The addresses of a name that are tried."""
_HEAD_START = 0.25
"""How long an address is tried before the next one is tried beside it.
https://www.rfc-editor.org/rfc/rfc8305#section-5"""


async def connect(
    target: Target, *, resolve: Resolve, listed: Sequence[Network], context: ssl.SSLContext | None
) -> Connection:
    """Open a connection, only to a permitted address. `listed` are the operator's own networks.
    Without a context it connects only to them: plain HTTP does not cross the Internet. Raises
    OutboundFailed."""
    try:
        addresses = await resolve(target.host)
        permitted = [
            one for one in addresses if is_permitted(one, listed, only_listed=context is None)
        ]
        if not permitted:
            raise OutboundFailed(Failure.ADDRESS_REFUSED)
        if len(permitted) == 1:
            return await _open(permitted[0], target, context)
        return await _race(permitted[:_MAX_TRIED], target, context)
    except (OSError, UnicodeError) as error:
        raise OutboundFailed(Failure.NOT_CONNECTED) from error


async def _race(
    addresses: Sequence[Address], target: Target, context: ssl.SSLContext | None
) -> Connection:
    """Try the addresses in their order: the next one when one fails, or has taken a while. The
    first connection wins. Raises OSError of the last failure."""
    waiting = list(addresses)
    running: set[asyncio.Task[Connection]] = set()
    try:
        while True:
            if waiting:
                running.add(asyncio.create_task(_open(waiting.pop(0), target, context)))
            done, running = await asyncio.wait(
                running,
                timeout=_HEAD_START if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            opened = [task for task in done if task.exception() is None]
            if opened:
                running |= set(opened[1:])
                return opened[0].result()
            if not (waiting or running):
                return done.pop().result()
    finally:
        for task in running:
            task.add_done_callback(_drop)
            task.cancel()


def _drop(task: asyncio.Task[Connection]) -> None:
    """End a connection that is not needed."""
    if not task.cancelled() and task.exception() is None:
        task.result().abort()


async def _open(address: Address, target: Target, context: ssl.SSLContext | None) -> Connection:
    """Raises OSError, also for a certificate that is not valid."""
    loop = asyncio.get_running_loop()
    # A name in TLS has no dot at its end: https://www.rfc-editor.org/rfc/rfc6066#section-3
    name = None if context is None else target.host.removesuffix(".")
    _, connection = await loop.create_connection(
        Connection, str(address), target.port, ssl=context, server_hostname=name
    )
    return connection
