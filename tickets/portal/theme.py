"""A store's accent colour as a small stylesheet, readable on light and on dark."""

from __future__ import annotations

import colorsys

Colour = tuple[float, float, float]
_WHITE: Colour = (1.0, 1.0, 1.0)
_INK: Colour = (0.043, 0.071, 0.125)
_DARK_PAGE: Colour = (0.15, 0.15, 0.15)
_READABLE = 5.3  # WCAG 2.2, 1.4.3 asks 4.5; the rest is for its own tint behind it


def _parse(code: str) -> Colour:
    red, green, blue = (int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _code(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _until_readable(colour: Colour, page: Colour, step: float) -> Colour:
    """Darken or lighten, keeping the hue, until it reads as text on ``page``."""
    hue, light, strength = colorsys.rgb_to_hls(*colour)
    for _ in range(100):
        found = colorsys.hls_to_rgb(hue, light, strength)
        if contrast(found, page) >= _READABLE:
            return found
        light = min(1.0, max(0.0, light + step))
    return _INK if step < 0 else _WHITE


def _ink(colour: Colour) -> Colour:
    return max((_WHITE, _INK), key=lambda ink: contrast(ink, colour))


def stylesheet(accent: str) -> str:
    """The stylesheet for an accent like ``#206bc4``: it is shifted where it could not be read."""
    given = _parse(accent)
    light = _until_readable(given, _WHITE, -0.01)
    dark = _until_readable(given, _DARK_PAGE, 0.01)
    return (
        "@layer store{:root{"
        f"--accent:{_code(light)};--accent-ink:{_code(_ink(light))};"
        f"--accent-dark:{_code(dark)};--accent-dark-ink:{_code(_ink(dark))}"
        "}}\n"
    )
