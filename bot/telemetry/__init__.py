"""Logs, metrics, traces and health: how people and platforms see from outside how the bot is."""

from bot.telemetry.health import Check, routes
from bot.telemetry.logs import configure_logging
from bot.telemetry.metrics import CloudCall, Metrics
from bot.telemetry.telemetry import Telemetry
from bot.telemetry.traces import NoTraces, Traces, TracesError, open_traces

__all__ = [
    "Check",
    "CloudCall",
    "Metrics",
    "NoTraces",
    "Telemetry",
    "Traces",
    "TracesError",
    "configure_logging",
    "open_traces",
    "routes",
]
