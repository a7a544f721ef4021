import pytest

from voicebot.call import Step
from voicebot.collect.understanding import Intent
from voicebot.collect.understanding.intents import intent_of


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("yes please", Intent.YES),
        ("nope", Intent.NO),
        ("I'd rather not say", Intent.REFUSAL),
        ("I don't have an email", Intent.REFUSAL),
        ("can we skip this one", Intent.REFUSAL),
        ("I can't remember it", Intent.DONT_KNOW),
        ("no idea, sorry", Intent.DONT_KNOW),
        ("I'm not sure", Intent.UNSURE),
        ("whenever suits you", Intent.NO_PREFERENCE),
        ("what do you need that for", Intent.QUESTION),
        ("do you do gutters?", Intent.QUESTION),
        ("sorry, can you repeat that?", Intent.REPEAT),
        ("pardon", Intent.REPEAT),
        ("what?", Intent.REPEAT),
        ("you're breaking up", Intent.REPEAT),
        ("could you talk more slowly", Intent.SPEAK_SLOWER),
        ("hang on a second", Intent.HOLD),
        ("let me grab my diary", Intent.HOLD),
        ("can I speak to a real person", Intent.HUMAN),
        ("I don't know, put me through to someone else", Intent.HUMAN),
        ("never mind", Intent.CANCEL),
        ("I've changed my mind", Intent.CHANGE_OF_MIND),
        ("are you a robot", Intent.BOT_CHALLENGE),
        ("this is taking forever", Intent.COMPLAINT),
        ("hello there", Intent.GREETING),
        ("bye then", Intent.GOODBYE),
        ("thank you", Intent.THANKS),
        ("um", Intent.NOTHING),
        ("", Intent.NOTHING),
        ("the kettle is on", None),
    ],
)
def test_intents_are_told_apart(said: str, intent: Intent | None) -> None:
    assert intent_of(said) is intent


def test_a_wish_for_any_service_names_none() -> None:
    assert intent_of("I need to book an appointment", Step.SERVICE) is Intent.NO_SERVICE_NAMED
    assert intent_of("none of these", Step.SERVICE) is Intent.NO_SERVICE_NAMED
