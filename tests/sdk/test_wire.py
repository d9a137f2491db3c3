"""What adapters send, checked against the types that the providers publish themselves: every adapter's cases."""

import importlib
import json
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"

#: Whose cases a module of `wire` checks: a plugin, and the providers of it.
CHECKED = {
    "anthropic": ("anthropic", ["anthropic", "azure_ai"]),
    "bedrock": ("bedrock", ["bedrock", "bedrock_converse"]),
    "bedrock_invoke": ("anthropic", ["bedrock"]),
    "cohere": ("cohere", ["cohere", "cohere_chat"]),
    "gemini": ("gemini", ["gemini", "vertex_ai", "vertex_ai_beta"]),
    "mistral": ("openai-compatible", ["mistral", "codestral"]),
    "ollama": ("ollama", ["ollama", "ollama_chat"]),
    "openai_chat": ("openai-compatible", ["openai", "azure"]),
    "openai_responses": ("openai-compatible", ["openai", "azure"]),
    "replicate": ("replicate", ["replicate"]),
    "vertex_claude": ("anthropic", ["vertex_ai"]),
    "watsonx": ("openai-compatible", ["watsonx"]),
    "sagemaker": ("sagemaker", ["sagemaker", "sagemaker_chat", "sagemaker_nova"]),
}


def cases():
    for module, (plugin, providers) in CHECKED.items():
        for path in sorted((PLUGINS / plugin / "cases").glob("*.json")):
            case = json.loads(path.read_text())
            if case["deployment"]["model"].split("/")[0] in providers:
                yield pytest.param(module, path, id=f"{module}-{path.stem}")


@pytest.mark.parametrize("module, path", list(cases()))
def test_a_case_is_of_the_providers_types(module, path):
    wire = importlib.import_module(f"wire.{module}")
    if reason := wire.NOT_THEIRS.get(path.stem):
        pytest.skip(reason)
    case = json.loads(path.read_text())
    operation = case.get("operation", "chat-completions")
    request = case.get("upstream_request") or {}
    if isinstance(request.get("body"), dict):
        assert wire.problems(operation, request.get("path", ""), request["body"]) == []
    answer = case.get("upstream_answer") or {}
    if answer.get("status", 200) == 200 and isinstance(answer.get("body"), dict):
        assert wire.answer_problems(operation, answer["body"]) == []


def test_every_module_is_used():
    modules = {path.stem for path in (Path(__file__).parent / "wire").glob("*.py") if path.stem != "__init__"}
    assert modules == set(CHECKED)
    for module, (plugin, _) in CHECKED.items():
        there = {path.stem for path in (PLUGINS / plugin / "cases").glob("*.json")}
        gone = set(importlib.import_module(f"wire.{module}").NOT_THEIRS) - there
        assert not gone, f"{module} leaves out cases that are not there: {gone}"
