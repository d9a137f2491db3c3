"""Stands before the mock and takes only what the provider would: a request is checked against the provider's own published
types and AWS's signature, and refused with what is wrong."""

import contextlib
import http.client
import http.server
import importlib
import json
import threading
import urllib.parse

import mocked
import providers
import signed

#: What belongs to one connection.
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


@contextlib.contextmanager
def before(mock):
    """Gives the base URL; below it each provider has a path of its name."""
    upstream = urllib.parse.urlsplit(mock).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            _, provider, path = self.path.split("/", 2)
            path = f"/{path}"
            wire = importlib.import_module(f"wire.{providers.CHECKED_BY[provider]}")
            if problems := wire.problems("chat-completions", path, json.loads(body)):
                return self.answer(400, json.dumps({"message": "; ".join(problems)}).encode())
            if not self.is_signed(provider, body):
                return self.answer(403, json.dumps({"message": "the signature is not AWS's"}).encode())
            place, read = mocked.ASKED.get(provider, (path, None))
            answer = self.ask(place, json.dumps(read(json.loads(body), path)).encode() if read else body)
            if provider in mocked.ANSWERED:
                status, made = mocked.ANSWERED[provider](answer.status, answer.read())
                return self.answer(status, json.dumps(made).encode())
            framed, kind = next((made for end, made in mocked.FRAMED.items() if path.endswith(end)), (None, None))
            if framed and answer.status == 200:
                self.relay(answer, framed, {"content-type": kind})
            elif provider in mocked.COMPLETED:
                self.relay(answer, lambda pieces: mocked.completed(pieces, provider, json.loads(body)), {})
            else:
                self.relay(answer, iter, {})

        def is_signed(self, provider, body):
            service = providers.SIGNED_FOR.get(provider)
            url = f"http://{self.headers['host']}{self.path}"
            asked = ("POST", url, self.headers, body)
            return service is None or signed.is_signed(*asked, service, "us-east-1", providers.AWS_KEYS)

        def ask(self, path, body):
            connection = http.client.HTTPConnection(upstream)
            headers = dict(self.headers.items()) | {"host": upstream, "content-length": str(len(body))}
            connection.request("POST", path, body, headers)
            return connection.getresponse()

        def relay(self, answer, framed, headers):
            self.send_response(answer.status)
            theirs = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            for name, value in (theirs | headers).items():
                self.send_header(name, value)
            self.end_headers()
            # The end of the connection ends the answer, as HTTP/1.0 has it.
            for piece in framed(iter(answer.read1, b"")):
                self.wfile.write(piece)

        def answer(self, status, body):
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
