"""Services by name, by the business's own words for them, and by what people say instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from voicebot.business import Offer
from voicebot.collect.understanding.found import Found
from voicebot.collect.understanding.zh.corrections import halves
from voicebot.collect.understanding.zh.script import fold

# What services are called → what callers say when they need one.
_CONCEPTS: tuple[tuple[str, str], ...] = (
    ("美发 理发 剪发 发型 发廊 沙龙 hair", "头发 理发 剪头 剪发 烫发 染发 烫头 染头 发型 做头 洗剪吹 刘海 美发 烫一下 染一下"),
    ("牙科 牙医 口腔 牙齿 dentist dental", "牙 口腔 智齿 龋齿 补牙 拔牙 洗牙 看牙 牙疼 牙痛 牙套 正畸 种植牙 牙龈"),
    ("内科 全科 门诊 doctor", "感冒 发烧 发热 咳嗽 头疼 头痛 头晕 肚子疼 肚子痛 胃疼 胃痛 胃不舒服 拉肚子 血压 血糖 嗓子疼 内科 看病"),
    ("外科", "伤口 骨折 扭伤 外科 缝针"),
    ("儿科", "孩子发烧 小孩 宝宝 儿科"),
    ("皮肤科 皮肤", "皮肤 湿疹 痘痘 过敏 皮炎"),
    ("眼科 验光 配镜", "眼睛 近视 配眼镜 眼镜 验光 视力"),
    ("妇科 产科", "妇科 产检 怀孕"),
    ("中医 针灸", "中医 针灸 拔罐 推拿 把脉 中药"),
    ("心理 咨询 therapist", "心理 抑郁 焦虑 失眠 情绪 压力大 心情不好 压力 睡不着 心情"),
    ("汽车维修 修车 汽车保养 汽修 维修保养 car", "修车 车坏 汽车 保养 换机油 刹车 轮胎 发动机 车子 机油 补胎 车灯 抛锚 我的车"),
    ("洗车", "洗车 打蜡"),
    ("美甲", "美甲 指甲"),
    ("美容 护肤", "美容 做脸 护肤 脸部 面部"),
    ("按摩 推拿 足疗 spa", "按摩 推拿 足疗 肩膀酸 腰酸 spa 捏脚"),
    ("健身 瑜伽", "健身 瑜伽 私教 锻炼"),
    ("保洁 清洁 打扫 家政", "打扫 保洁 清洁 擦玻璃 擦窗 搞卫生 大扫除 钟点工 家政 阿姨 开荒 收拾屋子"),
    ("水管 管道 水暖 疏通", "漏水 水管 下水道 水龙头 马桶 堵了 疏通 地漏 水槽 管道"),
    ("电工 电路 电器 电气", "电路 跳闸 插座 开关坏 没电 停电 电灯 灯坏 灯不亮 电线 电工 漏电"),
    ("空调", "空调 不制冷 加氟"),
    ("家电 电器维修", "冰箱 洗衣机 电视 热水器 家电 油烟机"),
    ("园艺 花园 绿化", "花园 草坪 修剪 除草 割草 树枝 园艺 院子"),
    ("搬家", "搬家 搬东西"),
    ("开锁 换锁", "开锁 钥匙 换锁 锁坏 进不去门"),
    ("装修 粉刷", "装修 刷墙 粉刷 贴瓷砖"),
    ("宠物", "宠物 猫 狗 兽医"),
    ("体检", "体检 检查身体"),
    ("律师 法律", "律师 法律 打官司 离婚 合同"),
    ("摄影 照相", "拍照 摄影 写真 证件照 照相"),
)
_CONCEPT_WORDS = tuple((names.split(), words.split()) for names, words in _CONCEPTS)
_UNWANTED = re.compile(r"(?:不要|不想|不做|不是|不用|不需要|除了|别|没有)(?:做|约|预约|看|要)?$")
_GENERIC = frozenset("服务 维修 咨询 预约 上门 治疗 护理 检查 安装 项目 一下 我要 想要 需要 保养 门诊 科室".split())
_NONE_OF_THEM = re.compile(r"都不[要是需用想]|没有(?:我|想|要|需)|都没有|一个(?:都|也)不|以上都不|不在(?:里面|其中)")


def find_service(plain: str, offers: Sequence[Offer]) -> Found | None:
    """The one listed service that was meant; nothing when none or several fit."""
    if _NONE_OF_THEM.search(plain):
        return None
    if parts := halves(plain):
        (_, _), (start, end) = parts
        if after := _in(plain, start, end, offers):
            return after
    return _in(plain, 0, len(plain), offers)


def _in(plain: str, start: int, end: int, offers: Sequence[Offer]) -> Found | None:
    for search in (_by_name, _by_concept, _by_part):
        hits = {h.value: h for h in search(plain[:end], start, offers)}
        if len(hits) == 1:
            return next(iter(hits.values()))
        if hits:
            return None
    return None


def _by_name(plain: str, start: int, offers: Sequence[Offer]) -> Iterator[Found]:
    """Names and synonyms of the business; a longer word hides a shorter one inside it."""
    taken: list[tuple[int, int]] = []
    words = ((fold(w).plain, o) for o in offers for w in (o.name, *o.synonyms))
    for word, offer in sorted(words, key=lambda pair: -len(pair[0])):
        for match in re.finditer(re.escape(word), plain):
            span = match.span()
            if span[0] < start or any(span[0] < e and s < span[1] for s, e in taken):
                continue
            taken.append(span)
            if not _UNWANTED.search(plain[: span[0]]):
                yield Found(offer.name, span)


def _by_concept(plain: str, start: int, offers: Sequence[Offer]) -> Iterator[Found]:
    for names, words in _CONCEPT_WORDS:
        offered = [o for o in offers if any(n in _described(o) for n in names)]
        span = _first_span(plain, start, words) if offered else None
        if span:
            for offer in _closest(offered, names):
                yield Found(offer.name, span, 0.9)


def _closest(offers: Sequence[Offer], names: Sequence[str]) -> Sequence[Offer]:
    """Those whose very name says it, before those whose description does."""
    named = [o for o in offers if any(n in fold(o.name).plain for n in names)]
    return named or offers


def _described(offer: Offer) -> str:
    return fold(" ".join((offer.name, *offer.synonyms, offer.description))).plain


def _first_span(plain: str, start: int, words: Sequence[str]) -> tuple[int, int] | None:
    for word in words:
        at = plain.find(word, start)
        if at >= 0 and not _UNWANTED.search(plain[:at]):
            return at, at + len(word)
    return None


def _by_part(plain: str, start: int, offers: Sequence[Offer]) -> Iterator[Found]:
    """Two characters of a service's name that stand in no other's: 心理 for 心理咨询."""
    for offer in offers:
        name = fold(offer.name).plain
        for i in range(len(name) - 1):
            pair = name[i : i + 2]
            at = plain.find(pair, start)
            shared = any(pair in fold(o.name).plain for o in offers if o is not offer)
            if at < 0 or pair in _GENERIC or shared or pair.isascii():
                continue
            if not _UNWANTED.search(plain[:at]):
                yield Found(offer.name, (at, at + 2), 0.7)
                break
