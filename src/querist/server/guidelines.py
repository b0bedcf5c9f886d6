"""Guidelines: Markdown of the owner as HTML in which nothing but Markdown counts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # only where there are guidelines: it takes a while

    made = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    made.disable("image")  # nothing is loaded from elsewhere
    made.add_render_rule("link_open", _outward)
    return made


def _outward(self: Any, tokens: Any, at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("rel", "noopener noreferrer")
    tokens[at].attrSet("target", "_blank")
    said: str = self.renderToken(tokens, at, options, env)
    return said


@lru_cache(maxsize=256)
def html_of(text: str) -> str:
    r"""Markdown as HTML; tags in it show as text.

    Examples
    --------
    >>> html_of("*win* <script>")
    '<p><em>win</em> &lt;script&gt;</p>\n'
    >>> html_of("[a](javascript:alert(1))")
    '<p>[a](javascript:alert(1))</p>\n'
    """
    return str(_reader().render(text) if text else "")


def guidelines_json(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The guidelines of a campaign as its page shows them: a version, HTML, and HTML a class.

    Examples
    --------
    >>> guidelines_json(None)
    {'version': 0, 'html': '', 'labels': {}}
    """
    given = given or {}
    return {
        "version": int(given.get("version", 0)),
        "html": html_of(str(given.get("text") or "")),
        "labels": {
            name: {
                "html": html_of(str(about.get("text") or "")),
                "examples": [str(example) for example in about.get("examples", ())],
            }
            for name, about in (given.get("labels") or {}).items()
        },
    }
