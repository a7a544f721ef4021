"""The network of Silero VAD v6 for 8 kHz, written out in numpy.

    windows ──► spectrum ──► 4 convolutions ──► gates ──┐      of all windows of all calls at once
                                                        ├──► step ──► probability, next state
    state of each call ─────────────────────────────────┘      window by window of a call

The published graph has 57 nodes, of which 12 compute, and takes the windows of a call one by one.
For one window this is as fast. For several, or with cold caches, as they are at each reading, it
takes two thirds of the time. It needs no runtime of 50 MB.

Source: silero_vad.onnx of snakers4/silero-vad v6.2 (MIT). The weights are read from that file,
whose format is protobuf (protobuf.dev/programming-guides/encoding, onnx/onnx.proto).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

WINDOW: Final = 256
CONTEXT: Final = 32
"""The samples before a window that are looked at with it."""
STATE_SHAPE: Final = (2, 128)
"""Of a call: the hidden and the cell state of an LSTM cell."""

_HEARD: Final = CONTEXT + WINDOW
_MIRRORED: Final = 32
"""Samples that are added at the end, mirrored there."""
_SPECTRA, _POINTS, _HOP, _BANDS = 4, 128, 64, 65
_HIDDEN: Final = STATE_SHAPE[1]

Samples = NDArray[np.float32]


class Silero:
    """The network. It keeps no state of a call."""

    def __init__(self, onnx: bytes) -> None:
        """Take the weights from the bytes of the published file."""
        found = dict(_constants(onnx))
        kernels = [found[f"encoder.{n}.reparam_conv.weight"] for n in range(4)]
        # Kernels as matrices, [taps and inputs, outputs]. Of the third only two taps ever meet
        # anything but padding, of the fourth one.
        first, second, third, fourth = (kernel.transpose(2, 1, 0) for kernel in kernels)
        layers = (first, second, third[1:], fourth[1])
        self._basis = np.ascontiguousarray(found["stft.forward_basis_buffer"][:, 0].T)
        self._kernels = [np.ascontiguousarray(k.reshape(-1, k.shape[-1])) for k in layers]
        self._biases = [found[f"encoder.{n}.reparam_conv.bias"] for n in range(4)]
        self._to_gates = np.ascontiguousarray(found["decoder.rnn.weight_ih"].T)
        self._gates_bias = found["decoder.rnn.bias_ih"] + found["decoder.rnn.bias_hh"]
        self._from_hidden = np.ascontiguousarray(found["decoder.rnn.weight_hh"].T)
        self._voice = found["decoder.decoder.2.weight"].reshape(_HIDDEN)
        self._voice_bias = found["decoder.decoder.2.bias"]

    def gates(self, heard: Samples) -> Samples:
        """Return what windows, [count, CONTEXT + WINDOW], contribute to their steps.

        heard  samples, relative to full scale
        """
        count = len(heard)
        track = np.empty((count, _HEARD + _MIRRORED), np.float32)
        track[:, :_HEARD] = heard
        track[:, _HEARD:] = heard[:, _HEARD - 2 : _HEARD - 2 - _MIRRORED : -1]
        parts = _runs(track, _SPECTRA, _POINTS, _HOP) @ self._basis  # real, then imaginary
        parts *= parts
        power = (parts[:, :_BANDS] + parts[:, _BANDS:]).reshape(count, _SPECTRA, _BANDS)
        spectra = np.zeros((count, _SPECTRA + 2, _BANDS), np.float32)  # padded on both sides
        np.sqrt(power, out=spectra[:, 1:-1])
        layer = self._layer(0, _runs(spectra, _SPECTRA, 3 * _BANDS, _BANDS))
        width = layer.shape[1]
        padded = np.zeros((count, _SPECTRA + 1, width), np.float32)
        padded[:, 1:] = layer.reshape(count, _SPECTRA, width)
        layer = self._layer(1, _runs(padded, 2, 3 * width, 2 * width))
        layer = self._layer(3, self._layer(2, layer.reshape(count, -1)))
        gates: Samples = layer @ self._to_gates
        gates += self._gates_bias
        return gates

    def _layer(self, number: int, taken: Samples) -> Samples:
        found: Samples = taken @ self._kernels[number]
        found += self._biases[number]
        return np.maximum(found, 0, out=found)

    def step(self, gates: Samples, state: Samples) -> tuple[Samples, Samples]:
        """Return the speech probabilities of one window of each call, and the calls' next states.

        gates  of the windows, [calls, 512]
        state  [2, calls, 128]
        """
        all_four = state[0] @ self._from_hidden
        all_four += gates
        # In the order input, forget, cell, output: three sigmoids, each by a tanh, around a tanh.
        cell_gate = slice(2 * _HIDDEN, 3 * _HIDDEN)
        all_four[:, : cell_gate.start] *= 0.5
        all_four[:, cell_gate.stop :] *= 0.5
        np.tanh(all_four, out=all_four)
        new = all_four[:, cell_gate].copy()
        all_four += 1
        all_four *= 0.5
        following = np.empty_like(state)
        hidden, cell = following
        np.multiply(all_four[:, _HIDDEN : cell_gate.start], state[1], out=cell)
        new *= all_four[:, :_HIDDEN]
        cell += new
        np.tanh(cell, out=hidden)
        hidden *= all_four[:, cell_gate.stop :]
        voice = np.maximum(hidden, 0) @ self._voice + self._voice_bias
        return 1 / (1 + np.exp(-voice)), following


def _runs(rows: Samples, runs: int, length: int, hop: int) -> Samples:
    """Return `runs` overlapping stretches of each row, one under the other."""
    step = rows.itemsize
    view = as_strided(rows, (len(rows), runs, length), (rows.strides[0], hop * step, step))
    return view.reshape(len(rows) * runs, length)


# -- the file ------------------------------------------------------------------------

_GRAPH, _NODE, _OUTPUT, _ATTRIBUTE, _NAME, _TENSOR, _SUBGRAPH = 7, 1, 2, 5, 1, 5, 6
_DIMS, _RAW = 1, 9
"""Numbers of fields in onnx.proto."""
_EIGHT_KHZ: Final = b"else_branch"
_INLINE: Final = "__Inline_0__"


def _constants(onnx: bytes) -> Iterator[tuple[str, Samples]]:
    """Yield the weights of the branch for 8 kHz, by name."""
    for node in _all(_one(onnx, _GRAPH), _NODE):
        for attribute in _all(node, _ATTRIBUTE):
            if _one(attribute, _NAME) == _EIGHT_KHZ:
                for constant in _all(_one(attribute, _SUBGRAPH), _NODE):
                    name = _one(constant, _OUTPUT).decode().partition(_INLINE)[2]
                    if name.startswith(("stft.", "encoder.", "decoder.")):
                        tensor = _one(_one(constant, _ATTRIBUTE), _TENSOR)
                        shape = [value for field, value in _fields(tensor) if field == _DIMS]
                        raw = np.frombuffer(_one(tensor, _RAW), np.float32)
                        yield name, raw.reshape([int(n) for n in shape if isinstance(n, int)])


def _all(message: bytes, number: int) -> Iterator[bytes]:
    for field, value in _fields(message):
        if field == number and isinstance(value, bytes):
            yield value


def _one(message: bytes, number: int) -> bytes:
    return next(_all(message, number))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: numbers, or the bytes of what is longer."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        size, at = _varint(message, at) if kind == 2 else (8 if kind == 1 else 4, at)
        yield key >> 3, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at `at`, of seven bits a byte, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
