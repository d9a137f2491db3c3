"""Finds in a plugin's sources what cannot work in a component, before it is built: `python -m sluice_plugin.check FOLDER`.

It reads `plugin.py` and the modules of the folder that this imports; nothing is run.
"""

from __future__ import annotations

import ast
import pathlib
from dataclasses import dataclass

from .sources import Source, reachable


@dataclass(frozen=True, order=True)
class Finding:
    file: str
    line: int
    column: int
    #: Whether the build should stop: `error` or `warning`.
    severity: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.sentence}"


def check(folder: str | pathlib.Path) -> list[Finding]:
    """What is found in the folder's plugin, in the order of files and lines."""
    from .rules import Rules

    root = pathlib.Path(folder)
    if not (root / "plugin.py").is_file():
        return [Finding("plugin.py", 1, 1, "error", "it is not there: it is the module that a component is made of")]
    findings: list[Finding] = []
    for source in reachable(root):
        findings += _of(source, root, Rules)
    for native in sorted(root.rglob("*.so")):
        if not any(part.startswith(".") or part in ("venv", "node_modules") for part in native.relative_to(root).parts):
            findings.append(Finding(str(native.relative_to(root)), 1, 1, "error", "a component cannot load native code"))
    return sorted(set(findings))


def _of(source: Source, root: pathlib.Path, rules: type) -> list[Finding]:
    name = str(source.path.relative_to(root))
    try:
        tree = ast.parse(source.path.read_bytes(), filename=name)
    except SyntaxError as error:
        return [Finding(name, error.lineno or 1, error.offset or 1, "error", f"it is no Python: {error.msg}")]
    visitor = rules(source.modules)
    visitor.visit(tree)
    found = [
        Finding(name, node.lineno, node.col_offset + 1, severity, sentence) for node, severity, sentence in visitor.found
    ]
    if source.path == root / "plugin.py" and not visitor.exports:
        found.append(Finding(name, 1, 1, "error", "it exports nothing: end it with `export(MyPlugin)`"))
    return found
