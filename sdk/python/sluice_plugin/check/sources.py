"""The author's modules: `plugin.py`, and those of the folder that it imports."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    path: pathlib.Path
    #: Names of the top-level modules and packages of the folder.
    modules: frozenset[str]


def reachable(root: pathlib.Path) -> Iterator[Source]:
    modules = frozenset(
        entry.stem for entry in root.iterdir() if entry.suffix == ".py" or (entry.is_dir() and any(entry.glob("*.py")))
    )
    waiting, seen = [root / "plugin.py"], set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        yield Source(path, modules)
        try:
            tree = ast.parse(path.read_bytes())
        except SyntaxError:
            continue
        for name in _imported(tree, path, root):
            waiting += _files(root, name)


def _imported(tree: ast.AST, path: pathlib.Path, root: pathlib.Path) -> Iterator[str]:
    package = list(path.relative_to(root).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = [*base, *(node.module.split(".") if node.module else [])]
            yield ".".join(prefix)
            yield from (".".join([*prefix, alias.name]) for alias in node.names)


def _files(root: pathlib.Path, name: str) -> Iterator[pathlib.Path]:
    """The files that are run when this module is imported, those of its packages too."""
    parts = name.split(".") if name else []
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                yield file
