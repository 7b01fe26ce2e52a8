"""Kernel versions as the upgrade guide orders them, and where one upgrade leads."""

from bot.sandbox.taurus.instances import Fate, Instance, Phase

TWO_PHASE_FROM = "2.0.51.240305"
TWO_PHASE_TO = "2.0.51.240311"


def kernel_key(kernel: str) -> tuple[int, ...]:
    """Sort key of a kernel version: its parts as numbers, never as text."""
    return tuple(int(part) for part in kernel.split("."))


def is_behind(instance: Instance) -> bool:
    """Whether a newer kernel is offered, or a step of the last upgrade is still open."""
    return instance.phase is not Phase.NONE or kernel_key(instance.kernel) < kernel_key(
        instance.latest
    )


def is_two_phase(kernel: str) -> bool:
    """Whether an upgrade from here needs the pre-upgrade and a person's confirmation."""
    return kernel_key(TWO_PHASE_FROM) <= kernel_key(kernel) <= kernel_key(TWO_PHASE_TO)


def next_step(instance: Instance) -> tuple[str, Phase]:
    """Kernel and phase after one successful upgrade (user guide, Upgrading the Minor Version).

    Kernels below 2.0.51.240305 only reach that version first; from there to 2.0.51.240311 an
    upgrade is a pre-upgrade, then the upgrade proper, which a person must apply in the console.
    """
    if kernel_key(instance.kernel) < kernel_key(TWO_PHASE_FROM):
        return TWO_PHASE_FROM, Phase.NONE
    if is_two_phase(instance.kernel):
        started = instance.phase is Phase.PRE_UPGRADED
        return instance.kernel, Phase.TO_BE_CONFIRMED if started else Phase.PRE_UPGRADED
    return instance.latest, Phase.NONE


def start_fate(instance: Instance) -> Fate:
    """What becomes of an upgrade started now, the preconditions of the guide included."""
    too_slow = instance.replica_delay_seconds > MAX_REPLICA_DELAY_SECONDS
    return Fate.NEVER_STARTS if too_slow else instance.fate


MAX_REPLICA_DELAY_SECONDS = 300
