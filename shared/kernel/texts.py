"""What a line of text may hold, and when two business numbers are one. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CONTROLS: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_LAYOUT: Final = frozenset("\n\t")

# Characters that show nothing, beyond the categories above: Default_Ignorable_Code_Point of
# Unicode's DerivedCoreProperties.txt (fillers, joiners, variation selectors), and the blank of
# Braille, which is no white space.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)


def hides_something(line: str) -> bool:
    """Whether a line holds what no reader sees, or what turns the direction of its letters.

    Two numbers that differ by such a character alone cannot be told apart on paper.
    """
    if line.isascii():
        return not line.isprintable()
    if _INVISIBLE.search(line):
        return True
    return any(unicodedata.category(character) in _CONTROLS for character in line)


def has_controls(text: str) -> bool:
    """Whether a text of lines holds a control character other than a line's end or a tab."""
    unseen = _CONTROLS - {"Cf"}  # Joiners belong to the spelling of some languages and to emoji.
    return any(
        unicodedata.category(character) in unseen and character not in _LAYOUT for character in text
    )


def number_of(text: str) -> str:
    """A business number as it is compared: full-width and composed forms are the plain ones (NFKC).

    A clerk's input method writes wide digits where the document has narrow ones.
    """
    return text if text.isascii() else unicodedata.normalize("NFKC", text)
