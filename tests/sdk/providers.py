"""The providers that the conversations go through: how a deployment of each reaches the mock, and where the mock differs
from the provider."""

import contextlib
import http.server
import json
import threading
from pathlib import Path

PROVIDERS = json.loads((Path(__file__).parent / "providers.json").read_text())
NAMES = [provider["name"] for provider in PROVIDERS]
#: The module of `wire` that has the types of each provider.
CHECKED_BY = {provider["name"]: provider["types"] for provider in PROVIDERS}
#: The service that a request is signed for, by the keys below.
SIGNED_FOR = {provider["name"]: provider.get("signed_for") for provider in PROVIDERS}
AWS_KEYS = ("AKIDCONVERSATIONS", "secret-key-of-conversations")
#: How the models of providers begin for which the mock needs an answer of its own (`mock_of` of a turn).
MODELS = {"bedrock": "anthropic.claude-sonnet-4-5"}


def deployments(upstream, tokens):
    """`litellm_params` by provider, each below a path of its name."""
    return {
        "openai": {"model": "openai/gpt-4o", "api_base": f"{upstream}/openai/v1", "api_key": "sk-conversations"},
        # A model that speaks the Responses API alone.
        "responses": {"model": "openai/o3-pro", "api_base": f"{upstream}/responses/v1", "api_key": "sk-conversations"},
        "azure": {"model": "azure/gpt-4o", "api_base": f"{upstream}/azure", "api_key": "key-conversations", "api_version": "2024-10-21"},
        "mistral": {
            "model": "mistral/mistral-large-latest",
            "api_base": f"{upstream}/mistral/v1",
            "api_key": "key-conversations",
        },
        "anthropic": {"model": "anthropic/claude-sonnet-4-5", "api_base": f"{upstream}/anthropic", "api_key": "key-conversations"},
        "vertex_claude": {
            "model": "vertex_ai/claude-sonnet-4-5@20250929",
            "api_base": f"{upstream}/vertex_claude/v1/projects/p/locations/us-east5",
            "vertex_project": "p",
            "vertex_location": "us-east5",
            "vertex_credentials": google_user(tokens),
        },
        "foundry_claude": {
            "model": "azure_ai/claude-sonnet-4-5",
            "api_base": f"{upstream}/foundry_claude/anthropic",
            "api_key": "key-conversations",
        },
        "bedrock_invoke": {
            "model": "bedrock/invoke/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "api_base": f"{upstream}/bedrock_invoke",
            "aws_access_key_id": AWS_KEYS[0],
            "aws_secret_access_key": AWS_KEYS[1],
            "aws_region_name": "us-east-1",
        },
        "gemini": {"model": "gemini/gemini-2.5-flash", "api_base": f"{upstream}/gemini/v1beta", "api_key": "key-conversations"},
        "vertex_ai": {
            "model": "vertex_ai/gemini-2.5-flash",
            "api_base": f"{upstream}/vertex_ai/v1/projects/p/locations/us-central1",
            "vertex_project": "p",
            "vertex_location": "us-central1",
            "vertex_credentials": google_user(tokens),
        },
        "bedrock": {
            "model": "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "api_base": f"{upstream}/bedrock",
            "aws_access_key_id": AWS_KEYS[0],
            "aws_secret_access_key": AWS_KEYS[1],
            "aws_region_name": "us-east-1",
        },
        "cohere": {"model": "cohere/command-a-reasoning-08-2025", "api_base": f"{upstream}/cohere", "api_key": "key-conversations"},
        "sagemaker": {
            "model": "sagemaker_chat/my-endpoint",
            "api_base": f"{upstream}/sagemaker",
            "aws_access_key_id": AWS_KEYS[0],
            "aws_secret_access_key": AWS_KEYS[1],
            "aws_region_name": "us-east-1",
        },
        "replicate": {
            "model": "replicate/meta/meta-llama-3-70b-instruct",
            "api_base": f"{upstream}/replicate",
            "api_key": "key-conversations",
        },
        "ollama": {"model": "ollama/qwen3", "api_base": f"{upstream}/ollama"},
        "huggingface": {"model": "huggingface/meta-llama/Llama-3.3-70B-Instruct", "api_base": f"{upstream}/huggingface/v1", "api_key": "k-conversations"},
        "databricks": {"model": "databricks/databricks-llama-4-maverick", "api_base": f"{upstream}/databricks/serving-endpoints", "api_key": "k-conversations"},
        "cloudflare": {"model": "cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast", "api_base": f"{upstream}/cloudflare/ai/v1", "api_key": "k-conversations"},
        "github_copilot": {"model": "github_copilot/gpt-4o", "api_base": f"{upstream}/github_copilot", "api_key": "k-conversations"},
        "watsonx": {"model": "watsonx/meta-llama/llama-3-3-70b-instruct", "api_base": f"{upstream}/watsonx", "token": "k-conversations", "project_id": "p"},
        "snowflake": {"model": "snowflake/llama3.3-70b", "api_base": f"{upstream}/snowflake/api/v2", "api_key": "k-conversations"},
    }


def google_user(tokens):
    """Credentials of a user of Google's, whose tokens come from this service."""
    user = {
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret-of-the-client",
        "refresh_token": "refresh-token-of-the-user",
        "token_uri": f"{tokens}/token",
    }
    return json.dumps(user)


def fixtures(conversations):
    """What the mock answers: to the user's marker, at each turn."""
    for name, conversation in conversations.items():
        for index, turn in enumerate(conversation["turns"]):
            match = {"userMessage": f"[{name}]", "turnIndex": index}
            # The mock takes the first that matches.
            for provider, own in turn.get("mock_of", {}).items():
                yield {"match": match | {"model": MODELS[provider]}, "response": own}
            yield {"match": match, "response": turn["mock"]}


@contextlib.contextmanager
def token_service():
    """Google's token endpoint, as far as a user's refresh token goes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps({"access_token": "token-of-conversations", "expires_in": 3600}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
