"""Strategies written as text: names, calls with plain values, and + * >> between them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from querist.core.errors import BadInput

_DOES: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.RShift: operator.rshift,
}


def is_expression(text: str) -> bool:
    """Whether a text is more than a name.

    Examples
    --------
    >>> is_expression("margin"), is_expression("Subsample('margin', 500)")
    (False, True)
    """
    return any(sign in text for sign in "(+*>")


def built(text: str, named: Callable[[str], Any]) -> Any:
    """The strategy that an expression builds; `named` gives the class or object of a name.

    Nothing but strategies is ever called, and with numbers, texts, strategies, lists and
    dicts of them only: a text from a configuration file cannot do harm.

    Raises
    ------
    BadInput
        When the text is no such expression, or a strategy refuses its arguments.
    """
    try:
        return _value(ast.parse(text.strip(), mode="eval").body, named, called=False)
    except (SyntaxError, TypeError, ArithmeticError, RecursionError) as error:
        raise BadInput(
            f"the strategy {text!r} cannot be built ({error}); write it as in Python, such as "
            '"Entropy() >> Top(1000) >> KCenter()" or "Subsample(KCenter(), 10_000)"'
        ) from error


def _value(node: ast.expr, named: Callable[[str], Any], *, called: bool) -> Any:
    def of(part: ast.expr) -> Any:
        return _value(part, named, called=False)

    match node:
        case ast.Name(name):
            found = named(name)
            return found() if isinstance(found, type) and not called else found
        case ast.Call(ast.Name() as function, args, keywords):
            if any(pair.arg is None for pair in keywords):
                raise TypeError("** has no place here")
            made = _value(function, named, called=True)
            given = {str(pair.arg): of(pair.value) for pair in keywords}
            return made(*map(of, args), **given)
        case ast.BinOp(left, op, right) if type(op) in _DOES:
            return _DOES[type(op)](of(left), of(right))
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as number)):
            return -number
        case ast.Constant(value):
            return value
        case ast.List(parts) | ast.Tuple(parts):
            return [of(part) for part in parts]
        case ast.Dict(keys, values) if all(keys):
            return {of(k): of(v) for k, v in zip(keys, values, strict=True) if k is not None}
    raise TypeError(f"{ast.unparse(node)} is neither a strategy nor a plain value")
