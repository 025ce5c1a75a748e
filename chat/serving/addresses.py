"""The addresses of servers, for people who read the log."""

import ipaddress


def url_of(host: str, port: int) -> str:
    """Return the URL of a server that listens there."""
    try:
        is_ipv6 = ipaddress.ip_address(host).version == 6
    except ValueError:
        is_ipv6 = False  # a name
    return f"http://[{host}]:{port}" if is_ipv6 else f"http://{host}:{port}"
