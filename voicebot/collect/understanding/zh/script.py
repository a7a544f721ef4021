"""Chinese writing, folded so that rules see one form and every position stays where it was."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

HAN = r"[\u3400-\u4dbf\u4e00-\u9fff]"
PAUSE = " \t\n,，、。.;；!！?？…~～:："
"""What separates pieces of an answer: punctuation as typed, or as a recogniser hears a pause."""

LONGEST_CHARACTERS = 400
"""Nobody says more in one breath; what goes beyond is not read, so that time stays bounded."""

# Pairs of a traditional character and its simplified form. Only characters that the rules look for. Names and addresses keep what the caller's side wrote.
_TRADITIONAL_TO_SIMPLIFIED = """
後后 點点 兩两 號号 禮礼 週周 鐘钟 這这 個个 請请 電电 話话 說说 時时 間间 們们 麼么 嗎吗 對对 錯错
誤误 應应 該该 沒没 問问 題题 確确 認认 馬马 從从 來来 開开 關关 門门 預预 約约 訂订 務务 體体 驗验
診诊 療疗 醫医 頭头 髮发 護护 維维 車车 輛辆 機机 場场 園园 區区 鎮镇 鄉乡 縣县 東东 樓楼 單单 層层
棟栋 國国 際际 廣广 廳厅 廠厂 莊庄 灣湾 橋桥 雲云 蘇苏 歐欧 趙赵 錢钱 孫孙 陳陈 張张 劉刘 楊杨 黃黄
吳吴 許许 鄭郑 謝谢 馮冯 鄧邓 蕭萧 葉叶 蔣蒋 盧卢 賈贾 韋韦 陸陆 韓韩 龍龙 萬万 賀贺 賴赖 閻阎 顧顾
湯汤 龔龚 顏颜 鍾钟 賓宾 遲迟 項项 閔闵 羅罗 齊齐 譚谭 鄒邹 華华 壓压 邊边 還还 給给 記记 寫写 讀读
聽听 見见 過过 進进 遠远 隨随 願愿 歡欢 實实 別别 換换 變变 傳传 轉转 聯联 絡络 郵邮 減减 線线 橫横
劃划 碼码 數数 節节 慶庆 聖圣 誕诞 農农 歲岁 費费 為为 會会 員员 處处 辦办 師师 幾几 樣样 貴贵 稱称
歸归 網网 無无 嘗尝 訴诉 壞坏 髒脏 燈灯 潔洁 掃扫 繳缴 補补 齒齿 內内 術术 課课 綫线 甚什 裡里 裏里
妳你 當当 幫帮 讓让 誰谁 麵面 飯饭 隻只 歩步 衛卫 鬧闹 響响 條条 彎弯 寶宝 發发 動动 檢检 測测 鑽钻
頤颐 鐵铁 陽阳 陰阴 嶺岭 島岛 灘滩 豐丰 義义 寧宁 濟济 漢汉 滬沪
""".split()
_SIMPLER = {ord(traditional): simplified for traditional, simplified in _TRADITIONAL_TO_SIMPLIFIED}
_DASHES = str.maketrans("—–―−‐‑－", "-------")


@dataclass(frozen=True, slots=True)
class Text:
    """One utterance twice, character for character in step.

    said   full-width letters and digits made half-width, otherwise as it came
    plain  also lower case, and traditional characters made simplified where rules need it
    """

    said: str
    plain: str


def fold(utterance: str) -> Text:
    """Fold an utterance without moving a character; positions are those of the utterance."""
    said = "".join(_fold_width(c) for c in utterance[:LONGEST_CHARACTERS])
    lower = "".join(_same_length(c, c.lower()) for c in said)
    return Text(said, lower.translate(_SIMPLER).translate(_DASHES))


def _fold_width(character: str) -> str:
    return _same_length(character, unicodedata.normalize("NFKC", character))


def _same_length(character: str, folded: str) -> str:
    return folded if len(folded) == 1 else character


def strip_span(plain: str, start: int, end: int, chars: str = PAUSE) -> tuple[int, int]:
    """Shrink a span past pauses at both its ends."""
    while start < end and plain[start] in chars:
        start += 1
    while end > start and plain[end - 1] in chars:
        end -= 1
    return start, end


def blank(plain: str, *spans: tuple[int, int]) -> str:
    """Replace spans by full stops: the rest stays where it was, and cannot grow together."""
    for start, end in spans:
        plain = plain[:start] + "。" * (end - start) + plain[end:]
    return plain


_CLAUSE = re.compile(r"[^,，、。;；!！?？…~～:：\n]+")


def clauses(plain: str) -> Iterator[tuple[int, int]]:
    """Spans between pauses that are written (a blank or a dot may belong to a value)."""
    for match in _CLAUSE.finditer(plain):
        start, end = strip_span(plain, *match.span())
        if start < end:
            yield start, end
