"""Of two addresses the one that is to be visited: "我住在中山路5号，但是活儿在解放路9号"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Span = tuple[int, int]

_JOB = (
    r"(?:活儿|活|上门|维修|修理|施工|服务|安装)(?:的?(?:地址|地点|地方))?[是在]"
    r"|[请来去到](?=[^,，。]{0,12}[路街道巷])"
)
_ELSEWHERE = r"我[们家]?(?:自己)?住|我家[是在]|账单|发票|邮寄|不是"
_MARK_JOB = re.compile(_JOB)
_MARK_ELSEWHERE = re.compile(_ELSEWHERE)
_TURN = re.compile(rf"但是|不过|可是|[,，.;。](?=\s*(?:{_JOB}|{_ELSEWHERE}|\d))")
_MOST_PARTS = 6


def of_the_job(text: str, holds: Callable[[str], bool | None]) -> str:
    """Return the text with the addresses blanked out that are not to be visited.

    holds  True for a part with a whole address, False for one with a piece, None for neither
    """
    parts = _parts(text)
    if not 1 < len(parts) <= _MOST_PARTS:
        return text
    bare = _MARK_JOB.sub(lambda mark: " " * len(mark[0]), text)
    ranked = [(_rank(text[slice(*part)]), holds(_alone(bare, [part])), part) for part in parts]
    found = [(rank, whole) for rank, whole, _ in ranked if whole is not None]
    best = max((rank for rank, whole in found if whole), default=0)
    if best == 0 and any(rank == _JOB_RANK for rank, _ in found):
        best = _JOB_RANK  # its suburb says that it is not the address at home
    if all(rank >= best for rank, _ in found):
        return text
    return _alone(bare, [part for rank, _, part in ranked if rank >= best])


_JOB_RANK = 2


def _rank(part: str) -> int:
    if _MARK_JOB.search(part):
        return _JOB_RANK
    return 0 if _MARK_ELSEWHERE.search(part) else 1


def _parts(text: str) -> list[Span]:
    turns = [match.span() for match in _TURN.finditer(text)]
    begins, ends = [0, *(end for _, end in turns)], [*(first for first, _ in turns), len(text)]
    return [(first, end) for first, end in zip(begins, ends, strict=True) if first < end]


def _alone(text: str, parts: Sequence[Span]) -> str:
    """These parts of the text where they stand, and blanks for the rest."""
    kept = [" "] * len(text)
    for first, end in parts:
        kept[first:end] = text[first:end]
    return "".join(kept)
