"""A tree as plain text: the other half of every mail, and the Braille-ready form of a letter."""

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


def text_of(tree: Tree) -> str:
    """The whole body, paragraphs parted by empty lines. Links are followed by their address."""
    return "\n\n".join(filter(None, map(_block, tree.blocks))) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(children) | Heading(_, children):
            return _words(children).strip()
        case ListOf(start, items):
            lines = []
            for number, item in enumerate(items, start or 0):
                mark = f"{number}. " if start is not None else "- "
                inside = "\n".join(_block(part) for part in item).replace("\n", "\n" + " " * len(mark))
                lines.append(mark + inside)
            return "\n".join(lines)
        case KeyPanel(label, _, _, key):
            return "\n\n".join(filter(None, [_words(label).strip(), f"    {key}" if key else ""]))
        case Button(target, label):
            return f"{_words(label).strip()}:\n{target}"
        case _:
            return ""


def _words(children: tuple[Inline, ...]) -> str:
    return "".join(map(_inline, children))


def _inline(node: Inline) -> str:
    match node:
        case str():
            return node
        case Value() | KeyText():
            return node.text
        case Break():
            return "\n"
        case Strong(children) | Emphasis(children):
            return _words(children)
        case Link(target, children):
            words = _words(children)
            return words if words == target else f"{words} ({target})"
        case _:
            return ""
