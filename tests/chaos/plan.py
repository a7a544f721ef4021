"""A seed becomes a plan: how many callers, which troubles, when, for how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.chaos.faults import ANY_MOMENT, POINTS
from tests.chaos.phone import SAYINGS, Cut
from tests.chaos.worker import AFTER_COMMIT, BEFORE_COMMIT


class Kind(StrEnum):
    """An event of a trial."""

    REDIS_DOWN = "redis_down"
    REDIS_SILENT = "redis_silent"
    REDIS_SLOW = "redis_slow"
    REPLY_LOST = "reply_lost"
    REQUEST_LOST = "request_lost"
    REDIS_RESTARTED = "redis_restarted"
    REDIS_FORGETS = "redis_restarted(losing_last_second)"
    OOM = "oom"
    READONLY = "readonly"
    NOPERM = "noperm"
    SERVER_KILLED = "server_killed_at"
    SERVER_DRAINED = "server_drained"
    SOCKET_CUT = "socket_cut_at"
    HUNG_UP = "hung_up_and_rang_again"
    DISK_FULL = "disk_full with redis_down"
    TWO_SESSIONS = "two_sessions_for_one_call"
    CLOCK_JUMPED = "clock_jumped"


OF_REDIS = frozenset({
    Kind.REDIS_DOWN, Kind.REDIS_SILENT, Kind.REDIS_SLOW, Kind.REPLY_LOST, Kind.REQUEST_LOST,
    Kind.REDIS_RESTARTED, Kind.REDIS_FORGETS, Kind.DISK_FULL,
})  # fmt: skip
"""With one of these a session may begin without seeing the record."""

DENIALS = frozenset({Kind.OOM, Kind.READONLY, Kind.NOPERM})
"""Redis answers, and takes no write. A session that begins then sees the record, and cannot claim
it before it is over."""

OF_CLOCKS = frozenset({Kind.CLOCK_JUMPED})

ENDS_SERVERS = frozenset({Kind.SERVER_KILLED, Kind.SERVER_DRAINED})

MOST_CALLERS = 3
MOST_TROUBLES = 3
COMMITS_A_CALL = 21
"""An undisturbed call's."""

CLUSTER_CALLERS = 40
_NODE_AWAY_S = (0.5, 3.0)
_WITHOUT_WIRES = (BEFORE_COMMIT, AFTER_COMMIT, ANY_MOMENT)

_LONGEST_S = 1.2
_LAST_SECOND_S = 1.0
_THINKS_S = (0.0, 0.1, 0.3)
_DETAILS: Mapping[Kind, Sequence[Sequence[str | float]]] = {
    Kind.REDIS_SLOW: [(5.0, 30.0, 45.0, 150.0, 700.0)],  # ms
    Kind.CLOCK_JUMPED: [(-3600.0, -5.0, -0.05, 0.05, 5.0, 3600.0)],  # s
    Kind.SERVER_KILLED: [POINTS],
    Kind.SERVER_DRAINED: [("once", "twice")],
    Kind.SOCKET_CUT: [tuple(SAYINGS), tuple(Cut)],
}


@dataclass(frozen=True)
class Trouble:
    """One fault of a trial.

    after    it begins when so many commits of the trial are acknowledged
    lasts_s  and is over after so long, or when the calls are
    victim   which worker, or which phone
    detail   as in _DETAILS
    """

    kind: Kind
    after: int
    lasts_s: float
    victim: int
    commits: int
    detail: tuple[str | float, ...] = ()

    def __str__(self) -> str:
        about = ", ".join(map(str, self.detail))
        return f"{self.kind}({about}) after {self.after} commits for {self.lasts_s:.2f} s"


@dataclass(frozen=True)
class Plan:
    """All of one trial."""

    seed: int
    callers: int
    thinks_s: float
    """A caller answers within this."""
    troubles: tuple[Trouble, ...]

    def has(self, kinds: frozenset[Kind]) -> bool:
        """Return whether one of these happens."""
        return any(trouble.kind in kinds for trouble in self.troubles)

    def __str__(self) -> str:
        return f"{self.callers} callers who think for {self.thinks_s:.2f} s; " + "; ".join(
            map(str, self.troubles)
        )


def plan_of(seed: int) -> Plan:
    """Return the plan of a seed, always the same."""
    random = Random(seed)
    callers = random.randint(1, MOST_CALLERS)
    kinds = random.sample(list(Kind), random.randint(1, MOST_TROUBLES))
    thinks_s = random.choice(_THINKS_S)
    if Kind.REDIS_FORGETS in kinds:  # the end of both at once is outside the promise
        kinds = [k for k in kinds if k not in ENDS_SERVERS and k is not Kind.REDIS_RESTARTED]
        thinks_s = _THINKS_S[-1]
    return Plan(seed, callers, thinks_s, tuple(_trouble(k, callers, random) for k in kinds))


def _trouble(kind: Kind, callers: int, random: Random) -> Trouble:
    lasts_s = random.uniform(0.02, _LONGEST_S)
    after = random.randrange(callers * COMMITS_A_CALL)
    if kind is Kind.REDIS_FORGETS:  # of calls that still go on when it is back
        lasts_s, after = min(lasts_s, _LAST_SECOND_S), after // 2
    return Trouble(
        kind,
        after=after,
        lasts_s=lasts_s,
        victim=random.randrange(6),
        commits=random.randint(1, 4),
        detail=tuple(random.choice(choices) for choices in _DETAILS.get(kind, ())),
    )


def clustered_plan(seed: int) -> Plan:
    """Return the plan of forty calls on a cluster, of which a node is killed, and a worker."""
    random, commits = Random(f"cluster {seed}"), CLUSTER_CALLERS * COMMITS_A_CALL
    killed = Trouble(
        Kind.SERVER_KILLED,
        after=random.randrange(commits * 3 // 4),
        lasts_s=_NODE_AWAY_S[1],
        victim=random.randrange(2),
        commits=random.randint(1, 4),
        detail=(random.choice(_WITHOUT_WIRES),),
    )
    away = Trouble(
        Kind.REDIS_RESTARTED,
        after=random.randrange(commits * 3 // 4),
        lasts_s=random.uniform(*_NODE_AWAY_S),
        victim=0,
        commits=1,
    )
    return Plan(seed, CLUSTER_CALLERS, _THINKS_S[1], (killed, away))
