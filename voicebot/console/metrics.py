"""What operators see of all calls, wherever they are answered: read from Redis by the console."""

from __future__ import annotations

from collections import Counter as Tally

from prometheus_client import Counter, Gauge, Histogram

from voicebot.call import Phase, Status
from voicebot.console.finding import LARGEST_PAGE
from voicebot.console.rooms import Rooms
from voicebot.console.story import Turn
from voicebot.console.views import Need, need_of
from voicebot.errors import StoreUnavailable

calls = Gauge("voicebot_recent_calls", "The newest calls, by status", ["status"])
live_calls = Gauge("voicebot_live_calls", "Calls on the phone just now, by phase", ["phase"])
waiting_calls = Gauge(
    "voicebot_calls_waiting_for_a_person", "Recent calls that nobody has taken in hand", ["need"]
)
turn_seconds = Histogram(
    "voicebot_turn_seconds",
    "From the decision that the caller has finished to the bot's voice, by open step",
    ["step"],
    buckets=(0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0),
)
pages = Gauge("voicebot_console_listeners", "Open pages and event streams of this console")
following = Gauge("voicebot_console_following", "1 while Redis tells this console what happens")
turns_seen = Counter("voicebot_turns_answered", "Turns that the bot has answered")


def answered(turn: Turn) -> None:
    """The bot has answered a turn."""
    turn_seconds.labels(turn.step).observe(turn.waited_ms / 1000)
    turns_seen.inc()


async def look_around(house: Rooms) -> None:
    """Set the gauges; while Redis is away they keep what they had."""
    newsroom = house.newsroom
    pages.set(newsroom.listeners)
    following.set(newsroom.following)
    try:
        places = await newsroom.listed(LARGEST_PAGE)
        known = await newsroom.look([place.call_sid for place in places])
    except StoreUnavailable:
        return
    statuses = Tally(k.record.skeleton.status for k in known)
    phases = Tally(k.story.phase for k in known if k.live)
    needs = Tally(
        need_of(
            k.record.skeleton.status,
            live=k.live,
            held_over_http=not k.story.spoken,
            continued=k.record.continued_as is not None,
        )
        for k in known
        if not k.record.taken_by
    )
    for status in Status:
        calls.labels(status).set(statuses[status])
    for phase in Phase:
        live_calls.labels(phase).set(phases[phase])
    for need in Need:
        waiting_calls.labels(need).set(needs[need])
