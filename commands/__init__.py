"""What people can say: the index, one line a command."""

from bot.command import Command
from commands.taurus_change import CHANGE
from commands.taurus_fleet import FLEET
from commands.taurus_freeze import FREEZE
from commands.taurus_help import help_for
from commands.taurus_upgrade import UPGRADE

COMMANDS: tuple[Command, ...] = help_for(UPGRADE, FLEET, CHANGE, FREEZE)
"""Every command; the help lists those before it."""
