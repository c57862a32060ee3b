"""The words for numbers, the same on axes, in captions and in tables."""

from __future__ import annotations

from anomed_core.report.chart import N_STYLES


def plain(value: float) -> str:
    """Return a number as axes show it.

    Examples
    --------
    >>> plain(0.55), plain(-20.0), plain(1e-7)
    ('0.55', '−20', '1e−07')
    """
    return f"{value:.6g}".replace("-", "\u2212")


def percent(value: float) -> str:
    """Return a share in percent, with four significant digits.

    Examples
    --------
    >>> percent(0.001), percent(1.0), percent(2 / 3)
    ('0.1 %', '100 %', '66.67 %')
    """
    return f"{100 * value:.4g} %".replace("-", "\u2212")


def between(low: float, high: float) -> str:
    """Return an interval in words.

    Examples
    --------
    >>> between(0.25, 1)
    '0.250 to 1.000'
    """
    return f"{low:.3f} to {high:.3f}".replace("-", "\u2212")


def joined(*sentences: str) -> str:
    """Return sentences as a text; empty ones are left out."""
    return " ".join(filter(None, sentences))


def left_thin(n_series: int) -> str:
    """Return what is to be said of series that have no style of their own."""
    return f"{n_series - N_STYLES} more are drawn thin." if n_series > N_STYLES else ""


def left_out(n_all: int, n_shown: int) -> str:
    """Return what is to be said of what is not drawn."""
    return f"{n_all - n_shown} more are left out." if n_all > n_shown else ""
