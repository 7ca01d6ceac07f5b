"""Sockets that a server accepts clients on, and how long it bears with those that went away."""

import socket

# Seconds after which a peer that says nothing any more is asked, how often, and how many times; then ms that it may
# leave what was sent to it unread.
_PROBES = (30, 10, 3)
_UNREAD = 20_000


def listening_on(address: tuple[str, int], option: str) -> socket.socket:
    """option: that names the address, for the message. Raises OSError."""
    try:
        listening = socket.create_server(address, family=socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    except OSError as error:
        where = ":".join(map(str, address))
        raise OSError(f"{where} can't be listened on ({error.strerror}); name another with {option}.") from error
    # What is accepted inherits these.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in zip(("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"), _PROBES, strict=True):
        if hasattr(socket, option):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD)
    return listening
