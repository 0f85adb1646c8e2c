"""What a broker on loopback tells its clients, asked without a Kafka library."""

from __future__ import annotations

import socket
import struct
from typing import Final

HOST: Final = "127.0.0.1"
ANSWER_TIMEOUT_S: Final = 2.0  # for a broker's answer
ANSWER_BYTES_MAX: Final = 1_000_000  # of an answer that is read


def brokers_seen_by(port: int) -> frozenset[int]:
    """Which brokers the one at this port tells clients about; none while it does not answer."""
    # Metadata version 5 for no topic: key, version, correlation id, client id, topics, auto create.
    request = struct.pack(">hhih7sib", 3, 5, 1, 7, b"duebook", 0, 0)
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_TIMEOUT_S) as link:
            link.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", read(link, 4))
            answer = read(link, min(size, ANSWER_BYTES_MAX))
        (count,) = struct.unpack_from(">i", answer, 8)  # After correlation id and throttle time.
        at, found = 12, set()
        for _ in range(count):
            number, host = struct.unpack_from(">ih", answer, at)
            (rack,) = struct.unpack_from(">h", answer, at + 6 + host + 4)
            at += 6 + host + 6 + max(rack, 0)
            found.add(number)
        return frozenset(found)
    except (OSError, struct.error):
        return frozenset()


def read(link: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        if not (part := link.recv(size - len(content))):
            raise ConnectionResetError
        content += part
    return content
