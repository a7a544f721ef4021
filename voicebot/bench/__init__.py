"""The latency benchmark: `voicebot serve` under simulated calls.

command ── run      one run: servers, load, figures
        │   ├─ servers   `voicebot serve` and, where wanted, the OpenAI stand-in, on free ports
        │   └─ load      a process of phones: N calls at once, for S seconds
        ├─ figures  percentiles, differences of medians, processor and memory use
        └─ report   table, JSON, picture
"""

from voicebot.bench.command import bench

__all__ = ["bench"]
