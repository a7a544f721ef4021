"""Of two addresses the one that is to be visited: "I live at …, but the job is at …"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Span = tuple[int, int]

_JOB = (
    r"\b(?:the|this|that|where) (?:\w+ )?(?:job|jobs|work|site|repair|repairs|problem|leak)\b"
    r"(?:'s)?|\bjob(?:'s| is)\b|\b(?:site|service|work|job|property|installation) address\b"
    r"|\bcome (?:out )?to\b|\b(?:need|want) you (?:out )?at\b"
    r"|\bneeds? (?:it|doing|fixing|the work)\b|"
    r"\bsend (?!(?:\w+ )?(?:bill|invoice|letter|mail))(?:\w+ ){1,3}to\b"
    r"(?= (?:unit |flat )?\d)"
    r"|(?:活儿|活|上门|维修|修理|施工|服务|安装)(?:的?(?:地址|地点|地方))?[是在]"
    r"|[请来去到](?=[^,，。]{0,12}[路街道巷])"
)
_ELSEWHERE = (
    r"\b(?:i|we) (?:live|work|stay)\b|\b(?:i'm|i am|we're|we are) (?:at|from|in|calling)\b"
    r"|\bcalling from\b|\bmy (?:own )?(?:home|house|address|place|office|work)\b"
    r"|\b(?:home|office) is\b"
    r"|\b(?:billing|postal|mailing|home|office|invoice) address\b|\b(?:bill|invoice)\b|\bnot\b"
    r"|我[们家]?(?:自己)?住|我家[是在]|账单|发票|邮寄|不是"
)
_MARK_JOB = re.compile(_JOB, re.IGNORECASE)
_MARK_ELSEWHERE = re.compile(_ELSEWHERE, re.IGNORECASE)
_TURN = re.compile(
    rf"\b(?:but|whereas|while|however)\b|但是|不过|可是|\band\b(?= (?:{_JOB}|{_ELSEWHERE}))"
    rf"|[,，.;。](?=\s*(?:(?:and|so) )?(?:{_JOB}|{_ELSEWHERE}|\d))",
    re.IGNORECASE,
)
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
