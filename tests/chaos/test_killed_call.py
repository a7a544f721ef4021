"""`voicebot call` through `voicebot serve`: the server dies in the middle, the call does not."""

import asyncio
import json
import os
import re
import signal
import sys
import wave
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from redis.asyncio import Redis

from tests.ports import free_port
from tests.serving import Serving, environment, serving, url_in
from voicebot.simulators.phone import load_clip
from voicebot.speech import clip_checksum

pytestmark = [pytest.mark.slow, pytest.mark.valkey]

LINES = {
    "name": "My name is Robin Carter.",
    "address": "27 George Street, Parramatta.",
    "email": "robin at example.com",
    "service": "Cleaning.",
    "time": "Wednesday at half past nine in the morning.",
    "confirm": "Yes.",
}
QUESTIONS = {"name": "your name", "phone": "best number", "address": "the address for"}
SID = "CA-killed"
CALL_S = 300
RATE_HZ = 8000


def recorded(folder: Path) -> Path:
    """A script of short tones, one pitch a line, and what the null recogniser must know."""
    known, script = [], ['phone = ["keys:0412345678#"]']
    for pitch, (step, text) in enumerate(LINES.items(), start=4):
        path = folder / f"{step}.wav"
        moments = np.arange(int(0.4 * RATE_HZ)) / RATE_HZ
        tone = (9000 * np.sin(2 * np.pi * 90 * pitch * moments)).astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(tone.tobytes())
        known.append({"crc": clip_checksum(load_clip(path).audio), "text": text})
        script.append(f'{step} = ["{path.name}"]')
    (folder / "known.json").write_text(json.dumps(known))
    (folder / "caller.toml").write_text("\n".join(script))
    return folder / "caller.toml"


async def dial(server: Serving, script: Path, env: dict[str, str]) -> Process:
    staff = re.search(r"staff +(http://\S+)", server.said)
    assert staff
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "voicebot", "call", "--call-sid", SID),
        *("--url", server.phone_url.replace("http", "ws") + "/media", "--console", staff[1]),
        *("--script", str(script)),
        stdout=PIPE, stderr=PIPE, env=env,
    )  # fmt: skip


async def record(redis: Redis) -> tuple[dict[str, str], list[dict[str, str]]]:
    fields = cast(dict[str, str], await redis.hgetall(f"call:{{{SID}}}"))
    history = cast(list[str], await redis.lrange(f"call:{{{SID}}}:history", 0, -1))
    return fields, [json.loads(message) for message in history]


async def until_step(redis: Redis, step: str) -> None:
    async with asyncio.timeout(CALL_S):
        while (await record(redis))[0].get("step") != step:  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


async def test_a_server_killed_after_step_three_costs_the_caller_nothing(tmp_path: Path) -> None:
    script, redis_port = recorded(tmp_path), free_port()
    env = environment(tmp_path / "data", redis_port)
    env["VOICEBOT_NULL_MANIFEST"] = str(tmp_path / "known.json")
    with serving(env, tmp_path) as server:
        await asyncio.to_thread(server.wait_until_ready)
        async with Redis.from_url(url_in(tmp_path / "data"), decode_responses=True) as redis:
            call = await dial(server, script, env)
            await until_step(redis, "email")
            os.kill(server.pid_of("stream 1"), signal.SIGKILL)
            _, before = await record(redis)
            async with asyncio.timeout(CALL_S):
                printed, noticed = await call.communicate()
            fields, history = await record(redis)
        assert [e["exit_code"] for e in server.events("child_died")] == [-signal.SIGKILL]
    assert call.returncode == 0, printed.decode() + noticed.decode()
    _is_complete(fields)
    assert history[: len(before)] == before
    assert [m["startedAt"] for m in history] == sorted(m["startedAt"] for m in history)
    _nothing_is_asked_twice(history, resumed_at=len(before))


def _is_complete(fields: dict[str, str]) -> None:
    expected = {
        "user.userInfo.name": "Robin Carter",
        "user.userInfo.phone": "+61412345678",
        "user.userInfo.address": "27 George Street, Parramatta",
        "user.userInfo.email": "robin@example.com",
        "servicebooked": "true",
        "status": "booked",
        "step": "done",
    }
    assert {name: fields.get(name) for name in expected} == expected
    assert json.loads(fields["user.service"])["id"] == "cleaning"
    assert fields["user.serviceBookedTime"][10:16] == "T09:30"


def _nothing_is_asked_twice(history: list[dict[str, str]], resumed_at: int) -> None:
    said = [m["message"] for m in history if m["speaker"] == "AI"]
    resumed = next(m["message"] for m in history[resumed_at:] if "cut off" in m["message"])
    assert "I still have what you told me" in resumed
    asked = {step: sum(words in text for text in said) for step, words in QUESTIONS.items()}
    assert asked == dict.fromkeys(QUESTIONS, 1)
