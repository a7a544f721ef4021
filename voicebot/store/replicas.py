"""Writes that count only when replicas have them: a script, then WAIT on the same connection.

WAIT answers how many replicas have everything that this connection's server had written when
the command before it ended. So it must follow the script on its connection, and a write that is
asked again and was done before is covered as well. On a cluster that is the node of the key's
slot; when the slot has just moved, the write goes the client's own way first, then again there.

A master that dies after it answered can no longer take the write with it, as long as one of the
replicas that had it is the one elected (with n replicas in all, wait for all n).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.cluster import PipelineCommand, RedisCluster
from redis.exceptions import AskError, MovedError, TryAgainError

from voicebot.errors import StoreUnavailable
from voicebot.settings import Settings
from voicebot.store.commits import Argument

_ELSEWHERE = (MovedError, AskError, TryAgainError)
"""The slot is not at the node that was asked, or not any more."""


class TooFewReplicas(StoreUnavailable):
    """Redis has the write, and too few replicas had it in time; `reply` is the script's."""

    def __init__(self, reply: object) -> None:
        super().__init__("Redis has it, but too few replicas do: see VOICEBOT_WAIT_REPLICAS")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Replicated:
    """Runs scripts as a client does (`scripts.ScriptRunner`), and waits for `wanted` replicas."""

    client: Redis
    wanted: int
    patience_ms: int

    async def evalsha(self, sha: str, numkeys: int, *keys_and_args: Argument) -> object:
        """Return the reply of a script by hash; raises TooFewReplicas and client.AWAY."""
        return await self._run("EVALSHA", sha, numkeys, *keys_and_args)

    async def eval(self, script: str, numkeys: int, *keys_and_args: Argument) -> object:
        """Return the reply of a script by its text; raises TooFewReplicas and client.AWAY."""
        return await self._run("EVAL", script, numkeys, *keys_and_args)

    async def _run(self, *command: Argument) -> object:
        if isinstance(self.client, RedisCluster):
            reply, acknowledged = await self._on_cluster(self.client, command)
        else:
            reply, acknowledged = await self._on_server(command)
        if acknowledged < self.wanted:
            raise TooFewReplicas(reply)
        return reply

    async def _on_server(self, command: tuple[Argument, ...]) -> tuple[object, int]:
        async with self.client.pipeline(transaction=False) as pipe:
            pipe.execute_command(*command)
            pipe.execute_command("WAIT", self.wanted, self.patience_ms)
            return _both(await pipe.execute(raise_on_error=False))

    async def _on_cluster(
        self, client: RedisCluster, command: tuple[Argument, ...]
    ) -> tuple[object, int]:
        await client.initialize()
        try:
            return await self._at_its_node(client, command)
        except _ELSEWHERE:
            reply = await client.execute_command(*command)  # follows the slot, and learns
        try:
            return await self._at_its_node(client, command)
        except _ELSEWHERE:
            return reply, 0  # still moving: done, and not known to be copied

    async def _at_its_node(
        self, client: RedisCluster, command: tuple[Argument, ...]
    ) -> tuple[object, int]:
        first_key = str(command[3])
        node = client.get_node_from_key(first_key)
        if node is None:
            raise TryAgainError("no node has the slot at the moment")
        wait = PipelineCommand(1, "WAIT", self.wanted, self.patience_ms)
        asked = [PipelineCommand(0, *command), wait]
        await node.execute_pipeline(asked)
        return _both([one.result for one in asked])


def replicated(client: Redis, settings: Settings) -> Replicated | None:
    """Return a client that waits for VOICEBOT_WAIT_REPLICAS, or None when none are wanted."""
    if not settings.wait_replicas:
        return None
    return Replicated(client, settings.wait_replicas, settings.wait_replicas_ms)


def _both(replies: list[object]) -> tuple[object, int]:
    reply, acknowledged = replies
    for answer in (reply, acknowledged):
        if isinstance(answer, Exception):
            raise answer
    return reply, cast(int, acknowledged)
