"""What processes cost."""

from __future__ import annotations

import os
import time

import pytest

from voicebot.bench.usage import machine, usage


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="/proc is Linux's")
def test_processor_time_and_memory_of_this_process() -> None:
    before = usage([os.getpid()])
    busy_until = time.process_time() + 0.05
    while time.process_time() < busy_until:
        pass
    after = usage([os.getpid()])
    assert before.cpu_s is not None
    assert after.cpu_s is not None
    assert after.cpu_s >= before.cpu_s + 0.02
    assert after.rss_mib is not None
    assert 10 < after.rss_mib < 4096


def test_a_process_that_is_gone_is_unknown() -> None:
    gone = usage([2**22 + 1])  # beyond the largest process id
    assert gone.cpu_s is None
    assert gone.rss_mib is None


def test_the_machine_is_named() -> None:
    about = machine()
    assert about["python"]
    assert about["processor"]
