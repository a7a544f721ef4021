"""The commits that a trial's conversations were acknowledged, from the workers' traces."""

from dataclasses import dataclass, field
from enum import Enum

import orjson

NEVER = float("inf")


class Answer(Enum):
    """The acknowledgement of one commit."""

    REDIS = "redis"
    JOURNAL = "journal"
    MEMORY = "memory"
    FENCED = "fenced"
    NONE = "none"
    """Its process died before the ledger answered."""


SAFE = (Answer.REDIS, Answer.JOURNAL)
"""The promise: this is in the record, whatever dies."""


@dataclass
class Told:
    """One commit, and what the session was told of it. `at` to `until` is when, by its clock."""

    number: int
    at: str
    answers: dict[str, str]
    messages: list[str]
    revised: list[str]
    owned: dict[str, str]
    staff: dict[str, str] = field(default_factory=dict)
    """The work for staff and the caller's wish."""
    notes: list[str] = field(default_factory=list)
    until: str = ""
    answer: Answer = Answer.NONE
    told_at: float = 0.0
    """When the answer came, by this process's clock: to be compared with the moments of faults."""


@dataclass
class Rebooking:
    """A later call moves an appointment to `time`, or calls it off ('').

    done     what it was told: True, False for not known, or None where its process died before
    told_at  when that was; NEVER where it was not told
    """

    time: str
    done: bool | None = None
    told_at: float = NEVER


@dataclass
class SessionTrace:
    """One session of a call, in the order in which it spoke to its ledger."""

    id: str
    worker: str
    opened_at: float
    known: list[str]
    """Steps whose answers the session found when it began."""
    resumed: bool = False
    """True when it found anything said."""
    commits: list[Told] = field(default_factory=list)
    rebookings: list[Rebooking] = field(default_factory=list)
    """Moves and cancels, by later calls, of the appointment that this session or an earlier one of
    its call booked, in their order."""
    unfound: int = 0
    """The times that a later call did not find the appointment by its number."""
    ended_at: float = NEVER
    """When its ledger was closed, or its process died."""
    process_died: bool = False
    over: bool = False
    """True when later calls, too, have done with its appointment what they wanted."""


@dataclass
class Trace:
    """All sessions of a trial, by call, in the order in which they began."""

    calls: dict[str, dict[str, SessionTrace]] = field(default_factory=dict)
    saved: int = 0
    """Commits, and moves and cancels of appointments, that were acknowledged so far."""

    def read(self, line: bytes, worker: str, now: float) -> None:
        """Take one line of a worker."""
        told = orjson.loads(line)
        sessions = self.calls.setdefault(told.pop("call"), {})
        session_id, what = told.pop("session"), told.pop("what")
        if what in ("rebooking", "rebooked") and session_id not in sessions:
            session_id = next(reversed(sessions))  # by a call that does not know who booked
        match what:
            case "opened":
                sessions[session_id] = SessionTrace(
                    session_id, worker, now, told["known"], told["resumed"]
                )
            case "commit":
                sessions[session_id].commits.append(Told(**told))
            case "saved" | "fenced":
                self._answered(sessions[session_id].commits[-1], told, now)
            case "looked":
                sessions[session_id].unfound += not told["found"]
            case "rebooking":
                sessions[session_id].rebookings.append(Rebooking(told["time"]))
            case "rebooked":
                last = sessions[session_id].rebookings[-1]
                last.done, last.told_at = told["done"], now
                self.saved += last.done
            case "closed":
                sessions[session_id].ended_at = now
            case "over":
                sessions[session_id].over = True

    def died(self, worker: str, now: float) -> None:
        """Note that the worker's process is gone, with every session that it still held."""
        for sessions in self.calls.values():
            for session in sessions.values():
                if session.worker == worker:
                    session.process_died = True
                    session.ended_at = min(session.ended_at, now)

    @property
    def open(self) -> int:
        """The number of sessions and later calls that go on."""
        sessions = (s for calls in self.calls.values() for s in calls.values())
        return sum(not session.over and not session.process_died for session in sessions)

    def sessions(self, call: str) -> list[SessionTrace]:
        """Oldest first."""
        return list(self.calls.get(call, {}).values())

    def _answered(self, commit: Told, told: dict[str, str], now: float) -> None:
        assert commit.number == int(told["number"])
        commit.answer = Answer(told.get("saved", Answer.FENCED.value))
        commit.until = told["until"]
        commit.told_at = now
        self.saved += commit.answer in SAFE or commit.answer is Answer.MEMORY

    def story(self, call: str) -> str:
        """Return one call as its sessions lived it, to be read when something went wrong."""
        lines = []
        for session in self.sessions(call):
            end = "died" if session.process_died else f"ended {session.ended_at:.3f}"
            about = f"session {session.id[:6]} on {session.worker}, knows {session.known}, {end}"
            lines.append(f"{call} {session.opened_at:.3f} {about}")
            lines += [f"{call} {_line(commit)}" for commit in session.commits]
        return "\n".join(lines)


def _line(commit: Told) -> str:
    words = [message[11:100] for message in (*commit.messages, *commit.revised)]
    what = f"{commit.answers or ''} {commit.staff or ''} {commit.owned.get('step', '')} {words}"
    return f"  {commit.told_at:.3f} {commit.number} {commit.answer.value}: {what} {commit.at[17:]}"
