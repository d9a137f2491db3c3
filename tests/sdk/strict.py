"""Stands before the mock and takes only what the provider would: a request is checked against the provider's own published
types, and refused with what is wrong."""

import contextlib
import http.client
import http.server
import importlib
import json
import struct
import threading
import urllib.parse
import zlib

import predictions
import providers

#: What belongs to one connection.
HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding"}


def payload_part(piece):
    """A piece of a model's own stream, as SageMaker hands it on (<https://smithy.io/2.0/aws/amazon-eventstream.html>)."""
    headers = b""
    values = {":message-type": "event", ":event-type": "PayloadPart", ":content-type": "application/octet-stream"}
    for name, value in values.items():
        headers += struct.pack("!B", len(name)) + name.encode() + b"\x07" + struct.pack("!H", len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(piece), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + piece
    return message + struct.pack("!I", zlib.crc32(message))


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
            if provider == "replicate":
                answer = self.ask("/v1/chat/completions", json.dumps(predictions.chat(json.loads(body))).encode())
                status, made = predictions.prediction(answer.status, answer.read())
                return self.answer(status, json.dumps(made).encode())
            answer = self.ask("/v1/chat/completions" if provider == "sagemaker" else path, body)
            in_parts = path.endswith("/invocations-response-stream") and answer.status == 200
            if in_parts:
                self.relay(answer, payload_part, {"content-type": "application/vnd.amazon.eventstream"})
            else:
                self.relay(answer, bytes, {})

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
            while piece := answer.read1():
                self.wfile.write(framed(piece))

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
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
