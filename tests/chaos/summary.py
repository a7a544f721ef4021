"""Many trials as one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.invariants import Harm
from tests.chaos.plan import Kind
from tests.chaos.trial import Result


@dataclass(frozen=True)
class Summary:
    """What a run of trials comes to."""

    trials: int
    calls: int
    sessions: int
    answers: int
    messages: int
    journaled: int
    only_in_memory: int
    outside: int
    slowest_settling_s: float
    met: Counter[Kind]
    violations: Counter[Harm]
    seeds: tuple[int, ...]
    """Of the trials in which a promise was broken."""

    @classmethod
    def of(cls, results: Sequence[Result]) -> Summary:
        return cls(
            trials=len(results),
            calls=sum(r.plan.callers for r in results),
            sessions=sum(r.sessions for r in results),
            answers=sum(r.answers for r in results),
            messages=sum(r.messages for r in results),
            journaled=sum(r.journaled for r in results),
            only_in_memory=sum(r.only_in_memory for r in results),
            outside=sum(r.outside for r in results),
            slowest_settling_s=max((r.settled_s for r in results), default=0.0),
            met=Counter(kind for r in results for kind in r.met),
            violations=Counter(v.harm for r in results for v in r.violations),
            seeds=tuple(r.plan.seed for r in results if r.violations),
        )

    def table(self, lasted_s: float) -> str:
        """Markdown, as it stands in docs/reliability.md."""
        lines = [
            "",
            f"{self.trials} trials, {self.calls} calls, {self.sessions} sessions "
            f"in {lasted_s:.0f} s",
            "",
            "| acknowledged | |",
            "|---|--:|",
            f"| fields | {self.answers} |",
            f"| messages | {self.messages} |",
            f"| commits that rested in the journal first | {self.journaled} |",
            f"| commits acknowledged as in memory only | {self.only_in_memory} |",
            f"| commits that a lossy restart took from sessions that had ended | {self.outside} |",
            f"| longest wait until everything was in Redis | {self.slowest_settling_s:.1f} s |",
            "",
            "| broken promise | count |",
            "|---|--:|",
            *(f"| {harm} | {self.violations[harm]} |" for harm in Harm),
            "",
            "| trouble | trials that met it |",
            "|---|--:|",
            *(f"| `{kind}` | {self.met[kind]} |" for kind in Kind),
        ]
        if self.seeds:
            lines += ["", f"broken in seeds {', '.join(map(str, self.seeds))}"]
        return "\n".join(lines)
