"""What callers say about when, and the free times that they are offered for it.

Each row is what the caller says, turn by turn, after "which day and time would suit you?", and the
times that may then be offered. Today is Monday, the 30th of November 2026, at noon; every hour from
7 am to 8 pm is free, on every day.

    wed 10-12     the coming Wednesday, beginning from ten until before twelve; one is offered
    tue2, d10     Tuesday of next week; the 10th of December        any   every day
    fri 9         Friday at nine             ?wed 18-21   it may be offered, and need not be
    !thu 14       nothing at two on Thursday                        !fri*   no Friday at all
    sun ?         only the hour of Sunday is still asked for
    chosen        one of the times offered before is read back
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.collect.conversation import VALUES
from tests.collect.scene import Scene
from voicebot.business import WEEKDAYS, load_business
from voicebot.call import FIELDS, CallState, Step
from voicebot.collect.dialogue import Dialogue, Mode
from voicebot.collect.events import Event, Free, Inquire, Look, Placed, Reserve
from voicebot.collect.resuming import begin
from voicebot.ledger import Place
from voicebot.store.free_times import nearest, spread

NOW = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 30)
DEMO = load_business(None)
OPENS, CLOSES, MOST = 7, 21, 3
AGREED = timedelta(days=60)

ENGLISH = [
    ("Wednesday, only not first thing, I'm useless before ten", "wed 10-21"),
    ("Anything but the morning on Thursday", "thu 12-21"),
    ("Friday the 4th, but later than two please", "fri 14-21"),
    ("Not tomorrow, the day after", "wed ?"),
    ("Not Wednesday. Thursday afternoon", "thu 12-18"),
    ("Tomorrow's no good, Thursday's no good either, Friday morning's fine", "fri 7-12"),
    ("Monday's my mum's birthday, so Tuesday week after lunch", "tue2 13-21"),
    ("I've got the physio at ten on Wednesday, otherwise Wednesday is good", "wed 7-21, !wed 10"),
    (
        "Any afternoon this week, except I've got choir at two on Thursday",
        "week 12-18, !thu 14",
    ),
    ("Thursday, but I'm picking up the kids at three", "thu 7-21, !thu 15"),
    ("Tuesday the 8th, I work till four so after that", "tue2 16-21"),
    ("Saturday, but the baby naps from one to three", "sat 7-21, !sat 13-15"),
    ("Saturday | any time, just not before nine", "sat 9-21"),
    ("This Friday please | Oh, some time in the afternoon, not after four", "fri 12-16:01"),
    ("next Wednesday | between ten and twelve", "wed2 10-12"),
    ("On the tenth | Ten or eleven in the morning", "d10 10, d10 11"),
    ("Sunday | Doesn't matter, but the footy starts at two", "sun 7-21, !sun 14"),
    ("How about Friday at half past one or two", "fri 13:30-14:01"),
    ("Would Thursday at eleven work?", "thu 11"),
    ("Eight on Friday the fourth?", "fri 8, fri 20"),
    ("Saturday the fifth, ten or half ten", "sat 10-10:31"),
    ("Is nine on Wednesday okay with you? Nine then", "wed 9"),
    ("What's the earliest you can do after two?", "any 14-21"),
    ("What's your first free morning?", "any 7-12"),
    ("Sunday morning at ten, or Saturday if you don't work Sundays", "sun 10, sat 7-21"),
    ("Would you do Saturday? Around eleven", "sat 11"),
    ("Any time Thursday or Friday, but after three, he works early", "thu 15-21, fri 15-21"),
    ("Friday the fourth, morning, key I give back at two", "fri 7-12"),
    ("Is one bedroom only. Friday in the morning.", "fri 7-12"),
    ("Thursday at eight in the morning | Can't it be eleven?", "thu 11"),
    ("Thursday at eight in the morning | Eight's too early, couldn't he come at ten?", "thu 10"),
    ("Thursday at eight in the morning | Isn't there anything later?", "thu 9-21"),
    ("Thursday at eight in the morning | Haven't you got Friday at ten?", "fri 10"),
    ("Thursday at eight in the morning | Or is there nine o'clock?", "thu 9"),
    ("Thursday at eight in the morning | I can't do eleven", "thu 7-21, !thu 11"),
    ("The fifteenth, if you can manage the morning", "d15 7-12"),
    ("End of next week, Thursday or Friday", "thu2 7-21, fri2 7-21"),
    ("next Monday or Tuesday", "mon 7-21, tue2 7-21"),
    ("next Thursday or Friday afternoon", "thu2 12-18, fri2 12-18"),
    (
        "Thursday at two | Hang on, no, Thursday's the school concert. Friday, same time",
        "fri 14",
    ),
    (
        "Wednesday at ten | Oh wait, I'm in town on Wednesday. Saturday instead, same time",
        "sat 10",
    ),
    ("Friday at nine | Actually can we make it an hour later?", "fri 10"),
    ("@It has to be done by four, on Thursday", "thu 7-14:01"),
    ("@Friday, but they need to be out of here by three", "fri 7-13:01"),
    ("@Tomorrow, and finished before noon", "tue 7-10:01"),
    ("Thursday morning | Eight's good", "thu 8"),
    ("Tomorrow afternoon | Four, thanks", "tue 16"),
    ("Friday morning | Nine", "fri 9"),
    ("Any day this week | You choose", "chosen"),
    ("Thursday or Friday afternoon | Whichever's earliest", "chosen"),
    ("next week some time | Just give me the first one", "chosen"),
    ("Wednesday | the later the better", "wed 15-21"),
    ("Wednesday morning please | No, not that early", "wed 8-21"),
    ("I'm easy, but not Wednesday or Thursday", "any 7-21, !wed, !thu"),
    ("Any day except Friday and the weekend", "any 7-21, !fri*, !sat*, !sun*"),
    ("Mornings only, and never on a Tuesday", "any 7-12, !tue*"),
    ("Thursday or Friday, but Friday only in the morning", "thu 7-21, fri 7-12"),
    ("Wednesday after three or Thursday before ten", "wed 15-21, thu 7-10"),
    ("Friday morning or Saturday afternoon", "fri 7-12, sat 12-18"),
    ("Tuesday the eighth but not at nine, the cleaner comes then", "tue2 7-21, !tue2 9"),
    ("Not at eight, that's school run. Wednesday at ten", "wed 10"),
    (
        "Let me see, Tuesday I've got bridge, Wednesday it's the library, Friday then, in the "
        "morning",
        "fri 7-12",
    ),
    ("Tuesdays and Thursdays I look after my grandson, any other day", "any 7-21, !tue*, !thu*"),
    ("My husband's home Thursday and Friday, so one of those", "thu 7-21, fri 7-21"),
    ("I finish work at three, any day this week after that", "week 15-21"),
    ("I'm at the hospital Wednesday morning, the afternoon would be okay", "wed 12-18"),
    ("I can be here Thursday until two", "thu 7-14"),
    ("Saturday up to eleven o'clock", "sat 7-11"),
    ("From nine on Friday", "fri 9-21"),
    ("Any time Thursday but I've got a Zoom from eleven till twelve", "thu 7-21, !thu 11-12"),
    ("Thursday | no, make that Friday, afternoon", "fri 12-18"),
    ("not before Wednesday | and only in the evening", "any 17-21, !tue"),
    (
        "any afternoon | oh, but not this week",
        "any 12-18, !mon0, !tue, !wed, !thu, !fri, !sat, !sun",
    ),
    ("Friday's fine | late in the day if you can", "fri 15-21"),
    ("Tomorrow | after school pick-up, so half three or four", "tue 15:30-16:01"),
    ("Wednesday, but not in the afternoon", "wed 7-12, ?wed 18-21"),
    ("Can't do Friday, can't do Saturday, Sunday's all right", "sun ?"),
    ("Thursday's out. What about Friday at three?", "fri 15"),
    ("Six tomorrow evening or seven on Wednesday evening", "tue 18, wed 19"),
    ("Whenever, as long as it's not a Monday or before eight", "any 8-21, !mon*"),
    ("At noon on Sunday? Or one?", "sun 12, sun 13"),
    ("Early next week, not Monday", "tue2 7-21, wed2 7-21"),
    ("In the morning, any weekday but Wednesday", "any 7-12, !wed*, !sat*, !sun*"),
    ("The 11th or the 12th, not before ten", "d11 10-21, d12 10-21"),
    ("I'd say Thursday, no hang on, Friday, no, Thursday, after four", "thu 16-21"),
    ("I was going to say Wednesday but Friday's better, about two", "fri 14"),
    ("Saturday at three | Three's no good after all. Four", "sat 16"),
    ("Wednesday afternoon | Not Wednesday, sorry, Thursday afternoon", "thu 12-18"),
    ("Tuesday or Thursday next week, mornings", "tue2 7-12, thu2 7-12"),
    ("I work nights so nothing before midday", "any 12-21"),
    ("Any weekday after the school run, so nine thirty on", "any 9:30-21, !sat*, !sun*"),
    ("We're away until Thursday, so after that", "any 7-21, !mon0, !tue, !wed"),
    ("I'm away from Thursday to Sunday, otherwise whenever", "any 7-21, !thu, !fri, !sat, !sun"),
    ("I'm around all day Saturday but the plumber's mate comes at ten", "sat 7-21, !sat 10"),
    ("next week | not Tuesday | mornings", "week2 7-12, mon 7-12, !tue2"),
    ("next week | Tuesday | ten", "tue2 10"),
    ("any day | after work, six-ish", "any 18"),
    ("could you do tomorrow before the kids get home at three", "tue 7-14:01"),
    ("tomorrow, but I need to leave at eleven", "tue 7-10:01"),
    ("tomorrow I'm out till two", "tue 14-21"),
    ("Wednesday? | What times have you got then?", "wed 7-21"),
    ("any day | not so early | the Wednesday one", "wed 11"),
    ("Saturday morning, about ten, or Sunday if you come Sundays", "sat 10, sun 7-21"),
    ("Monday at ten | Wait, Monday's my sister's thing. Tuesday the eighth, same time", "tue2 10"),
    ("Only home Tuesdays and Thursdays, mornings, but not this Thursday", "any 7-12, !thu"),
    ("Not this Thursday, tomorrow's too soon, next Tuesday morning then", "tue2 7-12"),
    ("Thursday morning | can't do seven or eight", "thu 9-12"),
    ("Saturday's best but Sunday will do", "sat 7-21, sun 7-21"),
    ("I'd rather not have Monday", "any 7-21, !mon*"),
    ("Sat arvo or Sun morn", "sat 12-18, sun 7-12"),
    ("Thursday, before ten or after three", "thu 7-10, thu 15-21"),
    ("Thursday? No, Thursday I'm babysitting. Friday", "fri 7-21"),
    ("can't do this week at all", "any 7-21, !mon0, !tue, !wed, !thu, !fri, !sat, !sun"),
    ("my wife is home on Thursday so Thursday afternoon", "thu 12-18"),
    ("not Tuesday, not Wednesday, and Thursday only after three", "thu 15-21"),
    ("@Friday, it must be finished by eight", "any 7-21"),
    ("Friday at ten, but not this Friday, the one after", "fri2 10"),
    ("the twelfth or thirteenth, but the thirteenth only before noon", "d12 7-21, d13 7-12"),
    (
        "Whenever suits, but he naps from one to three, so not then, and Wednesdays he has physio",
        "any 7-21, !any 13-15, !wed*",
    ),
    ("any day, but she sleeps from nine to eleven", "any 7-21, !any 9-11"),
    ("Thursday, but not in the afternoon, from one to three", "thu 7-21, !thu 13-15"),
    ("Thursday, but before ten doesn't suit me", "thu 10-21"),
    (
        "Not this month. First week of next month, Tuesday or Wednesday, not before ten and "
        "not after noon",
        "tue 10-12:01, wed 10-12:01",
    ),
    ("Friday, not after 3 pm and not before ten", "fri 10-15:01"),
    ("No no, December! The ninth or the tenth, between ten and noon", "d9 10-12:01, d10 10-12:01"),
    ("second week of December, a Thursday at ten", "d10 10"),
    ("the ninth or the tenth of December, mornings", "d9 7-12, d10 7-12"),
    ("a Wednesday in the third week of December, two o'clock", "d16 14"),
    ("Friday, after two is no good", "fri 7-14:01"),
    ("Friday, but nap time's one to three, so not then", "fri 7-21, !fri 13-15"),
    ("Friday, only avoid two to four", "fri 7-21, !fri 14-16"),
    ("Friday, but we can't have anyone between twelve and two", "fri 7-21, !fri 12-14"),
    ("Friday, it's no good for us before eleven", "fri 11-21"),
    ("Tomorrow's bad, the day after tomorrow's bad as well", "any 7-21, !tue, !wed"),
    ("Wednesdays are out, and Thursday she has swimming at four", "any 7-21, !wed*, !thu 16"),
    ("Three's when I knock off. Tomorrow, four would do it", "tue 16"),
    ("Wednesday morning | give me eleven", "wed 11"),
    ("Wednesday morning | the nine one, and does it cost extra today?", "wed 9"),
    ("if I pay today is it cheaper? Friday at ten", "fri 10"),
    ("Friday morning | can you do it at eleven?", "fri 11"),
    ("Tomorrow at seven's too early for me teeth. Nine", "tue 9"),
    ("Thursday at eight is no good, nine", "thu 9"),
    ("Wednesday at two won't work, three would", "wed 15"),
    ("Friday at four? No, four's a bit late. Two", "fri 14"),
    ("Monday's nice, after my serial, that's three o'clock", "mon 15-21"),
    ("Thursday's lovely, after my programme, that's four", "thu 16-21"),
    ("Tuesday week is grand, before the kids get home, that's three", "tue2 7-14:01"),
    ("Friday at ten. Is that a public holiday?", "fri 10"),
    ("Tomorrow's no good, bowls. Day after.", "wed ?"),
    ("Friday's useless. The next day?", "sat ?"),
    ("Not Thursday, the day before", "wed ?"),
    ("Wednesday's bowls so no. Anything else", "any 7-21, !wed*"),
    ("Not Wednesday, I've bowls on a Wednesday. What else is there?", "any 7-21, !wed*"),
    ("Not Wednesday. Well, Wednesday evening would be okay", "wed 17-21"),
    ("No Fridays please", "any 7-21, !fri*"),
    ("Skip Wednesday, any other day", "any 7-21, !wed"),
    ("When have you got?", "any 7-21"),
    ("Thursday. Seven's a bit early but okay, yeah", "thu 7"),
    ("Thursday. Seven's a bit early but seven's fine", "thu 7"),
    ("Friday. Eight's late for me, but I'll manage", "fri 20"),
    ("Tomorrow, at half past of four", "tue 16:30"),
    ("the 25th of December at ten | the day before, the twenty-fourth, in the morning", "d24 7-12"),
    ("Starting the fourteenth of December, at nine", "d14 9"),
    ("Starting Thursday, any time", "any 7-21, !tue, !wed"),
    ("Tuesday the 8th at two | Actually what about Thursday, is three free Thursday?", "thu2 15"),
    ("Thursday the 10th at nine in the morning | make it half nine", "thu2 9:30"),
    ("next Monday, but I've mass until half ten, so after that", "mon 10:30-21"),
    ("I have my hair on Thursday morning, so after that, say half past two?", "thu 14:30"),
    ("Tomorrow? No, tomorrow's the doctor. The day after, in the morning.", "wed 7-12"),
    ("I'm on nights, so after three in the arvo suits", "any 15-18"),
    ("I said after half ten, love. Eleven o'clock Friday?", "fri 11"),
    ("Friday, but nine rather than seven, and is there time for the gutters after?", "fri 9"),
    ("Saturday... no, Noah's got swimming. Sunday morning, nine-ish?", "sun 9"),
    ("Thursday afternoon | same time but Friday", "fri 12-18"),
    ("Friday at two | And how long? Because I've got to fetch the kids at four", "fri 14"),
    ("Friday at two | Because I fetch the kids at half past two", "fri 7-21, !fri 14"),
    ("six in the evening any day", "any 18"),
    ("Can somebody come when it's dark, after work? Any weeknight.", "any 17-21, !sat, !sun"),
    ("Thursday after work", "thu 17-21"),
    ("Saturday, late morning.", "sat 10-12"),
    ("What have you got Saturday late morning?", "sat 10-12"),
    ("Any day but Monday, late morning", "any 10-12, !mon"),
    ("not before nine please, I do nights", "any 9-21"),
    ("Saturday | Morning-ish. Not before nine, I like my sleep in", "sat 9-12"),
    ("any day this week | I can't do mornings | nor Wednesdays", "week 12-21, !wed"),
    ("Mondays and Thursdays | Thursday early", "thu 7-11"),
    ("Friday at three | Hang on, let me check... He says four is better", "fri 16"),
    ("Thursday at eleven | no no no, the week after", "thu2 11"),
    ("Sunday at nine at night | eight then", "sun 20, mon 8"),
    ("Whatever's going, love | tomorrow's too quick for me. Thursday, any time", "thu 7-21"),
    ("Thursday at half one | Thursday yes, half one no", "thu 7-21, !thu 13:30"),
    ("Thursday at nine | Nine? I said five!", "thu 17"),
    ("any day | Thursday and Friday I'm away", "any 7-21, !thu, !fri"),
    ("I'm not working Friday, so any time then", "fri 7-21"),
    ("I can't before Thursday and I'm away on Saturday", "any 7-21, !mon0, !tue, !wed, !sat"),
    ("Friday at ten | On second thoughts, eleven", "fri 11"),
    ("Friday at ten | Eleven would suit me better", "fri 11"),
    ("Friday at ten | yes, and I'll leave for work at noon", "fri 10"),
    ("Is Wednesday afternoon a possibility?", "wed 12-18"),
    ("Friday. But not the crack of dawn", "fri 11-21"),
    ("first thing tomorrow, he's off to work at nine", "tue 7-9"),
    ("yesterday was the day but never mind. Tomorrow?", "tue ?"),
    ("tomorrow at two | What have you got on Wednesday? | No, leave it at tomorrow then", "tue 14"),
]
CHINESE = [
    ("明天上午十点以后都可以", "tue 10-21"),
    ("后天下午三点之前都行", "wed 12-15"),
    ("周四不行，周五下午吧", "fri 12-18"),
    ("这周五，但是上午不行", "fri 12-21"),
    ("周三周四都可以，周四上午除外", "wed 7-21, thu 12-21"),
    ("除了周三，哪天都行", "any 7-21, !wed*"),
    ("周六吧，不过我两点要接孩子", "sat 7-21, !sat 14"),
    ("下周二或者下周三上午", "tue2 7-12, wed2 7-12"),
    ("周五 | 下午，四点以前", "fri 12-16"),
    ("周日 | 几点都行，别太早", "sun 9-21"),
    ("明天 | 三点或者四点", "tue 15, tue 16"),
    ("周四下午 | 三点吧", "thu 15"),
    ("周四下午三点 | 不行，周四有事。改周五，同样的时间", "fri 15"),
    ("最早什么时候能来？下午的", "any 12-18"),
    ("@周三下午五点前要弄完", "wed 12-15:01"),
    ("这周都行 | 随便，你定", "chosen"),
    ("不要早上，晚上六点以后，周四或周五", "thu 18-21, fri 18-21"),
    ("我每天九点上班，周末吧，上午", "sat 7-12, sun 7-12"),
    ("周三我要去医院，周四十点怎么样？", "thu 10"),
    ("不是这周四，是下周四下午", "thu2 12-18"),
    ("下周，除了周一", "week2 7-21, !mon"),
    ("周四上午 | 不要太早", "thu 11"),
    ("周二周四不行，其他时间都可以", "any 7-21, !tue*, !thu*"),
    ("周五上午十点 | 不行，十点我有课，下午三点", "fri 15"),
    ("我下午三点下班，之后都可以", "any 15-21"),
    ("大后天下午，三点之前不行", "thu 15-21"),
    ("周五五点以后不行", "fri 7-17:01"),
    ("周五，一点到三点吃饭，别那时候", "fri 7-21, !fri 13-15"),
    ("周五，不过老人一点到三点午睡", "fri 7-21, !fri 13-15"),
    ("十二月第二周，周三或者周四", "d9 7-21, d10 7-21"),
    ("十二月九号或十号上午", "d9 7-12, d10 7-12"),
    ("周四之前不行，上午", "any 7-12, !tue, !wed"),
    ("我明天上午要去医院，下午两点以后在家，但是三点到四点要接孙子", "tue 14-21, !tue 15-16"),
    ("明天随便什么时候，除了中午十二点到两点", "tue 7-21, !tue 12-14"),
    ("周四上午 | 有没有周五上午的", "fri 7-12"),
    ("周六上午十点左右有没有?", "sat 10"),
    ("周五下午三点前后有没有空", "fri 15"),
    ("明天不行，后天吧", "wed ?"),
    ("周四不行，第二天吧", "fri ?"),
    ("周三别来，我打太极。其他都行", "any 7-21, !wed*"),
    ("周四。七点太早了，不过也行", "thu 7"),
]
SPANISH = [
    ("Mañana, pero después de las cuatro", "tue 16-21"),
    ("El jueves, pero no a primera hora", "thu 9-21"),
    ("El viernes o el sábado, el sábado solo por la mañana", "fri 7-21, sat 7-12"),
    ("El miércoles no puedo, el jueves por la tarde", "thu 12-21"),
    ("Cualquier día menos el viernes", "any 7-21, !fri*"),
    ("Por la mañana no, por la tarde, el miércoles", "wed 12-21"),
    ("La semana que viene, menos el lunes", "week2 7-21, !mon"),
    ("El sábado | a partir de las diez", "sat 10-21"),
    ("El jueves | a las diez o a las once", "thu 10, thu 11"),
    ("El viernes por la mañana | A las nueve", "fri 9"),
    (
        "El viernes a las diez | No, espere, el viernes no puedo. El sábado a la misma hora",
        "sat 10",
    ),
    ("¿Puede ser el viernes a las tres?", "fri 15"),
    ("Tengo médico el jueves a las once, el resto del jueves bien", "thu 7-21, !thu 11"),
    ("@El viernes, tiene que estar terminado antes de las dos", "fri 7-12:01"),
    ("Esta semana | La que usted quiera", "chosen"),
    ("Lo antes posible, pero por la tarde", "any 12-21"),
    ("Ni el martes ni el miércoles, otro día", "any 7-21, !tue*, !wed*"),
    ("El jueves entre las diez y las doce", "thu 10-12"),
    ("El miércoles por la tarde o el jueves por la mañana", "wed 12-21, thu 7-12"),
    ("El sábado no, mejor el domingo por la mañana", "sun 7-12"),
    ("Los jueves no puedo, los demás días sí", "any 7-21, !thu*"),
    ("El jueves a partir de las cuatro, pero tienen que acabar a las ocho", "thu 16-21"),
    ("El jueves por la mañana tengo médico, por la tarde sí puedo", "thu 12-21"),
    ("Entre el miércoles y el viernes, después de comer", "wed 13-21, thu 13-21, fri 13-21"),
    ("El viernes, pero de dos a cuatro no puedo", "fri 7-21, !fri 14-16"),
    (
        "Cuando pueda, hija, pero que no sea por la siesta, de tres a cinco",
        "any 7-21, !any 15-17",
    ),
    ("cuanto antes el jueves", "thu 7-21"),
    ("El viernes, antes de las tres no puedo", "fri 15-21"),
    ("La segunda semana de diciembre, miércoles o jueves", "d9 7-21, d10 7-21"),
    ("¡Diciembre! El nueve o el diez, entre diez y doce", "d9 10-12:01, d10 10-12:01"),
    ("El jueves | que no sea por la tarde", "thu 7-14, ?thu 20-21"),
    (
        "Mañana por la mañana tengo médico, a partir de las dos estoy en casa, "
        "pero de tres a cuatro recojo a los nietos",
        "tue 14-21, !tue 15-16",
    ),
    ("Pasado mañana por la tarde, menos a las cinco", "wed 14-20, !wed 17"),
    ("El jueves por la tarde, porque por la mañana la llevo al médico", "thu 14-20"),
    ("El jueves | ¿no hay el viernes por la mañana?", "fri 7-12"),
    ("El jueves por la mañana | el primero no, el segundo", "thu 8-12"),
    ("El viernes no, el día siguiente", "sat ?"),
    ("El jueves. Las siete es un poco pronto, pero vale", "thu 7"),
    ("Antes de Nochebuena, y mejor a partir del veinte", "any 7-21, !tue, !wed, !thu, !fri"),
]
CALLERS = [
    *(("en", *row) for row in ENGLISH),
    *(("zh-CN", *row) for row in CHINESE),
    *(("es", *row) for row in SPANISH),
]


class Calendar(Scene):
    """A call at the question "when?", with a calendar in which every hour is free."""

    def _answer(self, inquiry: Inquire) -> Event:
        self.asked.append(inquiry.request)
        match inquiry.request:
            case Reserve() as request:
                return Placed(request, Place.YOURS, inquiry.said)
            case Look(window, near, without) as request:
                hours = range(OPENS, CLOSES)
                every = (
                    datetime.combine(TODAY + timedelta(days=n), time(hour), DEMO.zone)
                    for n in range(AGREED.days)
                    for hour in hours
                )
                length = DEMO.minutes(request.service)
                left = [
                    at
                    for at in every
                    if at > NOW and at not in without and window.allows(at, length)
                ]
                found = nearest(left, near, MOST) if near else spread(left, MOST)
                found = left[:MOST] if window.soonest and not near else found
                return Free(request, tuple(sorted(found)), inquiry.said)
            case _:
                return super()._answer(inquiry)


def asked_when(language: str, service: str) -> Calendar:
    """A call in which everything but the time is told."""
    business = DEMO.model_copy(update={"language": language})
    known: dict[Step, str] = {step: VALUES[step] for step in FIELDS if step is not Step.TIME}
    confirmed = frozenset({Step.PHONE, Step.EMAIL})
    held = replace(begin(business, CallState()), answers=known, confirmed=confirmed)
    return Calendar(
        replace(held, answers={**known, Step.SERVICE: service}, step=Step.TIME), now=NOW
    )


@dataclass(frozen=True)
class Stretch:
    """The times of one term of a row."""

    days: frozenset[date] | None
    since: time = time(0)
    until: time | None = None

    def holds(self, at: datetime) -> bool:
        there = self.days is None or at.date() in self.days
        last = self.until or time(23, 59)
        return there and (at.time() == self.since or self.since <= at.time() < last)


def stretch(term: str) -> Stretch:
    """Return the times that a term such as "thu2 10-12" or "!fri*" stands for."""
    name, _, hours = term.lstrip("!?").partition(" ")
    since, _, until = hours.partition("-")
    first = _clock(since) if since else time(0)
    last = _clock(until) if until else None if not hours else first
    return Stretch(_days(name), first, last)


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute or 0))


def _days(name: str) -> frozenset[date] | None:
    if name == "any":
        return None
    if name in ("week", "week2"):
        first = 0 if name == "week" else 7
        return frozenset(TODAY + timedelta(days=n) for n in range(first, first + 7))
    if name[0] == "d":
        return frozenset({date(2026, 12, int(name[1:]))})
    weekday = next(n for n, each in enumerate(WEEKDAYS) if each.startswith(name[:3]))
    first_days = weekday or (0 if name.endswith("0") else 7)
    first_days += 7 * name.endswith("2")
    times = range(10) if name.endswith("*") else range(1)
    begins = first_days % 7 if name.endswith("*") else first_days
    return frozenset(TODAY + timedelta(days=begins + 7 * n) for n in times)


def proposed(held: Dialogue) -> list[datetime]:
    """Return the moments that the caller may now take."""
    values = [held.pending] if held.pending else held.offered
    return [datetime.fromisoformat(value) for value in values]


def fault(held: Dialogue, before: Dialogue, expected: str) -> str:
    """Return what is wrong with the times now proposed; empty where nothing is."""
    if expected == "chosen":
        return "" if held.pending in before.offered else f"{held.pending} was not offered"
    if expected.endswith("?"):
        (day,) = _days(expected.split()[0]) or frozenset({TODAY})
        return "" if held.partial == f"{day}" and held.mode is Mode.ASKING else "it has no day"
    terms = expected.split(", ")
    allowed = [stretch(term) for term in terms if term[0] != "!"]
    banned = [stretch(term) for term in terms if term[0] == "!"]
    moments = proposed(held)
    for at in moments:
        if any(each.holds(at) for each in banned) or not any(each.holds(at) for each in allowed):
            return f"{at:%a %d %H:%M} was not wanted"
    needed = [stretch(term) for term in terms if term[0] not in "!?"]
    left_out = [each for each in needed if not any(each.holds(at) for at in moments)]
    return f"nothing for {left_out[0]}" if left_out else ""


def played(language: str, says: str) -> tuple[Dialogue, Dialogue, str]:
    """Return the dialogue after a row's turns, the one before the last, and what the bot says."""
    scene = asked_when(language, "Cleaning" if says.startswith("@") else "Plumbing")
    before, answer = scene.dialogue, ""
    for turn in says.lstrip("@").split(" | "):
        before = scene.dialogue
        answer = scene.hears(turn)
    return scene.dialogue, before, answer


@pytest.mark.parametrize(("language", "says", "expected"), CALLERS)
def test_what_is_offered_is_what_was_wished_for(language: str, says: str, expected: str) -> None:
    held, before, answer = played(language, says)
    assert fault(held, before, expected) == "", answer
