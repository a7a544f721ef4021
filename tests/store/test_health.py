"""The kind of server at an address, and whether it can write most calls."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.ports import free_port
from voicebot.errors import SettingsError
from voicebot.store.client import AWAY, connect, is_ready, require_form

from .cluster import PARTIAL, Cluster, cluster, sentinel, server
from .server import ValkeyProcess

pytestmark = [pytest.mark.valkey, pytest.mark.slow]


async def told(url: str) -> str:
    """Return the complaint about an address, or an empty text."""
    try:
        await require_form(url)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = cluster(tmp_path_factory.mktemp("cluster"))
    with asyncio.Runner() as runner:
        yield runner.run(running.__aenter__())
        runner.run(running.__aexit__(None, None, None))


async def test_a_node_of_a_cluster_is_no_server_by_itself(nodes: Cluster) -> None:
    node = f"127.0.0.1:{nodes.ports[1]}"
    assert f"write redis+cluster://{node} " in await told(f"redis://{node}")
    assert f"write redis+cluster://{node} " in await told(f"redis+sentinel://{node}/records")


async def test_the_right_form_never_repeats_a_password(nodes: Cluster) -> None:
    node = f"127.0.0.1:{nodes.ports[0]}"
    async with aclosing(connect(f"redis://{node}")) as client:
        await client.acl_setuser("ops", enabled=True, passwords=["+hunter2"], categories=["+@all"])
    right = await told(f"redis://ops:hunter2@{node}")
    assert f"redis+cluster://user:password@{node}" in right
    assert "hunter2" not in right


async def test_a_cluster_is_taken_by_whichever_of_its_nodes_answers(nodes: Cluster) -> None:
    assert await told(nodes.url) == ""
    nobody = f"127.0.0.1:{free_port()}"
    assert await told(nodes.url.replace("://", f"://{nobody},")) == ""
    with pytest.raises(AWAY):
        await require_form(f"redis+cluster://{nobody}")


async def test_a_sentinel_and_a_master_that_it_does_not_know_are_told(tmp_path: Path) -> None:
    async with sentinel(tmp_path) as url:
        where = url.partition("://")[2].partition("/")[0]
        assert await told(url) == ""
        for wrong in (f"redis://{where}", f"redis+cluster://{where}", f"{url}-of-others"):
            assert f"write {url} " in await told(wrong)


async def test_one_server_is_no_cluster_and_no_sentinel(
    valkey: ValkeyProcess, tmp_path: Path
) -> None:
    assert await told(valkey.url) == ""
    where = f"127.0.0.1:{(port := free_port())}"
    with server(tmp_path / "alone", port):
        async with aclosing(connect(f"redis://{where}")) as client:
            while not await is_ready(client):
                pass
        for wrong in (f"redis+cluster://{where}", f"redis+sentinel://{where}/records"):
            assert (await told(wrong)).endswith(f"write redis://{where}")


async def test_a_cluster_of_one_node_may_be_named_as_a_server(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}"
    bus, port = str(free_port()), int(url.rpartition(":")[2])
    with server(tmp_path / "node", port, "--cluster-enabled", "yes", "--cluster-port", bus):
        async with aclosing(connect(url)) as client:
            while not await is_ready(client):
                pass
            await client.cluster("ADDSLOTSRANGE", 0, 16383)
            while (await client.cluster("INFO"))["cluster_state"] != "ok":
                pass
        assert await told(url) == ""


async def test_a_cluster_is_ready_while_the_nodes_of_most_slots_answer(tmp_path: Path) -> None:
    async with cluster(tmp_path, options=PARTIAL) as nodes, connect(nodes.url) as client:
        assert await is_ready(client)
        for process, is_enough in zip(nodes.processes, (True, False, False), strict=True):
            process.kill()
            process.wait()
            assert await is_ready(client) is is_enough
