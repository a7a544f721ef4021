"""Names of people as they are compared: which words count, and the keys under which one is found.

Pure. Two names that differ by one letter share a key: a word is kept whole, and with each of its
letters left out ("FastSS": Bocek, Hunt and Stiller 2007).
"""

import re
import unicodedata
from hashlib import blake2s

FEWEST_LETTERS = 3
"""In a shorter name one letter is too much of it: "Wu" is not "Hu"."""
CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_LONGEST = 40  # letters; what is longer is no family name, and would have as many keys
_KEY_BYTES = 8


def name_words(name: str) -> list[str]:
    """Return the words of a name without case, accents and signs, the family name last; a Chinese
    name is one word, as too many people share a family name."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if letter.isalpha() or letter in " -")
    words = [word for word in plain.replace("-", " ").split() if word not in _SUFFIXES]
    whole = "".join(words)
    return [whole] if CHINESE.fullmatch(whole) else words


def name_keys(name: str) -> frozenset[str]:
    """Return the keys of a family name; two that are at most one letter apart have one in common.

    A key is a digest, so that no list of keys shows names. Whoever guesses a name can make its key.
    """
    family = (name_words(name) or [""])[-1][:_LONGEST]
    if len(family) < 2:  # an initial is no name
        return frozenset()
    kept = {family}
    if len(family) >= FEWEST_LETTERS:
        kept |= {family[:at] + family[at + 1 :] for at in range(len(family))}
    return frozenset(blake2s(word.encode(), digest_size=_KEY_BYTES).hexdigest() for word in kept)
