"""Where a request comes from, as far as that can be believed."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from functools import lru_cache

from ..config import settings
from ..security import keys


def client(headers: Mapping[str, str], source: str) -> str:
    """The client's address: CloudFront's word for it if the request carries CloudFront's secret, else the peer's.

    X-Viewer-Address is set by the distribution's function on every request, whatever the visitor sent in it.
    """
    if settings.edge == "cloudfront":
        secret, viewer = headers.get("x-origin-secret", ""), headers.get("x-viewer-address", "")
        if viewer and hmac.compare_digest(secret.encode(), keys.origin_secret().encode()):
            return viewer
    return source


@lru_cache(maxsize=256)
def counted(address: str) -> str:
    """The address as limits count it: an IPv4 address, or the /64 network of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)
