"""How a mail looks: filled blocks become an HTML part (tables and inline styles, as mail programs want it) and a text.

Readable as it is where a mail program knows no dark mode; where it does, the colours follow. Nothing is loaded but the
portal's logo, and nothing reports that the mail was opened.
"""

from __future__ import annotations

from html import escape

from msgspec import Struct

from ..portals import Portal, colour

_NO_MORE, _UNSUBSCRIBE = "You do not want mails like this one?", "Unsubscribe"
_FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_INK, _SOFT, _LINE, _GROUND = "#1b1f24", "#57606a", "#d8dee4", "#f3f5f7"
_DARK = (
    "@media (prefers-color-scheme:dark){.ground{background:#14171c!important}.card{background:#1f242b!important;"
    "border-color:#39414b!important}.ink{color:#f0f3f6!important}.soft{color:#aab4bf!important}"
    ".code{background:#14171c!important;border-color:#39414b!important}}"
)


class Filled(Struct, frozen=True):
    """A block with its values in place; `href` is where a button leads."""

    kind: str
    text: str
    href: str = ""


def html(portal: Portal, subject: str, preheader: str, blocks: list[Filled], unsubscribe: str = "") -> str:
    """The HTML part. With the address to unsubscribe at, its foot says so, and where the company gets its post."""
    body = "".join(_html_block(portal, block) for block in blocks)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(subject)}</title><style>{_DARK}</style></head>"
        f'<body class="ground" style="margin:0;padding:0;background:{_GROUND};-webkit-text-size-adjust:100%">'
        f'<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{escape(preheader)}'
        f"{'&#847;&zwnj;&nbsp;' * 40}</div>"
        f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="ground" '
        f'style="background:{_GROUND}"><tr><td align="center" style="padding:24px 12px">'
        f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="card" '
        f'style="max-width:560px;background:#ffffff;border:1px solid {_LINE};border-radius:10px">'
        f'<tr><td style="border-top:6px solid {portal.branding.brand_colour};border-radius:10px 10px 0 0;'
        f'padding:22px 32px 0">{_masthead(portal)}</td></tr>'
        f'<tr><td style="padding:8px 32px 26px">{body}</td></tr></table>'
        f"{_footer(portal, unsubscribe)}</td></tr></table></body></html>"
    )


def text(portal: Portal, blocks: list[Filled], unsubscribe: str = "") -> str:
    """The plain part: the same words in the same order."""
    parts = [_text_block(block) for block in blocks]
    foot = _footer_lines(portal)
    if unsubscribe:
        foot += [*_post(portal), f"{_NO_MORE} {_UNSUBSCRIBE}: {unsubscribe}"]
    parts.append("-- \n" + "\n".join(foot))
    return "\n\n".join(parts) + "\n"


def _masthead(portal: Portal) -> str:
    name = escape(portal.name)
    if portal.branding.logo_url:
        return (
            f'<img src="{escape(portal.branding.logo_url)}" alt="{name}" height="36" '
            f'style="display:block;height:36px;max-width:100%;border:0;{_text_style(17, _INK, bold=True)}">'
        )
    return f'<div class="ink" style="{_text_style(17, _INK, bold=True)}">{name}</div>'


def _html_block(portal: Portal, block: Filled) -> str:
    words = escape(block.text).replace("\n", "<br>")
    if block.kind == "heading":
        return f'<h1 class="ink" style="margin:14px 0 10px;{_text_style(22, _INK, bold=True)}">{words}</h1>'
    if block.kind == "button":
        return _button(portal, words, escape(block.href))
    if block.kind == "code":
        return (
            f'<p class="code ink" style="margin:18px 0;padding:14px 0;text-align:center;background:{_GROUND};border:1px '
            f"solid {_LINE};border-radius:8px;color:{_INK};font:700 32px/1.2 Consolas,Menlo,monospace;"
            f'letter-spacing:6px">{words}</p>'
        )
    if block.kind == "quote":
        return (
            f'<blockquote class="ink" style="margin:14px 0;padding:2px 0 2px 14px;border-left:3px solid '
            f'{portal.branding.brand_colour};{_text_style(16, _INK)}">{words}</blockquote>'
        )
    if block.kind == "small":
        return f'<p class="soft" style="margin:18px 0 0;{_text_style(13, _SOFT)}">{words}</p>'
    return f'<p class="ink" style="margin:12px 0;{_text_style(16, _INK)}">{words}</p>'


def _button(portal: Portal, words: str, href: str) -> str:
    brand = portal.branding.brand_colour
    ink = colour.ink_on(brand)
    return (
        f'<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:20px 0"><tr>'
        f'<td bgcolor="{brand}" style="border-radius:8px"><a href="{href}" style="display:inline-block;padding:13px '
        f'26px;text-decoration:none;border-radius:8px;background:{brand};{_text_style(16, ink, bold=True)}">{words}</a>'
        f'</td></tr></table><p class="soft" style="margin:0 0 12px;word-break:break-all;{_text_style(13, _SOFT)}">'
        f"Or copy this address into your browser: {href}</p>"
    )


def _text_style(size: int, ink: str, *, bold: bool = False) -> str:
    return f"color:{ink};font:{700 if bold else 400} {size}px/1.5 {_FONT}"


def _footer(portal: Portal, unsubscribe: str) -> str:
    told = [escape(line) for line in _footer_lines(portal)]
    if unsubscribe:
        told += [escape(line) for line in _post(portal)]
        told.append(f'{_NO_MORE} <a class="soft" href="{escape(unsubscribe)}" style="color:{_SOFT}">{_UNSUBSCRIBE}</a>')
    lines = "<br>".join(told)
    return f'<p class="soft" style="max-width:560px;margin:16px auto 0;{_text_style(13, _SOFT)}">{lines}</p>'


def _post(portal: Portal) -> list[str]:
    return [line.strip() for line in portal.support.postal_address.splitlines() if line.strip()]


def _footer_lines(portal: Portal) -> list[str]:
    support = portal.support
    ways = [way for way in (support.email, support.phone) if way]
    lines = [portal.name]
    if ways:
        hours = f" ({support.hours})" if support.hours else ""
        lines.append(f"Questions? {' or '.join(ways)}{hours}")
    return lines


def _text_block(block: Filled) -> str:
    if block.kind == "heading":
        return f"{block.text}\n{'=' * min(len(block.text), 72)}"
    if block.kind == "button":
        return f"{block.text}:\n{block.href}"
    if block.kind == "code":
        return f"    {block.text}"
    if block.kind == "quote":
        return "\n".join(f"> {line}" for line in block.text.splitlines())
    return block.text
