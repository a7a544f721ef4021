"""The stt process: `python -m voicebot.speech.stt` transcribes for every call on this machine.

It loads Whisper once and serves `<data dir>/stt.sock` with the protocol of `voicebot.speech.wire`.
`VOICEBOT_SPEECH_THREADS` utterances are decoded at once; who has been silent longest is next. Jobs
dropped in the queue are never decoded; those dropped later, as when a caller goes on after a pause,
end after the step under way (the encoder takes 60 % of the time).

Whisper runs on CTranslate2 with a shortened audio context. The stock path pads every utterance to
30 s of audio. The cost is proportional to the mel frames, and 12 s is the shortest context that
is reliable: with 10 s some clips are heard as nothing, and below the decoder repeats itself
(CTranslate2 #2100, faster-whisper #1006). So this module also limits the output's length, cuts
repetitions, rejects silence, and checks that the prompt was not read back. What ends in a spelled
word is decoded once more from the same encoder output, where every token but letters is
suppressed.
"""

import asyncio
import os
import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicebot.speech.models import SpeechProcess, WhisperFiles, fastest_isa, whisper_files

# tokenizers brings the client of a model hub along; it must not go online.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if isa := fastest_isa(Path("/proc/cpuinfo")):
    os.environ.setdefault("CT2_FORCE_CPU_ISA", isa)

import ctranslate2
from tokenizers import Tokenizer

from voicebot import g711
from voicebot.runtime.process import Lifetime, run
from voicebot.settings import load_settings
from voicebot.speech.inference_server import InferenceServer, Replies
from voicebot.speech.protocols import Hint, Transcript
from voicebot.speech.resampling import Resampler
from voicebot.speech.spelled import distinct, letters_from, letters_of, likely, with_eights
from voicebot.speech.wire import Hear, Kind, Reply, stt_socket

Floats = NDArray[np.float32]

RATE_HZ: Final = 16_000
FRAMES_PER_S: Final = 100
_WINDOW: Final = 400
_HOP: Final = RATE_HZ // FRAMES_PER_S


class Mel:
    """Computes log-mel spectrograms with a fixed number of bands."""

    def __init__(self, bands: int) -> None:
        self._filters = _filters(bands)
        # The periodic Hann window: symmetric of one more point, less the last.
        self._window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)

    def __call__(self, samples: Floats) -> Floats:
        """Return an array [bands, 10 ms frames] for 16 kHz samples in -1 … 1."""
        padded = np.pad(samples, _WINDOW // 2, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
        power = np.abs(np.fft.rfft(windows[:-1] * self._window, axis=1)) ** 2
        log = np.log10(np.maximum(self._filters @ power.T.astype(np.float32), 1e-10))
        mel: Floats = (np.maximum(log, log.max() - 8.0) + 4.0) / 4.0
        return mel.astype(np.float32, copy=False)


# The Slaney scale: linear to 1 kHz in steps of 200/3 Hz, logarithmic above.
_LINEAR_HZ: Final = 200.0 / 3
_KNEE_HZ: Final = 1000.0
_KNEE_MEL: Final = _KNEE_HZ / _LINEAR_HZ
_LOG_STEP: Final = float(np.log(6.4)) / 27


def _to_mel(hz: float) -> float:
    if hz < _KNEE_HZ:
        return hz / _LINEAR_HZ
    return _KNEE_MEL + float(np.log(hz / _KNEE_HZ)) / _LOG_STEP


def _to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, mel * _LINEAR_HZ, above)


def _filters(bands: int) -> Floats:
    """Return triangular filters of equal area, [bands, bins]."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / RATE_HZ)
    edges = _to_hz(np.linspace(_to_mel(0), _to_mel(RATE_HZ / 2), bands + 2))
    left, centre, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    triangles = np.maximum(0, np.minimum(rising, falling))
    return (triangles * 2 / (right - left)).astype(np.float32)


_MIN_FRAMES: Final = 12 * FRAMES_PER_S
_MAX_FRAMES: Final = 30 * FRAMES_PER_S
_SLACK_FRAMES: Final = 100
_MAX_UTTERANCE_BYTES: Final = 30 * g711.RATE_HZ
_MIN_UTTERANCE_BYTES: Final = g711.RATE_HZ // 10

_BEAM: Final = 5
"""Also the number of alternatives."""
_NO_SPEECH: Final = 0.55
"""Measured: noise alone scores 0.58 or more, telephone speech 0.48 or less."""
_SURE: Final = -0.3
"""Letters of this score are speech however the rest looks: nobody hears letters in noise."""
_MIN_SCORE: Final = -1.8
"""Mean log-probability per token. Stricter limits reject a plain "Yep."."""
_LETTERS_SCORE: Final = -0.6
"""Measured: spelled words score -0.54 or more as letters."""
_LETTERS_MARGIN: Final = 0.5
"""Letters that scored so much less than the best were never right."""
_LETTERS: Final = re.compile(r"[ ,.\-]+|[ -]?[A-Z]")
"""The tokens that spell: one capital, and what stands between two."""
_TOKENS_PER_S: Final = 8
_TOKENS_AT_LEAST: Final = 16
_MAX_PROMPT_TOKENS: Final = 200
_ENCODED_KEPT: Final = 16
"""Of 1.5 MB each. A number is transcribed again when the wait for more of it is over, 1.5 s after
its first transcription, and other calls are transcribed meanwhile."""
_ECHO_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class _Decoded:
    """The likeliest texts, with their mean log-probability per token, and whether it is speech."""

    texts: list[str]
    scores: list[float]
    no_speech: float

    @property
    def is_speech(self) -> bool:
        likely = self.no_speech < _NO_SPEECH and self.scores[0] > _MIN_SCORE
        return bool(self.texts[0]) and likely


class _LastEncoded:
    """The encoder's output for the last utterances: numbers are often transcribed twice."""

    def __init__(self) -> None:
        self._kept: dict[bytes, ctranslate2.StorageView] = {}
        self._lock = Lock()

    def get(self, utterance: bytes) -> ctranslate2.StorageView | None:
        """Return the output for an utterance, if it is kept."""
        with self._lock:
            return self._kept.get(_digest(utterance))

    def keep(self, utterance: bytes, features: ctranslate2.StorageView) -> None:
        """Keep an output instead of the oldest."""
        with self._lock:
            self._kept[_digest(utterance)] = features
            if len(self._kept) > _ENCODED_KEPT:
                del self._kept[next(iter(self._kept))]


def _digest(utterance: bytes) -> bytes:
    return blake2b(utterance, digest_size=16).digest()


class Whisper:
    """A loaded model. `hear` may be called from as many threads as `workers`."""

    def __init__(self, files: WhisperFiles, *, workers: int = 2) -> None:
        # One thread per worker: a second thread gains only 7 %.
        self._model = ctranslate2.models.Whisper(
            "whisper",
            device="cpu",
            compute_type="int8",
            inter_threads=workers,
            intra_threads=1,
            files=dict(files.model),
        )
        self._tokenizer = Tokenizer.from_str(files.tokenizer.decode())
        self._mel = Mel(int(self._model.n_mels))
        self._encoded = _LastEncoded()
        texts = self._ordinary_tokens()
        self._digits = [number for number, text in texts.items() if re.search("[0-9]", text)]
        self._no_letters = [n for n, text in texts.items() if not _LETTERS.fullmatch(text)]

    def hear(self, utterance: bytes, hint: Hint) -> Transcript:
        """Return the text of a mu-law utterance, empty without speech. Blocks."""
        *_, heard = self.steps(utterance, hint)
        assert heard is not None, "the last step yields the transcript"
        return heard

    def steps(self, utterance: bytes, hint: Hint) -> Iterator[Transcript | None]:
        """Yield the transcript, as `hear` returns it, and None after each step before."""
        begun = time.perf_counter()
        texts, letters = yield from self._hear(utterance[-_MAX_UTTERANCE_BYTES:], hint)
        seconds = time.perf_counter() - begun
        yield Transcript(texts[0] if texts else "", seconds, tuple(texts[1:_BEAM]), letters)

    def _hear(
        self, utterance: bytes, hint: Hint
    ) -> Generator[None, None, tuple[list[str], str | None]]:
        """Return what may have been said, the likeliest first, and the letters if spelled."""
        if len(utterance) < _MIN_UTTERANCE_BYTES:
            return [], None
        features = self._encoded.get(utterance)
        if features is None:
            features = self._encode(g711.decode(utterance))
            self._encoded.keep(utterance, features)
            yield
        limit = _TOKENS_AT_LEAST + _TOKENS_PER_S * len(utterance) // g711.RATE_HZ
        prompt = ", ".join(hint.vocabulary) + "." if hint.vocabulary else ""
        start, digits = self._start_tokens(hint.language), self._digits * hint.words_for_digits
        heard = self._decode(features, [*self._prompt_tokens(prompt), *start], limit, digits)
        if prompt and is_echo(heard.texts[0], prompt):
            heard = self._decode(features, start, limit, digits)
        begin = letters_from(heard.texts[0])
        if not (heard.is_speech or (begin is not None and heard.scores[0] > _SURE)):
            return [], None
        texts = distinct(with_eights(cut_loops(text)) for text in heard.texts)
        if begin is None:
            return texts, None
        yield
        said = heard.texts[0][:begin].rstrip()
        known = self._tokenizer.encode(f" {said}", add_special_tokens=False).ids if said else []
        spelled = self._decode(features, [*start, *known], 2 * limit, self._no_letters)
        behind = [text[len(said) :] for text in spelled.texts]  # a prompt's words come back in it
        rows = likely(behind, spelled.scores, least=_LETTERS_SCORE, margin=_LETTERS_MARGIN)
        found = [f"{said} {row.lstrip(' ,.-')}".strip() for row in rows[: _BEAM - 1]]
        if not found:
            return texts, None
        # Of words before the letters, and of digits, the first texts know more; of letters nothing.
        more = texts if said or any(map(str.isdigit, texts[0])) else ()
        return distinct([*found, *more]), letters_of(rows[0])

    def _encode(self, samples: NDArray[np.int16]) -> ctranslate2.StorageView:
        upsampler = Resampler(g711.RATE_HZ, RATE_HZ)
        wide = np.concatenate((upsampler.feed(samples), upsampler.flush()))
        mel = self._mel((wide / 32768).astype(np.float32))[:, :_MAX_FRAMES]
        wanted = -(-(mel.shape[1] + _SLACK_FRAMES) // FRAMES_PER_S) * FRAMES_PER_S
        frames = min(_MAX_FRAMES, max(_MIN_FRAMES, wanted))
        silence = ((0, 0), (0, frames - mel.shape[1]))
        padded = np.pad(mel, silence, constant_values=mel.min())
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(padded[None]))
        return self._model.encode(view)

    def _decode(
        self, features: ctranslate2.StorageView, tokens: list[int], limit: int, without: list[int]
    ) -> _Decoded:
        """Continue the prompt `tokens` by up to `limit` tokens, `without` some."""
        result = self._model.generate(
            features,
            [tokens],
            beam_size=_BEAM,
            num_hypotheses=_BEAM,
            sampling_temperature=0,
            max_length=min(448, len(tokens) + limit),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=[-1, *without],
        )[0]
        texts = [str(self._tokenizer.decode(ids)).strip() for ids in result.sequences_ids]
        return _Decoded(texts, result.scores, result.no_speech_prob)

    def _prompt_tokens(self, prompt: str) -> list[int]:
        if not prompt:
            return []
        ids = self._tokenizer.encode(" " + prompt, add_special_tokens=False).ids
        return [self._id("<|startofprev|>"), *ids[:_MAX_PROMPT_TOKENS]]

    def _start_tokens(self, language: str) -> list[int]:
        names = [f"<|{language.partition('-')[0]}|>", "<|transcribe|>"]
        names = names if self._model.is_multilingual else []
        return [self._id(n) for n in ("<|startoftranscript|>", *names, "<|notimestamps|>")]

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no {token}")
        return int(number)

    def _ordinary_tokens(self) -> dict[int, str]:
        """Return the texts of all tokens but the special ones, by number."""
        end = self._id("<|endoftext|>")
        return {number: self._tokenizer.decode([number]) for number in range(end)}


def is_echo(text: str, prompt: str) -> bool:
    """Return whether the text repeats the prompt: four words of it in a row."""
    heard, given = _words(text), _words(prompt)
    length = min(_ECHO_WORDS, max(2, len(given)))
    runs = {tuple(given[i : i + length]) for i in range(len(given) - length + 1)}
    return any(tuple(heard[i : i + length]) in runs for i in range(len(heard) - length + 1))


_TOKEN = re.compile(r"[㐀-鿿]|[^\s㐀-鿿]+\s*|\s+")
_COUNTED = """
zero oh nought one two three four five six seven eight nine ten hundred thousand double triple
and dot at dash slash 零 〇 一 幺 二 三 四 五 六 七 八 九
"""
_COUNTING: Final = frozenset(_COUNTED.split())
_LOOP_TOKENS: Final = 12
_LOOP_TIMES: Final = 3


def cut_loops(text: str) -> str:
    """Keep one of a phrase that comes three times or more in a row.

    Digits, number words and single letters may repeat, as they do in phone numbers.
    """
    tokens = _TOKEN.findall(text)
    keys = ["".join(_words(token)) for token in tokens]
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        length, times = _loop_at(keys, at)
        kept += tokens[at : at + length]
        at += length * times
    return "".join(kept).strip()


def _loop_at(keys: list[str], at: int) -> tuple[int, int]:
    for length in range(2, _LOOP_TOKENS + 1):
        unit = keys[at : at + length]
        times = 1
        while keys[at + times * length : at + (times + 1) * length] == unit:
            times += 1
        if times >= _LOOP_TIMES and any(_is_wordy(key) for key in unit):
            return length, times
    return 1, 1


def _is_wordy(key: str) -> bool:
    single_letter = len(key) < 2 and key.isascii()
    return not single_letter and not key.isdigit() and key not in _COUNTING


def _words(text: str) -> list[str]:
    return "".join(c.casefold() if c.isalnum() else " " for c in text).split()


async def main(lifetime: Lifetime) -> None:
    """Load the model, warm it up and serve; raises ModelMissing."""
    settings = load_settings()
    workers = settings.speech_threads
    whisper = await asyncio.to_thread(_load, settings.whisper_dir, workers)

    def work(job: Hear, utterance: bytes) -> Replies:
        hint = Hint(job.language, job.vocabulary, job.words_for_digits)
        begun_s = time.process_time()
        for heard in whisper.steps(utterance, hint):
            if heard is None:
                yield None
                continue
            reply = Reply(
                do=Kind.HEARD,
                text=heard.text,
                alternatives=heard.alternatives,
                letters=heard.letters,
                seconds=heard.seconds,
                cpu_seconds=time.process_time() - begun_s,
            )
            yield reply, b""

    server = InferenceServer(
        SpeechProcess.STT, Hear, work, workers=workers, head_start_ms=lambda job: job.silent_ms
    )
    await server.serve(stt_socket(settings.data_dir), lifetime)


def _load(directory: Path | None, workers: int) -> Whisper:
    whisper = Whisper(whisper_files(directory), workers=workers)
    # The first decode allocates the engine's buffers.
    whisper.hear(g711.SILENCE * g711.RATE_HZ, Hint())
    return whisper


if __name__ == "__main__":
    run(main)
