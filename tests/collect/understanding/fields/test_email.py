from datetime import datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.collect.understanding.spoken_forms import digit_by_digit, two_digits
from voicebot.call import Step
from voicebot.collect.understanding import (
    Asked,
    Correct,
    Missing,
    Provide,
    Reading,
    Situation,
    read,
)

NOW = datetime(2026, 11, 23, 9)


def reading(text: str, **situation: object) -> Reading:
    return read(text, Situation(Step.EMAIL, NOW, **situation))  # type: ignore[arg-type]


def found_in(text: str, **situation: object) -> Provide | None:
    acts = reading(text, **situation).acts
    return next((act for act in acts if isinstance(act, Provide) and act.step is Step.EMAIL), None)


def heard(text: str, partial: str | None = None, **situation: object) -> str | None:
    act = found_in(text, partial=partial, **situation)
    return act.value if act else None


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ruth dot okafor at example dot com", "ruth.okafor@example.com"),
        ("Ruth. dot Okafor at example dot com", "ruth.okafor@example.com"),
        ("r_o-k@example.com", "r_o-k@example.com"),
        ("R-O-K@example.com", "rok@example.com"),
        ("o'hara@example.com", "o'hara@example.com"),
        ("ruth double o seven at example dot com", "ruth007@example.com"),
        ("romeo oscar dot kilo at example dot com", "ro.k@example.com"),
        ("I can't sign in with ruth.o@example.com", "ruth.o@example.com"),
        ("ruth okafor with no spaces at example dot com", "ruthokafor@example.com"),
        ("two words ruth okafor at example dot com", "ruthokafor@example.com"),
        ("r dot plus dot o underscore two at example dot com", "r.plus.o_2@example.com"),
        ("ruth plus the word plus at example dot com", "ruth+plus@example.com"),
        ("x-ray dot P L U S dot yankee at example dot com", "x.plus.y@example.com"),
        ("r dot hotel at example dot com", "r.hotel@example.com"),
        ("my first initial r then okafor at example dot com", "rokafor@example.com"),
        ("it's contact at okafor dot com", "contact@okafor.com"),
        ("ruth at example dot com sorry dot co dot uk", "ruth@example.co.uk"),
        ("ruth okafor, ruth dot okafor at example dot com", "ruth.okafor@example.com"),
        ("ruth.okafor@example.com.", "ruth.okafor@example.com"),
        ("R. Okafor at example.com", "rokafor@example.com"),
        ("45 High Street, Windsor. r dot okafor at example dot com", "r.okafor@example.com"),
        ("ruth dot okafur. O. K-A-F-O-R, at example dot com", "ruth.okafor@example.com"),
        ("robb 88, that's double b, at gmail dot com", "robb88@gmail.com"),
        ("ruth dot okaffor, two Fs in the middle, at example dot com", "ruth.okaffor@example.com"),
        ("r okafor, no hyphen, no apostrophe, at example dot com", "rokafor@example.com"),
        ("It's ruthie twelve at example dot net. Ruthie is R U T H Y", "ruthy12@example.net"),
        ("ruth dot okafor at, what's it, the Google one. Gmail.", "ruth.okafor@gmail.com"),
        ("rokafor, then the at sign, then gmail dot com", "rokafor@gmail.com"),
        ("rokafor gmail dot com", "rokafor@gmail.com"),
        ("ruth@mail.com", "ruth@mail.com"),
        ("ruth at mail dot example", "ruth@mail.example"),
        ("tina at tina's dot com, T I N A S", "tina@tinas.com"),
        ("r dot okafor, that's O K A F O R, at example dot com", "r.okafor@example.com"),
        ("rokafor at gmail, you know, the usual, dot com", "rokafor@gmail.com"),
        ("rokafor nine nine, the numbers, at gmail", "rokafor99@gmail.com"),
        ("accounts, plural, at okafor dash law dot com dot au", "accounts@okafor-law.com.au"),
        ("rut, R-U-T-H, dot okafor at example dot com", "ruth.okafor@example.com"),
        ("a one r two at example dot com", "a1r2@example.com"),
        ("double you okafor at example dot com", "wokafor@example.com"),
        ("r u t h at g mail dot com", "ruth@gmail.com"),
        ("R-U-T-H at gmail.com", "ruth@gmail.com"),
        ("romeo uniform tango hotel at hot male dot com", "ruth@hotmail.com"),
        ("r for robert, u for umbrella, t for tom at yahoo dot co dot uk", "rut@yahoo.co.uk"),
        ("R as in rain, U as in uncle at gmail.com", "ru@gmail.com"),
        ("ruth nineteen eighty four at big pond dot com", "ruth1984@bigpond.com"),
        ("ruth, the number four, at outlook dot com", "ruth4@outlook.com"),
        ("ruth double seven at i cloud dot com", "ruth77@icloud.com"),
        ("double l o y d at example dot org", "lloyd@example.org"),
        ("ruthokafor, all one word, at gmail dot com", "ruthokafor@gmail.com"),
        ("ruthatyahoo.com", "ruth@yahoo.com"),
        ("ruth.okaforat gmail.com", "ruth.okafor@gmail.com"),
        ("my address is ruth underscore o at example dot com dot a u", "ruth_o@example.com.au"),
        ("info at blue hyphen sky dot com dot au", "info@blue-sky.com.au"),
        ("okafor, O K A F O R, at gmail dot com", "okafor@gmail.com"),
        ("ruth at gmail", "ruth@gmail.com"),
        ("you can write to ruth@okafor.example please", "ruth@okafor.example"),
        ("ruth at example dot com all lower case", "ruth@example.com"),
        ("m zhang 88 at 163 dot com", "mzhang88@163.com"),
        ("ruth at hotmail dot co uk", "ruth@hotmail.co.uk"),
        ("R. For Robert, U. For umbrella, T. For Tom at gmail.com", "rut@gmail.com"),
        ("ruth @example .com", "ruth@example.com"),
        ("a brown at example dot com", "abrown@example.com"),
        ("ruth k, r u t h k, at example dot com", "ruthk@example.com"),
        ("rachel at example dot com, spelled r a c h a e l", "rachael@example.com"),
        ("it was ruth at example dot com but now it's otto at example dot com", "otto@example.com"),
        ("probably ruth at example dot com", "ruth@example.com"),
        ("a as in apple, x as in x-ray, e as in egg at example dot com", "axe@example.com"),
        ("ruth-k-7 at example.com", "ruth-k-7@example.com"),
        ("4ev3er ruth at example dot com", "4ev3erruth@example.com"),
        ("k followed by otto at example dot com", "kotto@example.com"),
        ("it's just my name, ruth okafor, at example dot com", "ruthokafor@example.com"),
        ("rokafor no dot at gmail", "rokafor@gmail.com"),
        ("my initials, r k o, then twenty, at example dot com", "rko20@example.com"),
        ("my surname then my first name, okafor ruth at example dot com", "okaforruth@example.com"),
        ("okafor with a k, o k a f o r, at example dot com", "okafor@example.com"),
        ("may dot daye with an e at example dot com, d a y e", "may.daye@example.com"),
        ("use the home one, ruth dot o at example dot com", "ruth.o@example.com"),
        (
            "oh it's long, ruth dot okafor hyphen brandt at example dot com",
            "ruth.okafor-brandt@example.com",
        ),
        ("ruth dot n, n for november, at example dot com", "ruth.n@example.com"),
        ("r u t h y, ruthy, at example dot com", "ruthy@example.com"),
        ("that's his though, accounts at example dot com", "accounts@example.com"),
        ("shaken dot not dot stirred at example dot com", "shaken.not.stirred@example.com"),
        ("it's bob dot the dot builder at example dot com", "bob.the.builder@example.com"),
    ],
)
def test_addresses_are_understood(said: str, address: str) -> None:
    assert heard(said) == address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ruth at gmail dot com, no sorry, at hotmail dot com", "ruth@hotmail.com"),
        ("ruth at yahoo dot com, I mean yahoo dot co dot uk", "ruth@yahoo.co.uk"),
        ("rut at example dot com, no wait, ruth at example dot com", "ruth@example.com"),
        ("ruth at gmail dot, no, at example dot com", "ruth@example.com"),
        ("ruth underscore, no, ruth dot o at example dot com", "ruth.o@example.com"),
    ],
)
def test_slips_are_mended_within_an_utterance(said: str, address: str) -> None:
    assert heard(said) == address


@pytest.mark.parametrize(
    "said",
    [
        "I'll be at home at five",
        "meet me at the shop",
        "ruth@abc",
        "ruth@abc.c is not valid",
        "bill and ruth at gmail dot com",
        "I don't have one",
        "tomorrow at 9.30",
        "ruth with two r's at example dot com",
        "it's okay for, the number seven at example dot com",
        "ruth underscore the third at example dot com",
        "ruth84outlook.com",
        "Haul Street, H A U L",
        "b ruth, like the baby, at example dot com",
        "it's the same as my phone number at example dot com",
        "",
        ", ,",
    ],
)
def test_what_is_no_address_gives_none(said: str) -> None:
    assert heard(said) is None


@pytest.mark.parametrize("said", ["otter of the brook", "gus the baker", "isle of skye"])
def test_half_of_a_name_is_not_taken_for_the_whole(said: str) -> None:
    assert heard(f"it's {said} at example dot com") is None


def test_an_address_without_its_domain_is_completed() -> None:
    first = found_in("it's ruth dot okafor at")
    assert first is not None
    assert (first.missing, first.partial) == (Missing.DOMAIN, "ruth.okafor@")
    assert heard("example dot com", first.partial) == "ruth.okafor@example.com"


def test_an_at_that_ran_into_the_word_leaves_the_domain_missing() -> None:
    found = found_in("My email is R.Okaforat.")
    assert found is not None
    assert (found.missing, found.partial) == (Missing.DOMAIN, "r.okafor@")


def test_a_provider_without_its_ending_is_completed() -> None:
    first = found_in("ruth at yahoo")
    assert first is not None
    assert (first.missing, first.partial) == (Missing.DOMAIN, "ruth@yahoo")
    assert heard("dot com dot au", first.partial) == "ruth@yahoo.com.au"


def test_a_domain_alone_waits_for_the_rest() -> None:
    first = found_in("at example dot com")
    assert first is not None
    assert (first.missing, first.partial) == (Missing.LOCAL_PART, "@example.com")


@pytest.mark.parametrize(
    ("said", "earlier", "address"),
    [
        ("Gmail.com.", "ruth.o@", "ruth.o@gmail.com"),
        ("it's gmail dot com thanks", "ruth.o@", "ruth.o@gmail.com"),
        ("gmail", "ruth.o@", "ruth.o@gmail.com"),
        (".com.au", "ruth@yahoo", "ruth@yahoo.com.au"),
        ("R Okafor.", "@example.com", "rokafor@example.com"),
        ("o t t o", "@example.com", "otto@example.com"),
        ("otto at example dot org", "ruth.o@", "otto@example.org"),
        ("hang on a second", "@example.com", None),
        ("I don't know", "ruth.o@", None),
    ],
)
def test_what_follows_completes_the_piece(said: str, earlier: str, address: str | None) -> None:
    assert heard(said, earlier) == address


WORDS = ("ruth", "okafor", "blue", "harbour", "garden", "tiler", "acme", "zed", "quinn")
DOMAINS = ("gmail.com", "yahoo.co.uk", "example.org", "bigpond.net.au", "okafor.info")
MARKS = {".": ("dot", "point"), "_": ("underscore",), "-": ("dash", "hyphen"), "+": ("plus",)}

part = st.one_of(
    st.sampled_from(WORDS).map(lambda word: (word, word)),
    st.text("bcdfghjklmnpqrstvwxyz", min_size=2, max_size=5).map(lambda t: (t, " ".join(t))),
    st.text("bcdfghjklmnpqrstvwxyz", min_size=3, max_size=5).map(
        lambda t: (t, "-".join(t).upper())
    ),
)
figures = st.one_of(
    st.just(("", "")),
    st.integers(10, 99).map(lambda n: (str(n), two_digits(str(n)))),
    st.integers(10, 9999).map(lambda n: (str(n), digit_by_digit(str(n), "zero"))),
    st.integers(1, 999).map(lambda n: (str(n), str(n))),
)
mark = st.sampled_from(sorted(MARKS)).flatmap(
    lambda sign: st.sampled_from(MARKS[sign]).map(lambda said: (sign, said))
)


@settings(max_examples=250)
@given(
    st.lists(part, min_size=1, max_size=3),
    st.lists(mark, min_size=3, max_size=3),
    figures,
    st.sampled_from(DOMAINS),
    st.sampled_from(["", "it's ", "my email is ", "um, sure, it's ", "that would be "]),
    st.sampled_from([" at ", " at sign ", " @ "]),
    st.booleans(),
)
def test_any_address_reads_back(
    parts: list[tuple[str, str]],
    marks: list[tuple[str, str]],
    number: tuple[str, str],
    domain: str,
    lead: str,
    at: str,
    spoken: bool,
) -> None:
    local, said = parts[0]
    for (text, word), (sign, name) in zip(parts[1:], marks, strict=False):
        local, said = f"{local}{sign}{text}", f"{said} {name} {word}"
    local, said = local + number[0], f"{said} {number[1]}".strip()
    words = said.split()
    assume(len(words) < 4 or words[: len(words) // 2] != words[len(words) // 2 :])  # said twice
    host = domain.replace(".", " dot ") if spoken else domain
    assert heard(lead + said + at + host) == f"{local}@{domain}"


def test_hyphens_that_part_spelled_letters_are_not_meant_beside_a_mark() -> None:
    found = found_in("J-O-H-N-.-S-M-I-T-H at example.com")
    assert found is not None
    assert found.value == "john.smith@example.com"


def test_a_word_tells_which_letter_was_meant() -> None:
    said = "d for papa, e for echo, d for tangle, at example dot com"
    assert heard(said) == "pet@example.com"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("J-O-H-N dot SM-I-T-H, at example dot com", "john.smith@example.com"),
        ("l-y-n-c-h at example.com", "lynch@example.com"),
        ("jo-li at example dot com", "jo-li@example.com"),
    ],
)
def test_hyphens_part_letters_and_join_words(said: str, address: str) -> None:
    assert heard(said) == address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ruth at gmail dot com my number is 0491 570 156", "ruth@gmail.com"),
        ("ruth brandt at gmail dot com in case you need it", "ruthbrandt@gmail.com"),
        ("ruth at brandt dot co dot in", "ruth@brandt.co.in"),
        ("ruth at brandt dot com dot my", "ruth@brandt.com.my"),
        ("ruth at brandt dot com dot au thanks", "ruth@brandt.com.au"),
        ("ruth at brandt dot co. uk", "ruth@brandt.co.uk"),
        ("ruth at brandt dot co dot uk", "ruth@brandt.co.uk"),
    ],
)
def test_a_word_that_goes_on_is_no_country(said: str, address: str) -> None:
    assert heard(said) == address


HELD = {Step.NAME: "Robin Carter"}


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("R-L-B-I-N-D-C-A-R-T-E-R at example.com", "robin.carter@example.com"),
        ("r o b i m dot c a r t e r at example dot com", "robin.carter@example.com"),
        ("r c h r t e r 82 at example dot com", "rcarter82@example.com"),
        ("r so b in dot c a r t e r at example dot com", "robin.carter@example.com"),
    ],
)
def test_letters_that_sound_alike_are_those_of_the_name(said: str, address: str) -> None:
    assert heard(said, record=HELD) == address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("r o b y n dot c a r t e r at example dot com", "robyn.carter@example.com"),
        ("r o b n dot c a r t e r at example dot com", "robn.carter@example.com"),
        ("robim.carter@example.com", "robim.carter@example.com"),
        ("robin dot carper at example dot com", "robin.carper@example.com"),
        ("j t h at example dot com", "jth@example.com"),
    ],
)
def test_what_sounds_otherwise_or_was_not_spelled_stays(said: str, address: str) -> None:
    assert heard(said, record=HELD) == address


def test_an_address_that_was_read_back_is_not_proposed_again() -> None:
    record = {**HELD, Step.EMAIL: "robin.carter@example.com"}
    said = "r o b i m dot c a r t e r at example dot com"
    assert heard(said, record=record) == "robim.carter@example.com"


def test_without_a_name_fragments_are_no_address() -> None:
    assert heard("j so h n dot sm it h at example dot com") is None


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("my email address is ruth dot okafor at example dot com thanks", []),
        ("yeah sure, it's ruth@example.com, all lowercase, mate", []),
        ("ruth@example.com but ask for Bella", ["but ask for Bella"]),
    ],
)
def test_what_the_address_does_not_explain_is_left_as_rest(said: str, rest: list[str]) -> None:
    assert [said[slice(*span)] for span in reading(said).rest] == rest


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("my full name all one word at icloud dot com", "ruthokafor@icloud.com"),
        ("my first name dot last name at gmail dot com", "ruth.okafor@gmail.com"),
        ("just my name at gmail", "ruthokafor@gmail.com"),
        ("my surname at gmail dot com", "okafor@gmail.com"),
        ("my first initial and surname at gmail dot com", "rokafor@gmail.com"),
        (
            "my first name dot last name, ruth dot okafur at gmail dot com",
            "ruth.okafur@gmail.com",
        ),
    ],
)
def test_the_callers_name_stands_for_itself_unless_it_is_said(said: str, address: str) -> None:
    assert heard(said, record={Step.NAME: "Ruth Okafor"}) == address


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("no it's jane dot smyth at gmail", "jane.smyth@gmail.com"),
        ("it's hotmail not gmail", "jane.smith7@hotmail.com"),
        ("no it's eight not seven", "jane.smith8@gmail.com"),
        ("it's dot com dot au", "jane.smith7@gmail.com.au"),
        ("no, it's .co.uk not .com", "jane.smith7@gmail.co.uk"),
        ("no it's j a y n e dot smith seven at gmail", "jayne.smith7@gmail.com"),
        ("at yahoo dot com sorry", "jane.smith7@yahoo.com"),
    ],
)
def test_a_part_of_the_address_read_back_is_mended(said: str, address: str) -> None:
    record = {Step.EMAIL: "jane.smith7@gmail.com"}
    acts = reading(said, asked=Asked.CONFIRM, record=record).acts
    mends = [act for act in acts if isinstance(act, Correct | Provide)]
    assert [(act.step, act.value) for act in mends] == [(Step.EMAIL, address)]


@pytest.mark.parametrize(
    ("held", "said", "address"),
    [
        ("ruth.+.o@example.com", "no, p l u s, the word plus", "ruth.plus.o@example.com"),
        ("ruth+o@example.com", "not a plus sign", "ruthpluso@example.com"),
        ("ruthdoto@example.com", "the word dot isn't in it", "ruth.o@example.com"),
        ("ruthdoto@example.com", "there's no word dot in it", "ruth.o@example.com"),
        (
            "ottilie.hill@example.com",
            'the word "dot" isn\'t in it. otilie dot hill',
            "otilie.hill@example.com",
        ),
        ("ruth@example.com", "No. It's rhuth. R H U T H", "rhuth@example.com"),
        ("ruth@example.com", "it's rut at example dot com, not ruth", "rut@example.com"),
    ],
)
def test_a_mark_and_its_word_are_told_apart(held: str, said: str, address: str) -> None:
    acts = reading(said, asked=Asked.CONFIRM, record={Step.EMAIL: held}).acts
    assert [a.value for a in acts if isinstance(a, Correct | Provide)] == [address]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Mine or Lou's? Mine's quentin at abara dot net", "quentin@abara.net"),
        ("there's sales at abara dot net", "sales@abara.net"),
        ("Vikram Rao, 0416 300 400, vik at rao dot com", "vik@rao.com"),
        ("0416300400 at rao dot com", "0416300400@rao.com"),
        ("17 Larkspur Crescent, Randwick, vik at rao dot com", "vik@rao.com"),
        ("17 Larkspur Crescent Randwick, vik at rao dot com", "vik@rao.com"),
        ("17 Larkspur Crescent, Randwick. E-mail's vik at rao dot com", "vik@rao.com"),
    ],
)
def test_words_and_numbers_before_an_address_are_none_of_it(text: str, address: str) -> None:
    found = found_in(text)
    assert found is not None
    assert found.value == address


@pytest.mark.parametrize(
    ("text", "held", "value"),
    [
        ("Yes that's the email. PO 88123", "accounts@meridian.com.au", None),
        ("yes. Unit 12", "accounts@meridian.com.au", None),
        ("no, dave 88", "dave87@meridian.com.au", "dave88@meridian.com.au"),
        ("No, there's a dot between, bronte dot h", "bronteh@me.com", "bronte.h@me.com"),
    ],
)
def test_at_the_read_back_only_what_is_like_the_first_half_replaces_it(
    text: str, held: str, value: str | None
) -> None:
    acts = reading(text, asked=Asked.CONFIRM, record={Step.EMAIL: held}).acts
    assert next((act.value for act in acts if isinstance(act, Correct)), None) == value


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("jon, no h, at gmail dot com", "jon@gmail.com"),
        ("sara, without an h, at gmail dot com", "sara@gmail.com"),
        ("j dot smyth, that's with a y, at gmail dot com", "j.smyth@gmail.com"),
        ("no, j at gmail dot com", "j@gmail.com"),
        ("bart quigg, two g's, at gmail dot com", "bartquigg@gmail.com"),
        ("quigg, 2 gs, at gmail dot com", "quigg@gmail.com"),
        ("hannah with two n's at gmail dot com", "hannah@gmail.com"),
        ("matt, that's two t's, dot jones at gmail dot com", "matt.jones@gmail.com"),
        ("j two s at gmail dot com", "j2s@gmail.com"),
        ("No, h smith at gmail dot com", "hsmith@gmail.com"),
    ],
)
def test_letters_that_only_tell_a_spelling_are_no_part(said: str, address: str) -> None:
    assert heard(said) == address


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("It's siobhan at, then my surname, o r o u r k e, dot i e.", "siobhan@orourke.ie"),
        ("kieran at, my last name's, d o y l e, dot com", "kieran@doyle.com"),
        ("tom dot hale at, that's my street, elm, dot com", "tom.hale@elm.com"),
        ("info at my shop, so that's r o s e s dot com dot au", "info@roses.com.au"),
        ("jo at, it's my own domain, jolly, dot org", "jo@jolly.org"),
        ("ruth at my shop dot com dot au", "ruth@myshop.com.au"),
        ("ned at we fix it dot com", "ned@wefixit.com"),
        ("vera at the b n b dot com", "vera@thebnb.com"),
        ("d vasi at metrolex, M E T R O L E X, dot com dot au", "dvasi@metrolex.com.au"),
        ("bo at M E T R O L E X, metrolex, dot com", "bo@metrolex.com"),
        ("bo at metro lex, that's M E T R O L E X, dot com", "bo@metrolex.com"),
        ("al at acme a c e dot org", "al@ace.org"),
    ],
)
def test_what_announces_a_domain_is_no_part_of_it(utterance: str, address: str) -> None:
    assert heard(utterance) == address


@pytest.mark.parametrize(
    ("utterance", "address"),
    [
        ("my first name, k a t e, then a dot, then lewis at outlook dot com", "kate.lewis"),
        ("deb with an underscore, lee at outlook dot com", "deb_lee"),
        ("tt t t 4 at outlook dot com", "tttt4"),
        ("ll, l l 5 at outlook dot com", "ll5"),
    ],
)
def test_an_article_is_no_letter_and_letters_in_one_breath_are_no_echo(
    utterance: str, address: str
) -> None:
    assert heard(utterance) == f"{address}@outlook.com"
