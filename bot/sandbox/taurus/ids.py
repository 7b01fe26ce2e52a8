"""Ids in the formats of the vendor, the same ones for the same seed."""

import hashlib
import uuid


class Ids:
    """Hands out ids derived from a seed and a counter: no randomness, hence repeatable runs."""

    def __init__(self, seed: str) -> None:
        """Ids of two simulators differ when their seeds do."""
        self._space = uuid.uuid5(uuid.NAMESPACE_URL, seed)
        self._count = 0

    def job(self) -> str:
        """An instant job's id: a UUID with hyphens."""
        return str(self._next())

    def hex32(self) -> str:
        """Thirty-two hexadecimal digits: scheduled jobs, requests, access keys."""
        return self._next().hex

    def opaque(self, length: int) -> str:
        """A long string without meaning, as tokens are."""
        stem = self.hex32()
        blocks = (
            hashlib.sha256(f"{stem}{n}".encode()).hexdigest() for n in range(length // 64 + 1)
        )
        return "MII" + "".join(blocks)[: length - 3]

    def _next(self) -> uuid.UUID:
        self._count += 1
        return uuid.uuid5(self._space, str(self._count))
