"""Write Sluice plugins in Python. A plugin is one class; `export` makes a component of it. README.md beside this package."""

from . import candidates, deployment, exchange, http, log, notes, state
from ._export import export
from .errors import (
    BadSettings,
    HttpError,
    ImportDenied,
    NoneSuitable,
    PluginError,
    Reject,
    Retry,
    StoreError,
    Unavailable,
)
from .guardrail import PASS, Block, Edit, Hold, Passage, Rewrite, Stage, Verdict
from .hook import PROCEED, Answer, Changes, Decision, Refusal, pointer
from .kinds import Guardrail, LoggingCallback, PeriodicTask, Plugin, ProviderAdapter, Record, RequestHook, RoutingStrategy
from .manifest import Manifest
from .provider import (
    UNCHANGED,
    Auth,
    Event,
    Failure,
    Fault,
    MergePatch,
    ProviderInfo,
    Target,
    Upload,
    UpstreamRequest,
)

__all__ = [
    "PASS", "PROCEED", "UNCHANGED", "Answer", "Auth", "BadSettings", "Block", "Changes", "Decision", "Edit", "Event",
    "Failure", "Fault", "Guardrail", "Hold", "HttpError", "ImportDenied", "LoggingCallback", "Manifest", "MergePatch",
    "NoneSuitable", "Passage", "PeriodicTask", "Plugin", "PluginError", "ProviderAdapter", "ProviderInfo", "Record",
    "Refusal", "Reject", "RequestHook", "Retry", "Rewrite", "RoutingStrategy", "Stage", "StoreError", "Target",
    "Unavailable", "Upload", "UpstreamRequest", "Verdict", "candidates", "deployment", "exchange", "export", "http", "log",
    "notes", "pointer", "state",
]  # fmt: skip
