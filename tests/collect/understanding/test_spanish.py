"""Spanish is a table: numbers, addresses, yes, no and wishes by the same readers."""

from datetime import datetime

import pytest

from voicebot.call import Step
from voicebot.collect.understanding import (
    Act,
    Ask,
    Asked,
    Choose,
    Correct,
    Decline,
    Deny,
    Flexible,
    Greet,
    Missing,
    Note,
    Provide,
    Repeat,
    Situation,
    Wait,
    Want,
    WantPerson,
    consents,
    read,
)

NOW = datetime(2026, 11, 23, 9)
HELD = {Step.PHONE: "+34612345678"}


def situation(step: Step, **more: object) -> Situation:
    return Situation(step, NOW, language="es", region="ES", **more)  # type: ignore[arg-type]


def value(step: Step, said: str, **more: object) -> str | None:
    acts = read(said, situation(step, **more)).acts
    values = (a.value for a in acts if isinstance(a, Provide | Correct) and a.step is step)
    return next(values, None)


@pytest.mark.parametrize(
    "said",
    [
        "612 345 678",
        "mi teléfono es el seis uno dos, tres cuatro cinco, seis siete ocho",
        "seiscientos doce, trescientos cuarenta y cinco, seiscientos setenta y ocho",
        "seis doce treinta y cuatro cincuenta y seis setenta y ocho",
        "más treinta y cuatro 612 345 678",
        "612 345 679, perdón, 678",
        "612 34 56 87, no, espera, 78. 612 34 56 78.",
        "pues apunte, 612 34 56 78, gracias",
    ],
)
def test_telephone_numbers_are_understood(said: str) -> None:
    assert value(Step.PHONE, said) == "+34612345678"


def test_a_part_of_the_number_read_back_is_mended() -> None:
    said = "no, los tres últimos son siete ocho nueve"
    assert value(Step.PHONE, said, asked=Asked.CONFIRM, record=HELD) == "+34612345789"


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("mi correo es ana punto garcía arroba gmail punto com", "ana.garcia@gmail.com"),
        ("ana guion bajo ruiz arroba hotmail punto es", "ana_ruiz@hotmail.es"),
        ("ele u i ese arroba yahoo punto es", "luis@yahoo.es"),
        ("anaruiz82, todo junto, arroba gmail punto com", "anaruiz82@gmail.com"),
    ],
)
def test_addresses_are_understood(said: str, address: str) -> None:
    assert value(Step.EMAIL, said) == address


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (
            "calle Mayor catorce, tercero izquierda, Madrid",
            "Calle Mayor 14, tercero izquierda, Madrid",
        ),
        ("plaza de la Villa 2, bajo B", "Plaza de la Villa 2, bajo B"),
        ("carretera de Burgos kilómetro 4", "Carretera de Burgos kilómetro 4"),
        ("camino del Río sin número, en Haro", "Camino del Río s/n, Haro"),
        ("calle Hidalgo 45, perdón, 54, en Toluca", "Calle Hidalgo 54, Toluca"),
        ("diagonal 80 número 30 12, Bogotá", "Diagonal 80 # 30-12, Bogotá"),
        ("urbanización El Soto, chalet 9, Getafe", "Urbanización El Soto, chalet 9, Getafe"),
        (
            "polígono industrial La Red, nave 3, Alcalá",
            "Polígono Industrial La Red, nave 3, Alcalá",
        ),
        ("apartado de correos 18, Lorca", "Apartado de correos 18, Lorca"),
        ("San Lorenzo 310, Mendoza", "San Lorenzo 310, Mendoza"),
        ("calle Luna 7, esquina con Desengaño", "Calle Luna 7"),
        ("calle Luna 7, 4º B", "Calle Luna 7, 4º B"),
        ("4210 Elm Street, Houston", "4210 Elm Street, Houston"),
        ("calle Luna, el ciento tres, bajo A, Getafe", "Calle Luna 103, bajo A, Getafe"),
        ("vivo en Getafe, en la calle Luna 50, 2º A", "Calle Luna 50, 2º A, Getafe"),
        ("Pues en el mismo portal, Embajadores 12, bajo, Getafe", "Embajadores 12, bajo, Getafe"),
        ("Bravo Murillo 215, primero A", "Bravo Murillo 215, primero A"),
        ("Cava Baja 22, Madrid", "Cava Baja 22, Madrid"),
        ("calle Luna 7, apartamento tres be, Getafe", "Calle Luna 7, apartamento 3 B, Getafe"),
        ("plaza de la Luna s/n, Getafe", "Plaza de la Luna s/n, Getafe"),
        ("calle Luna 7, sexto F, Getafe 28901", "Calle Luna 7, sexto F, Getafe, 28901"),
        ("calle Luna 7, 2.º B, Getafe", "Calle Luna 7, 2º B, Getafe"),
        ("calle Luna 7, 4 izda, Getafe", "Calle Luna 7, 4 izda, Getafe"),
        ("calle Luna 7, 1D, Getafe", "Calle Luna 7, 1D, Getafe"),
        ("calle Luna 7, 3-2, Getafe", "Calle Luna 7, 3-2, Getafe"),
        ("calle Luna 7, escalera 2, 5 A, Getafe", "Calle Luna 7, escalera 2, 5 A, Getafe"),
        ("Aquí en Getafe, en la calle Luna, veintidós", "Calle Luna 22, Getafe"),
        ("Lavapiés 8, bajo, Getafe", "Lavapiés 8, bajo, Getafe"),
        ("plaza Luna 7, 4.º izquierda, Getafe", "Plaza Luna 7, 4º izquierda, Getafe"),
        ("Ella vive en Getafe, calle Luna 50, 3ºB", "Calle Luna 50, 3º B, Getafe"),
        ("En la calle Luna, en el ochenta y uno, aquí en Getafe", "Calle Luna 81, Getafe"),
    ],
)
def test_addresses_begin_with_their_street(said: str, line: str) -> None:
    assert value(Step.ADDRESS, said) == line


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("no, es el número dieciséis", "Calle Mayor 16, Madrid"),
        ("el número está mal, es el doscientos", "Calle Mayor 200, Madrid"),
        ("falta el piso, es el segundo B", "Calle Mayor 14, segundo B, Madrid"),
        ("la calle es Serrano", "Calle Serrano 14, Madrid"),
        ("no, en Getafe", "Calle Mayor 14, Getafe"),
        ("el código postal es 28013", "Calle Mayor 14, 28013 Madrid"),
    ],
)
def test_a_part_of_the_address_read_back_is_mended(said: str, line: str) -> None:
    held = {Step.ADDRESS: "Calle Mayor 14, Madrid"}
    assert value(Step.ADDRESS, said, asked=Asked.CONFIRM, record=held) == line


def test_a_street_waits_for_its_number() -> None:
    (street,) = read("vivo en la calle Mayor", situation(Step.ADDRESS)).acts
    assert isinstance(street, Provide)
    assert (street.value, street.missing) == (None, Missing.HOUSE_NUMBER)
    assert value(Step.ADDRESS, "el catorce", partial=street.partial) == "Calle Mayor 14"


@pytest.mark.parametrize(
    ("said", "town"),
    [
        *(("Getafe", "Getafe"), ("Es La Coruña", "La Coruña")),
        *(("Madrid, ya se lo he dicho", "Madrid"), ("En Madrid, en Madrid capital", "Madrid")),
    ],
)
def test_the_town_of_a_street_that_was_told_is_taken(said: str, town: str) -> None:
    assert value(Step.ADDRESS, said, partial="Calle Mayor 14") == f"Calle Mayor 14, {town}"


def test_a_place_said_twice_or_explained_is_written_once() -> None:
    assert value(Step.ADDRESS, "Calle Mayor 14, cuarto C, Madrid, Madrid") == (
        "Calle Mayor 14, cuarto C, Madrid"
    )
    assert value(Step.ADDRESS, "Calle Rosa 4, Getafe. Rosa, como la flor.") == (
        "Calle Rosa 4, Getafe"
    )


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("pero no este sábado, el otro", "2026-12-05"),
        ("El jueves que viene no, el siguiente", "2026-12-03"),
        ("el viernes no, el día siguiente", "2026-11-28"),
        ("esta tarde para una fuga", "2026-11-23 14"),
    ],
)
def test_the_day_of_another_week_is_counted(said: str, day: str) -> None:
    acts = read(said, situation(Step.TIME)).acts
    assert day in [act.partial for act in acts if isinstance(act, Provide)]


@pytest.mark.parametrize(
    ("said", "after", "before"),
    [
        ("antes de las doce", None, "12:00"),
        ("el jueves, pero antes de las doce", None, "12:00"),
        ("no antes de las doce", "12:00", None),
        ("después de las doce", "12:00", None),
        ("no después de las doce", None, "12:00"),
    ],
)
def test_bounds_are_before_or_after(said: str, after: str | None, before: str | None) -> None:
    acts = read(said, situation(Step.TIME)).acts
    (window,) = (act.window for act in acts if isinstance(act, Flexible))
    hours = [f"{hour:%H:%M}" if hour else None for hour in (window.after, window.before)]
    assert hours == [after, before]


@pytest.mark.parametrize(
    ("said", "agreed"),
    [
        ("sí", True),
        ("sí, claro, muchas gracias", True),
        ("me parece bien", True),
        ("correcto, 612 345 678", True),
        ("sí, pero cámbielo", False),
        ("sí, y cuánto cuesta", False),
        ("no, gracias", False),
        ("sí, un momento", False),
        ("ese mismo, gracias", True),
        ("sí, puede ser", True),
        ("612 345 678, ¿no?", False),
        ("venga, va", True),
        ("ese mismo no", False),
    ],
)
def test_only_a_plain_yes_is_consent(said: str, agreed: bool) -> None:
    asked = situation(Step.PHONE, asked=Asked.CONFIRM, record=HELD)
    assert consents(read(said, asked), asked) is agreed


@pytest.mark.parametrize(
    "said",
    [
        "a las ocho es demasiado temprano",
        "las ocho me parece muy tarde",
        "No puede ser a las once.",
    ],
)
def test_an_hour_that_is_named_to_refuse_it_is_no_yes(said: str) -> None:
    held = {Step.TIME: "2026-03-04T08:00"}
    asked = situation(Step.TIME, asked=Asked.CONFIRM, record=held)
    reading = read(said, asked)
    assert not consents(reading, asked)
    assert not any(act.value for act in reading.acts if isinstance(act, Provide | Correct))


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("El viernes a las once, mejor. Mi madre a las ocho está dormida.", "11:00"),
        ("El viernes mejor a las diez, mi hijo a las nueve tiene colegio", "10:00"),
        ("El viernes a las once. A las ocho duerme mi madre.", "11:00"),
        ("El viernes a las once, a las ocho mi marido no está", "11:00"),
        ("El viernes a las ocho, que mi madre está en casa", "08:00"),
        ("El viernes, mi madre prefiere a las ocho", "08:00"),
    ],
)
def test_the_hour_at_which_somebody_is_asleep_or_away_is_no_wish(said: str, hour: str) -> None:
    offered = ("2026-11-27T08:00", "2026-11-27T11:00", "2026-11-28T09:00")
    asked = situation(Step.TIME, asked=Asked.CHOICE, offered=offered)
    acts = read(said, asked).acts
    chosen = [act.moment for act in acts if isinstance(act, Choose)]
    named = [act.value for act in acts if isinstance(act, Provide)]
    assert chosen + named == [f"2026-11-27T{hour}"]


@pytest.mark.parametrize(
    "said",
    [
        "¿No puede ser a las once?",
        "¿No tienen a las once?",
        "Uy, a las ocho es muy pronto, ¿no puede ser a las once?",
    ],
)
def test_an_hour_that_a_question_with_no_asks_for_is_the_new_one(said: str) -> None:
    held = {Step.TIME: "2026-03-04T08:00"}
    reading = read(said, situation(Step.TIME, asked=Asked.CONFIRM, record=held))
    named = [act.value for act in reading.acts if isinstance(act, Provide | Correct)]
    assert named == ["2026-03-04T11:00"]


@pytest.mark.parametrize(
    ("said", "act"),
    [
        ("y que suban por el ascensor de atrás", Note),
        ("un momento, por favor", Wait),
        ("¿me puede repetir la pregunta?", Repeat),
        ("¿Cómo dice? Hable más alto, que no oigo bien.", Repeat),
        ("quiero hablar con una persona", WantPerson),
        ("¿cuánto cuesta?", Ask),
        ("quiero cancelar mi cita", Want),
        ("no me acuerdo", Decline),
        ("no tengo correo", Decline),
        ("no, no es correcto", Deny),
    ],
)
def test_what_a_caller_does_is_told_apart(said: str, act: type[Act]) -> None:
    acts = read(said, situation(Step.NAME)).acts
    assert any(isinstance(each, act) for each in acts), acts


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Calle Olmo 12, Toledo, pintura el lunes, gracias", "Calle Olmo 12, Toledo"),
        ("Calle Olmo 12, Toledo, hay que subir andando", "Calle Olmo 12, Toledo"),
        ("Calle Olmo 12, Toledo. Avisen al portero", "Calle Olmo 12, Toledo"),
        ("Calle Olmo 12, no hay portero, Toledo", "Calle Olmo 12, Toledo"),
        ("Calle Olmo 12, Alcalá de Henares", "Calle Olmo 12, Alcalá de Henares"),
        ("calle olmo 12, las rozas", "Calle Olmo 12, las Rozas"),
    ],
)
def test_an_address_ends_where_other_talk_begins(said: str, line: str) -> None:
    assert value(Step.ADDRESS, said) == line


def test_a_street_said_anew_stays_in_its_town() -> None:
    held = {Step.ADDRESS: "Calle Olmo 12, Toledo"}
    told = "No, la dirección es Calle Olmo 14, bajo B. Lo de la pintura es el trabajo"
    line = "Calle Olmo 14, bajo B, Toledo"
    assert value(Step.ADDRESS, told, record=held, asked=Asked.CONFIRM) == line
    told = "No, la dirección es Calle Olmo 14. Lo de la pintura es el trabajo"
    assert value(Step.ADDRESS, told, record=held, asked=Asked.CONFIRM) == "Calle Olmo 14, Toledo"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Me llamo Rocío Peñalver, ella se llama Encarnación Vidal.", "Rocío Peñalver"),
        ("Soy Rocío Peñalver y ella se llama Encarnación Vidal", "Rocío Peñalver"),
        ("Él se llama Juan Gil, yo me llamo Eva Soto", "Eva Soto"),
        ("Mi madre se llama Encarnación Vidal, yo soy Rocío Peñalver", "Rocío Peñalver"),
        ("Es para mi madre, se llama Encarnación Vidal y yo soy Rocío Peña", "Rocío Peña"),
        ("Iker Zabala, con ka y con zeta", "Iker Zabala"),
        ("Ella se llama Encarnación Vidal", "Encarnación Vidal"),
        ("Me llamo Ella Sanz", "Ella Sanz"),
    ],
)
def test_who_is_spoken_of_is_not_the_caller(said: str, name: str) -> None:
    acts = read(said, situation(Step.NAME)).acts
    assert [act.value for act in acts if isinstance(act, Provide)] == [name]


def test_somebody_elses_name_counts_only_where_there_is_no_other() -> None:
    assert value(Step.NAME, "Soy Olga Ruiz, el casero se llama Blas Gil") == "Olga Ruiz"
    assert value(Step.NAME, "Lola. Dolores Vega.") == "Dolores Vega"
    assert value(Step.NAME, "Chema. José Vega.") == "José Vega"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("soy Íñigo Echeverría, e, che, e, uve, e, erre, erre, i, a", "Íñigo Echeverría"),
        ("Ay hola hija, mira, que mi nieto me puso el teléfono", None),
        ("mejor no la anule, cámbiela al viernes", None),
        ("Sí, hija, eso", None),
        ("me llamo Mira Sanz", "Mira Sanz"),
        ("¿habla inglés?", None),
        ("mirá, se me rompió la canilla", None),
        ("Diga que llama Ana Gil", "Ana Gil"),
        ("nombre: Ana; apellidos: Gil Otero", "Ana Gil Otero"),
        ("déjese de preguntas y vamos al grano", None),
        ("voy con prisa: Iker Zubizarreta", "Iker Zubizarreta"),
    ],
)
def test_how_callers_turn_to_the_bot_is_no_name(said: str, name: str | None) -> None:
    assert value(Step.NAME, said) == name


@pytest.mark.parametrize("said", ["Sí, hija, eso", "Yo no tengo de eso, hija", "No sé qué decirle"])
def test_everyday_words_alone_are_no_street(said: str) -> None:
    acts = read(said, situation(Step.ADDRESS)).acts
    assert not any(isinstance(act, Provide) for act in acts)


@pytest.mark.parametrize(
    "said", ["no, sin guion bajo, todo junto", "todo junto", "sin guion bajo, eh,"]
)
def test_remarks_on_an_e_mail_that_hold_no_part_of_it_are_read(said: str) -> None:
    held = {Step.EMAIL: "tomas_vega@ejemplo.es"}
    acts = read(said, situation(Step.EMAIL, asked=Asked.CONFIRM, record=held)).acts
    assert not any(isinstance(act, Provide) for act in acts)


@pytest.mark.parametrize(
    ("piece", "said", "line"),
    [
        ("Getafe", "calle Luna 50", "Calle Luna 50, Getafe"),
        ("Calle Luna, Getafe", "el 50", "Calle Luna 50, Getafe"),
        ("Calle Luna, Getafe", "es el cincuenta, tercero B", "Calle Luna 50, tercero B, Getafe"),
    ],
)
def test_an_address_is_told_piece_by_piece(piece: str, said: str, line: str) -> None:
    assert value(Step.ADDRESS, said, partial=piece) == line


@pytest.mark.parametrize(
    "said",
    [
        "yo de eso no gasto", "no quiero dar el correo", "eso lo lleva mi nieto", "no hace falta",
        "déjelo", "de correos no entiendo", "mi correo no se lo doy",
        "no tengo yo correo ni nada de eso", "No tengo, lo siento.", "No procede.",
        "ana punto gil arroba gmail punto com, bueno, déjelo",
    ],
)  # fmt: skip
def test_an_e_mail_is_declined(said: str) -> None:
    acts = read(said, situation(Step.EMAIL)).acts
    assert any(isinstance(act, Decline) and act.step in (None, Step.EMAIL) for act in acts)
    assert not any(isinstance(act, Want | Provide) for act in acts)


@pytest.mark.parametrize("said", ["no oigo bien", "no tengo otro", "¿para qué quieren mi correo?"])
def test_what_only_looks_like_a_refusal_is_none(said: str) -> None:
    assert not any(isinstance(a, Decline) for a in read(said, situation(Step.EMAIL)).acts)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("nada", ["nothing"]),
        ("déjelo", ["nothing"]),
        ("una pregunta antes de nada, ¿graban la llamada?", []),
        ("me ha salido un viaje, anúleme lo del miércoles", ["cancel"]),
        ("no anulen lo del miércoles", ["keep"]),
        ("tengo cita el jueves, ¿me la pueden adelantar al miércoles?", ["existing", "reschedule"]),
        ("¿a qué hora venía el electricista?", ["existing"]),
        ("que me manden otro fontanero", ["booking"]),
        ("no vino nadie, quiero reclamar, y mándenme otro", ["existing", "complaint", "booking"]),
        ("¿cuánto es la hora de limpieza?", []),
        ("vinieron ayer y está peor que antes", ["complaint"]),
        ("el fontanero me rompió el suelo", ["complaint"]),
        ("se me ha roto un grifo", []),
    ],
)
def test_a_wish_is_named(said: str, what: list[str]) -> None:
    acts = read(said, situation(Step.NAME)).acts
    assert [act.what for act in acts if isinstance(act, Want)] == what


def test_the_hour_of_the_booking_that_is_moved_is_no_new_hour() -> None:
    said = "Tengo cita el jueves a las siete y no puedo, ¿me la pueden pasar al viernes?"
    times = [a.partial for a in read(said, situation(Step.NAME)).acts if isinstance(a, Provide)]
    assert [datetime.fromisoformat(day or "").strftime("%a") for day in times] == ["Fri"]


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("¿trabajan los sábados?", "hours"),
        ("¿me podría decir si vienen a Getafe?", "area"),
        ("¿esto no será una estafa?", "company"),
        ("Hola, ¿qué tal? Soy Ana", "idle"),
        ("gotea, y ya no sé qué hacer", "idle"),
        ("estoy en el coche, ¿cuánto dice que es?", "price"),
        ("¿Y le van a llamar antes de venir?", "ring_ahead"),
        ("¿Trabajáis en festivo?", "hours"),
        ("¿Cuánto tardáis?", "duration"),
        ("Oiga, ¿ustedes arreglan lavadoras?", "offered"),
        ("Buenas, ¿hacéis limpiezas por horas?", "offered"),
        ("Bueno, ¿con quién tengo el gusto?", "company"),
    ],
)
def test_a_question_has_its_topic(said: str, topic: str) -> None:
    acts = read(said, situation(Step.NAME)).acts
    assert [act.topic for act in acts if isinstance(act, Ask)] == [topic]


@pytest.mark.parametrize(
    "said", ["dígame", "¿sí?", "oiga", "¿y me entiende bien?", "hola guapa", "hola, ¿me oyes?"]
)
def test_is_anybody_there(said: str) -> None:
    assert [type(act) for act in read(said, situation(Step.NAME)).acts] == [Greet]


OFFERED = ("2026-11-24T09:00", "2026-11-25T16:00", "2026-11-27T10:00")


@pytest.mark.parametrize(
    ("said", "position"),
    [
        ("el segundo", 2),
        ("el primero no, el segundo", 2),
        ("no, el segundo", 2),
        ("el último, digo, el primero", 1),
        ("el primerito", 1),
        ("la más temprana", 1),
    ],
)
def test_the_offer_that_is_meant_in_the_end_is_chosen(said: str, position: int) -> None:
    asked = situation(Step.TIME, asked=Asked.CHOICE, offered=OFFERED)
    (act,) = (act for act in read(said, asked).acts if isinstance(act, Choose))
    assert act.moment == OFFERED[position - 1] or act.position == position


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("al mismo que llamo, y si no contesto llame a mi hija, 612 000 199", "+34612000222"),
        ("este", "+34612000222"),
        ("este, este mismo", "+34612000222"),
        ("a este no, no lo oigo. Mejor el de mi hija Lola, el 612 345 678", "+34612345678"),
        ("612 345 678, y apunte también el de mi hija, 612 000 199", "+34612345678"),
        ("six one two, three four five, six seven eight", "+34612345678"),
        ("no tengo teléfono, apunte el de mi vecina, 612 345 678, se llama Paqui", "+34612345678"),
    ],
)
def test_whose_number_is_told(said: str, number: str) -> None:
    asked = situation(Step.PHONE, caller="+34612000222", record={Step.NAME: "Olga Ruiz"})
    acts = read(said, asked).acts
    given = [act for act in acts if isinstance(act, Provide | Correct)]
    assert [(act.step, act.value) for act in given] == [(Step.PHONE, number)]


@pytest.mark.parametrize("said", ["sí, cámbiela", "cámbiela", "sí, muévala"])
def test_change_it_is_a_yes_only_where_a_booking_is_moved(said: str) -> None:
    held = {Step.TIME: "2026-11-25T16:00"}
    asked = situation(Step.TIME, asked=Asked.CONFIRM, record=held, moves=True)
    assert consents(read(said, asked), asked)
    booked = situation(Step.TIME, asked=Asked.CONFIRM, record=held)
    assert not consents(read(said, booked), booked)


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("iker punto etxea, con te equis, arroba gmail punto com", "iker.etxea@gmail.com"),
        ("elena, sin hache, arroba gmail punto com", "elena@gmail.com"),
        ("leire underscore goiko arroba gmail punto com", "leire_goiko@gmail.com"),
        ("valle, con uve, arroba hotmail punto com", "valle@hotmail.com"),
    ],
)
def test_how_an_e_mail_is_written_is_no_part_of_it(said: str, address: str) -> None:
    assert value(Step.EMAIL, said) == address


@pytest.mark.parametrize(
    "said",
    [
        "El que estoy usando ahora.",
        "Use el que ve en pantalla",
        "Con este, al que llamo",
        "El mismo de la llamada",
        "Este, sí",
        "No me lo sé. ¿No lo ve usted ahí?",
        "El número es este.",
    ],
)
def test_the_number_that_calls_is_meant(said: str) -> None:
    assert value(Step.PHONE, said, caller="+34611220362") == "+34611220362"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Sí, que avisen al portero, se llama Anselmo, él les abre.", None),
        ("Sí. El portero se llama Anselmo.", None),
        ("Me llamo Iker Goñi", "Iker Goñi"),
    ],
)
def test_somebody_else_who_is_named_later_is_not_the_caller(said: str, name: str | None) -> None:
    acts = read(said, situation(Step.TIME, record={Step.NAME: "Iker Etxeberria"})).acts
    named = [a.value for a in acts if isinstance(a, Provide | Correct) and a.step is Step.NAME]
    assert named == ([name] if name else [])


@pytest.mark.parametrize(
    "said",
    [
        "quiero hablar con una persona",
        "No quiero una cita, solo quiero mi llave",
        "no, no, que se está liando usted",
        "¿Cómo que no van? Carabanchel es Madrid, hombre.",
    ],
)
def test_a_sentence_is_no_place(said: str) -> None:
    acts = read(said, Situation(Step.ADDRESS, NOW, language="es", region="ES")).acts
    assert not [act for act in acts if isinstance(act, Provide) and act.step is Step.ADDRESS]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step.ADDRESS, "No, gracias, adiós."),
        (Step.ADDRESS, "No, nada más, gracias, adiós."),
        (Step.EMAIL, "Que suban por la escalera, que el portal está en obras."),
    ],
)
def test_a_goodbye_and_small_words_are_no_town(step: Step, said: str) -> None:
    record = {Step.ADDRESS: "Calle Mayor 40, Leganés"}
    acts = read(said, Situation(step, NOW, language="es", region="ES", record=record)).acts
    assert not [each for each in acts if isinstance(each, Correct)]
