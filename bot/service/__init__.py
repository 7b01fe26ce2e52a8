"""The use cases: gather, decide, act. One module a use case."""

from bot.service.desk import Desk

__all__ = ["Desk"]
