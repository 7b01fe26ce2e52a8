"""Logs, metrics and health: how people and platforms see from outside how the bot is."""

from bot.telemetry.health import Check, routes
from bot.telemetry.logs import configure_logging
from bot.telemetry.metrics import CloudCall, Metrics

__all__ = ["Check", "CloudCall", "Metrics", "configure_logging", "routes"]
