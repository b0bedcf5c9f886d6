"""Names of people: what may be one, and which two look the same."""

from __future__ import annotations

import unicodedata

from querist.core.errors import BadInput

LONGEST = 100  # characters of a name

# Letters of other scripts, and digits, that are read as a Latin letter at a glance.
_LOOKS = str.maketrans(
    "авекмнорстухіјѕԁԛԝαορνικτυχεη01ı",
    "abekmhopctyxijsdqwaopviktuxenoli",
)
_ALIKE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")  # scripts that share shapes


def check_name(name: str) -> str:
    """Return the name when it can stand for one person and no other.

    Raises
    ------
    BadInput
        When it is blank, too long, holds characters that do not show or that other programs
        write differently, or mixes scripts whose letters look alike.

    Examples
    --------
    >>> check_name("Ann Lee")
    'Ann Lee'
    >>> check_name("ann ")
    Traceback (most recent call last):
    querist.core.errors.BadInput: the name 'ann ' begins or ends with a space; write 'ann'
    """
    if not isinstance(name, str) or not name.strip():
        raise BadInput("a name is expected, and this one is blank; write how others call you")
    if len(name) > LONGEST:
        raise BadInput(f"the name has {len(name)} characters; {LONGEST} are the most")
    if name != name.strip():
        raise BadInput(f"the name {name!r} begins or ends with a space; write {name.strip()!r}")
    if not name.isprintable() or "  " in name:
        raise BadInput(
            f"the name {name!r} holds characters that do not show, or two spaces in a row; "
            "write it with letters, digits, signs and single spaces"
        )
    plain = unicodedata.normalize("NFKC", name)
    if plain != name:
        raise BadInput(f"the name {name!r} can be written in more than one way; write {plain!r}")
    if name[0] in "=+-@":  # in an exported table that is a formula, which the reader's program runs
        raise BadInput(f"the name {name!r} begins with {name[0]!r}; begin it with a letter")
    if not any(c.isalnum() for c in name):
        raise BadInput(f"the name {name!r} holds neither a letter nor a digit; add one")
    scripts = sorted({unicodedata.name(c, "").split(" ")[0] for c in name} & set(_ALIKE))
    if len(scripts) > 1:
        raise BadInput(
            f"the name {name!r} mixes letters of {' and '.join(scripts)} that look alike; "
            "write it in one script"
        )
    return name


def looks_of(name: str) -> str:
    """What a hasty reader takes the name for: two people may not share it.

    Case, accents and letters of other scripts with the same shape do not count.

    Examples
    --------
    >>> looks_of("José") == looks_of("jose"), looks_of("B0B") == looks_of("bob")
    (True, True)
    >>> looks_of("ann") == looks_of("anna")
    False
    """
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return "".join(c for c in bare if not unicodedata.combining(c)).translate(_LOOKS)
