"""Checks values against the `TypedDict`s in which the official clients write down what an API takes. pydantic itself reads
an `Iterable` only when it is walked, and takes fields that nobody knows."""

import collections.abc
import types
import typing

import typing_extensions


def check(kind, value, at: str) -> list[str]:
    """The ways in which `value` is not of this kind, one sentence each."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired, typing_extensions.ReadOnly):
        return check(arguments[0], value, at)
    if kind in (typing.Any, object):
        return []
    if isinstance(origin, typing_extensions.TypeAliasType):
        return check(origin.__value__[arguments], value, at)
    if isinstance(origin, type) and issubclass(origin, typing.IO):
        return [f"{at} is no file"]
    if origin in (typing.Union, types.UnionType):
        return closest(arguments, value, at)
    if origin in (typing.Literal, typing_extensions.Literal):
        return [] if value in arguments else [f"{at} is {value!r}, not one of {arguments}"]
    if origin in (list, collections.abc.Iterable, collections.abc.Sequence) or "SequenceNotStr" in str(origin):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [problem for index, item in enumerate(value) for problem in check(arguments[0], item, f"{at}[{index}]")]
    if origin in (dict, collections.abc.Mapping):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        return [problem for name, item in value.items() for problem in check(arguments[1], item, f"{at}.{name}")]
    if typing_extensions.is_typeddict(kind):
        return check_object(kind, value, at)
    if kind in (None, type(None)):
        return [] if value is None else [f"{at} is not null"]
    if kind is float:
        kind = (int, float)
    is_number_by_mistake = isinstance(value, bool) and kind is not bool
    return [] if isinstance(value, kind) and not is_number_by_mistake else [f"{at} is {value!r}, not {kind}"]


def check_object(kind, value, at: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    fields = typing_extensions.get_type_hints(kind, include_extras=True)
    found = [f"{at}.{name} is missing" for name in kind.__required_keys__ if name not in value]
    for name, item in value.items():
        if name in fields:
            found += check(fields[name], item, f"{at}.{name}")
        else:
            found.append(f"{at}.{name} is no field of {kind.__name__}")
    return found


def closest(kinds, value, at: str) -> list[str]:
    """Of a union, what the kind says that the value is nearest to."""
    tried = [check(kind, value, at) for kind in kinds]
    named = [found for found in tried if not any(problem.startswith(f"{at}.type is ") for problem in found)]
    return min(named or tried, key=len)
