"""G.711 mu-law is what the recommendation's formula says, for every code and every sample."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voicebot import g711

NEGATIVE_ZERO = 0x7F


def decode_by_hand(code: int) -> int:
    """ITU-T G.711 table 2, written bit by bit."""
    bits = f"{~code & 0xFF:08b}"
    sign, segment, step = bits[0], int(bits[1:4], 2), int(bits[4:], 2)
    magnitude = (2 * step + 33) * (1 << segment) - 33
    return (-4 if sign == "1" else 4) * magnitude


def test_every_code_decodes_by_the_formula_and_survives_a_round_trip() -> None:
    codes = bytes(range(256))
    samples = g711.decode(codes)
    assert samples.tolist() == [decode_by_hand(code) for code in codes]
    assert g711.encode(samples) == codes.replace(bytes([NEGATIVE_ZERO]), b"\xff")


@given(st.integers(-32768, 32767))
def test_a_sample_is_coded_as_the_nearest_step_of_its_segment(sample: int) -> None:
    heard = int(g711.decode(g711.encode(np.array([sample], np.int16)))[0])
    clipped = max(-32635, min(32635, sample))
    # Half a step of the segment: steps double with the level, from 8 up to 1024.
    step = 8 * 2 ** max(0, (abs(clipped) + 132).bit_length() - 8)
    assert abs(heard - clipped) <= step // 2


@given(st.lists(st.integers(-32768, 32767)))
def test_louder_never_decodes_as_softer(samples: list[int]) -> None:
    ordered = np.array(sorted(samples), np.int16)
    heard = g711.decode(g711.encode(ordered)).astype(int)
    assert (np.diff(heard) >= 0).all()


def test_silence_is_zero_and_a_zero_byte_is_not() -> None:
    assert g711.decode(g711.SILENCE)[0] == 0
    assert g711.encode(np.zeros(1, np.int16)) == g711.SILENCE
    assert g711.decode(b"\x00")[0] == -32124


def test_a_frame_lasts_twenty_milliseconds() -> None:
    assert g711.milliseconds(bytes(g711.FRAME_BYTES)) == g711.milliseconds(160) == 20.0
