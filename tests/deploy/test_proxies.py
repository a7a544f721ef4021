"""Calls and the live page through Caddyfile and nginx.conf, where these programs are installed."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from websockets.sync.client import connect

from tests.deploy.files import DEPLOY
from tests.deploy.stack import FILLED, PUBLIC, Stack, begin, fetched, signed, staff_port
from tests.ports import free_port
from tests.serving import eventually
from voicebot.signature import HEADER
from voicebot.simulators.phone.twiml import Connect, parse_twiml

pytestmark = [pytest.mark.slow, pytest.mark.valkey]

Ports = tuple[int, int]
"""Of the proxy: the provider's and the staff's."""


def bare(url: str) -> str:
    return url.removeprefix("http://")


@contextmanager
def caddy(stack: Stack, path: Path, ports: Ports) -> Iterator[None]:
    stream, staff = (f"http://127.0.0.1:{port}" for port in ports)
    variables = {
        "STREAM_DOMAIN": stream,
        "CONSOLE_DOMAIN": staff,
        "STREAM_SERVERS": " ".join(bare(run.phone_url) for run in stack.streams.values()),
        "CONSOLE_SERVERS": bare(staff_port(stack.console)),
        "HOME": str(path),
    }
    config = path / "Caddyfile"
    config.write_text("{\n\tadmin off\n}\n" + (DEPLOY / "Caddyfile").read_text())
    with running(["caddy", "run", "--config", str(config)], path, variables):
        yield


@contextmanager
def nginx(stack: Stack, path: Path, ports: Ports) -> Iterator[None]:
    """Without TLS: certificates are the operator's own."""
    text = re.sub(r"\n *ssl_.*", "", (DEPLOY / "nginx.conf").read_text())
    for port in ports:  # the first server, then the second
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port}", 1)
    for number, run in enumerate(stack.streams.values(), start=11):
        text = text.replace(f"10.0.0.{number}:8080", bare(run.phone_url))
    text = text.replace("10.0.0.13:8000", bare(staff_port(stack.console)))
    paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "".join(f"{name}_temp_path {path / name};\n" for name in paths)
    config = path / "nginx.conf"
    config.write_text(
        f"daemon off; pid {path / 'pid'}; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off;\n{own}{text}}}\n"
    )
    with running(["nginx", "-c", str(config), "-e", "stderr"], path, {}):
        yield


@contextmanager
def running(command: list[str], path: Path, variables: dict[str, str]) -> Iterator[None]:
    with (path / "log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | variables, stderr=log, cwd=path)
    with process:
        try:
            yield
        finally:
            process.terminate()


Proxy = Callable[[Stack, Path, Ports], AbstractContextManager[None]]
PROXIES = [
    pytest.param(
        proxy,
        id=name,
        marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"),
    )
    for name, proxy in (("caddy", caddy), ("nginx", nginx))
]


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_call_and_the_staffs_page_come_through_the_proxy_and_nothing_else_does(
    proxy: Proxy, stack: Stack, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    stream, staff = (f"http://127.0.0.1:{port}" for port in ports)
    host = {"Host": FILLED["STREAM_DOMAIN"]} if proxy is nginx else {}
    call_sid = f"CA{proxy.__name__}"
    with proxy(stack, tmp_path, ports):
        assert eventually(lambda: is_up(f"{stream}/healthz")), (tmp_path / "log").read_text()
        path = f"/twiml?{urlencode({'CallSid': call_sid, 'From': '+61491570006'})}"
        text = fetched(stream + path, {**host, HEADER: signed(PUBLIC + path)})
        (told,) = (verb for verb in parse_twiml(text) if isinstance(verb, Connect))
        at = stream.replace("http", "ws") + "/media"
        with connect(at, additional_headers={HEADER: signed(told.url)}) as phone:
            begin(phone, call_sid, told.parameters)
            bearer = {"Authorization": f"Bearer {FILLED['CONSOLE_TOKEN']}"}
            shown = json.loads(fetched(f"{staff}/calls/{call_sid}", bearer))
            assert shown["status"] == "active"
        for hidden in ("/readyz", "/metrics", "/calls"):
            with pytest.raises(HTTPError, match="404"):
                fetched(stream + hidden, {})


def is_up(url: str) -> bool:
    with suppress(OSError):
        return "ok" in fetched(url, {})
    return False
