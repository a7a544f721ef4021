"""The record after a session's commits, and what Redis lacks of it. Pure, no I/O.

The same reading of a commit's arguments as `commit.lua`, for its owner: used where Redis cannot
be asked (a call that goes on from the journal) and where it is checked (the end of a call).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from voicebot.call import FIELDS
from voicebot.store.commits import Argument, PendingCommits
from voicebot.store.record import ANSWER_FIELD, CallRecord, timestamp_field

_OWNERS = ("step", "status", "dialogue")
"""Only the owning session writes these: a different value was written by no one else."""


def after(record: CallRecord, sessions: Iterable[PendingCommits]) -> CallRecord:
    """Return the record as it is when these sessions (oldest first) have brought their commits.

    What a session found is older than what an earlier one still has to bring.
    """
    fields, history = dict(record.fields), list(record.history)
    for pending in sessions:
        brought = _brought(fields, pending)
        fields = {**pending.snapshot.fields, **fields}
        history += [element for element in pending.snapshot.history if element not in history]
        for commit in pending.commits[brought:]:
            _apply(fields, history, iter(commit.arguments))
    return CallRecord(fields, history)


def missing(pending: PendingCommits, stored: CallRecord | None) -> CallRecord:
    """Return the fields and messages that a session wrote and Redis does not have.

    What others wrote since is left alone. Under a newer owner only the history must still be there.
    """
    expected, actual = after(pending.snapshot, [pending]), stored or CallRecord({})
    if stored is not None and stored.fields.get("epoch") != str(pending.epoch):
        expected = CallRecord({}, expected.history)
    fields = {
        name: value
        for name, value in expected.fields.items()
        if actual.fields.get(name) != value and _is_lost(name, expected, actual)
    }
    lost = Counter(expected.history) - Counter(actual.history)
    return CallRecord(fields, tuple(_first(lost, expected.history)))


def _brought(fields: Mapping[str, str], pending: PendingCommits) -> int:
    """Return how many of a session's commits the record has, by the script's bookkeeping."""
    own = pending.session.id
    epochs = [n.partition(".")[2] for n, v in fields.items() if v == own and n.startswith("owner.")]
    names = [f"seq.{epoch}" for epoch in epochs] or [f"seq.0.{own}"]
    return int(fields.get(names[0], 0))


def _apply(fields: dict[str, str], history: list[str], arguments: Iterator[Argument]) -> None:
    fields.update(_pairs(_list(arguments)))
    for name in _list(arguments):
        fields.pop(name, None)
    for _ in range(int(next(arguments))):
        fields.update(_pairs(_list(arguments)))
        _list(arguments)
    for _ in range(int(next(arguments))):
        history.append(str(next(arguments)))
        _list(arguments)
    for _ in range(int(next(arguments))):
        _revise(history, str(next(arguments)), str(next(arguments)))
        _list(arguments)


def _revise(history: list[str], written: str, heard: str) -> None:
    if written in history:
        history[len(history) - 1 - history[::-1].index(written)] = heard
    else:
        history.append(heard)


def _is_lost(name: str, expected: CallRecord, actual: CallRecord) -> bool:
    if name == "updatedAt":
        return False
    if name not in actual.fields or name in _OWNERS:
        return True
    step = next((s for s in FIELDS if ANSWER_FIELD[s] == name), None)
    if step is None:
        return False
    stamp, session = timestamp_field(step), actual.fields.get(f"by.{name}")
    return session is not None and expected.fields.get(stamp) == actual.fields.get(stamp)


def _first(wanted: Counter[str], history: Iterable[str]) -> Iterator[str]:
    for element in history:
        if wanted[element] > 0:
            wanted[element] -= 1
            yield element


def _list(arguments: Iterator[Argument]) -> list[str]:
    return [str(next(arguments)) for _ in range(int(next(arguments)))]


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
