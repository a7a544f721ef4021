"""What kind of thing was said when it is no answer: a question, a wish, a yes or a no."""

from __future__ import annotations

import re

from voicebot.collect.understanding import Intent

_RULES: tuple[tuple[Intent, re.Pattern[str]], ...] = tuple(
    (intent, re.compile(pattern))
    for intent, pattern in (
        (
            Intent.BOT_CHALLENGE,
            r"(?:你|您|对面|这)是?(?:不是|个)?(?:一?个)?(?:机器人?|真人|人工智能|ai|电脑|录音|人类?)(?:[吗吧么?？]|还是|在)"
            r"|是不是(?:机器|真人|ai)|机器人还是|你是谁|你叫什么",
        ),
        (
            Intent.HUMAN,
            r"人工(?!智能|费|湖)|真人|活人|人类|真正的人|客服|接线员|总机|专员|负责人|主管"
            r"|(?:找|叫|跟|和|要|换|让|请|接|转)(?:一?[个位]|你们|到)?的?(?:经理|老板|店长|人(?=来|说|讲|聊|谈|接|$|[,，。!！吧])|同事)"
            r"|转接|转人|不(?:想|要)(?:跟|和)机器",
        ),
        (Intent.SPEAK_SLOWER, r"(?:说|讲|念)?慢(?:一点|点|些|慢说)|(?:说|讲|念)得?太快|语速"),
        (
            Intent.REPEAT,
            r"(?:再|重新|重)(?:给我|跟我)?(?:说|讲|问|念|报|来)(?:一?[遍次下]|问题)|重复|没听[清懂见明到]|没太?听|听不[清到见懂]"
            r"|没(?:太)?(?:明白|懂|搞懂)|不(?:太)?(?:明白|懂)|(?:你|您)?(?:刚才|刚刚)?(?:说|问|讲)的?(?:是)?(?:什么|啥|哪个)"
            r"|^(?:啊|嗯|哈|什么|啥|你说什么)[?？]+$|^(?:什么|啥|啊啊)$|pardon|什么意思|刚才说",
        ),
        (Intent.CANCEL, r"取消|不(?:想)?(?:预约|预订|约|订|办|来|去)了|不要预约了|撤销"),
        (
            Intent.COMPLAINT,
            r"投诉|太差|垃圾|什么破|烦死|差劲|糟糕|失望|浪费(?:我的?)?时间|生气|太慢了|有病|搞什么|没用|讨厌|真烦|骗子",
        ),
        (Intent.DONT_KNOW, r"不知道|不晓得|不清楚|不记得|记不[得住清]|忘(?:了|记)|想不起|没印象|不了解"),
        (
            Intent.REFUSAL,
            r"不(?:太|是很|大)?(?:想|愿意?|方便|能|打算|会|便|可以|用|必|需要)?(?:再)?(?:告诉|透露|提供|说|给|留|讲|公开|报|填|回答)"
            r"|不(?:太|大|是很)?方便|不便|就不.{0,4}了|保密|隐私|跳过|拒绝|没有?(?:电子)?(?:邮箱|邮件|电话|手机|地址|email|qq|微信)"
            r"|不用(?:了|$)|没(?:有)?必要|免了|下一[个题项]|不想|不愿|不告诉|算了|别问|凭什么|关你",
        ),
        (
            Intent.HOLD,
            r"等(?:我)?(?:一)?[下会等]|稍等|稍候|等等|让我(?:先)?[找看想查问拿]|(?<!帮)(?<!给)我(?:先)?(?:去)?(?:[找看查想问翻]|拿)(?:一)?(?:[下找看查想问翻]|个笔)|别挂|马上回来",
        ),
        (Intent.CHANGE_OF_MIND, r"改(?:变)?主意|我?想改(?:一下)?$|变卦|反悔"),
        (
            Intent.NO_PREFERENCE,
            r"都(?:行|可以|好|成|没问题|ok)|随便|无所谓|随(?:你|您|意)|看(?:你|您)(?:们)?(?:吧|方便|安排)|任(?:何|意)|(?:你|您)(?:们)?(?:来?定|看着办|安排|决定)"
            r"|不挑|哪个都|没有?(?:特别的?)?(?:要求|偏好|讲究)",
        ),
        (Intent.UNSURE, r"(?:不|没)(?:太|是很|能|法)?(?:确定|肯定|定)|没想好|说不[准好]|不一定|再想想|考虑|拿不准|可能吧|也许|大概吧|犹豫"),
        (
            Intent.QUESTION,
            r"[?？]|[吗么](?:$|[,，。.!！ ])|呢[。.?？!！]*$|什么|啥|哪(?!怕)|怎么|怎样|多少|多久|多远|几[点个号天分家位]|为何|为啥"
            r"|有没有|是不是|能不能|可不可以|会不会|要不要|推荐|帮助|帮(?:我|个忙|帮)|请问|想(?:问|知道|了解|咨询一下)|告诉我|查(?:一下|查|询)",
        ),
        (Intent.GOODBYE, r"再见|拜拜|挂了|回头[见聊说]|回见|下次再|bye|先这样"),
        (Intent.THANKS, r"谢谢|感谢|多谢|谢了|辛苦|thank"),
        (Intent.GREETING, r"你好|您好|^喂|哈[喽啰罗]|嗨|早上好|上午好|中午好|下午好|晚上好|^早$|hello|^hi\b|^hey\b"),
    )
)
_STRONG_QUESTION = re.compile(
    r"什么|啥|哪(?!怕)|怎么|怎样|多少|多久|几[点个号天分家位]|为何|评分|推荐|天气|(?:开门|关门|营业|上班|休息|有空|有位).*[吗么?？]"
)

_REASSURING = re.compile(r"没错|没问题|没有问题|没毛病|没有?错|错不了|没有?意见|没异议|毫无问题|不错")
_POLITE = re.compile(
    r"对不起|不好意思|不客气|没关系|没事|不知道|不清楚|不确定|不太确定|不记得|不太清楚|不用谢|不一定"
    r"|(?P<echo>.)不(?P=echo)|有没有|可不可以|能不能|好像|^对了"
    r"|(?:早上|上午|中午|下午|晚上|你|您|没想|没考虑|越.{1,3}越)好"
)
_NO = re.compile(
    r"^(?:(?:嗯|呃|啊|哦|那|这个?|都|也|可能|[,，、 ])*(?:不|错|没有?$|别(?!的|人)|否|no\b|nope|nah|wrong))"
    r"|[,，、。 ]不(?:$|[,，。!！ ])"
    r"|不(?:太|完全)?[对是行要可正准合同好]|错了|错误|[弄搞说听记写]错|有误|有问题|有点问题|改(?:一下|成|到|为|天|个|约|$)"
    r"|没空|没时间|[来去]不了|有事|换(?:成|到|一?[个下天]|$)|应该是|[要想得]改"
)
_YES = re.compile(
    r"^(?:(?:嗯|呃|啊|哦|那|哎|唉|[,，、 ])*)"
    r"(?:(?:是的?|对的?|嗯+|恩|好的?|可以的?|行的?|正确|确认|确定|当然|成|同意|准确|妥了?|要得|中|就是|就这[样么个]|yes|yeah"
    r"|yep|ok|okay|sure|right|correct)(?![一-龥])|(?:是[的啊呀吧]|对[的啊呀吧对]|嗯的|好[的吧啊呀嘞]|可以|行[吧啊的]|正确|没错|完全"
    r"|当然|就这|就是这|是这|对就|好就|好那|那就|我?确认|我?确定|我?同意|ok|yes))"
    r"|^.{0,8}(?:可以|对|正确|行|好|合适|确认|ok|准确|同意)(?:的|了|吧|啊|呀|嘞|哒)*$"
)


def no_answer(plain: str) -> Intent | None:
    """The kind of an utterance that carries no value, or None when it says nothing of the kind."""
    stripped = plain.strip(" ,，。.!！~～…")
    return next((intent for intent, rule in _RULES if rule.search(stripped)), None)


def asks_something(plain: str) -> bool:
    """Does it ask for a fact, rather than propose one (后天可以吗 proposes)?"""
    return bool(_STRONG_QUESTION.search(plain))


def yes_or_no(plain: str) -> Intent | None:
    """YES or NO to a read-back; a no outweighs a yes said in passing (嗯，不对)."""
    reassured = _REASSURING.search(plain) is not None
    rest = _POLITE.sub("，", _REASSURING.sub("，", plain)).strip(" ,，。.!！?？")
    if _NO.search(rest):
        return Intent.NO
    return Intent.YES if reassured or _YES.search(rest) else None
