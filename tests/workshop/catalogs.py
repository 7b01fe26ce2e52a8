"""The translation catalogs, brought in line with the code and compiled.

    python -m tests.workshop.catalogs

collects every message of bot/ and commands/ and merges them into each catalog: translations stay,
messages that nobody says any more go, and what a merge has doubled counts once. Catalogs are
written in one form only, sorted, a text a line and without places in the code, so that branches
merge. Then it names what has no translation yet: fill in the `msgstr` and run this again. The
exit code is 1 while anything is missing.

A message is a literal in `say` or `say_many`, or the value of a `Word`. The form is gettext's,
which Babel reads and writes; the bot reads compiled catalogs only, by the standard library.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from bot.domain.sentence import Word
from bot.views.reader import LOCALES
from tests.workshop.checkout import ROOT, product_modules

LANGUAGES = ("zh",)
_HEADER = """\
# Sorted and compiled by `python -m tests.workshop.catalogs`.
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"

"""
_SAYING = {"say": 1, "say_many": 2}
"""How many templates each begins with."""
_FLAGS = re.compile(r"^#,.*\n", re.MULTILINE)


_HAN = "[\u2018-\u201d\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]"
_NARROW = re.compile(rf"(?<={_HAN})[,:;?!()]|[,:;?!()](?={_HAN})|(?<=}})[?!)]|(?<=}})[,:;](?={{)")
_WIDE = str.maketrans(",:;?!()", "\uff0c\uff1a\uff1b\uff1f\uff01\uff08\uff09")


class Saying:
    """One place in the code that says something."""

    def __init__(self, file: Path, node: ast.Name, call: ast.Call | None) -> None:
        self.place = f"{file.relative_to(ROOT)}:{node.lineno}"
        args = call.args[: _SAYING[node.id]] if call is not None else []
        texts = [arg.value for arg in args if isinstance(arg, ast.Constant)]
        self.templates = tuple(text for text in texts if isinstance(text, str))
        self.is_clear = len(self.templates) == _SAYING[node.id]


def sayings() -> Iterator[Saying]:
    """Find every place that says something."""
    for file in product_modules():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in _SAYING:
                yield Saying(file, node, calls.get(id(node)))


def words() -> Iterator[str]:
    """List the values of every `Word`."""
    for file in product_modules():
        if "(Word)" in file.read_text(encoding="utf-8"):
            path = file.relative_to(ROOT).with_suffix("")
            import_module(".".join(path.parts).removesuffix(".__init__"))
    for kind in Word.__subclasses__():
        yield from (one.value for one in kind)


@cache
def messages() -> Mapping[str, str]:
    """Collect every message; the value is its plural, or empty."""
    found = dict.fromkeys(words(), "")
    for saying in sayings():
        singular, *plural = saying.templates or ("",)
        if singular:
            found[singular] = "".join(plural) or found.get(singular, "")
    return found


def po(language: str) -> Path:
    """Where a catalog is edited."""
    return LOCALES / language / "LC_MESSAGES" / "bot.po"


def read(language: str) -> Catalog:
    """Read a catalog as it is stored."""
    path = po(language)
    return parsed(path.read_text(encoding="utf-8") if path.exists() else "", language)


def parsed(text: str, language: str) -> Catalog:
    """Read a catalog; of what stands there twice, the translated one counts."""
    # Babel keeps the first of several; sorting keeps the order of the others.
    entries = sorted(_entries(text), key=lambda entry: entry.endswith('""'))
    return read_po(io.StringIO("\n\n".join(entries)), locale=language, abort_invalid=True)


def _entries(text: str) -> Iterator[str]:
    entry = ""
    for line in text.splitlines():
        if line.startswith(("#", "msgid ")) and "\nmsgstr" in entry:
            yield entry.strip()
            entry = ""
        entry += line + "\n"
    yield entry.strip()


def merged(old: Catalog, wanted: Mapping[str, str]) -> Catalog:
    """Keep what is said, without marks and places, and add what is new."""
    fresh = Catalog(locale=old.locale)
    for singular, plural in wanted.items():
        known = old.get(singular)
        told = ("",) if known is None or known.fuzzy else tuple(map(typeset, _told(known)))
        if plural:
            fresh.add((singular, plural), told)
        else:
            fresh.add(singular, told[0])
    return fresh


def typeset(text: str) -> str:
    """Widen the punctuation between Chinese characters, which is easily typed narrow."""
    # What stands next to widened punctuation is widened in its turn.
    while (wider := _NARROW.sub(lambda sign: sign[0].translate(_WIDE), text)) != text:
        text = wider
    return text


def written(catalog: Catalog) -> str:
    """Write a catalog in its one form."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=True, sort_output=True)
    header = _HEADER.format(language=catalog.locale, plural=catalog.plural_forms)
    return header + _FLAGS.sub("", out.getvalue().decode()).strip() + "\n"


def texts(catalog: Catalog) -> dict[str, tuple[str, ...]]:
    """List what a catalog holds: by template its translation, one a plural form."""
    return {_template(one): _told(one) for one in catalog if one.id}


def _template(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _told(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def compiled(language: str) -> dict[str, tuple[str, ...]]:
    """List what the bot reads."""
    path = po(language).with_suffix(".mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return texts(read_mo(file))


def main() -> int:
    """Bring every catalog in line, and name what is missing."""
    missing = []
    for language in LANGUAGES:
        catalog = merged(read(language), messages())
        po(language).parent.mkdir(parents=True, exist_ok=True)
        po(language).write_text(written(catalog), encoding="utf-8")
        said = texts(catalog)
        missing += [f"{language}: {text!r}" for text, told in said.items() if not all(told)]
        # Compiled files differ from one Babel to the next, so one that is right stays.
        if compiled(language) != {text: told for text, told in said.items() if all(told)}:
            with po(language).with_suffix(".mo").open("wb") as file:
                write_mo(file, catalog)
    for one in missing:
        print(f"no translation: {one}")  # noqa: T201 - this is a command line
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
