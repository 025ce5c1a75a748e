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
"""The addresses of a name that are tried one after the other."""


async def connect(
    target: Target, *, resolve: Resolve, listed: Sequence[Network], context: ssl.SSLContext | None
) -> Connection:
    """Open a connection, only to a permitted address. `listed` are the operator's own networks.
    Without a context it connects only to them: plain HTTP does not cross the Internet. Raises
    OutboundFailed."""
    try:
        addresses = await resolve(target.host, target.port)
        permitted = [
            one for one in addresses if is_permitted(one, listed, only_listed=context is None)
        ]
        if not permitted:
            raise OutboundFailed(Failure.ADDRESS_REFUSED)
        return await _connect(permitted[:_MAX_TRIED], target, context)
    except (OSError, UnicodeError) as error:
        raise OutboundFailed(Failure.NOT_CONNECTED) from error


async def _connect(
    addresses: Sequence[Address], target: Target, context: ssl.SSLContext | None
) -> Connection:
    """Raises OSError of the last address, and ssl.SSLError of the first one that has it."""
    loop = asyncio.get_running_loop()
    for number, address in enumerate(addresses, start=1):
        try:
            _, connection = await loop.create_connection(
                Connection,
                str(address),
                target.port,
                ssl=context,
                server_hostname=None if context is None else target.host,
            )
        except ssl.SSLError:
            raise
        except OSError:
            if number == len(addresses):
                raise
        else:
            return connection
    raise AssertionError
