"""Traces by OpenTelemetry, for those who installed the extra `otel` and named an endpoint.

The standard variables count (OpenTelemetry specification, "Environment Variable Specification").
What one delivery of Slack caused is one trace, in however many processes: its id begins with the
correlation id.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class Traces(Protocol):
    """Where spans go; nothing of it raises."""

    def span(
        self, name: str, key: str, facts: Mapping[str, str], /
    ) -> AbstractContextManager[None]:
        """Make what follows a span; with the key of a delivery it is of that delivery's trace."""

    def called(self, name: str, seconds: float, facts: Mapping[str, str], /) -> None:
        """Note a call that has just ended, as a span within the one that is open."""

    def close(self) -> None:
        """Send what was not sent yet."""


class NoTraces:
    """Implements `Traces`: nobody asked for them."""

    def span(
        self, _name: str, _key: str, _facts: Mapping[str, str], /
    ) -> AbstractContextManager[None]:
        """Do what follows."""
        return nullcontext()

    def called(self, _name: str, _seconds: float, _facts: Mapping[str, str], /) -> None:
        """Let it pass."""

    def close(self) -> None:
        """There is nothing to send."""


class TracesError(ValueError):
    """Traces were asked for and cannot be sent."""


def open_traces(environ: Mapping[str, str]) -> Traces:
    """Send traces if an endpoint is named.

    Raises:
        TracesError: it is, and the extra is not installed.
    """
    endpoint = next((name for name in _ENDPOINTS if environ.get(name, "").strip()), None)
    if endpoint is None or _is_off(environ):
        return NoTraces()
    try:
        # Only here: most installations have neither the package nor the time to import it.
        from bot.telemetry.otel import OtelTraces  # noqa: PLC0415
    except ImportError:
        raise TracesError(
            f"{endpoint}: traces need packages that are not installed. Install them (pip install "
            "opentelemetry-sdk opentelemetry-exporter-otlp-proto-http), or unset the variable."
        ) from None
    return OtelTraces.open()


def _is_off(environ: Mapping[str, str]) -> bool:
    is_disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    return is_disabled or environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
