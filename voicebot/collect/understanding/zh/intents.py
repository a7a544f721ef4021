"""What kind of thing was said when it is no answer: a question, a wish, a yes or a no."""

from __future__ import annotations

import re

from voicebot.collect.understanding import Intent
from voicebot.collect.understanding.bridged import agrees
from voicebot.collect.understanding.zh.lexicon import INTENT_RULES
from voicebot.collect.understanding.zh.script import clauses

_STRONG_QUESTION = re.compile(
    r"什么|啥|哪(?!怕)|怎么|怎样|多少|多久|几[点个号天分家位]|为何|评分|推荐|天气|过得"
    r"|(?:开门|关门|营业|上班|休息|(?<!还)有空|(?<!还)有位).*[吗么?？]"
)

_ASKED = re.compile(r"[吗嘛么]\s*[?？。]*\s*$")
_PROPOSED = re.compile(
    r"可以|行|能|好|成|方便|合适|有空|时间|ok|来|去|到|约|订|定|安排|过|改|换|是|对|还有"
)
"""With these a question proposes: 后天来可以吗, 明天还有位吗, but not 今天下雨吗."""

_REASSURING = re.compile(
    r"没错|没问题|没有问题|没毛病|没有?错|错不了|没有?意见|没异议|毫无问题|不错"
)
_POLITE = re.compile(
    r"对不起|不好意思|不客气|没关系|没事|不知道|不清楚|不确定|不太确定|不记得|不太清楚"
    r"|不用谢|不一定"
    r"|(?P<echo>[^不])不(?P=echo)|有没有|可不可以|能不能|好像|^对了"
    r"|(?:早上|上午|中午|下午|晚上|你|您|没想|没考虑|越.{1,3}越)好"
)
_NO = re.compile(
    r"^(?:(?:嗯|呃|啊|哦|oh|那|这个?|都|也|可能|[,，、 ])*(?:不|错|没有?$|别(?!的|人)|否"
    r"|no\b|nope|nah|wrong))"
    r"|[,，、。 ]不(?:$|[,，。!！ ])"
    r"|不(?:太|完全)?[对是行要可正准合同好]|错了|错误|[弄搞说听记写]错|有误|有问题"
    r"|有点问题|改(?:一下|成|到|为|天|个|约|$)"
    r"|没空|没时间|[来去]不了|有事|换(?:成|到|一?[个下天]|$)|应该是|[要想得]改"
)
_YES = re.compile(
    r"^(?:(?:嗯|呃|啊|哦|那|哎|唉|[,，、 ])*)"
    r"(?:(?:是的?|对的?|嗯+|恩|好的?|可以的?|行的?|正确|确认|确定|当然|成|同意|准确"
    r"|妥了?|要得|中+|办理?吧|的确|就是|就这[样么个]|yes|yeah"
    r"|yep|ok|okay|sure|right|correct)(?![一-龥])|(?:是[的啊呀吧]|对[的啊呀吧对]|嗯的"
    r"|好[的吧啊呀嘞]|可以|行[吧啊的]|正确|没错|完全|太棒|太好"
    r"|当然|就这|就是这|是这|对就|好就|好那|那就|的确|我?确认|我?确定|我?同意|ok|yes))"
    r"|^.{0,8}(?:可以|对|正确|行|好|合适|确认|ok|准确|同意)(?:的|了|吧|啊|呀|嘞|哒)*$"
)


def no_answer(plain: str) -> Intent | None:
    """The kind of an utterance that carries no value, or None when it says nothing of the kind."""
    stripped = plain.strip(" ,，。.!！~～…")
    return next((intent for intent, rule in INTENT_RULES if rule.search(stripped)), None)


def asks_something(plain: str) -> bool:
    """Does it ask for a fact, rather than propose one (后天可以吗 proposes)?"""
    if _STRONG_QUESTION.search(plain):
        return True
    return _ASKED.search(plain) is not None and _PROPOSED.search(plain) is None


def yes_or_no(plain: str) -> Intent | None:
    """YES or NO to a read-back; a no outweighs a yes said in passing (嗯，不对)."""
    reassured = _REASSURING.search(plain) is not None
    rest = _POLITE.sub("，", _REASSURING.sub("，", plain)).strip(" ,，。.!！?？")
    if _NO.search(rest):
        return Intent.NO
    return Intent.YES if reassured or _YES.search(rest) else None


def opens_with_yes(plain: str) -> bool:
    """Return True when the first clause agrees, whatever follows it."""
    first = next(clauses(plain), None)
    return first is not None and agrees(plain[slice(*first)], "zh-CN")
