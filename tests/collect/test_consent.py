"""A turn that agrees books, whatever harmless stands beside its yes, and never against a doubt."""

from __future__ import annotations

import pytest

from tests.collect.conversation import NOW, VALUES, fresh
from tests.collect.test_collector import Call
from voicebot.business import Business, load_business
from voicebot.call import FIELDS, Status, Step
from voicebot.collect.collector import Conversation
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import Ending, Utterance

ENGLISH = load_business(None)
CHINESE = ENGLISH.model_copy(update={"language": "zh-CN"})
SPANISH = ENGLISH.model_copy(update={"language": "es"})
MOMENT = "2026-03-04T14:00"
"""Wednesday the 4th of March at 2 pm; it is Monday."""


class Answered:
    """A read-back, and what became of the one turn with which the caller answered it."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._call = Call([])
        self._conversation = Conversation(
            dialogue, say=self._call.say, ledger=self._call, clock=lambda: NOW
        )
        self.ending: Ending | None = None

    async def by(self, words: str) -> Answered:
        """Hear these words, and do what follows."""
        event = await self._conversation.heard(Utterance(words, NOW), self._call.understand)
        self.ending = await self._conversation.take_turn(event)
        return self

    @property
    def dialogue(self) -> Dialogue:
        return self._conversation.dialogue

    @property
    def booked(self) -> bool:
        return any(change.booked for change in self._call.changes)

    @property
    def confirmed(self) -> set[Step]:
        return {step for change in self._call.changes for step in change.confirmed}

    @property
    def saved(self) -> dict[Step, object]:
        return self._call.answers

    @property
    def status(self) -> Status | None:
        return next((c.status for c in reversed(self._call.changes) if c.status), None)

    @property
    def said(self) -> str:
        return " ".join(entry for entry in self._call.log if isinstance(entry, str))


def last_read_back(business: Business = ENGLISH) -> Answered:
    """ "That would be Wednesday the 4th of March at 2 pm. Shall I book that?" """
    known = {step: VALUES[step] for step in FIELDS if step is not Step.TIME}
    return Answered(
        fresh(
            business,
            answers=known,
            confirmed=frozenset({Step.PHONE, Step.EMAIL}),
            pending=MOMENT,
            step=Step.TIME,
            mode=Mode.CONFIRMING,
            put=1,
        )
    )


def read_back(step: Step, business: Business = ENGLISH) -> Answered:
    """ "I have 0412 345 678. Is that right?", the fields before it being known."""
    known = {s: VALUES[s] for s in FIELDS[: FIELDS.index(step) + 1]}
    confirmed = frozenset({Step.PHONE, Step.EMAIL} & set(known)) - {step}
    return Answered(
        fresh(business, answers=known, confirmed=confirmed, step=step, mode=Mode.CONFIRMING)
    )


ASSENTS = [
    *(
        "Yes, go",
        "yes",
        "Yes.",
        "Yeah.",
        "yep",
        "Yup!",
        "yes please",
        "Yes, please.",
        "yes yes yes",
    ),
    *("OK", "okay", "Okay, great.", "all right", "alright then", "right", "sure", "Sure thing."),
    *("yes, that's right", "yeah that's correct", "That's right.", "correct", "that is correct"),
    *("perfect", "Perfect, thank you.", "great, thanks", "lovely, thank you very much", "fine"),
    *("that's fine", "That's fine by me.", "yes that's fine for me", "that suits me", "good"),
    *("sounds good", "Sounds great, thanks!", "that sounds perfect", "yeah, sounds good to me"),
    *("that works", "That works for me.", "works for me", "yes, that works perfectly"),
    *("go ahead", "yes, go ahead", "please go ahead and book it", "Yes, book it in.", "book it"),
    *("yes please book that", "please book it", "Yeah, go for it.", "do it", "please do"),
    *("absolutely", "definitely", "of course", "exactly", "Yes, absolutely.", "for sure"),
    *("um, yes", "uh yeah", "Oh, yes please.", "well, yes", "ah yep, perfect", "mm-hm", "uh huh"),
    *("yes mate", "yeah cheers mate", "yes, thank you so much, dear", "Yes indeed.", "aye"),
    *("no worries, book it", "no problem", "why not", "Sure, why not?", "spot on", "You got it."),
    *("yes I'd like that", "I'd like that, please", "yes, let's do that", "let's do it", "I agree"),
    *("yes it is", "it is", "yes I am happy with that", "that'll do", "that's it", "very good"),
    *("all good", "all good, thanks", "yes, that's everything", "Yes, that's all, thank you."),
    *("beautiful, thanks love", "ta, that's great", "too easy", "no, that's right", "I do"),
    *("Yes, that time is good.", "yes that day suits me", "Yep, lock it in.", "please confirm it"),
    *("I think so", "yes, you can book that", "yes please, thanks", "okay, see you then"),
    *("sorry, yes please", "great, see you Wednesday at two", "yes 2pm", "yep two o'clock works"),
    *("yes and thank you for your patience", "the 4th at 2 pm, yes", "two pm is great thanks"),
    *("yes, Wednesday at 2", "Wednesday the 4th of March at 2 pm", "yes, 2 pm Wednesday please"),
    *("yes 2 pm is perfect", "Wednesday is great", "yes, 2 o'clock on Wednesday works for me"),
    *("That's great, thank you.", "yes that would be great", "that would be lovely, thanks"),
    *("yes thanks, bye", "Yes, thank you dear. Goodbye."),
    *("sweet as", "yeah nah that's good", "yes, I confirm", "I'm happy with that", "you may"),
    *("Do it, tin man.", "Yes, I said do it.", "Jeez. Yes.", "I've already said yes, book it"),
    *("Okay, book me in.", "put me down for that", "yes, we can do that", "yes, I can do that"),
]

OBJECTIONS = [
    # as they came
    *("yes, the day after", "okay but a bit later", "yes that's too early for me"),
    *("yes please cancel", "ok forget it", "Okay. Bye.", "yes if it is under 100 dollars"),
    *("ok let me think", "yeah, hold on", "okay I need to check with my wife first"),
    *("yes but I need an electrician not a plumber", "sure, what does it cost?"),
    *("yes? who is this?", "yes mum, in a minute", "Yes, except the time should be 4 p.m."),
    # another time
    *(
        "yes but the day before",
        "okay, a day later",
        "yes the following day",
        "sure, the week after",
    ),
    *("okay but an hour later", "yes, a little earlier please", "good, but earlier if you can"),
    *("yes but not in the afternoon", "fine but mornings are better", "ok, but on Thursday"),
    *("yes, make it three", "yeah that's too late", "okay that's a bit soon", "yes or Friday"),
    *("yes, but only if he comes on time", "perfect, or maybe the day after", "yes, next month"),
    *("great, is Thursday free as well?", "right, but I meant this week", "yes, same time Friday"),
    *("okay, some time after four", "yes, provided it's before three", "sure, any time but then"),
    *("yes, book it for Friday", "yes and what about Thursday", "yes, for ten o'clock"),
    *("yes, half an hour before that", "right, two days after", "yes, not just yet"),
    # calling it off
    *("yes, cancel that", "okay, never mind", "yes, stop", "right, I changed my mind"),
    *("ok, don't bother", "yeah forget about it", "okay I don't need it any more", "yes, drop it"),
    *("sure, scrap that", "ok, leave it", "yes but I no longer need a plumber", "ok call it off"),
    # waiting
    *("yes, wait", "okay, one moment", "yes, hang on a second", "sure, just a minute"),
    *("yes, give me a second", "okay, let me check my calendar", "ok, let me ask my husband"),
    *("yeah I'll have to look that up", "right, bear with me", "okay, I need to think about it"),
    *(
        "yes, I'm thinking",
        "yes, let me get back to you",
        "okay I'll call you back",
        "yes in a sec",
    ),
    *("yes I'm driving, ring me later", "okay, I'll ask at work and ring again"),
    *("hang on actually yes that's fine", "wait yes"),
    # a no
    *("yes, no", "yeah, no", "yeah nah", "yes I mean no", "okay no", "sure, not", "right, wrong"),
    *("yes but it's not right", "ok but that is wrong", "yeah that's not what I said"),
    *("yes I don't think so", "okay, not really", "yes, that isn't good for me", "yes, I can't"),
    *("good, but I can't make it", "fine, but I won't be home", "yes, unfortunately I'm at work"),
    *("2", "two", "yes sorry", "yes that's the 3rd isn't it", "yeah can we do three instead"),
    # a condition
    *("yes if you can send a woman", "okay as long as it's free", "sure, unless it rains"),
    *("yes, assuming the price is the same", "fine, if my landlord agrees", "yes, depends on cost"),
    *("okay, subject to my boss saying yes", "yes when my wife agrees", "yes once I'm paid"),
    # a question
    *("okay, who is coming?", "sure, do you take cards?", "right, where do I park?"),
    *("yes? what?", "okay? is that a robot?", "yes?", "okay?"),
    *("great. can I pay in cash", "so is that right?"),
    *("right, and how much is that", "yes. Could it be any cheaper?", "is that good?"),
    # another value
    *("yes but my name is Robin Parker", "yes and the address is 9 Church Street, Ryde"),
    *("okay but send it to other@example.com", "yes, and my number is 0412 345 679"),
    *("sure but it's the cleaning I need", "right, but the street number is 29"),
    *("yes, but you've got my name wrong", "okay, my e-mail has changed", "yes, for two jobs"),
    # somebody else, thinking aloud, half a sentence
    *("yes darling, dinner's ready", "okay kids, be quiet", "yes, that's my taxi", "ok, Tom, stop"),
    *("yes and", "okay so", "yes, but", "right, um", "yeah, it's just that", "good morning"),
    *("yes I suppose", "okay I guess", "maybe yes", "yes, perhaps", "could be", "yes, probably"),
    *("good question", "yes, he said", "great, another robot", "okay whatever", "that's right out"),
    *("thank you", "thanks", "please", "um", "that's all", "the right time", "for me", "it's"),
    *("yes I need to talk to a person", "okay, put me through to somebody", "yes, say that again"),
    *(
        "that's great, have a nice day",
        "okay goodbye",
        "all right, talk to you later",
        "right, I have to go",
    ),
    *("I said not to do it", "I said yes to Tuesday", "I said fine, but not at two"),
    *("if it's not too much trouble", "yes one of these days", "fine print?", "yes minister it is"),
]

HARMLESS = [
    # a question: answered or noted in the same breath
    *("yes, how long does it take?", "yes and how do I pay?", "yes. are you insured?"),
    *("yes, will he ring first?", "yes, what if I need to cancel?", "Yes! Who's coming?"),
    *("Yes. And if I'm late, can I move it?", "Yes, book it. But if I'm late can I move it?"),
    "Yes, and is the shower okay to use until then?",
    *("Will my booking be confirmed somehow? Yes, book it", "Do I need to be home? Yes, book it"),
    *(
        "Is it safe to use the kettle on the other point? And yes",
        "Yes please. And is Colin coming?",
    ),
    "Yes, book it. What about my carpet, are you paying for that?",
    *("Oh yes please. Should I clear the cupboard?", "yes please, and could I get a receipt?"),
    *("Yes, lovely, and could he bring a ladder?", "Yep, lock it in. Is there parking money?"),
    # a wish to staff
    *("yes that's fine but tell him to ring first", "yes and the gate code is 1234"),
    *("Yes, and please park behind the bakery", "Yeah, and tell him to bring his own tea"),
    *("Yes. There's a gate code, 4417 hash, and a big dog", "Yes. Just ring the bell twice"),
    *("Yes please, and ask them to take their shoes off", "Yes, and mind the step, it's broken"),
    # a remark
    *("Yes, and the dog's friendly", "Yes please, the dog's on a chain", "Yes, I'll be in all day"),
    *("Yes. As soon as you can", "Yes, book it, my husband will let you in"),
    *("Yes, and I'll put the kettle on", "Yes book that, you've been very patient"),
    *("Yes, book it in, the sooner this leak stops the better", "Yes and also I have a cat"),
    *("Yes, because the water is everywhere", "yes, and my neighbour will let him in"),
]
DOUBTS = [
    # a condition, a refusal, another time, another wish: however often it is said
    *("yes but not before ten", "yes if my wife agrees", "yes, well, no", "yes I heard you"),
    *("yes, unless it rains", "yes, once I've asked my boss", "yes, as long as it's a woman"),
    *("yes, book it, no wait", "yes, book it, but after three", "yes, book it if he's licensed"),
    *("yes, book it, only not in the morning", "yes, book it, depends on the price though"),
    *("yes, and could it be later?", "yes, and is there another day?", "yes, or the week after"),
    *("yes, or Thursday", "yes, the one after", "yes, any day but that"),
    *("yes, and I won't be home", "yes, and I'm away that week", "yes, and I can't do mornings"),
    *("yes I'll have to think about it", "yes and I'll let you know", "yes, when I'm back"),
    *("yes and then he said no", "yes and no", "yes, you keep saying that", "yes, in a minute"),
    *("yes, and I'm moving out that day", "yes, and tell him not to come before ten"),
    *("yes and cancel the other one", "yes and forget the rest", "yes, and can we swap it?"),
    *("yes, but", "yes, and", "yes, and it's not plumbing I need", "yes, isn't that a Sunday?"),
    *("yes, did I say Wednesday?", "yes, and does it have to be then?"),
]
SLIGHT_DOUBTS = [
    *(
        "Yes, I suppose",
        "yes, but my back hurts",
        "yes, what does it cost?",
        "yes and who are you?",
    ),
    *("okay, who is coming?", "yes, but which name have you got?", "yes, is that really right?"),
    *("yes darling, dinner's ready", "okay kids, be quiet", "yes, that's my taxi"),
    *("yes, and can you do it cheaper?", "great. can I pay in cash"),
]

CHINESE_ASSENTS = [
    *("对", "对的", "是", "是的", "是的，没错", "嗯", "嗯嗯", "嗯，对", "好", "好的", "好的好的"),
    *("好啊", "行", "行的", "可以", "可以的", "没问题", "没错", "正确", "确认", "我确认", "确定"),
    *("行行行，约吧，快点！", "好额，就迭能。", "可以额。"),
    *("当然可以", "就这样吧", "就这么定了", "那就这样", "好的，谢谢", "可以，谢谢您", "太好了"),
    *(
        "好，麻烦您了",
        "嗯，可以的",
        "好的，帮我预约吧",
        "就约这个时间",
        "这个时间可以",
        "OK",
        "ok的",
    ),
    *("时间没问题", "没有问题", "是这样的", "完全正确", "挺好的", "好嘞", "那好吧", "对对对"),
    *("是的，是我", "好，到时候见", "嗯，时间是对的"),
    *("是的，三月四号下午两点", "好的，就星期三", "对，下午两点", "您说得对", "我同意"),
]

CHINESE_OBJECTIONS = [
    *("要是好", "好就好", "好的，两个都要修", "是的，我弟弟在家"),
    *(
        "好的，晚一点",
        "可以，不过晚一点",
        "好，后一天吧",
        "行，第二天",
        "是的，太早了",
        "对，太晚了",
    ),
    *("好的，取消吧", "行，算了", "好吧，不用了", "好，再见", "好的，拜拜", "可以，如果便宜的话"),
    *("好的，我想想", "嗯，等一下", "好，我先问问我老婆", "可以，我看看日历", "好的，稍等"),
    *("好的，多少钱？", "可以，要多久", "嗯？你是谁", "好的，谁来？", "对吗", "好吗？", "可以吗"),
    *(
        "好的，但是我要的是保洁",
        "可以，改到四点",
        "行，那就四点",
        "好的，周四呢",
        "是的，可是我没空",
    ),
    *("好，不行", "嗯，不对", "不是", "不好", "好的，我叫李雷", "可以，地址是中山路九号"),
    *("好像是", "可能吧", "行了行了", "对了，多少钱", "好的，那个", "是的，但是", "谢谢", "麻烦您"),
    *("好的，转人工", "嗯，再说一遍", "好的，要是下雨就不来", "可以，前提是免费", "好是好"),
    *("是不是", "对不对", "好不好", "行不行", "妈，好的，马上来", "好的，孩子别闹", "随便"),
]


@pytest.mark.parametrize("words", ASSENTS)
async def test_a_turn_that_only_agrees_books(words: str) -> None:
    assert (await last_read_back().by(words)).booked


@pytest.mark.parametrize("words", OBJECTIONS)
async def test_a_turn_with_anything_beside_its_yes_books_nothing(words: str) -> None:
    answered = await last_read_back().by(words)
    assert not answered.booked
    assert answered.said


@pytest.mark.parametrize("words", DOUBTS)
async def test_a_yes_beside_a_doubt_never_books_however_often_it_is_said(words: str) -> None:
    answered = last_read_back()
    for _ in range(3):
        await answered.by(words)
        assert not answered.booked
        if answered.dialogue.mode is not Mode.CONFIRMING or answered.ending:
            break  # it was taken for another wish


@pytest.mark.parametrize("words", [*HARMLESS, *SLIGHT_DOUBTS])
async def test_a_yes_beside_what_changes_nothing_is_asked_for_once_more_and_then_taken(
    words: str,
) -> None:
    answered = await last_read_back().by(words)
    assert not answered.booked
    assert (await answered.by(words)).booked
    assert answered.dialogue.answers[Step.SERVICE] == VALUES[Step.SERVICE]


@pytest.mark.parametrize("words", CHINESE_ASSENTS)
async def test_a_turn_that_only_agrees_books_in_chinese(words: str) -> None:
    assert (await last_read_back(CHINESE).by(words)).booked


@pytest.mark.parametrize("words", CHINESE_OBJECTIONS)
async def test_a_turn_with_anything_beside_its_yes_books_nothing_in_chinese(words: str) -> None:
    answered = await last_read_back(CHINESE).by(words)
    assert not answered.booked
    assert answered.said


@pytest.mark.parametrize(
    ("business", "words"),
    [
        (SPANISH, "Sí, ¿y cuánto tarda?"),
        (SPANISH, "Sí, y dígale que llame al timbre"),
        (SPANISH, "Sí, perfecto. ¿Puede traer una escalera?"),
        (SPANISH, "Sí, resérvelo, mi marido le abre"),
        (SPANISH, "Sí, ¿se paga con tarjeta?"),
        (SPANISH, "Vale, sí, que hay mucha agua"),
        (SPANISH, "Sí, y aparque detrás"),
        (SPANISH, "Claro, cuanto antes"),
        (SPANISH, "Sí, la puerta es la verde"),
        (SPANISH, "Sí, ¿me llaman al llegar?"),
        (SPANISH, "Sí, está todo mojado"),
        (SPANISH, "Sí, ¿dan factura?"),
        (SPANISH, "Sí, es la casa azul"),
        (CHINESE, "好的，要多久？"),
        (CHINESE, "可以，家里有狗"),
        (CHINESE, "好的，让师傅按门铃"),
        (CHINESE, "对，我老公在家"),
        (CHINESE, "好的，带一把梯子"),
        (CHINESE, "行，麻烦停在后门"),
        (CHINESE, "好的，可以刷卡吗？"),
        (CHINESE, "好的，水漏得厉害"),
        (CHINESE, "好的，快点来"),
        (CHINESE, "嗯，师傅姓什么？"),
        (CHINESE, "行，钥匙在邻居那里"),
        (CHINESE, "嗯嗯，师傅有证吗？"),
    ],
)
async def test_so_a_yes_beside_what_changes_nothing_is_in_other_languages(
    business: Business, words: str
) -> None:
    answered = await last_read_back(business).by(words)
    assert not answered.booked
    assert (await answered.by(words)).booked


@pytest.mark.parametrize(
    ("business", "words"),
    [
        (SPANISH, "sí, si mi mujer puede"),
        (SPANISH, "sí, pero más tarde"),
        (SPANISH, "sí, aunque mejor otro día"),
        (SPANISH, "sí, o el jueves"),
        (SPANISH, "sí, y ese día no estaré"),
        (SPANISH, "sí, tengo que preguntar a mi jefe"),
        (SPANISH, "sí, bueno, no"),
        (SPANISH, "sí, cancele la otra"),
        (SPANISH, "sí, un momento"),
        (SPANISH, "sí, pero no antes de las diez"),
        (SPANISH, "sí, depende del precio"),
        (SPANISH, "sí, ya le digo algo"),
        (SPANISH, "sí, a lo mejor"),
        (SPANISH, "sí, ¿no es domingo?"),
        (SPANISH, "vale, luego les llamo"),
        (SPANISH, "sí, salvo que salga más caro"),
        (SPANISH, "sí, deje que lo consulte"),
        (CHINESE, "好的，要是不下雨"),
        (CHINESE, "可以，晚一点"),
        (CHINESE, "好的，不过我不在家"),
        (CHINESE, "行，或者周四"),
        (CHINESE, "好的，我先问问老公"),
        (CHINESE, "可以，取消吧"),
        (CHINESE, "嗯，那天我出差"),
        (CHINESE, "好的，不对"),
        (CHINESE, "可以，还是算了"),
        (CHINESE, "好的，等我老婆同意"),
        (CHINESE, "行，前提是免费"),
        (CHINESE, "好的，换个时间"),
        (CHINESE, "好，我没空"),
        (CHINESE, "可以，可能吧"),
        (CHINESE, "好的，最好是上午"),
        (CHINESE, "好的，我还没想好"),
    ],
)
async def test_a_yes_beside_a_doubt_never_books_in_other_languages(
    business: Business, words: str
) -> None:
    answered = last_read_back(business)
    for _ in range(3):
        await answered.by(words)
        assert not answered.booked
        if answered.dialogue.mode is not Mode.CONFIRMING or answered.ending:
            break


BESIDE_A_YES = [
    "yes, or the other one",
    "yes, but the last digit is wrong",
    "yes 345 679",
    "yes, but it's an old one",
    "yes, not the other one",
    "yes, my number is 0412 345 679, or maybe not",
    "okay, one moment",
]
"""Words that may be an objection to the number that was read back."""


@pytest.mark.parametrize("words", BESIDE_A_YES)
async def test_a_yes_with_something_beside_it_keeps_the_value_and_waits_for_its_yes(
    words: str,
) -> None:
    answered = await read_back(Step.PHONE).by(words)
    held = answered.dialogue
    assert (held.step, held.mode) == (Step.PHONE, Mode.CONFIRMING)
    assert Step.PHONE not in held.doubted | held.settled
    assert answered.confirmed == set()
    assert (await answered.by("yes")).confirmed == {Step.PHONE}


@pytest.mark.parametrize(
    "words",
    ["对，等一下", "对，但是最后一位不对", "对，最后是七"],
)
async def test_a_yes_with_something_beside_it_keeps_the_value_in_chinese(words: str) -> None:
    answered = await read_back(Step.PHONE, CHINESE).by(words)
    assert (answered.dialogue.step, answered.dialogue.mode) == (Step.PHONE, Mode.CONFIRMING)
    assert (await answered.by("对")).confirmed == {Step.PHONE}


@pytest.mark.parametrize(
    "words",
    [
        "yes. So are they licensed?",
        "Yes, what if I need to cancel?",
        "yes. I'm at work all day",
        "Yes, you can ring me any time.",
        "Yes. For the third time.",
        "Yes, that's the new one",
        "yes, the gate code is 4521",
        "Yes, I told you already.",
        "yes, my name is Robin Carter, who are you?",
        "yes 345 678",
        "yes thanks, bye",
        "yes, and you don't do Sundays?",
        "Yes, that's my mobile, I never switch it off",
        "Yes, but the line's bad out here",
        "Yes dear, and will the young man bring his own mower?",
        "yes, if you ring before six",
    ],
)
async def test_a_yes_that_goes_on_to_something_else_confirms_what_books_nothing(words: str) -> None:
    assert (await read_back(Step.PHONE).by(words)).confirmed == {Step.PHONE}


@pytest.mark.parametrize(
    "words",
    [
        *("对。那你们有没有执照？", "对，门禁密码是一二三四", "对，是这个号"),
        *("对，你们是不是不收费？", "嗯，这个号码我也不常用", "对，但是晚上打不通"),
    ],
)
async def test_a_yes_that_goes_on_confirms_what_books_nothing_in_chinese(words: str) -> None:
    assert (await read_back(Step.PHONE, CHINESE).by(words)).confirmed == {Step.PHONE}


@pytest.mark.parametrize(
    ("words", "saved"),
    [
        ("yes, 12 Elm Street, Newtown", {Step.ADDRESS: "12 Elm Street, Newtown"}),
        ("Yes. And my email is bob@example.com", {Step.EMAIL: "bob@example.com"}),
        ("yes, my name is Robin Parker", {Step.NAME: "Robin Parker"}),
        ("correct, and the address is 3 Bay Road, Ryde", {Step.ADDRESS: "3 Bay Road, Ryde"}),
    ],
)
async def test_who_says_yes_and_the_next_answer_loses_neither(
    words: str, saved: dict[Step, str]
) -> None:
    answered = await read_back(Step.PHONE).by(words)
    assert answered.confirmed == {Step.PHONE}
    assert answered.saved == saved


@pytest.mark.parametrize(
    "words",
    ["no", "no, that's wrong", "yes but the number is wrong", "wait, no", "that's not my number"],
)
async def test_a_no_still_asks_for_the_value_again(words: str) -> None:
    answered = await read_back(Step.PHONE).by(words)
    assert (answered.dialogue.step, answered.dialogue.mode) == (Step.PHONE, Mode.ASKING)
    assert answered.said.startswith("Sorry, my mistake.")


@pytest.mark.parametrize(
    ("words", "agreed"),
    [
        ("0412 345 678", True),
        ("yes, 0412 345 678", True),
        ("that's right, it's 0412 345 678", True),
        ("0412 345 678?", False),
        ("is it 0412 345 678", False),
        ("no, not 0412 345 678", False),
        ("0412 345 678 is my old one", False),
    ],
)
async def test_the_value_said_again_agrees_only_where_nothing_speaks_against_it(
    words: str, agreed: bool
) -> None:
    assert ((await read_back(Step.PHONE).by(words)).confirmed == {Step.PHONE}) is agreed


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("yes but I need an electrician not a plumber", "Electrical"),
        ("sure, but it's the cleaning I need", "Cleaning"),
    ],
)
async def test_another_service_instead_of_a_yes_is_taken_and_the_time_read_back_again(
    words: str, value: str
) -> None:
    answered = await last_read_back().by(words)
    assert answered.dialogue.answers[Step.SERVICE] == value
    assert (answered.dialogue.mode, answered.dialogue.pending) == (Mode.CONFIRMING, MOMENT)


@pytest.mark.parametrize("words", ["Is that all right?", "good morning", "yes, my taxi is here"])
async def test_what_is_neither_a_yes_nor_a_no_does_not_lose_the_time(words: str) -> None:
    assert (await last_read_back().by(words)).dialogue.pending == MOMENT


@pytest.mark.parametrize("words", ["what if I need to cancel?", "how do I cancel later?"])
async def test_who_asks_about_calling_off_has_not_called_off(words: str) -> None:
    assert (await last_read_back().by(words)).ending is None


@pytest.mark.parametrize(
    "words", ["yes please cancel", "ok forget it", "can you cancel it please?"]
)
async def test_who_calls_off_is_believed_whatever_stands_before_it(words: str) -> None:
    answered = await last_read_back().by(words)
    assert not answered.booked
    assert answered.dialogue.pending is None or answered.ending
    assert answered.dialogue.mode in (Mode.CLOSING, Mode.ENDED)


@pytest.mark.parametrize(
    ("business", "words", "step"),
    [
        (ENGLISH, "yes, but you've got my name wrong", Step.NAME),
        (ENGLISH, "no, the e-mail address is wrong", Step.EMAIL),
        (ENGLISH, "yes but the street number isn't right", Step.ADDRESS),
        (CHINESE, "时间可以，但名字不对", Step.NAME),
        (CHINESE, "名字不对", Step.NAME),
        (ENGLISH, "no, the time is wrong", Step.TIME),
    ],
)
async def test_a_no_asks_again_for_the_field_that_it_names(
    business: Business, words: str, step: Step
) -> None:
    answered = await last_read_back(business).by(words)
    assert (answered.dialogue.step, answered.dialogue.mode) == (step, Mode.ASKING)
    assert (answered.dialogue.pending is None) is (step is Step.TIME)


async def test_once_the_other_field_is_mended_the_time_is_read_back_again() -> None:
    answered = await last_read_back().by("yes, but you've got my name wrong")
    await answered.by("It's Robin Parker")
    assert (answered.dialogue.mode, answered.dialogue.pending) == (Mode.CONFIRMING, MOMENT)
    assert answered.dialogue.answers[Step.NAME] == "Robin Parker"
    assert (await answered.by("yes")).booked
