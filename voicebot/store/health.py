"""Check the kind of server at VOICEBOT_REDIS_URL, and whether records can be written there now.

A server takes a connection of any form and answers PING, also where most commands of a call then
fail: a node of a cluster knows only its own slots, a Sentinel keeps nothing. So it is asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import aclosing
from enum import StrEnum
from typing import Final, cast

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import NoPermissionError

from voicebot.errors import SettingsError
from voicebot.store.client import AWAY, CLUSTER, SENTINEL, connect, host_urls

SLOTS: Final = 16384


class Kind(StrEnum):
    """The kind of a server, as `INFO server` names it."""

    SERVER = "standalone"
    NODE = "cluster"
    SENTINEL = "sentinel"


_SCHEME_OF: Final = {Kind.SERVER: "", Kind.NODE: CLUSTER, Kind.SENTINEL: SENTINEL}
_SAID_OF: Final = {
    Kind.SERVER: "one server and no cluster",
    Kind.NODE: "a node of a cluster",
    Kind.SENTINEL: "a Sentinel",
}


async def require_form(url: str) -> None:
    """Raise SettingsError when `url` has the form for another kind of server than answers there.

    The error names the right form. Where a user may not ask, nothing is judged. Raises
    client.AWAY when none of the hosts in `url` answers.
    """
    scheme = url.partition("://")[0]
    form = next((k for k, end in _SCHEME_OF.items() if end and end in scheme), Kind.SERVER)
    away: Exception | None = None
    for host in host_urls(url):
        if form is Kind.SENTINEL:  # the login is the master's
            host = re.sub("//.*@", "//", host)
        try:
            async with aclosing(connect(host)) as client:
                return await _require_form(url, form, client)
        except NoPermissionError:
            return
        except AWAY as error:
            away = error
    assert away is not None
    raise away


async def is_ready(client: Redis) -> bool:
    """Return whether most records can be written now; on a cluster, those of most slots."""
    try:
        if not isinstance(client, RedisCluster):
            return bool(await client.ping())
        await client.initialize()
        served = await asyncio.gather(*map(_slots_served_by, client.get_nodes()))
    except AWAY:
        return False
    return 2 * sum(served) > SLOTS


async def _require_form(url: str, form: Kind, client: Redis) -> None:
    info = await client.info("server")
    mode = info.get("redis_mode") or info.get("server_mode")  # Redis; Valkey from 9 on
    if mode not in list(Kind):
        return  # a proxy, or a service that tells less
    found = Kind(mode)
    if found is Kind.NODE and form is Kind.SERVER and await _has_all_slots(client):
        return
    masters: list[str] = []
    if found is Kind.SENTINEL:
        masters = list(await cast(Awaitable[Mapping[str, object]], client.sentinel_masters()))
    if found is not form or (found is Kind.SENTINEL and url.rpartition("/")[2] not in masters):
        raise SettingsError(_right_form(url, client, found, masters))


async def _has_all_slots(client: Redis) -> bool:
    """Return whether it is a cluster's only master."""
    info = await client.execute_command("CLUSTER INFO")  # type: ignore[no-untyped-call]
    return bool(info["cluster_size"] == "1" and info["cluster_slots_assigned"] == str(SLOTS))


def _right_form(url: str, client: Redis, kind: Kind, masters: Sequence[str]) -> str:
    scheme, _, rest = url.partition("://")
    secured = "rediss" if scheme.startswith("rediss") else "redis"
    login = "user:password@" if "@" in rest else ""
    at = client.connection_pool.connection_kwargs
    where = f"{at.get('host', 'HOST')}:{at.get('port', 'PORT')}"
    right = f"{secured}{_SCHEME_OF[kind]}://{login}{where}"
    advice = f"VOICEBOT_REDIS_URL: {where} is {_SAID_OF[kind]}"
    if kind is Kind.NODE:
        right += " (more of its nodes with commas between)"
    if kind is Kind.SENTINEL:
        advice += f" that watches {' and '.join(masters) or 'no master'}"
        right += f"/{masters[0] if masters else 'NAME'} (more Sentinels with commas between)"
    return f"{advice}; write {right}"


async def _slots_served_by(node: ClusterNode) -> int:
    """Return the number of slots whose records this node writes; 0 when it does not answer."""
    try:
        state = cast(Mapping[str, str], await node.execute_command("CLUSTER INFO"))
        if state["cluster_state"] != "ok":
            return 0
        known = await node.execute_command("CLUSTER NODES")
    except AWAY:
        return 0
    found = 0
    for other in cast(Mapping[str, Mapping[str, object]], known).values():
        flags = str(other["flags"]).split(",")
        if "myself" in flags and "master" in flags:
            for bounds in cast(Sequence[Sequence[str]], other["slots"]):
                found += int(bounds[-1]) - int(bounds[0]) + 1
    return found
