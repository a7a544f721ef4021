"""Spoken calls on the OpenAI stack: a real server and phone, the simulator as the vendor."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import redis

from tests.ports import free_port
from tests.serving import Serving, environment, eventually, serving, url_in
from tests.simulators.openai.conftest import KEY, Served, clips, served
from voicebot.simulators.openai import (
    CLIPS,
    Clips,
    Fault,
    FaultKind,
    Samples,
    Service,
    Simulator,
    babble,
    load_clips,
    published,
)

__all__ = ["clips", "served"]

pytestmark = [pytest.mark.slow, pytest.mark.valkey]

CALL_LIMIT_S = 400
HURRY = 4
"""The bot speaks so many times faster than a person: nobody listens to it here."""
PATIENT = {
    "VOICEBOT_OPENAI_HEARING_DEADLINE_S": "30",
    "VOICEBOT_OPENAI_SPEECH_DEADLINE_MS": "30000",
    "VOICEBOT_OPENAI_DEADLINE_MS": "30000",
}
"""Long enough that no successful answer is late on a slow machine."""
SERVICE_CLIP = "House cleaning, please."
PUZZLING = "I can write my name on every shelf in here."
"""A wish for cleaning that the rules do not understand."""
MEANT = json.dumps(
    {"acts": [{"act": "provide", "words": PUZZLING, "step": "service", "value": "Cleaning"}]}
)


def hasty(text: str) -> Samples:
    """A voice that takes little time."""
    return babble(text[: max(1, len(text) // HURRY)])


@dataclass
class Vendor:
    """A server that is at home, on the OpenAI stack, and the vendor behind it."""

    simulator: Simulator
    server: Serving
    env: dict[str, str]
    redis_url: str

    def call(self, sid: str) -> tuple[str, dict[str, str], list[str]]:
        """Return the phone's output, the record and the bot's words in its history."""
        address = self.server.phone_url.removeprefix("http://")
        console = self.server.said.partition("staff")[2].split()[0]
        process = subprocess.run(
            [sys.executable, "-m", "voicebot", "call", "--call-sid", sid,
             "--url", f"ws://{address}/media", "--console", console],
            capture_output=True, text=True, timeout=CALL_LIMIT_S, env=self.env,
        )  # fmt: skip
        assert process.returncode == 0, process.stdout + process.stderr
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as client:
            fields = client.hgetall(f"call:{{{sid}}}")
            history = [json.loads(m) for m in client.lrange(f"call:{{{sid}}}:history", 0, -1)]
        return process.stdout, fields, [m["message"] for m in history if m["speaker"] == "AI"]


def puzzling(clips: Clips) -> Clips:
    """The same recordings, but the wish for cleaning is put in other words."""
    return Clips(
        tuple(
            replace(clip, text=PUZZLING) if clip.text == SERVICE_CLIP else clip
            for clip in clips.known
        )
    )


@contextmanager
def vended(served: Served, clips: Clips, folder: Path, **settings: str) -> Iterator[Vendor]:
    """A server on the OpenAI stack alone, ready, behind which these recordings are recognised."""
    simulator = Simulator(clips, published(0.3), voice=hasty, key=KEY)
    port = free_port()
    with served.open(simulator) as url:
        env = environment(folder / "data", port) | {
            "VOICEBOT_TRANSCRIBER": "auto",
            "VOICEBOT_SYNTHESIZER": "auto",
            "VOICEBOT_UNDERSTANDING": "auto",
            "VOICEBOT_OPENAI_FALLBACK": "false",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": url,
            "PATH": os.environ["PATH"],
            **PATIENT,
            **settings,
        }
        with serving(env, folder) as server:
            server.wait_until_ready()
            assert eventually(lambda: bool(server.events("fixed_sentences_ready")))
            yield Vendor(simulator, server, env, url_in(server.data_dir))


@pytest.fixture
def vendor(served: Served, tmp_path: Path) -> Iterator[Vendor]:
    with vended(served, puzzling(load_clips(CLIPS)), tmp_path) as vendor:
        yield vendor


def test_a_whole_call_books_and_tells_what_it_used(vendor: Vendor) -> None:
    vendor.simulator.answers.append(MEANT)
    printed, fields, _ = vendor.call("CA-openai")
    assert fields["status"] == "booked", printed
    assert fields["user.userInfo.email"] == "j.smith@gmail.com"
    assert json.loads(fields["user.service"])["id"] == "cleaning"
    used = json.loads(fields["usage"])
    assert used["spoken_characters"] > 0
    assert used["tokens_in"] > 0
    assert 0 < used["cost_usd"] < 0.5
    log = vendor.server.log_file.read_text()
    for private in ("j.smith", "412345678", "Chapel", PUZZLING, KEY):
        assert private not in log


def test_a_call_whose_ears_model_and_voice_fail_once_each_still_books(vendor: Vendor) -> None:
    vendor.simulator.answers.append(MEANT)
    for service, kind in (
        (Service.HEARING, FaultKind.CLOSED),
        (Service.ANSWERS, FaultKind.RATE_LIMITED),
        (Service.SPEECH, FaultKind.STALL),
    ):
        vendor.simulator.faults.order(Fault(service=service, kind=kind, seconds=30))
    printed, fields, said = vendor.call("CA-trouble")
    assert fields["status"] == "booked", printed
    assert vendor.simulator.faults.take(Service.ANSWERS, *FaultKind) is None
    assert vendor.simulator.faults.take(Service.HEARING, *FaultKind) is None
    assert vendor.simulator.faults.take(Service.SPEECH, *FaultKind) is None
    assert not any("One moment" in text for text in said)
