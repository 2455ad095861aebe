"""A tree as the HTML of a mail: tables and inline styles, since mail programs know little else (design.md §11).

No pictures, no scripts, nothing remote. Colours survive a program that turns them round: the panel and the button have borders.
"""

from django.utils.html import escape

from schoolgate.letters.tree import (
    Block,
    Break,
    Button,
    Emphasis,
    Heading,
    Inline,
    KeyPanel,
    KeyText,
    Link,
    ListOf,
    Paragraph,
    Strong,
    Tree,
    Value,
)

_SANS = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Helvetica,Arial,sans-serif"
_MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_PARAGRAPH = "margin:0 0 16px;overflow-wrap:anywhere"
_HEADINGS = {
    1: "margin:0 0 16px;font-size:22px;line-height:28px",
    2: "margin:24px 0 12px;font-size:18px",
    3: "margin:16px 0 8px;font-size:16px",
}


def html_of(tree: Tree, *, title: str, sender: str, language: str, is_rtl: bool = False) -> str:
    """A whole HTML document. title: the subject. sender: the school's name, shown on top."""
    body = "".join(map(_block, tree.blocks))
    direction = "rtl" if is_rtl else "ltr"
    return (
        f'<!DOCTYPE html><html lang="{escape(language)}" dir="{direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        '<meta name="supported-color-schemes" content="light dark">'
        f"<title>{escape(title)}</title></head>"
        '<body style="margin:0;padding:0"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        '<td align="center" style="padding:24px 12px"><table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" '
        f'style="width:100%;max-width:600px;text-align:start;{_SANS};font-size:16px;line-height:24px">'
        f'<tr><td style="padding:0 0 20px;font-size:18px;font-weight:700">{_isolated(sender)}</td></tr>'
        f"<tr><td>{body}</td></tr></table></td></tr></table></body></html>"
    )


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return f'<p style="{_PARAGRAPH}">{_words(children)}</p>'
        case Heading(level, children):
            return f'<h{level} style="{_HEADINGS[level]}">{_words(children)}</h{level}>'
        case ListOf(start, items):
            inside = "".join(f'<li style="margin:0 0 8px">{"".join(map(_list_part, item))}</li>' for item in items)
            tag, more = ("ul", "") if start is None else ("ol", f' start="{start}"' if start != 1 else "")
            return f'<{tag}{more} style="margin:0 0 16px;padding-inline-start:28px">{inside}</{tag}>'
        case KeyPanel(label, _, _, key):
            words = f'<div style="margin:0 0 6px">{_words(label)}</div>' if label else ""
            shown = (
                f'<div dir="ltr" style="{_MONO};font-size:24px;line-height:32px;font-weight:700;text-align:start">{escape(key)}</div>'
                if key
                else ""
            )
            return (
                '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr>'
                f'<td style="padding:16px 20px;border:2px solid #74827f;border-radius:8px">{words}{shown}</td></tr></table>'
            )
        case Button(target, label):
            return (
                '<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:8px 0 24px"><tr>'
                '<td style="border:2px solid #0a5f63;border-radius:8px;background-color:#0a5f63">'
                f'<a href="{escape(target)}" style="display:inline-block;padding:12px 24px;font-weight:700;color:#ffffff;text-decoration:none">'
                f"{_words(label)}</a></td></tr></table>"
            )
        case _:
            return ""


def _list_part(block: Block) -> str:
    return _words(block.children) if isinstance(block, Paragraph) else _block(block)


def _words(children: tuple[Inline, ...]) -> str:
    return "".join(map(_inline, children))


def _inline(node: Inline) -> str:
    match node:
        case str():
            return escape(node)
        case Value(text):
            return _isolated(text)
        case KeyText(text):
            return f'<span dir="ltr" style="{_MONO};font-size:20px;font-weight:700">{escape(text)}</span>'
        case Break():
            return "<br>"
        case Strong(children):
            return f"<strong>{_words(children)}</strong>"
        case Emphasis(children):
            return f"<em>{_words(children)}</em>"
        case Link(target, children):
            return f'<a href="{escape(target)}" style="color:inherit">{_words(children)}</a>'
        case _:
            return ""


def _isolated(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"
