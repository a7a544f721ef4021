"""Mail providers and domain endings, as written and as a recogniser hears them."""

from __future__ import annotations

from voicebot.collect.understanding.tokens import word_set

PROVIDERS = word_set(
    "gmail googlemail yahoo ymail rocketmail hotmail outlook live msn icloud me mac aol gmx "
    "protonmail proton fastmail zoho mail email bigpond optusnet iinet tpg internode dodo westnet "
    "adam ozemail telstra btinternet sky virginmedia ntlworld talktalk tiscali comcast verizon att "
    "sbcglobal bellsouth cox charter earthlink juno xtra qq web freenet"
)
_GLUED = tuple(
    sorted(
        word_set(
            "gmail googlemail yahoo ymail hotmail outlook live msn icloud aol gmx protonmail "
            "fastmail bigpond optusnet iinet btinternet comcast verizon"
        ),
        key=len,
        reverse=True,
    )
)
"""Those that are looked for at the end of a word such as "smithatyahoo"."""
_SHORTEST_GLUED = 3
HEARD = {
    "gmale": "gmail",
    "geemail": "gmail",
    "jeemail": "gmail",
    "gemail": "gmail",
    "googlemale": "googlemail",
    "hotmale": "hotmail",
    "hotmeal": "hotmail",
    "yahu": "yahoo",
    "yahho": "yahoo",
    "outluck": "outlook",
    "eyecloud": "icloud",
    "highcloud": "icloud",
    "bigpawn": "bigpond",
    "bigpon": "bigpond",
    "optusnett": "optusnet",
    "aoel": "aol",
}
ENDINGS_HEARD = {"calm": "com", "con": "com", "come": "com", "comm": "com", "cum": "com"}
ENDINGS = word_set(
    "com net org edu gov mil int info biz name pro mobi aero coop museum asia tel travel jobs cat "
    "example test app dev io ai co me tv cc ws fm eu uk au nz us ca ie de fr es it nl be at ch se "
    "no dk fi is pt pl cz sk hu ro bg gr tr ru ua by lt lv ee il ae sa qa in pk bd lk np cn hk tw "
    "jp kr sg my th vn ph id za ng ke gh eg ma br ar cl pe mx ve uy ec cr cu do lu li mt cy si hr "
    "rs ba mk al md ge am az kz uz mn fj pg xyz online site store shop blog tech cloud email "
    "digital agency services solutions studio design media group team work works global world life "
    "today news club space website page link systems network company business consulting sydney "
    "melbourne london nyc berlin scot wales"
)
SECOND_LEVEL = word_set("co com net org edu gov ac id ltd plc me sch nhs")
"""May stand before a country's ending without a dot being heard: "co uk"."""
COUNTRIES = word_set("uk au nz za in jp kr br sg my hk tw cn mx il")


def glued_at(word: str, following: str = "") -> tuple[str, str] | None:
    """Cut "smithatyahoo" into local part and provider, and "smithat" before a provider's name.

    None when the word has no such end; the provider is empty when it is the word that follows.
    """
    if len(word) > _SHORTEST_GLUED and word.endswith("at") and following in PROVIDERS:
        return word[:-2], ""
    for provider in _GLUED:
        if word.endswith("at" + provider):
            return word[: -len(provider) - 2], provider
    return None
