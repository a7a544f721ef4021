"""E-mail addresses read out in Chinese: 王 点 lei 艾特 幺六三 点 com, with letters spelled out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.collect.reading import valid
from voicebot.collect.understanding import Missing
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.tokens import word_set
from voicebot.collect.understanding.zh.corrections import halves
from voicebot.collect.understanding.zh.numerals import DIGIT, NUMERAL, to_digits

_DOMAIN_OF = {
    "qq": "qq.com", "163": "163.com", "126": "126.com", "幺六三": "163.com", "一六三": "163.com",
    "幺二六": "126.com", "一二六": "126.com", "139": "139.com", "189": "189.cn",
    "gmail": "gmail.com", "谷歌": "gmail.com", "outlook": "outlook.com", "hotmail": "hotmail.com",
    "foxmail": "foxmail.com", "icloud": "icloud.com", "新浪": "sina.com", "sina": "sina.com",
    "搜狐": "sohu.com", "sohu": "sohu.com", "雅虎": "yahoo.com", "yahoo": "yahoo.com",
}  # fmt: skip
_SPOKEN_LABELS = {
    "新浪": "sina",
    "搜狐": "sohu",
    "雅虎": "yahoo",
    "谷歌": "gmail",
    "阿里云": "aliyun",
}
_LABELS = "|".join(_SPOKEN_LABELS)
_PROVIDER = re.compile(rf"(?P<provider>{'|'.join(_DOMAIN_OF)})\s*的?\s*(?:邮箱|信箱|邮件)")
_D = "[" + "".join(DIGIT) + "]"
_TOKEN = re.compile(
    r"(?P<at>@|艾特|爱特|艾忒|哎特|挨特|小老鼠|花a|圈儿?\s*a(?![a-z])|a\s*圈|(?<![a-z])at(?![a-z]))"
    r"|(?P<sign>下划线|下横线|下杠|底线|underscore|_|中?横[杠线]|中划线|短横线?|减号"
    r"|连字符|中?杠|dash"
    r"|-|加号|plus|\+|小数点|句点|点儿?|dot(?![a-z])|\.)"
    rf"|(?P<repeat>(?P<times>[两二三四五六2-6])\s*[个连]\s*(?P<again>[a-z]|{_D})"
    rf"|双\s*(?P<pair>[a-z]|{_D}))"
    r"|(?P<text>[a-z0-9]+)"
    rf"|(?P<number>{NUMERAL}+)"
    rf"|(?P<label>{_LABELS})|(?P<com>抗姆|康姆|考姆|抗母)"
    r"|(?P<pause>[ \t,，、:：。]+|然后|接着|再来?|嗯|呃|啊|全部|都是|大写的?|小写的?"
    r"|字母|英文|数字|拼音)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_SIGNS = (("下", "_"), ("底", "_"), ("under", "_"), ("_", "_"), ("加", "+"), ("plus", "+"),
          ("+", "+"), ("点", "."), ("小", "."), ("句", "."), ("dot", "."), (".", "."))  # fmt: skip
_TOP_LEVEL = word_set("com cn net org edu gov hk tw io info au uk de jp sg")
_MISHEARD_COM = frozenset(("con", "come", "comm", "kom", "cong"))
_LETTER_GLOSS = re.compile(
    r"(?<![a-z])([a-z])[,，、 ]*(?:是|就是)?\s*[a-z\u4e00-\u9fff]{1,10}\s*的\s*\1(?![a-z])"
)
_WORD_GLOSS = re.compile(r"(?<![a-z])[a-z]{2,12}\s*的\s*([a-z])(?![a-z])")
_NOT_LOCAL = word_set("ok okay yes no hi hello bye hey email mail e at qq")
_SHORTEST_NUMBER_LOCAL = 5
_MOST_DOMAIN_PIECES = 60


@dataclass(frozen=True, slots=True)
class _Piece:
    """One token: its kind and what it stands for in an address."""

    kind: str
    text: str
    start: int
    end: int


def find_email(plain: str, partial: str | None = None) -> Found | None:
    """The address in a folded utterance, lower case and valid, or a piece of one."""
    pieces = _pieces(_without_glosses(plain))
    if parts := halves(plain):
        (_, before_end), (after_start, _) = parts
        before = [p for p in pieces if p.end <= before_end]
        after = [p for p in pieces if p.start >= after_start]
        if found := _corrected(before, after):
            return found
    if partial and (joined := _continued(partial, pieces)):
        return joined
    return _address(pieces) or _with_provider(plain) or _part(pieces, partial)


def _without_glosses(plain: str) -> str:
    """z 是 zebra 的 z → z, in place."""
    plain = _LETTER_GLOSS.sub(lambda m: m[1].ljust(len(m[0])), plain)
    return _WORD_GLOSS.sub(lambda m: m[1].rjust(len(m[0])), plain)


def _pieces(plain: str) -> list[_Piece]:
    return [_piece(match) for match in _TOKEN.finditer(plain)]


def _piece(token: re.Match[str]) -> _Piece:
    kind, text = token.lastgroup or "other", token[0]
    start, end = token.span()
    if token["at"]:
        return _Piece("at", "@", start, end)
    if token["sign"]:
        sign = next((to for prefix, to in _SIGNS if text.startswith(prefix)), "-")
        return _Piece("sign", sign, start, end)
    if token["repeat"]:
        again, times = token["again"] or token["pair"], DIGIT.get(token["times"] or "2", "2")
        return _Piece("text", DIGIT.get(again, again) * int(times), start, end)
    if token["number"]:
        digits = to_digits(text)
        return _Piece("text" if digits else "other", digits or "", start, end)
    if token["label"] or token["com"]:
        return _Piece("text", _SPOKEN_LABELS.get(text, "com"), start, end)
    return _Piece(kind, "" if kind == "pause" else text, start, end)


def _address(pieces: Sequence[_Piece]) -> Found | None:
    """The last whole address: callers who say two mean the second."""
    for position in reversed([i for i, p in enumerate(pieces) if p.kind == "at"]):
        local, domain = _before(pieces[:position]), _after(pieces[position + 1 :])
        if local and domain and (value := valid(f"{_text(local)}@{_domain(domain)}")):
            return Found(value, (local[0].start, domain[-1].end))
    return None


def _before(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces of a local part that end here."""
    kept: list[_Piece] = []
    for piece in reversed(pieces):
        if piece.kind not in ("text", "sign", "pause"):
            break
        kept.append(piece)
    return _trim(kept[::-1])


def _after(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces of a domain that begins here, up to its last label."""
    kept: list[_Piece] = []
    for piece in pieces:
        if piece.kind not in ("text", "sign", "pause") or piece.text in ("_", "+"):
            break
        if piece.kind == "text" and _is_whole(kept):
            break
        kept.append(piece)
        if len(kept) > _MOST_DOMAIN_PIECES:
            break
    return _trim(kept)


def _is_whole(pieces: Sequence[_Piece]) -> bool:
    label, dot, _ = _text(pieces)[::-1].partition(".")
    return bool(dot) and label[::-1] in _TOP_LEVEL


def _trim(pieces: list[_Piece]) -> list[_Piece]:
    ends = [i for i, p in enumerate(pieces) if p.kind == "text" or p.text == "_"]
    starts = [i for i in ends if pieces[i].kind == "text"]
    return pieces[starts[0] : ends[-1] + 1] if starts else []


def _text(pieces: Sequence[_Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def _domain(pieces: Sequence[_Piece]) -> str:
    """The domain; a bare provider stands for its own: 艾特 qq → qq.com."""
    text = _text(pieces)
    head, dot, last = text.rpartition(".")
    if dot and last in _MISHEARD_COM:
        return f"{head}.com"
    return _DOMAIN_OF.get(text, text)


def _corrected(before: Sequence[_Piece], after: Sequence[_Piece]) -> Found | None:
    """What was said again replaces: the whole, the number at the end, or the domain."""
    old = _address(before)
    if new := _address(after):
        local, _, domain = (new.value or "").partition("@")
        stem = re.fullmatch(r"(.*[a-z._-])\d+", _text(_before(before)))
        if local.isdigit() and stem and old is None:
            return Found(valid(f"{stem[1]}{local}@{domain}"), new.span, confidence=0.7)
        return new
    if old is None or old.value is None:
        return None
    domain_pieces = _after([p for p in after if p.kind != "at"])
    domain = _domain(domain_pieces)
    if "." in domain and (value := valid(f"{old.value.partition('@')[0]}@{domain}")):
        return Found(value, old.span, confidence=0.8)
    return Found(None, old.span, confidence=0.3) if domain_pieces else None


def _with_provider(plain: str) -> Found | None:
    """我的 QQ 邮箱是 12345678: the number belongs to that provider."""
    provider = _PROVIDER.search(plain)
    if provider is None:
        return None
    rest = plain[: provider.start()] + "；" * len(provider[0]) + plain[provider.end() :]
    local = _local_alone(_pieces(_without_glosses(rest)))
    if not local:
        return None
    value = valid(f"{_text(local)}@{_DOMAIN_OF[provider['provider']]}")
    return Found(value, (local[0].start, local[-1].end), confidence=0.8) if value else None


def _runs(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """The stretches that other words leave between them."""
    runs: list[list[_Piece]] = [[]]
    for piece in pieces:
        if piece.kind in ("text", "sign", "pause"):
            runs[-1].append(piece)
        elif runs[-1]:
            runs.append([])
    return runs


def _local_alone(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The longest run that could be a local part, when it is more than a stray word."""
    best = max(map(_trim, _runs(pieces)), key=lambda run: len(_text(run)), default=[])
    text = _text(best)
    is_name = text.isascii() and any(c.isalpha() for c in text) and len(text) > 1
    is_number = text.isdigit() and len(text) >= _SHORTEST_NUMBER_LOCAL
    return best if text not in _NOT_LOCAL and (is_name or is_number) else []


def _part(pieces: Sequence[_Piece], partial: str | None) -> Found | None:
    """Only the one side of the at sign was said."""
    at = next((i for i, piece in enumerate(pieces) if piece.kind == "at"), None)
    domain = _after(pieces[at + 1 :]) if at is not None else []
    if domain and "." in _domain(domain):
        span = (domain[0].start, domain[-1].end)
        return Found(None, span, 0.6, Missing.LOCAL_PART, f"@{_domain(domain)}")
    local = _local_alone(pieces[:at] if at is not None else pieces)
    if not local:
        return None
    if at is None and _text(local) in _DOMAIN_OF.values():
        return Found(
            None, (local[0].start, local[-1].end), 0.6, Missing.LOCAL_PART, "@" + _text(local)
        )
    said = _text(local) + ("@" if at is not None else "")
    earlier = partial if partial and "@" not in partial else ""
    span = (local[0].start, local[-1].end)
    return Found(None, span, 0.6, Missing.DOMAIN, earlier + said)


def _continued(partial: str, pieces: Sequence[_Piece]) -> Found | None:
    """Join an earlier piece with this one; a whole new address stands for itself."""
    local, at, domain = partial.partition("@")
    new = _address(pieces)
    if new and new.value:
        head = new.value.partition("@")[0]
        continues = not at and head.isdigit() and not head.startswith(local)
        value = valid(local + new.value) if continues else new.value
        return Found(value, new.span, confidence=0.8)
    spoken = [piece for piece in pieces if piece.kind != "at"]
    rest = _before(spoken) if domain else _after(spoken)
    if not rest:
        return None
    joined = f"{_text(rest)}@{domain}" if domain else f"{local}@{_domain(rest)}"
    if "." not in joined.partition("@")[2] or not (value := valid(joined)):
        return None
    return Found(value, (rest[0].start, rest[-1].end), confidence=0.9)
