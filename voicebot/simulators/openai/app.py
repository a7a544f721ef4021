"""The simulator's routes: the API under `/v1`, its controls under `/sim`.

POST /sim/misbehave  {"service", "kind", "times"?, "seconds"?, "status"?}    DELETE: no faults
POST /sim/latency    {"service", "p50", "p95"}           seconds
POST /sim/answers    ["…", …]                            the next outputs of /v1/chat/completions
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from voicebot.simulators.openai import audio, transcription
from voicebot.simulators.openai.chat import complete
from voicebot.simulators.openai.errors import HTTP_KINDS, misbehaved, unfit, wrong_key
from voicebot.simulators.openai.simulator import Fault, FaultKind, Latency, Service, Simulator

Endpoint = Callable[[Request, Simulator, Fault | None], Awaitable[Response]]

OTHER_MODELS: Final = ("gpt-6-luna", "gpt-6-sol")
_CREATED: Final = 1_760_000_000
_CLIENT_LEFT: Final = 499


class _Tempo(Latency):
    service: Service


def create_app(simulator: Simulator) -> Starlette:
    """Return the ASGI application of one simulator."""

    async def misbehave(request: Request) -> None:
        simulator.faults.order(Fault.model_validate_json(await request.body()))

    async def behave(request: Request) -> None:
        simulator.faults.clear()

    async def set_latency(request: Request) -> None:
        tempo = _Tempo.model_validate_json(await request.body())
        simulator.latencies[tempo.service] = tempo

    async def prepare(request: Request) -> None:
        simulator.answers.extend(TypeAdapter(list[str]).validate_json(await request.body()))

    app = Starlette(
        routes=[
            WebSocketRoute("/v1/realtime", transcription.realtime),
            Route("/v1/models", _served(Service.MODELS, _models), methods=["GET"]),
            Route("/v1/audio/transcriptions",
                  _served(Service.FILES, audio.transcribe), methods=["POST"]),
            Route("/v1/audio/speech", _served(Service.SPEECH, audio.speak), methods=["POST"]),
            Route("/v1/chat/completions",
                  _served(Service.ANSWERS, complete), methods=["POST"]),
            Route("/sim/misbehave", _control(misbehave), methods=["POST"]),
            Route("/sim/misbehave", _control(behave), methods=["DELETE"]),
            Route("/sim/latency", _control(set_latency), methods=["POST"]),
            Route("/sim/answers", _control(prepare), methods=["POST"]),
        ]
    )  # fmt: skip
    app.state.simulator = simulator
    return app


def _served(service: Service, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """Wrap an endpoint with the check of the key, the requested faults and the latency."""

    async def serve(request: Request) -> Response:
        simulator: Simulator = request.app.state.simulator
        if not simulator.is_key(request.headers.get("authorization")):
            return wrong_key()
        fault = simulator.faults.take(service, *FaultKind)
        if fault and fault.kind in HTTP_KINDS and fault.kind is not FaultKind.SLOW:
            return misbehaved(fault)
        simulator.served[service] += 1
        try:
            await request.body()  # cached: the client may be gone later
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)
        wait_s = fault.seconds if fault and fault.kind is FaultKind.SLOW else 0.0
        await asyncio.sleep(wait_s + simulator.latencies[service].draw())
        return await endpoint(request, simulator, fault)

    return serve


def _control(act: Callable[[Request], Awaitable[None]]) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a control of `/sim`: 204, or 400 for a body that makes no sense."""

    async def serve(request: Request) -> Response:
        try:
            await act(request)
        except ValidationError as error:
            return unfit(error)
        return Response(status_code=204)

    return serve


async def _models(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    spoken = (*audio.TRANSCRIPTION_MODELS, *audio.SPEECH_MODELS)
    names = dict.fromkeys((*transcription.MODELS, *spoken, *OTHER_MODELS))
    data = [
        {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai-sim"}
        for name in names
    ]
    return JSONResponse({"object": "list", "data": data})
