"""The services of compose.yaml as processes here, with its commands and its environment.

What differs: addresses and ports are of this machine, and no models are loaded.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from redis import Redis
from redis.exceptions import RedisError
from websockets.sync.client import ClientConnection, connect

from tests.deploy.files import composed, runnable, settings_of
from tests.ports import free_port
from tests.serving import PATIENCE_S, Serving, environment, eventually, serving
from voicebot.signature import HEADER, sign
from voicebot.simulators.phone.twiml import Connect, parse_twiml
from voicebot.store.embedded import binary

FILLED = settings_of("compose.env.example") | {
    "TWILIO_AUTH_TOKEN": "0123456789abcdef",
    "CONSOLE_TOKEN": "staff-token-0123456789",
    "VALKEY_PASSWORD": "0123456789abcdef0123",
}
SERVICES: dict[str, dict[str, Any]] = composed(FILLED)["services"]
NODES, STREAMS = ("valkey1", "valkey2", "valkey3"), ("stream1", "stream2")
PUBLIC = f"https://{FILLED['STREAM_DOMAIN']}"
SLOTS = 16384


@dataclass(frozen=True)
class Stack:
    """Where the services stand here."""

    streams: dict[str, Serving]
    console: Serving

    def twiml(self, stream: str, call_sid: str) -> Connect:
        """What the webhook of this server answers to the provider."""
        path = f"/twiml?{urlencode({'CallSid': call_sid, 'From': '+61491570006'})}"
        text = fetched(self.streams[stream].phone_url + path, {HEADER: signed(PUBLIC + path)})
        (answer,) = (verb for verb in parse_twiml(text) if isinstance(verb, Connect))
        return answer

    @contextmanager
    def opened(self, stream: str, call_sid: str, told: Connect) -> Iterator[ClientConnection]:
        """The stream of a call at this server, as a proxy passes it on."""
        at = self.streams[stream].phone_url.replace("http", "ws") + "/media"
        assert told.url == f"{PUBLIC.replace('http', 'ws')}/media"
        with connect(at, additional_headers={HEADER: signed(told.url)}) as phone:
            begin(phone, call_sid, told.parameters)
            yield phone

    def record(self, call_sid: str) -> dict[str, Any]:
        """The call, as the console's API tells it."""
        bearer = {"Authorization": f"Bearer {FILLED['CONSOLE_TOKEN']}"}
        return dict(json.loads(fetched(f"{staff_port(self.console)}/calls/{call_sid}", bearer)))


def begin(phone: ClientConnection, call_sid: str, parameters: Mapping[str, str]) -> None:
    start = {"callSid": call_sid, "customParameters": dict(parameters)}
    phone.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": start}))
    assert "media" in str(phone.recv(timeout=PATIENCE_S))  # the bot speaks


def signed(url: str) -> str:
    return sign(FILLED["TWILIO_AUTH_TOKEN"], url)


def fetched(url: str, headers: dict[str, str]) -> str:
    with urlopen(Request(url, headers=headers), timeout=PATIENCE_S) as reply:
        return str(reply.read().decode())


def staff_port(run: Serving) -> str:
    found = re.search(r"(?:staff|metrics) +(http://[0-9.:]+)", run.said)
    assert found
    return found[1]


@contextmanager
def cluster(directory: Path) -> Iterator[dict[str, int]]:
    """The three nodes by their commands, joined as the service `cluster` joins them."""
    ports = {name: free_port() for name in NODES}
    with ExitStack() as held:
        clients = {
            name: held.enter_context(node(directory / name, port)) for name, port in ports.items()
        }
        for n, name in enumerate(NODES):
            first, last = n * SLOTS // 3, (n + 1) * SLOTS // 3 - 1
            asked(clients[name], "ADDSLOTSRANGE", first, last)
        for name in NODES[1:]:
            bus = clients[name].config_get("cluster-port")["cluster-port"]
            asked(clients["valkey1"], "MEET", "127.0.0.1", ports[name], bus)
        for client in clients.values():
            assert eventually(lambda c=client: is_whole(c))  # type: ignore[misc]
        yield ports


@contextmanager
def node(home: Path, port: int) -> Iterator[Redis]:
    """A client of a node that was started by the command of the first, which is that of all."""
    program, *words = SERVICES[NODES[0]]["command"].split()
    assert program == "valkey-server"
    home.mkdir()
    words[words.index("6379")], words[words.index("/data")] = str(port), str(home)
    options = ("--cluster-port", str(free_port()), "--save", "")
    with subprocess.Popen([binary(), *words, *options], stdout=subprocess.DEVNULL) as process:
        try:
            with Redis(
                port=port, password=FILLED["VALKEY_PASSWORD"], decode_responses=True
            ) as told:
                assert eventually(lambda: answers(told))
                yield told
        finally:
            process.kill()


def answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def asked(client: Redis, *words: object) -> str:
    return str(client.execute_command("CLUSTER", *words))  # type: ignore[no-untyped-call]


def is_whole(client: Redis) -> bool:
    told = asked(client, "INFO")
    return "cluster_state:ok" in told.replace("'", "").replace(": ", ":") and "16384" in told


def address_of(node: str) -> str:
    return f"{SERVICES[node]['networks']['inside']['ipv4_address']}:6379"


@contextmanager
def composed_here(home: Path) -> Iterator[Stack]:
    """All of them, ready, until the end of the block."""
    with cluster(home) as ports, ExitStack() as held:

        def started(name: str) -> Serving:
            given = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
            for node, port in ports.items():
                there = given["VOICEBOT_REDIS_URL"].replace(address_of(node), f"127.0.0.1:{port}")
                given["VOICEBOT_REDIS_URL"] = there
            given["VOICEBOT_TRUSTED_PROXIES"] = "127.0.0.1"
            path = home / name
            path.mkdir()
            env = environment(path / "data", free_port(), **given)
            command = runnable(SERVICES[name]["command"].split())
            return held.enter_context(serving(env, path, command=command))

        streams = {name: started(name) for name in STREAMS}
        console = started("console")
        for run in (*streams.values(), console):
            run.wait_until_ready()
        yield Stack(streams, console)
