from datetime import datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from voicebot.call import Step
from voicebot.collect.understanding import Asked, Correct, Provide, Situation, read

NOW = datetime(2026, 11, 23, 9)


def given_in(
    text: str, held: str | None = None, step: Step = Step.NAME
) -> Provide | Correct | None:
    record = {Step.NAME: held} if held else {}
    acts = read(text, Situation(step, NOW, record=record)).acts
    named = [act for act in acts if isinstance(act, Provide | Correct) and act.step is Step.NAME]
    return named[0] if named else None


def heard(text: str, held: str | None = None, step: Step = Step.NAME) -> str | None:
    act = given_in(text, held, step)
    return act.value if act else None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("jack 0491 570 156", "Jack"),
        ("jenny brandt 12 elm street ryde", "Jenny Brandt"),
        ("yes it is jack", None),
        ("april 4", None),
        ("unit 4 12 elm street", None),
    ],
)
def test_a_name_that_opens_an_answer_of_several_needs_no_lead(said: str, name: str | None) -> None:
    assert heard(said, step=Step.PHONE) == name


@pytest.mark.parametrize("said", ["Yes it is Ottilie", "Sure, it is Ottilie"])
def test_a_yes_before_a_name_leaves_the_name(said: str) -> None:
    assert heard(said) == "Ottilie"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Ottilie", "Ottilie"),
        ("ottilie brandt", "Ottilie Brandt"),
        ("My name is Ottilie Brandt.", "Ottilie Brandt"),
        ("um yeah it's ottilie brandt", "Ottilie Brandt"),
        ("this is ottilie, I need a plumber", "Ottilie"),
        ("Good morning, Ottilie Brandt speaking", "Ottilie Brandt"),
        ("Ottilie Brandt is my name", "Ottilie Brandt"),
        ("call me Al", "Al"),
        ("I like to be called Al", "Al"),
        ("please address me as Ottilie Brandt", "Ottilie Brandt"),
        ("the name of the booking is Ottilie Brandt", "Ottilie Brandt"),
        ("ottilie hgf 145", "Ottilie"),
        ("call me tj", "Tj"),
        ("Bjørn Hansen", "Bjørn Hansen"),
        ("My name is Lê Văn Tám", "Lê Văn Tám"),
        ("my name is Tomas Vlk", "Tomas Vlk"),
        ("TJ", "TJ"),
        ("the booking is under brandt", "Brandt"),
        ("name for the booking is Ottilie", "Ottilie"),
        ("I booked it as Ottilie Brandt", "Ottilie Brandt"),
        ("Mrs. Brandt", "Brandt"),
        ("Mr Long", "Long"),
        ("grace long here", "Grace Long"),
        ("Will Young", "Will Young"),
        ("mary-ann o'neill", "Mary-Ann O'Neill"),
        ("sven van der berg", "Sven van der Berg"),
        ("ian mcgregor", "Ian McGregor"),
        ("J. R. Brandt", "J R Brandt"),
        ("Harry. Harry Brandt.", "Harry Brandt"),
        ("Sorry for the noise. Ottilie Brandt.", "Ottilie Brandt"),
        ("first name ottilie, last name brandt", "Ottilie Brandt"),
        ("surname Brandt, first name Ottilie", "Ottilie Brandt"),
        ("my name is ottilie and my number is 0491 570 156", "Ottilie"),
        ("NO MY NAME IS OTTILIE", "Ottilie"),
        ("Robert but everyone calls me Rob", "Robert"),
        ("everyone calls me Rob but it's Robert Brandt", "Robert Brandt"),
        ("they call me Rob but not at work", "Rob"),
        ("name otto pwd 1234", "Otto"),
        ("Tran Thi An", "Tran Thi An"),
        ("Smith", "Smith"),
        ("Jean-Marie van der Heide", "Jean-Marie van der Heide"),
        ("I'm called Ottilie Brandt", "Ottilie Brandt"),
        ("iam ottilie", "Ottilie"),
        ("it's on file as Ottilie Brandt", "Ottilie Brandt"),
        ("I booked last week as Ottilie Brandt", "Ottilie Brandt"),
        ("please reserve for Ottilie Brandt, party of two", "Ottilie Brandt"),
        ("my name is brant, no wait, brandt", "Brandt"),
        ("Window Brandtwell", "Window Brandtwell"),
        ("you're talking to Ottilie Brandt", "Ottilie Brandt"),
        ("Van der Berg, Grace", "Grace Van der Berg"),
        ("Grace. Nguyen.", "Grace Nguyen"),
        ("Robert Brandt but I go by Rob", "Robert Brandt"),
        ("just put Ottilie", "Ottilie"),
        ("can you put me down as Ottilie", "Ottilie"),
    ],
)
def test_names_are_understood(said: str, name: str) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("o t t i l i e", "Ottilie"),
        ("h a rr y b rown", "Harry Brown"),
        ("Oscar Tango Tango Oscar", "Otto"),
        ("x-ray echo november alpha", "Xena"),
        ("O-T-T-O", "Otto"),
        ("har o l d w alt er", "Harold Walter"),
        ("M ar ion", "Marion"),
        ("er i k", "Erik"),
        ("Mary A Smith", "Mary A Smith"),
        ("ot-TO", None),
        ("a double n a", "Anna"),
        ("Fintan O'Dowd, o apostrophe d o w d", "Fintan O'Dowd"),
        ("Otto Brant, O T T O B R A N D T", "Otto Brandt"),
        ("gav i n", "Gavin"),
        ("John Smyth, F-M-Y-T-H", "John Smyth"),
        ("Jon Smyth, F M Y T H E", "Jon Smythe"),
        ("Tess Bloom, D L O O M", "Tess Bloom"),
        ("s i d d i q u i", "Siddiqui"),
        ("are o b e r t", "Robert"),
        ("Brandt, that's B R A N D T", "Brandt"),
        ("Otto Brant, B R A N D T", "Otto Brandt"),
        ("my last name is Clark, K L A R K", "Klark"),
        ("Otto, B R A N D T", "Otto Brandt"),
        ("Stephen with a P H, not a V", "Stephen"),
        ("Steven with a p h", "Stephen"),
        ("Smith with a y", "Smyth"),
        ("McDonald, M C D O N A L D", "McDonald"),
        ("Eefa, spelled A O I F E", "Aoife"),
        ("surname Brandt, D-R-A-N-D-T", "Brandt"),
        ("my last name is Causty. K-O-W-A-L-S-K-I", "Kowalski"),
        ("Ottilie spelled O T T I L I E, Quast Q U A S T", "Ottilie Quast"),
        ("Otto, that's O T T O, Quast, which is Q U A S T", "Otto Quast"),
        ("el EAN or f r i t h", None),
        ("first name o t t o last name b r a n d t", "Otto Brandt"),
        ("S for sugar, A for apple, M for mother", "Sam"),
        ("S-A-F-F-R-O-N, B-L-Y-T-H-E", "Saffron Blythe"),
        ("X A N T H E. Q U I L L.", "Xanthe Quill"),
        ("K-O-W-A, L-S-K-I", "Kowalski"),
        ("Margit Szabo, S-Z-A-B-O. I want the cleaning", "Margit Szabo"),
        ("Quill, Q-U-I-L-L. A tap is leaking", "Quill"),
    ],
)
def test_spelled_names_are_understood(said: str, name: str | None) -> None:
    if name is None:
        assert heard(said) != "Otto"
    else:
        assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("it's Otto, no sorry, Ottilie Brandt", "Ottilie Brandt"),
        ("my name is Otto, I mean Ottilie", "Ottilie"),
        ("Otto, no wait, you want all of it, Otto Brandt", "Otto Brandt"),
        ("The name's Bond. James Bond. Nah, it's Barry Plonk", "Barry Plonk"),
        ("Otto is my first name, Quill is my surname", "Otto Quill"),
        ("It's Saffron, surname Blythe.", "Saffron Blythe"),
    ],
)
def test_slips_are_mended_within_an_utterance(said: str, name: str) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("I'm married now, so it's Ottilie Hartigan, not Brandt", "Ottilie Hartigan"),
        ("The number's right, the name isn't. It's Ottilie Hartigan", "Ottilie Hartigan"),
        ("No no, Ottilie Hartigan. Ottilie's my first name", "Ottilie Hartigan"),
        ("Did you get my surname? Hartigan.", "Ottilie Hartigan"),
        ("Brandt was my maiden name, it's Hartigan now", "Ottilie Hartigan"),
        ("yes. My name's Hartigan now", "Ottilie Hartigan"),
        ("0491 570 156. Oh and I'm Hartigan now, not Brandt", "Ottilie Hartigan"),
        ("it's Hartigan, H A R T I G A N, not Brandt", "Ottilie Hartigan"),
        ("No, Rhys, R H Y S, the Welsh way.", "Rhys Brandt"),
        ("it's the boiler", None),
        ("0491 570 156, it's Telstra", None),
        ('The word "dot" isn\'t in it. ottilie dot moreau', None),
    ],
)
def test_a_name_is_mended_beside_the_number(said: str, name: str | None) -> None:
    assert heard(said, held="Ottilie Brandt", step=Step.PHONE) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("no, it's Smyth", "John Smyth"),
        ("no it's with a y", "John Smyth"),
        ("Jon, J O N", "Jon Smith"),
        ("last name is Brandt", "John Brandt"),
        ("first name is Otto", "Otto Smith"),
        ("no, Otto Brandt", "Otto Brandt"),
    ],
)
def test_one_word_mends_the_name_that_is_held(said: str, name: str) -> None:
    assert heard(said, held="John Smith") == name


@pytest.mark.parametrize(
    "said",
    [
        "I'm lost",
        "I'm calling about a leak",
        "it's broken",
        "my name is private",
        "what's your name",
        "may I ask why",
        "will you come today",
        "hope you are well",
        "none of your business",
        "this is ridiculous",
        "plumbing please",
        "the street name is Elm Street",
        "could you say that again",
        "cancel the whole thing",
        "hello, can you hear me",
        "two adults and a dog",
        "my dog's name is Rex",
        "I was talking to Ottilie before",
        "the company name is Acme",
        "yes",
        "",
        "qrs 5512",
        "crspy grlc",
        "hk",
        "hey you there Otto",
        "the name of the company is Brandt",
        "I'd like to be called back tomorrow",
        "surethanks a lot",
    ],
)
def test_what_is_no_name_gives_none(said: str) -> None:
    assert heard(said) is None


def test_only_an_announced_name_counts_where_none_was_asked() -> None:
    assert heard("oh and my name is ottilie brandt", step=Step.PHONE) == "Ottilie Brandt"
    assert heard("ottilie brandt", step=Step.PHONE) is None
    assert heard("the event name is summer ball", step=Step.PHONE) is None


def test_a_held_name_that_is_said_again_is_no_news() -> None:
    for said in ("my name is Ottilie Brandt", "Brandt with a Y? No, B R A N D T"):
        assert heard(said, "Ottilie Brandt", Step.PHONE) is None


def test_the_span_covers_the_name() -> None:
    act = given_in("it's Otto Brandt thanks")
    assert act is not None
    assert act.span == (5, 16)


@pytest.mark.parametrize(
    ("word", "written"),
    [("o'brien", "O'Brien"), ("MCGREGOR", "McGregor"), ("DeVito", "DeVito"), ("ANN", "Ann")],
)
def test_names_are_written_in_title_case(word: str, written: str) -> None:
    assert heard(f"my name is {word}") == written


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    act = given_in(text)
    assert act is None or act.value


GIVEN = ("Ottilie", "Harry", "Priya", "Wei", "Siobhan", "Mark", "Grace")
FAMILY = ("Brandt", "Long", "Nguyen", "O'Neill", "Brown", "Okafor", "Young")
FRAMES = (
    "{}",
    "it's {}",
    "my name is {}",
    "yeah, this is {} speaking",
    "{} is my name",
    "under the name of {} please",
    "hi, {} here",
)


@given(st.sampled_from(GIVEN), st.sampled_from(FAMILY), st.sampled_from(FRAMES), st.booleans())
def test_a_name_reads_back_from_any_frame(first: str, last: str, frame: str, small: bool) -> None:
    said = frame.format(f"{first} {last}")
    assert heard(said.lower() if small else said) == f"{first} {last}"


@given(st.sampled_from(GIVEN), st.sampled_from(FAMILY), st.sampled_from((" ", "-", ", ")))
def test_a_spelled_name_reads_back(first: str, last: str, between: str) -> None:
    letters = [letter for letter in (first + last).lower() if letter.isalpha()]
    name = heard(between.join(letters))
    assert name is not None
    assert name.replace(" ", "").lower() == "".join(letters)


@pytest.mark.parametrize("name", ["Ann Lee", "Jo Ng", "Al Xu"])
def test_i_am_before_a_short_name_is_no_part_of_it(name: str) -> None:
    assert heard(f"I am {name}") == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("My name is John Smythe, F-M-Y-T-H.", "John Smyth"),
        ("It's Peter Snith, S M I T H", "Peter Smith"),
        ("Ann Brun, B R U M", "Ann Brum"),
    ],
)
def test_a_letter_misheard_gives_way_to_the_word_only_where_that_makes_a_name(
    said: str, name: str
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize("said", ["thank you Otto", "ok thanks otto", "thankyou otto for waiting"])
def test_who_is_thanked_is_not_the_caller(said: str) -> None:
    assert heard(said) is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Otto, thank you", "Otto"),
        ("thanks, Otto Winter", "Otto Winter"),
        ("Otto winter", "Otto Winter"),
        ("Martin Drift", "Martin Drift"),
        ("my names is otto", "Otto"),
        ("Otto Winter calling", "Otto Winter"),
        ("blarg is all", None),
    ],
)
def test_a_recognisers_letter_case_and_slips_leave_the_name(said: str, name: str | None) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("g'day", None),
        ("namaste", None),
        ("cheerio", None),
        ("hello ottilie", None),
        ("hello, Ottilie", "Ottilie"),
        ("hello ottilie brandt", "Ottilie Brandt"),
        ("hello it's ottilie", "Ottilie"),
        ("my good name is ottilie", "Ottilie"),
        ("hi my self ottilie", "Ottilie"),
    ],
)
def test_a_greeting_is_no_name_and_whom_it_greets_is_not_the_caller(
    said: str, name: str | None
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("no sorry, it's actually Ruth Brandt", "Ruth Brandt"),
        ("it's really Ruth Brandt", "Ruth Brandt"),
        ("it's actually broken", None),
        ("it's Otto thank u", "Otto"),
        ("thank u Otto", None),
        ("Ruth 5", "Ruth"),
    ],
)
def test_stress_before_a_name_is_skipped_and_thanks_and_counts_are_no_names(
    said: str, name: str | None
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("o t t i l i e and then b r a n d t", "Ottilie Brandt"),
        ("o t t i l i e space b r a n d t", "Ottilie Brandt"),
        ("o t t i l i e surname b r a n d t", "Ottilie Brandt"),
        ("R. U. T. H. and the surname is O. K. A. F. O. R.", "Ruth Okafor"),
        ("first name is r u t h and the last name is o k a f o r", "Ruth Okafor"),
        ("r u t h and second name b r a n d t", "Ruth Brandt"),
        ("ruth r u t h okafor o k a f o r", "Ruth Okafor"),
        ("it's ruth, R U T H, Brandt, B R A N D T", "Ruth Brandt"),
        ("b r a n d t thank you", "Brandt"),
        ("b r a n d t, that's it", "Brandt"),
        ("it's e r i k with a k", "Erik"),
        ("yes so that is e r i k", "Erik"),
        ("e r i k with a k b r a n d t", "Erik Brandt"),
        ("my first name is r u t h r u t h", "Ruth"),
        ("see l a r a", "Clara"),
        ("it's Wu, W U", "Wu"),
        ("my last name is Wu, W-U", "Wu"),
        ("l i l i", "Lili"),
        ("the name is okafor o-k-a-f-o-r", "Okafor"),
        ("Actually, my last name is spelled B-R-A-N-D-T, not B-R-A-N-T.", "Brandt"),
        ("brandt B R A N D T not B R A N T", "Brandt"),
        (
            "my first name is spelled R U T H, my last name is spelled O K A F O R,"
            " and my postcode is one two three four",
            "Ruth Okafor",
        ),
        ("double you i l m a", "Wilma"),
    ],
)
def test_words_between_the_letters_are_no_letters(said: str, name: str) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Certainly. It's B-R-A-N-D-T.", "Brandt"),
        ("Of course - it's Brandt, B-R-A-N-D-T.", "Brandt"),
        ("Ruth, R U T H, Brandt", "Ruth Brandt"),
        ("My name is Ruth Brandt. That's B R A N D T", "Ruth Brandt"),
        ("Not quite. It's Barrett, with two Ts", "Barrett"),
        ("Ruth Brandt", "Ruth Brandt"),
    ],
)
def test_talk_before_the_letters_is_dropped_and_a_name_said_whole_is_kept(
    said: str, name: str
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize("said", ["and then", "space", "with a c", "surname", "thank you", ""])
def test_the_words_between_alone_are_no_name(said: str) -> None:
    assert heard(said) is None


letters = st.text("bcdfghjklmnpqrstvwz", min_size=3, max_size=7)


@given(letters, letters, st.sampled_from([" space ", " and then ", " surname "]))
def test_both_names_come_out_as_they_were_spelled(first: str, last: str, between: str) -> None:
    assume(first not in last and last not in first)  # said twice, it is one name
    name = heard(" ".join(first) + between + " ".join(last))
    assert name is not None
    assert name.lower() == f"{first} {last}"


@pytest.mark.parametrize(
    ("said", "held", "name"),
    [
        ("That's my surname, first name's Ottilie", "Brandt", "Ottilie Brandt"),
        ("my surname is Brandt", "Ottilie", "Ottilie Brandt"),
        ("it's Ottilie Brandt", "Ottilie", "Ottilie Brandt"),
        ("it's Ottilie Brandt", "Brandt", "Ottilie Brandt"),
        ("Well put it down. Ruth Brandt-Quill, Mrs.", "Brandt-Quill", "Ruth Brandt-Quill"),
        ("Well put it down. Ruth Brandt-Quill, Mrs.", "Brandt Quill", "Ruth Brandt-Quill"),
        ("my first name is Ottilie", "Otto", "Ottilie"),
    ],
)
def test_the_other_half_of_a_name_joins_the_half_that_is_held(
    said: str, held: str, name: str
) -> None:
    act = given_in(said, held, Step.PHONE)
    assert isinstance(act, Correct)
    assert act.value == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("it's mister akintola, femi akintola", "Femi Akintola"),
        ("first name grace last name copper with two p's", "Grace Copper"),
        ("de la cruz, ximena", "Ximena De la Cruz"),
        ("hernandez with a z, luis", "Luis Hernandez"),
        ("smith, james", "James Smith"),
        ("It's Mrs Brandt-Quill. Ottilie.", "Ottilie Brandt-Quill"),
        ("Mrs Brandt-Quill. Ruth. It's spelled B R A N D T, then Quill", "Ruth Brandt-Quill"),
        ("Nguyen. That's the family name. Linh is the first.", "Linh Nguyen"),
        ("Tran Thi Mai. Tran is the family name.", "Tran Thi Mai"),
        ("Mr Tom Reid.", "Tom Reid"),
        ("Smith. S M I T H. Like everyone else. John.", "John Smith"),
        ("Mr and Mrs Brandt. I'm Ruth.", "Ruth Brandt"),
        ("Roger Blunt, lawn mowing please.", "Roger Blunt"),
        ("Brightside Dental, Kofi Mensah is the contact.", "Kofi Mensah"),
        ("daphne's fine", "Daphne"),
        ("hansen, s e n", "Hansen"),
        ("you've reached tom hardwick", "Tom Hardwick"),
        ("hi this is the owner, gus, gus papadakis", "Gus Papadakis"),
        ("put the booking in as o'shaughnessy, first name's cormac", "Cormac O'Shaughnessy"),
    ],
)
def test_names_are_put_together_from_what_follows_a_comma_a_label_or_a_hint(
    said: str, name: str
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Macca. Angus McKay", "Angus McKay"),
        ("Hi, it's Gabs, Gabriella Rossi, R O S S I", "Gabriella Rossi"),
        ("Rossi, Gabriella", "Gabriella Rossi"),
        ("Rossi, Gabriella Anne", "Rossi"),
        ("Nora. W E B B, hyphen, L I N", "Nora Webb-Lin"),
        ("Anna van Dijk, V A N, D I J K", "Anna van Dijk"),
        ("Dirk Van den Broek, double u? no, V A N, D E N, B R O E K", "Dirk Van den Broek"),
    ],
)
def test_a_short_name_gives_way_to_the_full_one_and_a_spelling_keeps_the_first(
    said: str, name: str
) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Petra Holm, it's for my neighbour, Agnes", "Petra Holm"),
        ("I'm Petra Holm, the landlord is Victor Stone", "Petra Holm"),
        ("Petra Holm. My husband's name is Lars, ring him", "Petra Holm"),
        ("I'm calling for my mother, Agnes Holm", "Agnes Holm"),
        ("I'm the owner, Petra Holm", "Petra Holm"),
    ],
)
def test_somebody_elses_name_counts_only_where_there_is_no_other(said: str, name: str) -> None:
    assert heard(said) == name


@pytest.mark.parametrize("step", [Step.NAME, Step.PHONE, Step.ADDRESS])
def test_somebody_elses_name_changes_none_that_is_held(step: Step) -> None:
    assert heard("The tenant's name is Victor Stone", held="Petra Holm", step=step) is None


@pytest.mark.parametrize("step", [Step.NAME, Step.PHONE])
def test_a_name_that_was_run_together_is_put_right_by_its_words(step: Step) -> None:
    assert heard("No, Dirk Van den Broek, three words", held="Vandenbroek", step=step) == (
        "Dirk Van den Broek"
    )
    said = "It's W E B B, hyphen, L I N"
    assert heard(said, held="Nora Webb-Lin") == "Nora Webb-Lin"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Righto Sharon", None),
        ("Yes, Sharon", None),
        ("No no, my name's Alf Dunstan. Sharon's you", "Alf Dunstan"),
        ("Yes, Alfred Dunstan", "Alfred Dunstan"),
        ("no, Alfred", "Alfred Dunstan"),
    ],
)
def test_who_is_spoken_to_at_the_read_back_is_not_the_caller(said: str, name: str | None) -> None:
    record = {Step.NAME: "Alf Dunstan"}
    acts = read(said, Situation(Step.NAME, NOW, Asked.CONFIRM, record=record)).acts
    assert next((a.value for a in acts if isinstance(a, Provide | Correct)), None) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Nobody's here!", None),
        ("Nobody here", None),
        ("Bill's on the roof", None),
        ("Bart's the name", "Bart"),
        ("Bart Quigley's my name", "Bart Quigley"),
        ("Alf Dunstan. Sharon's you", "Alf Dunstan"),
    ],
)
def test_what_is_told_of_somebody_is_no_name(said: str, name: str | None) -> None:
    assert heard(said) == name


def read_back(text: str, held: str) -> str:
    """Return the name that is held behind this answer to the read-back of another."""
    situation = Situation(Step.NAME, NOW, record={Step.NAME: held}, asked=Asked.CONFIRM)
    acts = read(text, situation).acts
    named = [act for act in acts if isinstance(act, Provide | Correct) and act.step is Step.NAME]
    return (named[-1].value if named else None) or held


@pytest.mark.parametrize(
    "said",
    [
        "Yeah that's it. Oscar, I said no!",
        "Yes it is. And I'd like Dave again, he knows the tap.",
        "Yes. Harvey, stop it!",
        "Yes. Not you, Harvey.",
        "Yeah. Luna! Down!",
        "Yes. Thanks, Henry.",
        "That's the one. Number's 0412 880 143.",
        "Yes, and please send Bruce.",
        "Yes, tell the concierge, his name's Anselm, he'll let you in",
        "Yes, but he's the one who lives there, Elias Tran. I'm just the contact.",
        "Yep. Remember the bill's for the landlord, his name is Gus Tolliver.",
        "Ask for my husband, Paolo Rossi.",
    ],
)
def test_a_name_beside_the_yes_to_another_is_nobodys(said: str) -> None:
    assert read_back(said, "Jess Tran") == "Jess Tran"


@pytest.mark.parametrize(
    ("said", "held", "name"),
    [
        ("Yes, but it's Jessica.", "Jess Tran", "Jessica Tran"),
        ("Yes. Margaret Tran, actually.", "Jess Tran", "Margaret Tran"),
        ("Right, no. Peter Cook.", "Jess Tran", "Peter Cook"),
        ("That's not right. Peter Cook.", "Jess Tran", "Peter Cook"),
        ("Peter Cook.", "Jess Tran", "Peter Cook"),
        ("That's right, it's Oscar Tran.", "Oscar", "Oscar Tran"),
        ("No, not Oscar! It's Jess. Jess Tran.", "Oscar", "Jess Tran"),
        ("That's right. Zed o e, Q u i double l.", "Zoe Quill", "Zoe Quill"),
        ("That's right. Zed o e, Q u i double l.", "Zowie Quil", "Zoe Quill"),
        ("No, put the booking in my name, Nadia.", "Elias Tran", "Nadia Tran"),
        ("put it in my name, Nadia", "Nadia Tran", "Nadia Tran"),
        ("No! Just Saffron Blythe.", "Saffronblythe", "Saffron Blythe"),
        ("No, Xanthe is my first name, Quill is my surname.", "Xanthequill", "Xanthe Quill"),
    ],
)
def test_a_name_said_as_the_callers_mends_the_one_read_back(
    said: str, held: str, name: str
) -> None:
    assert read_back(said, held) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("I'm Roger Dunstan. It's her bathroom light.", "Roger Dunstan"),
        ("Roger Dunstan.", "Roger Dunstan"),
        ("I'm Roger", "Roger"),
        ("Roger that.", None),
        ("Roger, what do you need?", None),
        ("I just told you. Con Papadimitriou.", "Con Papadimitriou"),
        ("Con Papadimitriou, blocked sink.", "Con Papadimitriou"),
        ("Number's 0412 880 143", None),
        ("Ask Dave.", None),
        ("Saffron Blythe!", "Saffron Blythe"),
        ("Xanthe Quill, with an X. My hedge is out of control.", "Xanthe Quill"),
        ("yeah, it's Indigo Vane", "Indigo Vane"),
        ("The name's Frost. Juniper Frost.", "Juniper Frost"),
        ("Xanthe. Quill.", "Xanthe Quill"),
        ("Ruth. Plumbing.", "Ruth"),
        ("Barry. Please.", "Barry"),
    ],
)
def test_a_word_of_every_day_is_a_name_before_a_last_name(said: str, name: str | None) -> None:
    assert heard(said) == name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("barney at finkel dot com. No Frankensteins.", None),
        ("Barnie, not Barney", "Barnie Finkelstein"),
        ("It's Barnie Finkelstein by the way", "Barnie Finkelstein"),
    ],
)
def test_a_word_in_passing_mends_no_name_while_something_else_is_asked(
    said: str, name: str | None
) -> None:
    assert heard(said, held="Barney Finkelstein", step=Step.EMAIL) == name
