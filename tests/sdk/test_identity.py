"""Who the gateway is at a cloud: tokens and keys that it fetches, checked by the clouds' own libraries."""

import base64
import collections
import contextlib
import hashlib
import http.server
import json
import threading
import time
import urllib.parse
from datetime import UTC, datetime, timedelta

import google.auth.jwt
import openai
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import conftest
import signed

#: What a model answers, in each provider's words.
GEMINI = {"candidates": [{"content": {"role": "model", "parts": [{"text": "hi"}]}, "finishReason": "STOP"}]}
CONVERSE = {"output": {"message": {"role": "assistant", "content": [{"text": "hi"}]}}, "stopReason": "end_turn"}
OPENAI = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}

Asked = collections.namedtuple("Asked", "method path headers body")


class Cloud:
    """A server of a cloud: `answers` is what it says by path, and `asked` what it was asked."""

    def __init__(self):
        self.asked = []
        self.answers = {}
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("content-length") or 0)
                asked = Asked(self.command, self.path, self.headers, self.rfile.read(length))
                cloud.asked.append(asked)
                path = urllib.parse.urlsplit(self.path).path
                answer = next((answer for start, answer in cloud.answers.items() if path.startswith(start)), None)
                status, body = answer(asked) if answer else (404, {"error": f"no {path} here"})
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.base = f"http://{self.host}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def paths(self, start):
        return [asked for asked in self.asked if asked.path.startswith(start)]

    def stop(self):
        self.server.shutdown()
        self.thread.join()


@pytest.fixture
def cloud():
    cloud = Cloud()
    yield cloud
    cloud.stop()


@contextlib.contextmanager
def gateway(folder, deployments, **environment):
    """A gateway with these deployments of the group `g`; gives a client, and the file with the log."""
    config = {
        "model_list": [{"model_name": "g", "litellm_params": params} for params in deployments],
        "router_settings": {"num_retries": 0, "routing_strategy": "priority"},
        "general_settings": {"master_key": conftest.KEY},
    }
    log = folder / "log"
    # Nothing of the machine that the test runs on.
    nothing = {"HOME": str(folder), "AWS_EC2_METADATA_DISABLED": "true", "XDG_CACHE_HOME": str(folder / ".cache")}
    with log.open("w") as stderr, conftest.serving(folder, json.dumps(config), stderr=stderr, **nothing, **environment) as base:
        yield conftest.client_of(base), log


def ask(client):
    messages = [{"role": "user", "content": "hello"}]
    return client.chat.completions.create(model="g", messages=messages).choices[0].message.content


def form(asked):
    return dict(urllib.parse.parse_qsl(asked.body.decode()))


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def service_account(cloud, key, form=serialization.PrivateFormat.PKCS8):
    return {
        "type": "service_account",
        "project_id": "project-of-the-key",
        "client_email": "robot@example.iam.gserviceaccount.com",
        "private_key_id": "key-1",
        "private_key": pem(key, form),
        "token_uri": f"{cloud.base}/token",
    }


def vertex(cloud, credentials, **more):
    return {"model": "vertex_ai/gemini-2.5-flash", "api_base": f"{cloud.base}/v1/projects/p/locations/us-central1", "vertex_credentials": credentials, **more}


def token(asked):
    del asked
    return 200, {"access_token": "token-of-google", "expires_in": 3600, "token_type": "Bearer"}


@pytest.mark.parametrize("form_of_key", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("place", ["text", "file", "variable"])
def test_a_service_account_gets_one_token_for_many_requests(cloud, key, tmp_path, place, form_of_key):
    cloud.answers = {"/token": token, "/v1/projects": lambda _: (200, GEMINI)}
    json_text = json.dumps(service_account(cloud, key, form_of_key))
    file = tmp_path / "account.json"
    file.write_text(json_text)
    params = vertex(cloud, {"text": json_text, "file": str(file)}.get(place))
    environment = {}
    if place == "variable":
        del params["vertex_credentials"]
        environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
    with gateway(tmp_path, [params], **environment) as (client, _):
        assert [ask(client) for _ in range(5)] == ["hi"] * 5
    (asked,) = cloud.paths("/token")
    assert form(asked)["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = google.auth.jwt.decode(form(asked)["assertion"], certs=public, audience=f"{cloud.base}/token")
    assert claims["iss"] == "robot@example.iam.gserviceaccount.com"
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert {asked.headers["authorization"] for asked in cloud.paths("/v1/")} == {"Bearer token-of-google"}


def test_workload_identity_is_exchanged_and_impersonates(cloud, tmp_path):
    subject = tmp_path / "subject"
    subject.write_text('{"id_token": "token-of-the-cluster"}')
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    cloud.answers = {
        "/sts": lambda _: (200, {"access_token": "federated", "expires_in": 3600}),
        "/impersonate": lambda _: (200, {"accessToken": "token-of-google", "expireTime": until}),
        "/v1/projects": lambda _: (200, GEMINI),
    }
    account = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/pool",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{cloud.base}/sts",
        "service_account_impersonation_url": f"{cloud.base}/impersonate",
        "credential_source": {"file": str(subject), "format": {"type": "json", "subject_token_field_name": "id_token"}},
    }
    with gateway(tmp_path, [vertex(cloud, json.dumps(account), vertex_project="p")]) as (client, _):
        assert ask(client) == "hi"
    assert form(cloud.paths("/sts")[0])["subject_token"] == "token-of-the-cluster"
    assert cloud.paths("/impersonate")[0].headers["authorization"] == "Bearer federated"
    assert cloud.paths("/v1/")[0].headers["authorization"] == "Bearer token-of-google"


def test_the_metadata_server_is_asked_last(cloud, tmp_path):
    cloud.answers = {"/computeMetadata": token, "/v1/projects": lambda _: (200, GEMINI)}
    params = vertex(cloud, None, vertex_project="p")
    del params["vertex_credentials"]
    with gateway(tmp_path, [params], GCE_METADATA_HOST=cloud.host) as (client, _):
        assert ask(client) == "hi"
    assert cloud.paths("/computeMetadata")[0].headers["metadata-flavor"] == "Google"


@pytest.mark.parametrize(
    "api_key, header, value",
    [("key-of-google", "x-goog-api-key", "key-of-google"), ("ya29.token", "authorization", "Bearer ya29.token")],
)
def test_a_key_or_a_token_of_the_operators_is_sent_as_it_is(cloud, tmp_path, api_key, header, value):
    cloud.answers = {"/v1/projects": lambda _: (200, GEMINI)}
    params = vertex(cloud, None, vertex_project="p", api_key=api_key)
    del params["vertex_credentials"]
    with gateway(tmp_path, [params], GCE_METADATA_HOST="127.0.0.1:1") as (client, _):
        assert ask(client) == "hi"
    (asked,) = cloud.paths("/v1/")
    assert asked.headers[header] == value


def test_credentials_come_before_a_key(cloud, key, tmp_path):
    cloud.answers = {"/token": token, "/v1/projects": lambda _: (200, GEMINI)}
    account = json.dumps(service_account(cloud, key))
    with gateway(tmp_path, [vertex(cloud, account, api_key="key-of-google")]) as (client, _):
        assert ask(client) == "hi"
    (asked,) = cloud.paths("/v1/")
    assert asked.headers["authorization"] == "Bearer token-of-google" and "x-goog-api-key" not in asked.headers


EXCHANGES = {
    "watsonx": (
        {"model": "watsonx/ibm/granite", "api_key": "key-of-ibm", "project_id": "p"},
        {"grant_type": "urn:ibm:params:oauth:grant-type:apikey", "apikey": "key-of-ibm"},
        None,
        "/ml/",
    ),
    "databricks": (
        {"model": "databricks/dbrx", "client_id": "robot", "client_secret": "secret-of-robot"},
        {"grant_type": "client_credentials", "scope": "all-apis"},
        "robot:secret-of-robot",
        "/serving-endpoints/",
    ),
}


@pytest.mark.parametrize("provider", EXCHANGES)
def test_keys_are_exchanged_once_for_a_token(cloud, tmp_path, provider):
    params, expected, basic, path = EXCHANGES[provider]
    base = {"watsonx": cloud.base, "databricks": f"{cloud.base}/serving-endpoints"}[provider]
    cloud.answers = {"/identity/token": token, "/oidc/v1/token": token, path: lambda _: (200, OPENAI)}
    environment = {"WATSONX_IAM_URL": f"{cloud.base}/identity/token"}
    with gateway(tmp_path, [params | {"api_base": base}], **environment) as (client, log):
        assert [ask(client) for _ in range(3)] == ["hi"] * 3
        text = log.read_text()
    (asked,) = cloud.paths("/identity/token") + cloud.paths("/oidc/v1/token")
    assert form(asked) == expected
    assert asked.headers["authorization"] == (f"Basic {base64.b64encode(basic.encode()).decode()}" if basic else None)
    assert {asked.headers["authorization"] for asked in cloud.paths(path)} == {"Bearer token-of-google"}
    assert "key-of-ibm" not in text and "secret-of-robot" not in text


def test_a_token_of_the_operators_is_not_exchanged(cloud, tmp_path):
    cloud.answers = {"/serving-endpoints/": lambda _: (200, OPENAI)}
    params = {"model": "databricks/dbrx", "api_key": "dapi-1", "client_id": "robot", "client_secret": "secret"}
    with gateway(tmp_path, [params | {"api_base": f"{cloud.base}/serving-endpoints"}]) as (client, _):
        assert ask(client) == "hi"
    assert cloud.paths("/serving-endpoints/")[0].headers["authorization"] == "Bearer dapi-1"
    assert not cloud.paths("/oidc")


def test_a_refused_exchange_is_a_fault_of_ours_in_the_services_words(cloud, tmp_path):
    refusal = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found: key-of-ibm"}
    cloud.answers = {"/identity/token": lambda _: (400, refusal), "/v1/chat": lambda _: (200, OPENAI)}
    deployments = [
        EXCHANGES["watsonx"][0] | {"api_base": cloud.base, "order": 1},
        {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk-x", "order": 2},
    ]
    environment = {"WATSONX_IAM_URL": f"{cloud.base}/identity/token"}
    with gateway(tmp_path, deployments, **environment) as (client, log):
        assert ask(client) == "hi"
        text = log.read_text()
    assert "Provided API key could not be found: ****" in text and "key-of-ibm" not in text


def test_a_fetched_token_that_comes_back_is_masked(cloud, key, tmp_path):
    repeats = {"error": {"code": 400, "message": "bad header: Bearer token-of-google", "status": "INVALID_ARGUMENT"}}
    cloud.answers = {"/token": token, "/v1/projects": lambda _: (400, repeats)}
    with gateway(tmp_path, [vertex(cloud, json.dumps(service_account(cloud, key)))]) as (client, log):
        with pytest.raises(openai.BadRequestError) as refused:
            ask(client)
        text = log.read_text()
    assert "bad header: Bearer ****" in str(refused.value)
    assert "token-of-google" not in text + str(refused.value)


def test_a_refused_credential_leaves_others_to_serve(cloud, key, tmp_path):
    refusal = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    cloud.answers = {"/token": lambda _: (400, refusal), "/v1/chat": lambda _: (200, OPENAI)}
    account = json.dumps(service_account(cloud, key))
    deployments = [
        vertex(cloud, account, order=1),
        {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk-x", "order": 2},
    ]
    with gateway(tmp_path, deployments) as (client, log):
        assert ask(client) == "hi"
        text = log.read_text()
    assert "Invalid JWT Signature." in text
    assert "PRIVATE KEY" not in text


def test_a_credential_that_cannot_be_read_is_told_at_the_start(cloud, tmp_path):
    deployments = [
        vertex(cloud, '{"type": "service_account", "client_email": "a", "private_key": "no key"}'),
        {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk-x"},
    ]
    cloud.answers = {"/v1/chat": lambda _: (200, OPENAI)}
    with gateway(tmp_path, deployments) as (client, log):
        assert ask(client) == "hi"
        assert "private key in PEM" in log.read_text()


STS = """<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIATEMPORARY</AccessKeyId>
<SecretAccessKey>secret-of-the-role</SecretAccessKey><SessionToken>session/token+of=role</SessionToken>
<Expiration>{}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def sts_answer(_):
    until = datetime.now(UTC) + timedelta(hours=1)
    return 200, STS.format(until.strftime("%Y-%m-%dT%H:%M:%SZ")).encode()


def bedrock(cloud, **more):
    return {"model": "bedrock/anthropic.claude-3-haiku-20240307-v1:0", "api_base": cloud.base, "aws_region_name": "eu-west-1", **more}


def is_signed(asked, cloud, service, keys):
    """Whether botocore would sign the request in the same way."""
    return signed.is_signed(asked.method, f"{cloud.base}{asked.path}", asked.headers, asked.body, service, "eu-west-1", keys)


ROLE = ("ASIATEMPORARY", "secret-of-the-role", "session/token+of=role")


def test_a_role_is_assumed_with_keys(cloud, tmp_path):
    cloud.answers = {"/model": lambda _: (200, CONVERSE), "/": sts_answer}
    params = bedrock(
        cloud,
        aws_access_key_id="AKIDOWN",
        aws_secret_access_key="secret-of-our-own",
        aws_role_name="arn:aws:iam::1:role/models",
        aws_session_name="gateway",
        aws_external_id="external-1",
        aws_sts_endpoint=cloud.base,
    )
    with gateway(tmp_path, [params]) as (client, _):
        assert [ask(client) for _ in range(3)] == ["hi"] * 3
    (assumed,) = [asked for asked in cloud.asked if asked.path == "/"]
    wanted = {"Action": "AssumeRole", "RoleArn": "arn:aws:iam::1:role/models", "RoleSessionName": "gateway", "ExternalId": "external-1"}
    assert form(assumed) == wanted | {"Version": "2011-06-15"}
    assert is_signed(assumed, cloud, "sts", ("AKIDOWN", "secret-of-our-own"))
    for asked in cloud.paths("/model"):
        assert is_signed(asked, cloud, "bedrock", ROLE)


def test_a_web_identity_of_the_environment_assumes_its_role(cloud, tmp_path):
    cloud.answers = {"/model": lambda _: (200, CONVERSE), "/": sts_answer}
    file = tmp_path / "token"
    file.write_text("token-of-the-cluster\n")
    environment = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod", "AWS_ENDPOINT_URL_STS": cloud.base}
    with gateway(tmp_path, [bedrock(cloud)], **environment) as (client, _):
        assert ask(client) == "hi"
    assumed = form(next(asked for asked in cloud.asked if asked.path == "/"))
    assert (assumed["Action"], assumed["WebIdentityToken"]) == ("AssumeRoleWithWebIdentity", "token-of-the-cluster")
    assert is_signed(cloud.paths("/model")[0], cloud, "bedrock", ROLE)


def test_a_profile_and_a_container_give_keys(cloud, tmp_path):
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = {"AccessKeyId": ROLE[0], "SecretAccessKey": ROLE[1], "Token": ROLE[2], "Expiration": until}
    cloud.answers = {"/model": lambda _: (200, CONVERSE), "/keys": lambda _: (200, keys)}
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = secret-of-dev\n")
    environment = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{cloud.base}/keys",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token-of-the-container",
    }
    for name, params, expected in [
        ("profile", bedrock(cloud, aws_profile_name="dev"), ("AKIDDEV", "secret-of-dev")),
        ("container", bedrock(cloud), ROLE),
    ]:
        cloud.asked.clear()
        folder = tmp_path / name
        folder.mkdir()
        (folder / ".aws").symlink_to(tmp_path / ".aws")
        with gateway(folder, [params], **environment) as (client, _):
            assert ask(client) == "hi"
        assert is_signed(cloud.paths("/model")[0], cloud, "bedrock", expected), name
        if name == "container":
            assert cloud.paths("/keys")[0].headers["authorization"] == "token-of-the-container"


def test_no_keys_are_one_clear_sentence(cloud, tmp_path):
    deployments = [bedrock(cloud), {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk-x"}]
    cloud.answers = {"/v1/chat": lambda _: (200, OPENAI)}
    with gateway(tmp_path, deployments) as (client, log):
        assert ask(client) == "hi"
        assert "there are no AWS keys" in log.read_text()


def test_entra_id_is_asked_with_a_secret(cloud, tmp_path):
    cloud.answers = {"/tenant-1": lambda _: (200, {"access_token": "token-of-entra", "expires_in": "3599"}), "/openai": lambda _: (200, OPENAI)}
    application = {"model": "azure/m", "api_base": cloud.base, "tenant_id": "tenant-1", "client_id": "app-1"}
    with gateway(tmp_path, [application | {"client_secret": "secret-of-the-app"}], AZURE_AUTHORITY_HOST=cloud.base) as (client, _):
        assert ask(client) == "hi"
    asked = cloud.paths("/tenant-1/oauth2/v2.0/token")[0]
    assert form(asked) == {
        "grant_type": "client_credentials",
        "client_id": "app-1",
        "client_secret": "secret-of-the-app",
        "scope": "https://cognitiveservices.azure.com/.default",
    }
    assert cloud.paths("/openai")[0].headers["authorization"] == "Bearer token-of-entra"
    assert cloud.paths("/openai")[0].headers["api-key"] is None


def test_foundry_takes_tokens_of_entra_id_too(cloud, tmp_path):
    cloud.answers = {"/tenant-1": token, "/": lambda _: (200, OPENAI)}
    application = {"tenant_id": "tenant-1", "client_id": "app-1", "client_secret": "secret-of-the-app"}
    deployment = {"model": "azure_ai/m", "api_base": f"{cloud.base}/models"} | application
    with gateway(tmp_path, [deployment], AZURE_AUTHORITY_HOST=cloud.base) as (client, _):
        assert ask(client) == "hi"
    asked = next(asked for asked in cloud.asked if not asked.path.startswith("/tenant-1"))
    assert asked.headers["authorization"] == "Bearer token-of-google"


def test_entra_id_is_asked_with_a_certificate(cloud, key, tmp_path):
    cloud.answers = {"/tenant-1": token, "/openai": lambda _: (200, OPENAI)}
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).sign(key, hashes.SHA256())
    file = tmp_path / "certificate.pem"
    file.write_text(pem(key) + certificate.public_bytes(serialization.Encoding.PEM).decode())
    application = {"model": "azure/m", "api_base": cloud.base, "tenant_id": "tenant-1", "client_id": "app-1"}
    environment = {"AZURE_AUTHORITY_HOST": cloud.base, "AZURE_CLIENT_CERTIFICATE_PATH": str(file)}
    with gateway(tmp_path, [application], **environment) as (client, _):
        assert ask(client) == "hi"
    url = f"{cloud.base}/tenant-1/oauth2/v2.0/token"
    assertion = form(cloud.paths("/tenant-1")[0])["client_assertion"]
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = google.auth.jwt.decode_header(assertion)
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    assert header["x5t#S256"] == thumbprint
    parts = assertion.encode().rsplit(b".", 1)
    signature = base64.urlsafe_b64decode(parts[1] + b"==")
    key.public_key().verify(signature, parts[0], padding.PKCS1v15(), hashes.SHA256())
    claims = google.auth.jwt.decode(assertion, certs=public, verify=False)
    assert (claims["aud"], claims["iss"], claims["sub"]) == (url, "app-1", "app-1")


@pytest.mark.parametrize("place", ["text", "file"])
def test_a_token_is_signed_for_snowflake(cloud, key, tmp_path, place):
    cloud.answers = {"/cortex/v1": lambda _: (200, OPENAI)}
    given = tmp_path / "key.pem"
    given.write_text(pem(key))
    params = {
        "model": "snowflake/m",
        "api_base": cloud.base,
        "account_id": "myorg-account",
        "snowflake_user": "someone",
        "snowflake_private_key": pem(key) if place == "text" else str(given),
    }
    with gateway(tmp_path, [params]) as (client, log):
        assert ask(client) == "hi"
        assert ask(client) == "hi"
        tokens = {asked.headers["authorization"].removeprefix("Bearer ") for asked in cloud.paths("/cortex/v1")}
        assert len(tokens) == 1
        assert all(secret not in log.read_text() for secret in tokens)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = google.auth.jwt.decode(tokens.pop(), certs=public, verify=False)
    fingerprint = base64.b64encode(hashlib.sha256(der).digest()).decode()
    assert claims["sub"] == "MYORG-ACCOUNT.SOMEONE"
    assert claims["iss"] == f"MYORG-ACCOUNT.SOMEONE.SHA256:{fingerprint}"
    assert 0 < claims["exp"] - claims["iat"] <= 3600


def test_a_key_that_cannot_sign_is_told_at_the_start(cloud, tmp_path):
    cloud.answers = {"/v1/chat": lambda _: (200, OPENAI)}
    params = {"account_id": "a", "snowflake_user": "u", "snowflake_private_key": "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----"}
    deployments = [
        {"model": "snowflake/m", "api_base": cloud.base, **params},
        {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk"},
    ]
    with gateway(tmp_path, deployments) as (client, log):
        assert ask(client) == "hi"
        assert "private key" in log.read_text()


def test_a_token_is_renewed_before_it_ends(cloud, key, tmp_path):
    count = iter(range(100))
    cloud.answers = {
        # So short that it is renewed at once.
        "/token": lambda _: (200, {"access_token": f"token-{next(count)}", "expires_in": 12}),
        "/v1/projects": lambda _: (200, GEMINI),
    }
    with gateway(tmp_path, [vertex(cloud, json.dumps(service_account(cloud, key)))]) as (client, _):
        deadline = time.monotonic() + 30
        while len(cloud.paths("/token")) < 2 and time.monotonic() < deadline:
            assert ask(client) == "hi"
    assert len(cloud.paths("/token")) >= 2



def test_a_key_in_a_form_that_is_not_known_is_not_repeated(cloud, tmp_path):
    cloud.answers = {"/v1/chat": lambda _: (200, OPENAI)}
    # The key alone, without the lines around it.
    secret = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKB"
    deployments = [
        {"model": "snowflake/m", "api_base": cloud.base, "account_id": "a", "snowflake_user": "u", "snowflake_private_key": secret},
        {"model": "openai/m", "api_base": f"{cloud.base}/v1", "api_key": "sk"},
    ]
    with gateway(tmp_path, deployments) as (client, log):
        assert ask(client) == "hi"
        assert "nor the path of a file" in log.read_text()
        assert secret not in log.read_text()
