"""What a check-up finds: one line, a verdict and, where something is wrong, the remedy."""

from enum import StrEnum

from bot.domain.model import Frozen


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    MIND = "mind"
    """It works, but somebody should know."""
    WRONG = "wrong"
    SKIPPED = "skipped"
    """It could not be checked; the line says why."""


class Finding(Frozen):
    """One check: its name, what was found, and what to do about it."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check=check, verdict=Verdict.OK, found=found)


def mind(check: str, found: str, remedy: str) -> Finding:
    """It works, but somebody should know."""
    return Finding(check=check, verdict=Verdict.MIND, found=found, remedy=remedy)


def wrong(check: str, found: str, remedy: str) -> Finding:
    """It cannot work like this."""
    return Finding(check=check, verdict=Verdict.WRONG, found=found, remedy=remedy)


def skipped(check: str, why: str, remedy: str = "") -> Finding:
    """Nothing can be said about it."""
    return Finding(check=check, verdict=Verdict.SKIPPED, found=why, remedy=remedy)
