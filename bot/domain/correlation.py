"""The id that ties together what one delivery of Slack caused, wherever and whenever it happens.

It is a digest of the delivery's key, so every process, every repeat and a change's work days later
come to the same id, and nothing has to be handed on or stored for it.
"""

from hashlib import sha256

SHOWN = 12
"""Hex digits that people read and type; logs carry the same."""
TRACE = 32
"""Hex digits of a trace's id (W3C Trace Context)."""


def correlation_id(key: str) -> str:
    """Return the id for people and logs; the trace's id begins with it."""
    return trace_id(key)[:SHOWN]


def trace_id(key: str) -> str:
    """Return the id of the trace of everything that the delivery caused."""
    return sha256(key.encode(errors="surrogatepass")).hexdigest()[:TRACE]
