"""From what a person typed to exact instances: ids, names, globs and tags."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import translate

from bot.domain.instance import INSTANCE_ID, SISTER_PRODUCTS, Instance
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

TAG = "tag:"
BEHIND = "behind:"
"""Before any other word: only those of them that can be upgraded now."""
SUGGESTIONS = 5
"""How many words of a line get a "did you mean": it costs a look at every name of the fleet."""
_ID_LIKE = re.compile(r"[0-9A-Za-z]{20,}")
_SISTER_ID = re.compile(r"[0-9A-Za-z]{32}(in\d\d)")


class Selection(Frozen):
    """The instances that were meant, and what could not be understood."""

    chosen: tuple[Instance, ...]
    exact: frozenset[str]
    """Ids of those that were named one by one, rather than by a glob or a tag."""
    if_behind: frozenset[str]
    """Ids of those that are meant only if they can be upgraded now."""
    problems: tuple[Sentence, ...]


class Catalogue:
    """A fleet by id and by name: looking a word up costs the same in a fleet of any size."""

    def __init__(self, fleet: Sequence[Instance]) -> None:
        """Sort the fleet once."""
        self.fleet = fleet
        self.by_id = {instance.id: instance for instance in fleet}
        self.by_name: defaultdict[str, list[Instance]] = defaultdict(list)
        for instance in fleet:
            self.by_name[instance.name].append(instance)
        self._suggestions_left = SUGGESTIONS

    def close_to(self, word: str) -> str | None:
        """Name an instance that may have been meant; for the first few words only."""
        if not self._suggestions_left:
            return None
        self._suggestions_left -= 1
        return next(iter(get_close_matches(word, self.by_name, n=1)), None)


def select(words: Sequence[str], fleet: Sequence[Instance]) -> Selection:
    """Resolve every word; each instance once, in the order of the words.

    Every word that means nothing, or more than one instance where one was named, is a problem.
    """
    chosen: dict[str, Instance] = {}
    exact: set[str] = set()
    firm: set[str] = set()
    problems: list[Sentence] = []
    catalogue = Catalogue(fleet)
    for word in dict.fromkeys(words):
        found, problem = _meant(word, catalogue)
        if problem is not None:
            problems.append(problem)
            continue
        ids = [instance.id for instance in found]
        exact.update(() if is_pattern(word) else ids)
        firm.update(() if word.startswith(BEHIND) else ids)
        chosen.update((instance.id, instance) for instance in found)
    return Selection(
        chosen=tuple(chosen.values()),
        exact=frozenset(exact),
        if_behind=frozenset(chosen.keys() - firm),
        problems=tuple(problems),
    )


def is_pattern(word: str) -> bool:
    """Whether a word may mean any number of instances."""
    return word.startswith((TAG, BEHIND)) or any(sign in word for sign in "*?[")


def _meant(word: str, catalogue: Catalogue) -> tuple[list[Instance], Sentence | None]:
    word = word.removeprefix(BEHIND) or "*"
    if word.startswith(TAG):
        return _by_tag(word, catalogue.fleet)
    if word in catalogue.by_id:
        return [catalogue.by_id[word]], None
    if is_pattern(word):
        return _by_glob(word, catalogue.fleet)
    found = catalogue.by_name.get(word, [])
    if len(found) > 1:
        ids = ", ".join(instance.id for instance in found)
        return [], say(
            "{n} instances are called {word}. Name the one you mean by its id: {ids}.",
            n=len(found),
            word=word,
            ids=ids,
        )
    return found, None if found else _unknown(word, catalogue)


def _by_tag(word: str, fleet: Sequence[Instance]) -> tuple[list[Instance], Sentence | None]:
    key, equals, value = word.removeprefix(TAG).partition("=")
    if not key or not equals:
        return [], say(
            "{word} is not a tag. Write it as tag:KEY=VALUE, such as tag:team=payments.", word=word
        )
    found = [instance for instance in fleet if instance.tags.get(key) == value]
    if found:
        return found, None
    values = sorted({instance.tags[key] for instance in fleet if key in instance.tags})
    if not values:
        keys = ", ".join(sorted({key for instance in fleet for key in instance.tags})[:10])
        return [], say(
            "No instance has a tag {key}. The tags in use are: {keys}.", key=key, keys=keys or "-"
        )
    return [], say(
        "No instance has the tag {key}={value}. Values in use: {values}.",
        key=key,
        value=value,
        values=", ".join(values[:10]),
    )


def _by_glob(word: str, fleet: Iterable[Instance]) -> tuple[list[Instance], Sentence | None]:
    pattern = re.compile(translate(word))
    found = [instance for instance in fleet if pattern.match(instance.name)]
    if found:
        return sorted(found, key=lambda instance: instance.name), None
    return [], say(
        "{word} matches no instance. See the names with /taurus-fleet, or try a shorter glob.",
        word=word,
    )


def _unknown(word: str, catalogue: Catalogue) -> Sentence:
    if INSTANCE_ID.fullmatch(word):
        return say(
            "There is no instance {word} in this project. Check the environment (--env) "
            "and see the ids with /taurus-fleet.",
            word=word,
        )
    sister = _SISTER_ID.fullmatch(word)
    if sister and (product := SISTER_PRODUCTS.get(sister[1])):
        return say(
            "{word} is an instance of {product}, not of TaurusDB (those end in in07). "
            "This bot cannot upgrade it.",
            word=word,
            product=product,
        )
    if _ID_LIKE.fullmatch(word):
        return say(
            "{word} is not an instance id: a TaurusDB id is 32 letters or digits followed by "
            "in07. Copy it from /taurus-fleet.",
            word=word,
        )
    close = catalogue.close_to(word)
    if close is not None:
        return say("There is no instance {word}. Did you mean {close}?", word=word, close=close)
    return say("There is no instance {word}. See the names with /taurus-fleet.", word=word)
