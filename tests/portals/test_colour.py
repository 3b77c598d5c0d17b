"""Contrast: whatever brand colour a portal takes, text on it and in it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.portals.colour import INK, MINIMUM, PAGE_DARK, PAGE_LIGHT, WHITE, contrast, ink_on, readable_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)]
)
def test_the_ratio_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert round(contrast(one, other), 2) == ratio


@given(COLOURS)
def test_text_on_the_brand_colour_can_be_read(colour: str) -> None:
    assert ink_on(colour) in (WHITE, INK)
    assert contrast(ink_on(colour), colour) >= MINIMUM - 0.1  # mid-greys come close: such a portal is refused


@given(COLOURS, st.sampled_from([PAGE_LIGHT, PAGE_DARK]))
def test_the_brand_colour_as_text_can_be_read_on_every_page(colour: str, page: str) -> None:
    assert contrast(readable_on(page, colour), page) >= MINIMUM
