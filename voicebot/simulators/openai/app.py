"""The simulator's routes: the API under `/v1`, its controls under `/sim`.

POST /sim/misbehave  {"service", "kind", "times"?, "seconds"?, "status"?}    DELETE: no faults
POST /sim/latency    {"service", "p50", "p95"}           seconds
POST /sim/answers    ["…", …]                            the next outputs of /v1/responses
GET  /sim/served     {"hearing": 3, …}                   accepted requests so far
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from voicebot.simulators.openai import answers, audio_files, transcription
from voicebot.simulators.openai.messages import bad_request, misbehaved, wrong_key
from voicebot.simulators.openai.simulator import (
    HTTP_KINDS,
    Fault,
    FaultKind,
    Latency,
    Service,
    Simulator,
)
from voicebot.simulators.openai.sockets import realtime

Endpoint = Callable[[Request, Simulator, Fault | None], Awaitable[Response]]

OTHER_MODELS: Final = ("gpt-6-luna", "gpt-6-sol")
_CREATED: Final = 1_760_000_000
_CLIENT_LEFT: Final = 499


class _Tempo(BaseModel):
    service: Service
    p50: float
    p95: float


def create_app(simulator: Simulator) -> Starlette:
    """Return the ASGI application of one simulator."""
    app = Starlette(
        routes=[
            WebSocketRoute("/v1/realtime", realtime),
            Route("/v1/models", _served(Service.MODELS, _models), methods=["GET"]),
            Route("/v1/audio/transcriptions",
                  _served(Service.FILES, audio_files.transcribe), methods=["POST"]),
            Route("/v1/audio/speech", _served(Service.SPEECH, audio_files.speak), methods=["POST"]),
            Route("/v1/responses", _served(Service.ANSWERS, answers.respond), methods=["POST"]),
            Route("/sim/misbehave", _misbehave, methods=["POST", "DELETE"]),
            Route("/sim/latency", _set_latency, methods=["POST"]),
            Route("/sim/answers", _prepare, methods=["POST"]),
            Route("/sim/served", _count, methods=["GET"]),
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
        simulator.opened(service)
        try:
            await request.body()  # cached: the client may be gone later
        except ClientDisconnect:
            return Response(status_code=_CLIENT_LEFT)
        wait_s = fault.seconds if fault and fault.kind is FaultKind.SLOW else 0.0
        await asyncio.sleep(wait_s + simulator.latencies.draw(service))
        return await endpoint(request, simulator, fault)

    return serve


async def _models(request: Request, simulator: Simulator, fault: Fault | None) -> Response:
    spoken = (*audio_files.TRANSCRIPTION_MODELS, *audio_files.SPEECH_MODELS)
    names = dict.fromkeys((*transcription.MODELS, *spoken, *OTHER_MODELS))
    data = [
        {"id": name, "object": "model", "created": _CREATED, "owned_by": "openai-sim"}
        for name in names
    ]
    return JSONResponse({"object": "list", "data": data})


async def _misbehave(request: Request) -> Response:
    simulator: Simulator = request.app.state.simulator
    if request.method == "DELETE":
        simulator.faults.clear()
        return Response(status_code=204)
    try:
        simulator.faults.order(Fault.model_validate_json(await request.body()))
    except ValidationError as error:
        return bad_request(str(error))
    return Response(status_code=204)


async def _set_latency(request: Request) -> Response:
    simulator: Simulator = request.app.state.simulator
    try:
        tempo = _Tempo.model_validate_json(await request.body())
        simulator.latencies.set(tempo.service, Latency(p50=tempo.p50, p95=tempo.p95))
    except ValidationError as error:
        return bad_request(str(error))
    return Response(status_code=204)


async def _prepare(request: Request) -> Response:
    simulator: Simulator = request.app.state.simulator
    try:
        texts = TypeAdapter(list[str]).validate_json(await request.body())
    except ValidationError as error:
        return bad_request(str(error))
    simulator.answers.extend(texts)
    return Response(status_code=204)


async def _count(request: Request) -> Response:
    simulator: Simulator = request.app.state.simulator
    return JSONResponse({service.value: simulator.served[service] for service in Service})
