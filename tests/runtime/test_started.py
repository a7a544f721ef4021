"""A program that another one runs is given when it is ready, and gone afterwards."""

import sys

import pytest

from tests.serving import alive
from voicebot.errors import StartFailed
from voicebot.runtime.started import started

SERVES = "import sys; print('loading'); print('ready', flush=True); sys.stdin.read()"


async def test_a_program_that_is_ready_is_given_and_stopped_at_the_end() -> None:
    async with started((sys.executable, "-c", SERVES)) as process:
        assert alive(process.pid)
    assert process.returncode is not None


async def test_a_program_that_ends_before_it_is_ready_did_not_start() -> None:
    with pytest.raises(StartFailed, match="did not start"):
        async with started((sys.executable, "-c", "print('loading')")):
            pytest.fail("it was given")
