"""Random sessions and turns over HTTP on one record, with lost replies, repeats and takeovers,
against a model.

The model is the promise: what was acknowledged or applied is in the record once and in its
session's order; only the newest owner changes step and dialogue; an older owner's answer
stands only where there was none. A turn over HTTP is there as a whole, and only if nobody has
claimed the call or written as its owner since it read the record.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import orjson
from fakeredis import FakeAsyncRedis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from voicebot.call import FIELDS, Change, Step
from voicebot.store.commit_encoding import Commit, EncodedCommit, PendingUpdate, encode
from voicebot.store.commit_encoding import SessionInfo as Writer
from voicebot.store.layout import ANSWER_FIELD, CallKeys, call_keys
from voicebot.store.record import CallRecord
from voicebot.store.scripts import Scripts, Verdict

from .calls import SID, START, caller

TEXT_STEPS = FIELDS[:4]
FRESH = CallRecord({"callSid": SID, "status": "active", "step": "name"})
SAME_WRITE = PendingUpdate("same-id", SID, START, {"x": "y"})


def _named(name: str) -> Writer:
    return Writer(SID, name, START, FRESH.fields)


@dataclass
class SessionInfo:
    """The model of one session. `applied` counts its commits in the record."""

    id: str
    epoch: int
    commits: list[EncodedCommit] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    applied: int = 0


@dataclass(frozen=True)
class Read:
    """A record that a turn over HTTP has read, and what it must find unchanged."""

    record: CallRecord
    version: tuple[int, int]


class Record(RuleBasedStateMachine):
    """One call's record and all its owners so far."""

    sessions = Bundle("sessions")
    reads = Bundle("reads")

    @initialize()
    def an_empty_server(self) -> None:
        self.loop = asyncio.Runner()
        self.client = FakeAsyncRedis(decode_responses=True)
        self.scripts = Scripts(self.client, retention_s=1000)
        self.owners: list[SessionInfo] = []
        self.epoch = 0
        self.answers: dict[Step, str] = {}
        self.step = "name"
        self.dialogue: str | None = None
        self.history: list[str] = []

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run(self.client.aclose())
            self.loop.close()

    @rule(target=sessions)
    def somebody_takes_the_call_over(self) -> SessionInfo:
        name = f"session-{len(self.owners)}"
        claimed = self.loop.run(self.scripts.claim(_named(name), FRESH, at=START))
        again = self.loop.run(self.scripts.claim(_named(name), FRESH, at=START))
        self.epoch += 1
        assert claimed.epoch == again.epoch == self.epoch
        self.owners.append(SessionInfo(name, claimed.epoch))
        return self.owners[-1]

    def _version(self) -> tuple[int, int]:
        owner = self._owner()
        return self.epoch, owner.applied if owner else 0

    def _owner(self) -> SessionInfo | None:
        return next((o for o in self.owners if o.epoch == self.epoch), None)

    @rule(target=reads)
    def a_turn_reads_the_record(self) -> Read:
        record, _ = self.loop.run(self.scripts.read_turn(SID, []))
        return Read(record or FRESH, self._version())

    @rule(
        read=reads,
        answers=st.dictionaries(st.sampled_from(TEXT_STEPS), st.text(min_size=1, max_size=3)),
        words=st.text(max_size=3),
    )
    def a_turn_is_written(self, read: Read, answers: dict[Step, str], words: str) -> None:
        change = Change(answers=answers, messages=(caller(words),), dialogue=f"turn/{words}")
        commit = encode(Commit(1, change, START))
        taken, _ = self.loop.run(self.scripts.take_turn(SID, START, read.record, commit, {}))
        if read.version == self._version():
            assert taken is Verdict.APPLIED
            self.epoch += 1
            self._apply(change, live=True)
        else:
            assert taken is (Verdict.FENCED if self._owner() else Verdict.OVERTAKEN)

    @rule(
        session=sessions,
        answers=st.dictionaries(st.sampled_from(TEXT_STEPS), st.text(min_size=1, max_size=3)),
        words=st.lists(st.text(max_size=3), max_size=2),
        step=st.none() | st.sampled_from(list(Step)),
    )
    def a_session_decides_on_a_change(
        self, session: SessionInfo, answers: dict[Step, str], words: list[str], step: Step | None
    ) -> None:
        seq = len(session.commits) + 1
        change = Change(
            answers=answers,
            messages=tuple(caller(f"{session.id}/{seq}/{n} {w}") for n, w in enumerate(words)),
            step=step,
            dialogue=f"{session.id}/{seq}",
        )
        at = START + timedelta(seconds=seq)
        session.commits.append(encode(Commit(seq, change, at)))
        session.changes.append(change)

    @precondition(lambda self: any(o.commits for o in self.owners))
    @rule(data=st.data())
    def a_commit_arrives_once_or_twice_or_out_of_turn(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from([o for o in self.owners if o.commits]))
        commit = data.draw(st.sampled_from(session.commits))
        reply = self.loop.run(self.scripts.commit(_named(session.id), session.epoch, commit))
        live = session.epoch == self.epoch
        if commit.seq > session.applied + 1:
            assert (reply.verdict, reply.last) == (Verdict.GAP, session.applied)
        elif commit.seq <= session.applied:
            assert reply.verdict is (Verdict.DONE if live else Verdict.FENCED)
        else:
            assert reply.verdict is (Verdict.APPLIED if live else Verdict.FENCED)
            self._apply(session.changes[commit.seq - 1], live)
            session.applied = commit.seq

    def _apply(self, change: Change, live: bool) -> None:
        for step, answer in change.answers.items():
            if live or step not in self.answers:
                self.answers[step] = str(answer).encode("utf-8", "replace").decode()
        self.history += [m.text.encode("utf-8", "replace").decode() for m in change.messages]
        if live:
            self.step = change.step.value if change.step else self.step
            self.dialogue = change.dialogue

    @precondition(lambda self: self.epoch > 0)
    @rule()
    def an_integrator_writes_in_between(self) -> None:
        reply = self.loop.run(self.scripts.update(SAME_WRITE))
        assert reply.value in ("applied", "done")

    async def _stored(self, keys: CallKeys) -> tuple[dict[str, str], list[str]]:
        fields = await self.client.hgetall(keys.call)
        return (
            {str(name): str(value) for name, value in fields.items()},
            [str(message) for message in await self.client.lrange(keys.history, 0, -1)],
        )

    @precondition(lambda self: self.epoch > 0)
    @invariant()
    def the_record_is_what_the_model_says(self) -> None:
        keys = call_keys(SID)
        fields, written = self.loop.run(self._stored(keys))
        for step in TEXT_STEPS:
            assert fields.get(ANSWER_FIELD[step]) == self.answers.get(step)
        assert fields["step"] == self.step
        assert fields.get("dialogue") == self.dialogue
        assert fields["epoch"] == str(self.epoch)
        assert [orjson.loads(m)["message"] for m in written] == self.history


TestRecord = Record.TestCase
TestRecord.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
