"""compose.yaml: what it asks for, and what its services do when they run."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.deploy.files import composed
from tests.deploy.stack import (
    FILLED,
    NODES,
    SERVICES,
    SLOTS,
    STREAMS,
    Stack,
    address_of,
    asked,
    fetched,
    node,
    staff_port,
)
from tests.ports import free_port
from tests.serving import PATIENCE_S, eventually
from voicebot.settings import Settings, variable


def test_what_a_stranger_must_fill_in_is_required() -> None:
    for name in ("TWILIO_AUTH_TOKEN", "CONSOLE_TOKEN", "VALKEY_PASSWORD", "STREAM_DOMAIN"):
        with pytest.raises(KeyError, match=name):
            composed(FILLED | {name: ""})


def test_every_setting_is_one_and_calls_have_their_time_to_end() -> None:
    known = {*map(variable, Settings.model_fields)}
    for name in (*STREAMS, "console"):
        assert set(SERVICES[name]["environment"]) <= known
    drain_s = Settings.model_fields["drain_s"].default
    for name in STREAMS:
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= drain_s + 15


def test_the_nodes_are_those_that_are_joined_and_that_the_servers_ask() -> None:
    joined = SERVICES["cluster"]["command"][-1]
    for address in map(address_of, NODES):
        assert address in joined
        assert address in SERVICES["stream1"]["environment"]["VOICEBOT_REDIS_URL"]
    proxy = SERVICES["proxy"]["networks"]["inside"]["ipv4_address"]
    assert SERVICES["console"]["environment"]["VOICEBOT_TRUSTED_PROXIES"] == proxy


@pytest.mark.slow
@pytest.mark.valkey
def test_a_node_can_be_given_a_replica_which_logs_in_at_it(tmp_path: Path) -> None:
    with (
        node(tmp_path / "first", free_port()) as first,
        node(tmp_path / "copy", free_port()) as copy,
    ):
        asked(first, "ADDSLOTSRANGE", 0, SLOTS - 1)
        where = (first.config_get(name)[name] for name in ("port", "cluster-port"))
        asked(copy, "MEET", "127.0.0.1", *where)
        name = asked(first, "MYID")
        assert eventually(lambda: name in asked(copy, "NODES"))
        asked(copy, "REPLICATE", name)
        assert eventually(lambda: copy.info("replication")["master_link_status"] == "up")


@pytest.mark.slow
@pytest.mark.valkey
def test_a_call_announced_at_one_server_is_taken_by_the_other_and_seen_at_the_console(
    stack: Stack,
) -> None:
    told = stack.twiml("stream1", "CAproxied")
    with stack.opened("stream2", "CAproxied", told):
        assert stack.record("CAproxied")["status"] == "active"


@pytest.mark.slow
@pytest.mark.valkey
def test_a_call_whose_server_is_killed_goes_on_at_the_other(stack: Stack) -> None:
    call_sid = "CAmoved"
    with stack.opened("stream1", call_sid, stack.twiml("stream1", call_sid)) as phone:
        os.kill(stack.streams["stream1"].pid_of("stream 1"), signal.SIGKILL)
        with suppress(ConnectionClosed):
            while True:
                phone.recv(timeout=PATIENCE_S)
    before = stack.record(call_sid)["history"]
    with stack.opened("stream2", call_sid, stack.twiml("stream2", call_sid)):
        assert eventually(lambda: len(stack.record(call_sid)["history"]) > len(before))
    assert eventually(lambda: bool(stack.streams["stream1"].events("child_back")))


@pytest.mark.slow
@pytest.mark.valkey
def test_every_container_is_healthy_by_the_images_own_check_and_tells_its_metrics(
    stack: Stack,
) -> None:
    bearer = {"Authorization": f"Bearer {FILLED['CONSOLE_TOKEN']}"}
    for run in (*stack.streams.values(), stack.console):
        assert "ok" in fetched(f"{staff_port(run)}/healthz", {})
        assert "voicebot_build_info" in fetched(f"{staff_port(run)}/metrics", bearer)
