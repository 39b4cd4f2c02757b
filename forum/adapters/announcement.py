"""Says where a server can be reached: on standard output, for whoever started it."""

from __future__ import annotations

import ipaddress
import platform
import socket
import sys
from collections.abc import Callable

import click
import segno


class Places:
    """The addresses of a server that listens: `here`, on this machine; `address`, for phones."""

    def __init__(self, listening: socket.socket, host: str, public_url: str) -> None:
        port = int(listening.getsockname()[1])
        everywhere = _is_everywhere(host)
        self.here = f"http://{'127.0.0.1' if everywhere else _bracketed(host)}:{port}"
        on_network = f"http://{_network_address()}:{port}" if everywhere else self.here
        self.address = public_url or on_network

    def announce(self, first_link: str, warn: Callable[[str], None], *, slow_cookies: bool) -> None:
        """Prints the address for phones with its QR code, and the first administrator's link, where there is one; what
        is not as it should be goes to `warn`."""
        click.echo(f"\nPhones on this network open {self.address}\n")
        _print_qr(self.address)
        if first_link:
            click.echo(
                "There is no administrator yet. The first one sets a password here, once, within a day:\n"
                f"{self.address}/first/{first_link}\n"
            )
        if slow_cookies:
            warn(
                f"Python {platform.python_version()} has a flaw that lets one request stop a server "
                "(CVE-2024-7592). Forum does without that part; all the same use Python 3.11.10, 3.12.6 or later."
            )
        click.echo(f"Forum is listening on {self.here}")
        sys.stdout.flush()


def _is_everywhere(host: str) -> bool:
    """Returns True for 0.0.0.0 and ::, which stand for every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _network_address() -> str:
    """Returns the address by which others on the network reach this machine; sends nothing to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # RFC 5737: an address for documentation. Connecting a datagram socket only chooses a route.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _print_qr(address: str) -> None:
    try:
        "▀▄█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return  # this terminal has no blocks to draw it with
    segno.make(address, error="l").terminal(sys.stdout, compact=True)
