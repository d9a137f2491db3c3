"""Walks one module."""

from __future__ import annotations

import ast
import sys

from . import tables

_MISSING = {"ImportError", "ModuleNotFoundError", "Exception"}
_ADAPTER = "ProviderAdapter"


class Rules(ast.NodeVisitor):
    """Collects what is found as (node, severity, sentence)."""

    def __init__(self, modules: frozenset[str]) -> None:
        self.modules = modules
        self.found: list[tuple[ast.stmt | ast.expr, str, str]] = []
        self.exports = False
        #: Local names of modules and of what was imported from them, by their full names.
        self.names: dict[str, str] = {}
        self.depth = 0
        self.may_be_missing = False
        self.keeps = False
        self.method = ""

    # Imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
            self._imported(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level:
            if self.depth:
                self._add(node, f"`.{node.module or ''}`: {tables.IMPORT_IN_FUNCTION}")
            return
        module = node.module or ""
        for alias in node.names:
            self.names[alias.asname or alias.name] = f"{module}.{alias.name}"
        self._imported(node, module, [alias.name for alias in node.names])

    def _imported(self, node: ast.stmt, module: str, members: list[str] | None = None) -> None:
        if self.depth and not self.may_be_missing:
            self._add(node, f"`{module}`: {tables.IMPORT_IN_FUNCTION}")
        if self.may_be_missing:
            return
        for name in [*(f"{module}.{member}" for member in members or []), module]:
            if (instead := _fits(name)) is not None:
                self._add(node, f"`{name}`: {instead}")
                return
        top = module.split(".")[0]
        if top not in sys.stdlib_module_names and top not in self.modules and top != "sluice_plugin":
            self._add(node, f"`{module}`: {tables.UNKNOWN}")

    def visit_Try(self, node: ast.Try) -> None:
        before = self.may_be_missing
        self.may_be_missing = before or any(_catches_missing(handler) for handler in node.handlers)
        for statement in node.body:
            self.visit(statement)
        self.may_be_missing = before
        for other in [*node.handlers, *node.orelse, *node.finalbody]:
            self.visit(other)

    def visit_If(self, node: ast.If) -> None:
        if _dotted(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for statement in node.orelse:
                self.visit(statement)
            return
        self.generic_visit(node)

    # Functions and classes

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before = self.keeps
        # Of an adapter the instance belongs to one attempt.
        bases = {_dotted(base).rpartition(".")[2] for base in node.bases}
        self.keeps = bool(bases & _KINDS) and _ADAPTER not in bases
        for decorator in node.decorator_list:
            self.exports = self.exports or _dotted(decorator).rpartition(".")[2] == "export"
        self.generic_visit(node)
        self.keeps = before

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        method, self.method = self.method, node.name
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1
        self.method = method

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._kept(target)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._kept(node.target)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._kept(node.target)
        self.generic_visit(node)

    def _kept(self, target: ast.expr) -> None:
        place = target.value if isinstance(target, ast.Subscript) else target
        if self.keeps and self.depth and self.method != "__init__" and _dotted(place).startswith("self."):
            self._add(target, f"`{_dotted(place)}`: {tables.KEPT}", "warning")

    # Names

    def visit_Call(self, node: ast.Call) -> None:
        name = self._full(node.func)
        if name.rpartition(".")[2] == "export":
            self.exports = True
        if name == "asyncio.sleep" and node.args and isinstance(node.args[0], ast.Constant) and not node.args[0].value:
            return
        if isinstance(node.func, ast.Attribute) and node.func.attr in tables.METHODS:
            self._add(node, f"`{node.func.attr}`: {tables.METHODS[node.func.attr]}")
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self._used(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._used(node)
        self.generic_visit(node)

    def _used(self, node: ast.Name | ast.Attribute) -> None:
        name = self._full(node)
        if name in tables.NAMES and (name in self.names.values() or "." in name or name not in self.names):
            self._add(node, f"`{name}`: {tables.NAMES[name]}")

    def _full(self, node: ast.expr) -> str:
        """The dotted name, with what it was imported as replaced by what it is."""
        first, dot, rest = _dotted(node).partition(".")
        return self.names.get(first, first) + dot + rest

    def _add(self, node: ast.stmt | ast.expr, sentence: str, severity: str = "error") -> None:
        self.found.append((node, severity, sentence))


_KINDS = {
    "RoutingStrategy", "RequestHook", "Guardrail", "LoggingCallback", "PeriodicTask", _ADAPTER, "CustomLogger",
    "CustomGuardrail",
}  # fmt: skip


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def _fits(name: str) -> str | None:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if (instead := tables.MODULES.get(".".join(parts[:length]))) is not None:
            return instead
    return None


def _catches_missing(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or _dotted(kind) in _MISSING for kind in kinds)
