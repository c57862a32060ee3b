"""What may stand in a log: reasons and tracebacks, but no token, no secret and no data.

Nobody can tell what an exception's message holds: a sloppy plugin may put a column of labels into
it. So messages are cut to one line of bounded length, and whatever looks like a token, a password
or a row of numbers is masked. What remains says where and why, which is what a log is for.
"""

from __future__ import annotations

import re
import traceback

LONGEST_MESSAGE = 300
"""Characters of an exception's message that are kept."""

LONGEST_VALUE = 2_000
"""Characters of any other value in a log that are kept."""

LONGEST_TRACEBACK = 20_000

_LINE_BREAK = re.compile(r"\n|\\n")  # a KeyError shows its line breaks escaped
_TOKEN = re.compile(r"anomed-[0-9a-f]{32}-[0-9a-f]{64}(?:-[0-9a-f]+){0,2}", flags=re.IGNORECASE)
_CREDENTIALS = re.compile(r"\b(basic|bearer)( +)[^\s\"',;]{6,}", flags=re.IGNORECASE)
_USER_INFO = re.compile(r"(?<=://)[^/\s@\"']+(?=@)")
# A number is atomic: given back digit by digit, a long one costs the square of its length.
_VALUE = (
    r"(?:np\.\w+\()?(?:(?>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)|true|false|nan|none|null)"
)
_VALUES = re.compile(
    rf"(?<![\w.])(?:{_VALUE}[\s,;|()\[\]]++){{2,}}{_VALUE}(?![\w.]*\w)", flags=re.IGNORECASE
)


def discreet(text: str) -> str:
    """Mask what looks like a token, a password, or a row of numbers.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The same without them.

    Examples
    --------
    >>> discreet("the labels are [0, 1, 1, 0], not 3 columns")
    'the labels are [<values>], not 3 columns'
    >>> discreet("POST http://alice:open-sesame@127.0.0.1:8000/ failed")
    'POST http://<credentials>@127.0.0.1:8000/ failed'
    >>> discreet("Authorization: Bearer open-sesame")
    'Authorization: Bearer <credentials>'
    """
    text = _TOKEN.sub("<token>", text)
    text = _CREDENTIALS.sub(r"\1\2<credentials>", text)
    text = _USER_INFO.sub("<credentials>", text)
    return _VALUES.sub("<values>", text)


def discreet_value(text: str, *, longest: int = LONGEST_VALUE) -> str:
    """Return a text cut, then masked: what is cut costs nothing, however long it was."""
    return discreet(text[:longest]) + (" [...]" if len(text) > longest else "")


def discreet_message(text: str) -> str:
    """Return the first line of a message, cut and masked."""
    first, *others = _LINE_BREAK.split(text.strip(), maxsplit=1)
    shortened = first[:LONGEST_MESSAGE]
    return discreet(shortened) + (" [...]" if others or shortened != first else "")


def discreet_traceback(error: BaseException) -> str:
    """Return the traceback of an exception and of its causes; messages are cut and masked."""
    trace = traceback.TracebackException.from_exception(error, compact=True)
    _shorten_notes(trace)
    return "\n".join(map(_frame_or_message, trace.format())).strip()


def _shorten_notes(trace: traceback.TracebackException | None) -> None:
    """Cut and mask notes here: formatting would tear them into lines that look like messages."""
    if trace is None:
        return
    trace.__notes__ = [discreet_message(str(note)) for note in trace.__notes__ or ()]
    for other in (trace.__cause__, trace.__context__, *(trace.exceptions or ())):
        _shorten_notes(other)


def _frame_or_message(line: str) -> str:
    """Return one entry of a traceback; source lines are code, everything else is a message."""
    is_code = line.startswith(("  File ", "Traceback ("))
    return line.rstrip("\n") if is_code else discreet_message(line)
