"""Tests of the moments at which the phones' frames leave."""

import pytest

from voicebot.bench.load import next_of_phase
from voicebot.simulators.phone import FRAME_S


@pytest.mark.parametrize("now_s", [0.0, 0.0049, 0.1, 3.1416, 59.99])
@pytest.mark.parametrize("phase_s", [0.0, 0.0004, 0.013, 0.0196])
def test_a_call_begins_at_its_lines_phase_and_within_a_frame(now_s: float, phase_s: float) -> None:
    begins_s = next_of_phase(now_s, phase_s)
    assert -1e-9 <= begins_s - now_s < FRAME_S
    frames = (begins_s - phase_s) / FRAME_S
    assert frames == pytest.approx(round(frames))
