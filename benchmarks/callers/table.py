"""The printed report of a run: a table of all calls, and the calls themselves. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from .judge import Kind
from .play import Result


def table(results: Sequence[Result]) -> str:
    """Return the calls by kind, then the figures of all, then a line for each failure."""
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        for kind in (result.persona.kind, *result.persona.also):
            by_kind[kind].append(result)
    lines = [f"{'kind':<22}{'calls':>6}{'right':>6}  what went wrong"]
    for kind in sorted(by_kind):
        of_kind = by_kind[kind]
        wrong = Counter(kind for r in of_kind for kind in {f.kind for f in r.failures})
        told = ", ".join(f"{name} {count}" for name, count in wrong.most_common())
        right = sum(r.is_right for r in of_kind)
        lines.append(f"{kind:<22}{len(of_kind):>6}{right:>6}  {told}".rstrip())
    return "\n".join([*lines, "", *figures(results), "", *_failures(results)]).rstrip()


def figures(results: Sequence[Result]) -> list[str]:
    """Return the figures, each in a line."""
    flexible = [r for r in results if r.persona.is_flexible]
    existing = [r for r in results if r.persona.expect.before]
    booked = [r for r in results if r.call.end.booked]
    rows = {
        "right": _of(sum(r.is_right for r in results), len(results)),
        "booked with something wrong": _of(_with(results, Kind.BOOKED_WRONG), len(booked)),
        "booked against their words": str(_with(results, Kind.BOOKED_UNWANTED)),
        "hung up on": str(_with(results, Kind.HUNG_UP_ON)),
        "promises unwritten": str(_with(results, Kind.PROMISE_UNWRITTEN)),
        "flexible callers offered times": _of(sum(r.was_offered for r in flexible), len(flexible)),
        "existing bookings looked after": _of(
            len(existing) - _with(existing, Kind.BOOKING_NOT_KEPT), len(existing)
        ),
        "caller turns a booking (median)": f"{median([r.call.turns for r in booked] or [0]):g}",
    }
    return [f"{name:<34}{value}" for name, value in rows.items()]


def conversation(result: Result) -> str:
    """Return a call as it was held, what is stored, and what went wrong."""
    end = result.call.end
    return "\n".join(
        [
            f"{result.persona.id} ({result.persona.kind})",
            *(f"    {who:>6}  {words}" for who, words in result.call.log),
            f"    stored  {end.answers} {end.status} needs={end.needs} wish={end.wish}",
            *(f"      note  {note}" for note in end.notes),
            *(f"     wrong  {failure.kind}: {failure.words}" for failure in result.failures),
        ]
    )


def _failures(results: Sequence[Result]) -> list[str]:
    return [f"{r.persona.id:<26}{f.kind}: {f.words}" for r in results for f in r.failures]


def _with(results: Sequence[Result], kind: Kind) -> int:
    return sum(any(f.kind is kind for f in r.failures) for r in results)


def _of(count: int, all_: int) -> str:
    return f"{count} of {all_}" + (f" ({count / all_:.0%})" if all_ else "")
