"""A tree as the data that letter.typ walks: lists, texts and numbers, so that no word of a school is ever code (R-TP-05)."""

from typing import Any

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
    Value,
)
from schoolgate.letters.values import breakable

Node = dict[str, Any]  # JSON: {"t": what it is, …}.


def nodes_of(blocks: tuple[Block, ...]) -> list[Node]:
    """The blocks that flow; the key panel and placed fields are the sheet's own affair."""
    return [node for block in blocks if (node := _block(block)) is not None]


def inlines_of(children: tuple[Inline, ...]) -> list[str | Node]:
    return [_inline(child) for child in children]


def value_node(text: str, direction: str) -> Node:
    return {"t": "v", "s": breakable(text), "d": direction}


def _block(block: Block) -> Node | None:
    match block:
        case Paragraph(children):
            return {"t": "p", "c": inlines_of(children)}
        case Heading(level, children):
            return {"t": "h", "n": level, "c": inlines_of(children)}
        case ListOf(start, items):
            inside = [nodes_of(item) for item in items]
            return {"t": "ul", "c": inside} if start is None else {"t": "ol", "n": start, "c": inside}
        case Button(target, label):
            return {"t": "p", "c": [{"t": "a", "h": str(target), "c": inlines_of(label)}]}
        case KeyPanel(label, _, _, key):
            return {
                "t": "p",
                "c": [*inlines_of(label), " ", {"t": "key", "s": key}],
            }  # A second one: the sheet has one panel.
        case _:
            return None


def _inline(node: Inline) -> str | Node:
    match node:
        case str():
            return node
        case Value(text, direction):
            return value_node(text, direction)
        case KeyText(text):
            return {"t": "key", "s": text}
        case Break():
            return {"t": "br"}
        case Strong(children):
            return {"t": "b", "c": inlines_of(children)}
        case Emphasis(children):
            return {"t": "i", "c": inlines_of(children)}
        case Link(target, children):
            return {"t": "a", "h": str(target), "c": inlines_of(children)}
        case _:
            return ""
