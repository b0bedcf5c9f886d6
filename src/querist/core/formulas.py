"""Costs as formulas of sizes, such as "n (d + k) b": read by people, and worked out."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

from querist.core.errors import BadInput

SIZES: Mapping[str, str] = {
    "n": "candidates",
    "b": "items of the batch",
    "d": "dimensions",
    "k": "classes or labels",
    "m": "labelled items",
    "s": "models or draws",
    "r": "points to be covered",
}
_WORDS: dict[str, Callable[..., float]] = {"min": min, "max": max, "log": math.log2}
_DOES: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_TOKEN = re.compile(r"\s*(?:([a-z]+)|([\d_.]+)|([+*/^(),]))")


def worked_out(formula: str, sizes: Mapping[str, float]) -> float:
    """The number a formula gives for some sizes.

    Sizes are one letter (`SIZES`), and stand beside each other to be multiplied; ``+ * / ^``,
    brackets, ``min(..)``, ``max(..)`` and ``log`` (to base 2, of what follows at once).

    Raises
    ------
    BadInput
        When the text is no formula, or holds a size that is not given.

    Examples
    --------
    >>> worked_out("2 n (d + k) + n min(n, 1_000)", {"n": 10, "d": 3, "k": 2})
    200.0
    """
    try:
        return float(_value(ast.parse(_python(formula), mode="eval").body, sizes))
    except (SyntaxError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        known = ", ".join(f"{name} {meaning}" for name, meaning in SIZES.items())
        raise BadInput(
            f"a cost is a formula of sizes ({known}), such as 'n (d + k) b', but {formula!r} "
            f"cannot be worked out with {', '.join(sizes)}"
        ) from error


def mentions(formula: str, size: str) -> bool:
    """Whether a cost grows with a size.

    Examples
    --------
    >>> mentions("n r (d + 20)", "r"), mentions("80 n d", "r")
    (True, False)
    """
    return re.search(rf"\b{size}\b", formula) is not None


def narrowed(formula: str, among: str) -> str:
    """The formula of those who look at fewer candidates.

    Examples
    --------
    >>> narrowed("n (d + min(n, 9))", "min(n, 100)")
    'min(n, 100) (d + min(n, 100, 9))'
    """
    if among == "n":
        return formula
    plain = re.sub(r"\bn\b", among, re.sub(r"\blog n\b", "log(n)", formula))
    # a least of a least is one: sums of such costs stay short enough to be read
    return re.sub(r"min\(min\(([^()]*)\)", r"min(\1", plain)


def _python(formula: str) -> str:
    """The formula as a Python expression: every product with its sign."""
    said, at, before = "", 0, ""
    text = formula.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text[at:])
        at, token = found.end(), found[0].strip()
        follows = bool(before) and before not in _WORDS and before not in "+*/^(,"
        said += "*" * (follows and token not in "+*/^),")
        said += f"({token})" if before == "log" and token != "(" else token.replace("^", "**")
        before = token
    return said


def _value(node: ast.expr, sizes: Mapping[str, float]) -> float:
    match node:
        case ast.BinOp(left, op, right):
            return _DOES[type(op)](_value(left, sizes), _value(right, sizes))
        case ast.Call(ast.Name(word), parts, []):
            return _WORDS[word](*(_value(part, sizes) for part in parts))
        case ast.Constant(int() | float() as number):
            return float(number)
        case ast.Name(name):
            return sizes[name]
    raise ValueError(ast.dump(node))
