"""The latency benchmark: `voicebot serve` under simulated calls, and what callers felt.

command ── run      one run: servers, load, figures
        │   ├─ servers   `voicebot serve` and, where wanted, the OpenAI stand-in, on free ports
        │   └─ load      a process of phones: N calls at once, for S seconds
        ├─ figures  percentiles, differences of medians, the cost of processes
        └─ report   table, JSON, picture
"""

from voicebot.bench.command import bench

__all__ = ["bench"]
