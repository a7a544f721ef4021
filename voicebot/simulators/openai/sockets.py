"""`/v1/realtime`: the handshake, and the loop between a socket and its session."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from voicebot.simulators.openai.messages import (
    Cut,
    Hangup,
    Later,
    Reaction,
    Step,
    bad_request,
    misbehaved,
    wrong_key,
)
from voicebot.simulators.openai.simulator import HTTP_KINDS, FaultKind, Service, Simulator
from voicebot.simulators.openai.transcription import TranscriptionSession, World

_GONE = (WebSocketDisconnect, WebSocketDisconnected)
"""The exceptions of reading from and writing to a closed socket."""


async def realtime(socket: WebSocket) -> None:
    """Serve one socket from its handshake to its end."""
    simulator: Simulator = socket.app.state.simulator
    fault = simulator.faults.take(Service.HEARING, *HTTP_KINDS)
    if fault and fault.kind is not FaultKind.SLOW:
        return await socket.send_denial_response(misbehaved(fault))
    if not simulator.is_key(socket.headers.get("authorization")):
        return await socket.send_denial_response(wrong_key())
    if socket.query_params.get("intent") != "transcription" or "model" in socket.query_params:
        text = "This simulator only transcribes: send intent=transcription, and no model."
        return await socket.send_denial_response(bad_request(text, "intent"))
    if fault:
        await asyncio.sleep(fault.seconds)
    await socket.accept()
    with suppress(*_GONE):
        simulator.opened(Service.HEARING)
        await _Pump(socket, TranscriptionSession(_world(simulator))).run()


class _Pump:
    """Carries a transcription session."""

    def __init__(self, socket: WebSocket, session: TranscriptionSession) -> None:
        self._socket = socket
        self._session = session
        self._hung_up = False

    async def run(self) -> None:
        """Run until one side closes."""
        async with asyncio.TaskGroup() as group:
            tasks: set[asyncio.Task[None]] = set()
            await self._send(self._session.opened())
            try:
                while not self._hung_up:
                    reaction = self._session.receive(_parsed(await self._socket.receive_text()))
                    await self._react(reaction, group, tasks)
            except _GONE:
                pass
            for task in tasks:
                task.cancel()

    async def _react(
        self, reaction: Reaction, group: asyncio.TaskGroup, tasks: set[asyncio.Task[None]]
    ) -> None:
        for step in reaction.now:
            await self._send(step)
        for later in reaction.later:
            task = group.create_task(self._play(later))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _play(self, later: Later) -> None:
        with suppress(*_GONE):
            for wait_s, step in later.steps:
                await asyncio.sleep(wait_s)
                await self._send(step)

    async def _send(self, step: Step) -> None:
        match step:
            case Hangup(code, reason):
                self._hung_up = True
                await self._socket.close(code, reason)
            case Cut(text):
                await self._socket.send_text(text)
            case _:
                await self._socket.send_text(orjson.dumps(step).decode())


def _world(simulator: Simulator) -> World:
    return World(
        recognise=simulator.recognise,
        latency_s=lambda: simulator.latencies.draw(Service.HEARING),
        fault=lambda kinds: simulator.faults.take(Service.HEARING, *kinds),
        now=simulator.now,
        note=simulator.heard_with.append,
        takes_pcmu=simulator.takes_pcmu,
    )


def _parsed(text: str) -> Mapping[str, object]:
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
