"""Colour arithmetic: WCAG 2.2 contrast, so that a brand colour cannot make a page unreadable."""

from __future__ import annotations

WHITE, INK = "#ffffff", "#0b0c0e"
PAGE_LIGHT, PAGE_DARK = "#ffffff", "#14171c"
MINIMUM = 4.5  # WCAG 2.2, success criterion 1.4.3, for text of ordinary size


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two #rrggbb colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(background: str) -> str:
    """White or near-black, whichever reads better on `background`."""
    return max((WHITE, INK), key=lambda ink: contrast(ink, background))


def readable_on(page: str, colour: str) -> str:
    """`colour`, moved towards white or black only as far as it must to be readable as text on `page`."""
    goal = INK if _luminance(page) > 0.5 else WHITE
    for step in range(21):
        mixed = _mix(colour, goal, step / 20)
        if contrast(mixed, page) >= MINIMUM:
            return mixed
    return goal


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mix(colour: str, goal: str, share: float) -> str:
    pairs = ((int(colour[at : at + 2], 16), int(goal[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (other - one) * share):02x}" for one, other in pairs)
