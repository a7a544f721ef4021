"""Set up what all tests need: no settings of this machine, patient deadlines, an order."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import import_module

import pytest
from hypothesis import settings
from redis import Redis
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from tests.ports import free_port
from tests.store.server import ValkeyProcess
from tests.virtual_time import VirtualLoop

settings.register_profile("no wall clock", deadline=None)
settings.load_profile("no wall clock")

_OURS = ("VOICEBOT_", "OPENAI_", "OTEL_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
for name in list(os.environ):  # how this machine is set up is no matter of the tests
    if name.upper().startswith(_OURS) or name.upper() in _PROXIES:
        del os.environ[name]

# Who starts the tests in the background may ignore these, and every process here would inherit it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

PATIENT_S = 60.0
"""The deadline of waits that will be answered: the machine may be slow, or stand still."""
_WAITING_FOR_SOMEBODY = (
    "console.event_hub.EXPIRE_TIMEOUT_S",
    "runtime.check_ports.CHECK_TIMEOUT_S",
    "runtime.check_services.CHECK_TIMEOUT_S",
    "openai.client._CONNECT_S",
    "speech.client.CONNECT_DEADLINE_S",
    "speech.inference_server._SEND_DEADLINE_S",
    "store.background.FINISH_PATIENCE_S",
    "store.client.ANSWER_PATIENCE_S",
    "store.client.CONNECT_PATIENCE_S",
    "store.client.POOL_PATIENCE_S",
    "store.integrator_writes.WRITE_PATIENCE_S",
    "store.store.OPEN_PATIENCE_S",
)
for deadline in _WAITING_FOR_SOMEBODY:  # who tests one of them sets it
    module, _, name = deadline.rpartition(".")
    holder = import_module(f"voicebot.{module}")
    assert hasattr(holder, name), deadline
    setattr(holder, name, PATIENT_S)
os.environ["VOICEBOT_COMMIT_DEADLINE_MS"] = str(round(PATIENT_S * 1000))


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run what is marked so in virtual time."""
    if marker := item.get_closest_marker("virtual_time"):
        return {"virtual": partial(VirtualLoop, **marker.kwargs)}
    return {"real": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyProcess]:
    """A real server that tests may kill and start again."""
    server = ValkeyProcess(free_port(), tmp_path_factory.mktemp("valkey"))
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def redis_url(valkey: ValkeyProcess) -> str:
    """Its address; it is empty."""
    with Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


_PAGE = "tests/page"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the files that wait, for servers and calls, evenly among those that compute."""
    slow = dict.fromkeys(_shared(item.nodeid) for item in items if item.get_closest_marker("slow"))
    others = {name: None for item in items if (name := _shared(item.nodeid)) not in slow}
    place = {name: n / len(group) for group in (slow, others) for n, name in enumerate(group)}
    place[_PAGE] = -1  # these take longest
    items.sort(key=lambda item: place[_shared(item.nodeid)])


def _shared(node_id: str) -> str:
    """Return what stays in one process: a file, and the page's folder with servers and browser."""
    return _PAGE if node_id.startswith(f"{_PAGE}/") else node_id.partition("::")[0]


class _Distribution(LoadFileScheduling):  # type: ignore[misc]  # xdist is not typed
    def _split_scope(self, nodeid: str) -> str:
        return _shared(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Share the tests out among processes."""
    return _Distribution(config, log)
