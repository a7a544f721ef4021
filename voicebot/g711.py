"""G.711 mu-law encoding and decoding (ITU-T G.711) for telephone audio at 8 kHz, by tables."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8000
FRAME_MS: Final = 20
FRAME_BYTES: Final = RATE_HZ * FRAME_MS // 1000
SILENCE: Final = b"\xff"
"""The mu-law byte of a zero sample (a zero byte would be a loud click)."""

_BIAS = 0x84
_CLIP = 32635


def _decode_table() -> NDArray[np.int16]:
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + _BIAS) << ((code >> 4) & 7)) - _BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _encode_table() -> NDArray[np.uint8]:
    sample = np.arange(65536, dtype=np.int64)
    sample = np.where(sample > 32767, sample - 65536, sample)
    magnitude = np.minimum(np.abs(sample), _CLIP) + _BIAS
    exponent = np.floor(np.log2(magnitude)).astype(np.int64) - 7
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes


_DECODE = _decode_table()
_ENCODE = _encode_table()


def decode(mulaw: bytes) -> NDArray[np.int16]:
    """Return a 16-bit sample for each mu-law byte."""
    samples: NDArray[np.int16] = _DECODE[np.frombuffer(mulaw, np.uint8)]
    return samples


def encode(samples: NDArray[np.int16]) -> bytes:
    """Return a mu-law byte for each 16-bit sample."""
    return _ENCODE[samples.astype(np.int16).view(np.uint16)].tobytes()


def milliseconds(mulaw: bytes | int) -> float:
    """Return the duration of mu-law audio, given as bytes or as their number."""
    count = mulaw if isinstance(mulaw, int) else len(mulaw)
    return count * 1000 / RATE_HZ
