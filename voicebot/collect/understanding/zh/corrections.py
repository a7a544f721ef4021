"""How callers take back what they have just said: 不对，是…；不是…是…；说错了."""

from __future__ import annotations

import re

CORRECTION = re.compile(
    r"(?:啊|哦|噢|呃|哎)?[,，、 ]*"
    r"(?:不对不对|不是不是|不不不|不对|不是(?!很|太|问题|吗|么)|说错了?|讲错了?|搞错了?|弄错了?|错了|记错了?"
    r"|不不|更正(?:一下)?|纠正(?:一下)?|改成|改为|改到|换成|应该是|等等|等一下|抱歉|对不起|不好意思|sorry"
    r"|(?<![\u4e00-\u9fff])不(?=[,，、 ]))"
    r"(?:[,，、。 ]*(?:应该|我说错了?|说错了?|我|是|改成|改为|叫|啊|哦|了))*[,，、。 ]*"
)
"""The words between a slip and what was meant."""


def halves(plain: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Spans before and after the last correction, when something was said on both its sides."""
    last = None
    for match in CORRECTION.finditer(plain):
        if match.start() > 0 and match.end() < len(plain):
            last = match
    if last is None:
        return None
    return (0, last.start()), (last.end(), len(plain))
