"""Private answers."""

from collections.abc import Sequence

from bot.domain.change import Options
from bot.domain.plan import Plan
from bot.domain.risk import protection
from bot.domain.sentence import Sentence, say, say_many
from bot.ports import Message
from bot.views.blocks import Block, listed, message, more, section, sections
from bot.views.reader import Reader, escaped
from bot.views.targets import target_sections
from bot.views.waves import gist


def told(sentence: Sentence, reader: Reader) -> Message:
    """Say one thing."""
    text = reader(sentence)
    return message(text, [section(text)])


def told_all(sentences: Sequence[Sentence], reader: Reader) -> Message:
    """Say several things, each on a line of its own."""
    said = [reader(one) for one in sentences]
    blocks = listed(said, reader, 7500)
    return message(" ".join(said), blocks)


def usage(sentences: Sequence[Sentence], reader: Reader, forms: Sequence[str]) -> Message:
    """Tell how a command is used."""
    said = [reader(one) for one in sentences]
    blocks, _ = sections(said, 7500)
    return message(" ".join(said), [*blocks, _forms(forms, reader)])


def _forms(forms: Sequence[str], reader: Reader) -> Block:
    lines = "\n".join(escaped(one) for one in forms)
    return section(f"{reader(say('Usage:'))}\n```{lines}```")


def problems(sentences: Sequence[Sentence], reader: Reader, forms: Sequence[str] = ()) -> Message:
    """List everything that is wrong, each with its next step."""
    head = reader(say("Nothing was done, and nothing was sent to the databases."))
    said = [f"• {reader(one)}" for one in sentences]
    blocks = listed(said, reader, 7500)
    if forms:
        blocks.append(_forms(forms, reader))
    return message(" ".join([head, *said]), [section(head), *blocks])


def preview(
    plan: Plan, options: Options, environment: str, reader: Reader, *, protected: bool = False
) -> Message:
    """Show what would happen, for a dry run."""
    head = reader(
        say_many(
            "Dry run: {n} database of {env} would be upgraded. Nothing was stored.",
            "Dry run: {n} databases of {env} would be upgraded. Nothing was stored.",
            len(plan.targets),
            env=environment,
        )
    )
    guard = [protection(environment)] if protected else []
    said = [*guard, *gist(plan.targets, options, plan.past), *plan.approvals, *plan.warnings]
    facts, _ = sections([reader(one) for one in said], 3500)
    targets, hidden = target_sections(plan.targets, reader, 5000)
    return message(head, [section(f"*{head}*"), *facts, *targets, *more(hidden, reader)])
