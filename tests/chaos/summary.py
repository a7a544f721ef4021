"""Many trials as one table."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.chaos.invariants import Harm
from tests.chaos.plan import Kind
from tests.chaos.trace import SAFE, Answer, Rebooking
from tests.chaos.trial import Result


def acknowledged(results: Sequence[Result]) -> Counter[str]:
    """Return the place of an acknowledged commit, by its name in the table."""
    counts: Counter[str] = Counter()
    for asked in rebookings(results):
        done = "appointments moved" if asked.time else "appointments called off"
        counts[done if asked.done else "moves and cancels that were not acknowledged"] += 1
    for evidence in (evidence for result in results for evidence in result.evidence):
        counts["sessions"] += len(evidence.sessions)
        for commit, session in evidence.commits():
            is_safe = commit.answer in SAFE
            counts["fields"] += is_safe * len(commit.answers)
            counts["messages"] += is_safe * len(commit.messages)
            counts["notes"] += is_safe * len(commit.notes)
            counts["commits that rested in the journal first"] += commit.answer is Answer.JOURNAL
            counts["commits acknowledged as in memory only"] += commit.answer is Answer.MEMORY
            counts["commits that a lossy restart took from sessions that had ended"] += (
                is_safe and not evidence.is_mandatory(commit, session)
            )
    return counts


def rebookings(results: Sequence[Result]) -> Iterator[Rebooking]:
    """Yield what later calls did with appointments."""
    for result in results:
        for evidence in result.evidence:
            for session in evidence.sessions:
                yield from session.rebookings


def table(results: Sequence[Result], lasted_s: float) -> str:
    """Markdown, as it stands in docs/reliability.md."""
    counts = acknowledged(results)
    sessions = counts.pop("sessions")
    calls = sum(result.plan.callers for result in results)
    settled_s = max((result.settled_s for result in results), default=0.0)
    met = Counter(kind for result in results for kind in result.met)
    broken = Counter(violation.harm for result in results for violation in result.violations)
    seeds = [str(result.plan.seed) for result in results if result.violations]
    lines = [
        "",
        f"{len(results)} trials, {calls} calls, {sessions} sessions in {lasted_s:.0f} s",
        "",
        "| acknowledged | |",
        "|---|--:|",
        *(f"| {name} | {count} |" for name, count in counts.items()),
        f"| longest wait until everything was in Redis | {settled_s:.1f} s |",
        "",
        "| broken promise | count |",
        "|---|--:|",
        *(f"| {harm} | {broken[harm]} |" for harm in Harm),
        "",
        "| trouble | trials that met it |",
        "|---|--:|",
        *(f"| `{kind}` | {met[kind]} |" for kind in Kind),
    ]
    if seeds:
        lines += ["", f"broken in seeds {', '.join(seeds)}"]
    return "\n".join(lines)
