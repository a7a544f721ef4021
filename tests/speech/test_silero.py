"""The network in numpy finds what the published graph finds."""

import numpy as np
import pytest

from voicebot import g711
from voicebot.speech.models import vad_model
from voicebot.speech.silero import CONTEXT, STATE_SHAPE, WINDOW, Silero

from .conftest import need_local

CALLS, WINDOWS = 5, 12


@pytest.fixture(scope="module")
def tracks() -> np.ndarray:
    """[calls, windows, samples]: noises, from none to loud, that come and go."""
    random = np.random.default_rng(8)
    tracks = random.standard_normal((CALLS, WINDOWS, CONTEXT + WINDOW)).astype(np.float32)
    tracks *= np.sin(np.arange(WINDOWS, dtype=np.float32))[:, None]
    tracks *= np.array([0, 0.001, 0.01, 0.1, 1], np.float32)[:, None, None]
    return tracks


def test_it_finds_what_the_published_graph_finds(tracks: np.ndarray) -> None:
    need_local()
    import onnxruntime

    graph = onnxruntime.InferenceSession(vad_model(), providers=["CPUExecutionProvider"])
    network = Silero(vad_model())
    gates = network.gates(tracks.reshape(CALLS * WINDOWS, -1)).reshape(CALLS, WINDOWS, -1)
    state = expected_state = np.zeros((STATE_SHAPE[0], CALLS, STATE_SHAPE[1]), np.float32)
    for n in range(WINDOWS):
        found, state = network.step(gates[:, n], state)
        inputs = {
            "input": tracks[:, n],
            "state": expected_state,
            "sr": np.array(g711.RATE_HZ, np.int64),
        }
        expected, expected_state = graph.run(None, inputs)
        assert found == pytest.approx(expected[:, 0], abs=1e-5)
        assert state == pytest.approx(expected_state, abs=1e-3)
    assert np.ptp(found) > 0.001
