"""Whatever the domain can say, the store gives back."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.change import Approval, Batch, Change, Options, State, Target
from bot.domain.kernel import Kernel, Path
from bot.domain.sentence import say
from bot.store import SqlChanges
from bot.store.schema import EPOCH
from tests.store.examples import fact, instance_id

# Documents are JSON, which escapes what PostgreSQL's text cannot hold: NUL. Names are plain text.
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
words = st.text(st.characters(codec="utf-8"), max_size=20)
moments = st.integers(-(10**15), 7 * 10**15).map(lambda n: EPOCH + timedelta(microseconds=n))
sentences = st.builds(lambda word, at: say("{a} {at}", a=word, at=str(at)), words, moments)
kernels = st.builds(lambda n: Kernel(f"2.0.{n}.231200"), st.integers(0, 99))
targets = st.builds(
    Target,
    instance_id=st.builds(instance_id, st.integers(0, 10**6)),
    name=words,
    kernel=kernels,
    newest=kernels,
    path=st.sampled_from(Path),
    found=st.none() | kernels,
    note=st.none() | sentences,
    submitted_at=st.none() | moments,
)
changes = st.builds(
    Change,
    state=st.sampled_from(State),
    environment=names,
    channel=st.just("C0OPS"),
    requester=st.just("U0ANN"),
    key=st.just("asked"),
    options=st.builds(Options, reason=words, run_at=st.none() | moments),
    targets=st.lists(targets, max_size=4, unique_by=lambda t: t.instance_id).map(tuple),
    batches=st.lists(
        st.builds(Batch, number=st.integers(1, 9), instance_ids=st.just(()), attempted_at=moments,
                  error_msg=words),
        max_size=2,
    ).map(tuple),
    approvals=st.lists(st.builds(Approval, user=words, at=moments, seal=words)).map(tuple),
    created_at=moments,
    expires_at=moments,
    due_at=st.none() | moments,
    halt_reason=st.none() | sentences,
)  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=changes, later=changes)
def test_a_change_comes_back_as_it_was(url: str, asked: Change, later: Change) -> None:
    async def there_and_back() -> None:
        store = SqlChanges.open(url)
        try:
            stored = await store.add(asked.model_copy(update={"key": uuid4().hex}), [fact()])
            assert await store.get(stored.number) == stored
            ids = {"number": stored.number, "version": 0, "key": stored.key}
            saved = await store.save(later.model_copy(update=ids), [fact()])
            assert await store.get(stored.number) == saved
            end = {"state": State.FAILED, "due_at": None}
            await store.save(saved.model_copy(update=end), [])
        finally:
            store.close()

    asyncio.run(there_and_back())
