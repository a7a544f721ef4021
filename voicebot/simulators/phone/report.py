"""What a person sees of a simulated call: the conversation, the latencies, the record."""

from __future__ import annotations

import json
import statistics
import sys
from typing import TextIO

from voicebot.simulators.phone.console import Look
from voicebot.simulators.phone.summary import summary

_LEFT = 8


class Report:
    """Prints a call as it happens. `quiet` keeps standard output free for the record."""

    def __init__(self, *, quiet: bool, out: TextIO | None = None) -> None:
        self.latencies_ms: list[float] = []
        self._noticed: set[str] = set()
        self._out = None if quiet else (out or sys.stdout)

    def began(self, call_sid: str) -> None:
        """The call's name, for who wants to resume or watch it."""
        self._print("call", call_sid)

    def bot_said(self, text: str) -> None:
        """A message of the bot, as the record has it."""
        self._print("bot", text)

    def caller_said(self, text: str) -> None:
        """A line of the script."""
        self._print("caller", text)

    def answered(self, latency_ms: float) -> None:
        """From the caller's last voiced sample to the bot's first frame."""
        self.latencies_ms.append(latency_ms)
        self._print("", f"[answered after {latency_ms:.0f} ms]")

    def noticed(self, text: str) -> None:
        """Something that is not part of the conversation; once each, on the error stream."""
        if text in self._noticed:
            return
        self._noticed.add(text)
        print(f"{'--':>{_LEFT}}  {text}", file=sys.stderr, flush=True)

    def finish(self, outcome: str, look: Look | None) -> None:
        """How it ended, the stored record, and the figure that counts; quiet: the record, whole."""
        if self._out is None:
            whole = look.record if look else None
            print(json.dumps(whole, ensure_ascii=False, indent=2), flush=True)
            return
        self._print("", f"[{outcome}]")
        for line in summary(look.record) if look else ["there is no record to show"]:
            self._print("", line)
        if self.latencies_ms:
            middle = statistics.median(self.latencies_ms)
            count = len(self.latencies_ms)
            turns = "turn" if count == 1 else "turns"
            self._print("", f"median latency {middle:.0f} ms over {count} {turns}")

    def _print(self, who: str, text: str) -> None:
        if self._out is not None:
            print(f"{who:>{_LEFT}}  {text}", file=self._out, flush=True)
