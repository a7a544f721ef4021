"""Chinese numerals: read as quantities (一百零三) or digit by digit (幺零三)."""

from __future__ import annotations

import re
from collections.abc import Callable

DIGIT = dict(zip("零〇○洞一幺妖二两三四五六七八九", "0000111223456789", strict=True))
DIGIT |= {character: character for character in "0123456789"}
NUMERAL = r"[0-9零〇○一幺二两三四五六七八九十廿百千]"
_UNIT = {"十": 10, "百": 100, "千": 1000}
_MIXED = re.compile(r"(\d+)([十百千])")


def to_digits(numeral: str) -> str | None:
    """The digits of a numeral as one writes them: 二十八 → 28, 零五 → 05, 幺零三 → 103."""
    if not numeral:
        return None
    if all(c in DIGIT for c in numeral):
        return "".join(DIGIT[c] for c in numeral)
    value = _quantity(numeral.replace("廿", "二十"))
    return None if value is None else str(value)


def to_number(numeral: str) -> int | None:
    """The same as a number."""
    digits = to_digits(numeral)
    return int(digits) if digits else None


def _quantity(numeral: str) -> int | None:
    """Sum of digit times unit; 一百二 is 120, a digit after 零 counts once."""
    total, pending, last_unit = 0, "", 0
    for position, character in enumerate(numeral):
        if character in _UNIT:
            unit = _UNIT[character]
            if last_unit and unit >= last_unit:
                return None
            total += int(pending or "1") * unit
            pending, last_unit = "", unit
        elif character in DIGIT:
            if DIGIT[character] == "0" and position and not pending:
                last_unit = 10 if last_unit > 10 else last_unit
                continue
            pending += DIGIT[character]
        else:
            return None
    if not pending:
        return total
    if len(pending) > 1:
        return None
    after_zero = numeral[-2:-1] in ("零", "〇", "○")
    return total + int(pending) * (1 if after_zero else max(last_unit // 10, 1))


def replace_numerals(text: str, pattern: re.Pattern[str], *, group: int = 1) -> str:
    """Write one group of every match in Arabic digits; what cannot be read stays."""

    def write(match: re.Match[str]) -> str:
        digits = to_digits(match[group])
        if digits is None:
            return match[0]
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return match[0][:start] + digits + match[0][end:]

    replacement: Callable[[re.Match[str]], str] = write
    return pattern.sub(replacement, text)
