"""The Redis client as we use it: bounded, with timeouts, and never retrying by itself.

A retry inside the library could apply a write twice; only the numbered commit path retries.
Three kinds of address:

    redis://host:port, rediss://…, unix://…        one server
    redis+cluster://host:port,host:port            a Redis or Valkey Cluster; any of its nodes
    redis+sentinel://host:port,host:port/name      the master that the Sentinels call `name`

User and password stand before the hosts (`user:password@`), percent-encoded. `rediss+…` is TLS.

What an error reply means is read from its class and its code, never from its text. Almost all mean
"not now": no memory (OOM), a replica (READONLY), no rights (NOPERM), BUSY, MISCONF, NOREPLICAS,
CLUSTERDOWN, and whatever a later server will say. Inside a script some of them come as a plain ERR.
What was asked is kept and asked again. One means that a person must act first: a key of
another type (WRONGTYPE).

What stands at an address is asked, because a server takes a connection of any form and answers
PING, also where most commands of a call then fail: a node of a cluster knows only its own slots, a
Sentinel keeps nothing.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from enum import StrEnum
from typing import Any, Final, cast

from redis.asyncio import BlockingConnectionPool, Connection, Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterError,
    InvalidResponse,
    NoPermissionError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from voicebot.errors import SettingsError, StoreUnavailable

CONNECTIONS = 64
"""More commits than this in flight in one process wait for a free connection."""

POOL_PATIENCE_S = 1.0
ANSWER_PATIENCE_S = 2.0
"""Time that a late reply is awaited, long after the conversation has gone on."""

CONNECT_PATIENCE_S = 1.0

AWAY = (
    *(RedisConnectionError, RedisTimeoutError, InvalidResponse),
    *(ClusterError, RedisClusterException, ResponseError),
)
"""Redis did not acknowledge what it was asked: no connection, no answer, or the answer that it
does not do this now (ResponseError; see above). It may do it later.

An error of ours is not among these: a wrong argument (DataError), a RuntimeError, a full disk.
"""

_WANTED = (
    "VOICEBOT_REDIS_URL must be like redis://user:password@host:6379/0; "
    "what is neither letter nor digit in the password is written %40 for @, %2F for /; "
    "a cluster is redis+cluster://host:port,host:port, Sentinels redis+sentinel://host:port/name"
)
CLUSTER, SENTINEL = "+cluster", "+sentinel"
"""The ends of a URL's scheme where it is not of one server."""


def connect(url: str, *, answer_s: float = 0.0) -> Redis:
    """Return a client that connects when it is first used. Texts come back as `str`.

    A reply is awaited for ANSWER_PATIENCE_S, or for `answer_s` where that is longer. A cluster's
    client has the same commands, which is all that is used of it. Raises SettingsError for an
    address that cannot be understood.
    """
    options: dict[str, Any] = {
        "max_connections": CONNECTIONS,
        "socket_timeout": max(ANSWER_PATIENCE_S, answer_s),
        "socket_connect_timeout": CONNECT_PATIENCE_S,
        "retry": Retry(NoBackoff(), 0),
        "decode_responses": True,
        "encoding_errors": "replace",  # another program's Latin-1 is no reason to end a call
        "protocol": 2,
    }
    scheme, _, rest = url.partition("://")
    master = rest.partition("/")[2]
    try:
        if not scheme.endswith((CLUSTER, SENTINEL)):
            pool = BlockingConnectionPool.from_url(url, timeout=POOL_PATIENCE_S, **options)
            return _with_ours(Redis.from_pool(pool))
        parsed = [parse_url(host) for host in host_urls(url)]
        hosts = [(host["host"], host["port"]) for host in parsed]
        if scheme.endswith(SENTINEL) and not master:
            raise LookupError("the master has no name")
    except (ValueError, LookupError) as error:
        raise SettingsError(_WANTED) from error  # its own message may quote the password
    options["ssl"] = scheme.startswith("rediss")
    login = {name: value for name, value in parsed[0].items() if name in ("username", "password")}
    if scheme.endswith(CLUSTER):
        return _cluster(hosts, options | login)
    return _sentinel(hosts, master, options, login)


async def close(client: Redis) -> None:
    """Close a client that nothing uses any more, with all its connections.

    After an error a cluster's client closes its nodes and counts as not open; what another command
    has connected since, its own `aclose` leaves open.
    """
    await client.aclose()
    if isinstance(client, RedisCluster):
        await client.nodes_manager.aclose()
        await client.nodes_manager.aclose("startup_nodes")


@asynccontextmanager
async def open_client(url: str) -> AsyncIterator[Redis]:
    """Give `connect(url)`, which may be away, and close it at the end."""
    client = connect(url)
    try:
        yield client
    finally:
        await close(client)


def host_urls(url: str) -> list[str]:
    """Return the address of each host in `url`, as of one server."""
    scheme, _, rest = url.partition("://")
    if not scheme.endswith((CLUSTER, SENTINEL)):
        return [url]
    login, at, hosts = rest.partition("/")[0].rpartition("@")
    return [f"{scheme.partition('+')[0]}://{login}{at}{host}" for host in hosts.split(",")]


class _Connection(AbstractConnection):
    """Goes before each of the library's connections.

    What uvloop raises where a connection breaks between two of the library's steps is a
    RuntimeError ("the handler is closed"), which the library lets through: here it gets its class.

    A server that has become a replica is left: behind its address another may be the master now.
    """

    async def send_packed_command(
        self, command: bytes | str | Iterable[bytes], check_health: bool = True
    ) -> None:
        try:
            with _broken_off():
                await super().send_packed_command(command, check_health)
        except AttributeError as error:
            if self.is_connected:
                raise
            # An error of another command has closed it between two of the library's steps.
            raise RedisConnectionError("the connection was closed meanwhile") from error

    async def read_response(
        self,
        disable_decoding: bool = False,
        timeout: float | None = None,
        *,
        disconnect_on_error: bool = True,
        push_request: bool | None = False,
    ) -> object:
        try:
            with _broken_off():
                return await super().read_response(
                    disable_decoding,
                    timeout,
                    disconnect_on_error=disconnect_on_error,
                    push_request=push_request,
                )
        except ReadOnlyError:
            self.mark_for_reconnect()  # type: ignore[no-untyped-call]
            raise


@contextmanager
def _broken_off() -> Iterator[None]:
    """Raise what the library's and the event loop's own steps raise as a connection error."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        raise RedisConnectionError("the connection broke off") from error


def _ours(library: type[AbstractConnection]) -> type[AbstractConnection]:
    """Return the library's class of connections (TCP, TLS, socket, Sentinel) behind our own."""
    return type(library.__name__, (_Connection, library), {})


def _with_ours(client: Redis) -> Redis:
    pool = client.connection_pool
    pool.connection_class = _ours(pool.connection_class)
    return client


def _cluster(hosts: list[tuple[str, int]], options: dict[str, Any]) -> Redis:
    cluster = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in hosts],
        require_full_coverage=False,  # one lost shard must not silence the others
        **options,
    )
    kind = _ours(cluster.connection_kwargs["connection_class"])
    cluster.connection_kwargs["connection_class"] = kind  # of the nodes that it will find
    for node in cluster.startup_nodes:
        node.connection_class = cast(type[Connection], kind)
    return cast(Redis, cluster)


class _MasterPool(SentinelConnectionPool):
    """Connections to the master; the library leaves its questions to the Sentinels open."""

    async def disconnect(self, inuse_connections: bool = True) -> None:
        await super().disconnect(inuse_connections)
        for client in self.sentinel_manager.sentinels:
            await client.aclose()


def _sentinel(
    hosts: list[tuple[str, int]], master: str, options: dict[str, Any], login: dict[str, Any]
) -> Redis:
    """Return a client of the master; the login is the master's, the Sentinels are asked without."""
    sentinels = Sentinel(hosts, sentinel_kwargs=options)  # type: ignore[no-untyped-call]
    pool = _MasterPool(master, sentinels, **options, **login)  # type: ignore[no-untyped-call]
    for watcher in sentinels.sentinels:
        _with_ours(watcher)
    return _with_ours(Redis.from_pool(pool))


def code_of(error: ResponseError) -> str:
    """Return the code of an error reply: its first word (https://valkey.io/topics/protocol/).

    redis-py takes it off the replies that it has a class for, and leaves it on the others.
    """
    return error.status_code or str(error).partition(" ")[0]


def is_wrong_type(reply: object) -> bool:
    """Return whether this is the error for a key of another type."""
    return isinstance(reply, ResponseError) and code_of(reply) == "WRONGTYPE"


@contextmanager
def unless_wrong_type() -> Iterator[None]:
    """Leave the block where a key of another type stands in its way."""
    try:
        yield
    except ResponseError as error:
        if not is_wrong_type(error):
            raise


async def ask_each(client: Redis, commands: Iterable[Sequence[Any]]) -> list[Any]:
    """Return the replies to commands on one key each, in one round trip.

    None for a key of another type. Raises client.AWAY.
    """
    async with client.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        replies = await pipe.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, Exception) and not is_wrong_type(reply):
            raise reply
    return [None if isinstance(reply, Exception) else reply for reply in replies]


@contextmanager
def unavailable_when_away() -> Iterator[None]:
    """Raise StoreUnavailable where the block raises client.AWAY: nothing goes without Redis."""
    try:
        yield
    except ResponseError as error:
        refusal = f"Redis refuses ({code_of(error)}); see `voicebot doctor`"
        raise StoreUnavailable(refusal) from error
    except AWAY as error:
        raise StoreUnavailable("Redis did not answer; check VOICEBOT_REDIS_URL") from error


def why_away(error: Exception) -> str:
    """Return a word for the log: the code of an error reply, else the error's class."""
    return code_of(error) if isinstance(error, ResponseError) else type(error).__name__


SLOTS: Final = 16384


class Kind(StrEnum):  # of a server, as `INFO server` names it
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
    found = info.get("redis_mode") or info.get("server_mode")  # Redis; Valkey from 9 on
    if found not in set(Kind):
        return  # a proxy, or a service that tells less
    found = Kind(found)
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
