"""The doctor on business, data directory, Redis and journal."""

from __future__ import annotations

import socket
from importlib.resources import files
from pathlib import Path

import pytest

from tests.runtime.given import problems, settings
from tests.store.cluster import cluster
from voicebot.runtime.check_store import check_business, check_data_dir, check_journal, check_redis
from voicebot.runtime.ports import free_port
from voicebot.runtime.start_checks import Level
from voicebot.store import client
from voicebot.store.embedded import EmbeddedValkey


def test_the_demo_business_is_noted_with_the_setting_that_replaces_it(tmp_path: Path) -> None:
    finding = check_business(settings(tmp_path))
    assert finding.state is Level.NOTE
    assert "VOICEBOT_BUSINESS" in finding.mend


def test_a_business_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert check_business(settings(tmp_path, business=Path("/none"))).state is Level.PROBLEM


def test_a_data_dir_that_is_not_made_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    assert check_data_dir(tmp_path / "a" / "b").state is Level.OK
    assert not (tmp_path / "a").exists()


def test_a_data_dir_below_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert check_data_dir(tmp_path / "file" / "data").state is Level.PROBLEM


def test_a_data_dir_that_may_not_be_looked_at_is_a_problem() -> None:
    unseen = Path("/" + "a" * 300)  # asking fails, as in a folder of another user
    assert check_data_dir(unseen).state is Level.PROBLEM
    assert check_journal(unseen).state is Level.NOTE


async def test_a_set_redis_that_does_not_answer_is_a_problem(tmp_path: Path) -> None:
    url = f"redis://bot:hunter2@127.0.0.1:{free_port()}"
    found = await check_redis(settings(tmp_path, redis_url=url))
    assert problems(found) == ["Redis"]
    assert "hunter2" not in found[0].text


async def test_another_program_on_the_embedded_servers_port_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_PATIENCE_S", 0.05)  # the stranger never answers
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = int(stranger.getsockname()[1])
        (finding,) = await check_redis(settings(tmp_path, redis_port=port))
    assert finding.state is Level.PROBLEM
    assert "VOICEBOT_REDIS_PORT" in finding.mend


async def test_a_data_dir_that_is_a_file_is_no_matter_of_redis(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    (finding,) = await check_redis(settings(tmp_path, redis_port=free_port()))
    assert finding.state is Level.OK


async def test_without_a_server_the_embedded_one_will_do(tmp_path: Path) -> None:
    (finding,) = await check_redis(settings(tmp_path, redis_port=free_port()))
    assert finding.state is Level.OK
    assert "embedded" in finding.text


@pytest.mark.valkey
async def test_a_server_of_another_folder_where_ours_was_is_not_taken_for_ours(
    tmp_path: Path,
) -> None:
    valkey = EmbeddedValkey(tmp_path / "elsewhere", free_port())
    await valkey.start()
    chosen = settings(tmp_path, redis_port=free_port())
    chosen.data_dir.mkdir()
    (chosen.data_dir / "redis-url").write_text(valkey.url)
    try:
        (finding,) = await check_redis(chosen)
    finally:
        await valkey.stop()
    assert finding.text.startswith("embedded Valkey;")


@pytest.mark.valkey
async def test_a_running_embedded_server_is_asked_for_its_append_only_file(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    valkey = EmbeddedValkey(chosen.data_dir, free_port())
    await valkey.start()
    try:
        (finding,) = await check_redis(chosen)
    finally:
        await valkey.stop()
    assert finding.state is Level.OK
    assert valkey.url in finding.text


@pytest.mark.valkey
async def test_replicas_that_are_wanted_and_not_there_are_noted(tmp_path: Path) -> None:
    chosen = settings(tmp_path, wait_replicas=1)
    valkey = EmbeddedValkey(chosen.data_dir, free_port())
    await valkey.start()
    try:
        _, finding = await check_redis(chosen)
    finally:
        await valkey.stop()
    assert (finding.subject, finding.state) == ("replicas", Level.NOTE)
    assert "VOICEBOT_WAIT_REPLICAS" in finding.mend


@pytest.mark.slow
@pytest.mark.valkey
async def test_a_node_of_a_cluster_named_as_a_server_is_a_problem_with_the_right_form(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as nodes:
        node = f"127.0.0.1:{nodes.ports[0]}"
        (wrong,) = await check_redis(settings(tmp_path, redis_url=f"redis://{node}"))
        right = await check_redis(settings(tmp_path, redis_url=nodes.url))
    assert wrong.state is Level.PROBLEM
    assert f"write redis+cluster://{node}" in wrong.text
    assert problems(right) == []


async def test_an_address_of_redis_that_is_none_is_a_problem(tmp_path: Path) -> None:
    found = await check_redis(settings(tmp_path, redis_url="localhost:6379"))
    assert problems(found) == ["Redis"]


def test_a_data_dir_whose_path_is_too_long_for_a_socket_is_a_problem() -> None:
    finding = check_data_dir(Path("/" + "long/" * 30))
    assert finding.state is Level.PROBLEM
    assert "VOICEBOT_DATA_DIR" in finding.text


def test_wordings_that_do_not_exist_are_a_problem(tmp_path: Path) -> None:
    business = tmp_path / "business.toml"
    demo = files("voicebot").joinpath("business.toml").read_text("utf-8")
    business.write_text(demo + '\n[wording]\n"no.such" = "line"\n', "utf-8")
    finding = check_business(settings(tmp_path, business=business))
    assert finding.state is Level.PROBLEM
    assert "no.such" in finding.text
