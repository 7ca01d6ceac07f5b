"""Addresses as settings write them: `host:port`, an IPv6 host in brackets."""


def address(text: str, variable: str, problems: list[str], example: str) -> tuple[str, int]:
    """Host and port; of what is none ("", 0), and a sentence in `problems`. example: what to write instead."""
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        problems.append(f"{variable} is {text!r}, write host:port as {example}")
        return "", 0
    return host.strip("[]"), int(port)
