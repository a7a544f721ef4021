"""The store's metrics.

The journal's figures are the data dir's: the process that looked last sets them.
"""

from prometheus_client import Counter, Gauge, Histogram

from voicebot.call import Saved

commit_seconds = Histogram(
    "voicebot_commit_seconds",
    "Time that the conversation waited for one commit, by where the commit rests",
    ["saved"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.25, 1.0),
)
for _saved in Saved:
    commit_seconds.labels(_saved.value)  # 0 is exported too, so that the first one shows as a rise
commit_failures = Counter(
    "voicebot_commit_failures", "Times that a session found Redis away, or silent past its deadline"
)
commits_uncopied = Counter(
    "voicebot_commits_uncopied",
    "Times that a session's commit was in Redis, and too few replicas had it in time",
)
commits_refused = Counter(
    "voicebot_commits_refused", "Calls and small writes that Redis refused for good"
)
journal_failures = Counter("voicebot_journal_failures", "Writes that the journal could not take")
redis_breaker_open = Gauge(
    "voicebot_redis_breaker_open",
    "1 while some process knows Redis to be away: it asks no more and keeps answers in its journal",
    multiprocess_mode="livemax",
)
journal_entries = Gauge(
    "voicebot_journal_entries",
    "Commits that wait in the data dir's journals for Redis",
    multiprocess_mode="mostrecent",
)
journal_aside = Gauge(
    "voicebot_journal_aside",
    "Writes kept aside in the data dir because Redis refuses them",
    multiprocess_mode="mostrecent",
)
journal_age_seconds = Gauge(
    "voicebot_journal_age_seconds",
    "Age of the oldest commit that waits in a journal",
    multiprocess_mode="mostrecent",
)
replayed = Counter("voicebot_journal_replayed", "Commits brought from journals of ended processes")
record_defects = Counter(
    "voicebot_record_defects",
    "Fields or messages that a call's end found missing in Redis, and mended",
)
