"""Signal to noise of an utterance on the telephone."""

from typing import Final

import numpy as np

from voicebot import g711

NOISY_DB: Final = 16.0
"""Below it a line is bad: spelled and spoken names fall to half. Measured: clear recordings of
people and synthetic voices read 27 dB or more, with pink noise at 15 dB 15 to 20, at 10 dB 11 to
16."""
CLEAR_DB: Final = 20.0
"""From here on a line that was bad is taken for a good one. Utterances on one line read up to
4 dB apart."""
_QUIET_PERCENT, _LOUD_PERCENT = 10, 90
_LONGEST_BYTES: Final = 10 * g711.RATE_HZ
_FEWEST_FRAMES: Final = 25
"""Half a second: in less there may be no pause to hear the noise in."""


def signal_to_noise_db(mulaw: bytes) -> float | None:
    """Return how far the loud 20 ms frames of an utterance stand above its quiet ones, in dB.

    Nobody speaks without pauses between sounds, in which the line is heard alone. Only the last
    ten seconds count; None for less than half a second.
    """
    samples = g711.decode(mulaw[-_LONGEST_BYTES:]).astype(np.float32)
    frames = len(samples) // g711.FRAME_BYTES
    if frames < _FEWEST_FRAMES:
        return None
    windows = samples[: frames * g711.FRAME_BYTES].reshape(frames, g711.FRAME_BYTES)
    level = np.sqrt(np.mean(windows**2, axis=1)) + 1  # digital silence is no infinite ratio
    quiet, loud = np.percentile(level, (_QUIET_PERCENT, _LOUD_PERCENT))
    return float(20 * np.log10(loud / quiet))


def is_noisy(mulaw: bytes, *, before: bool = False) -> bool | None:
    """Return whether the line is bad, as far as this utterance tells; None where it does not.

    before  it was bad until now: it is good again only where it is clearly so
    """
    measured = signal_to_noise_db(mulaw)
    return None if measured is None else measured < (CLEAR_DB if before else NOISY_DB)
