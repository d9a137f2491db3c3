"""Speech and transcriptions, at an upstream that reads forms with Python's own parser."""

import email
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from conftest import serving

SOUND = b"RIFF\x00\xff sound \r\n" * 200_000  # Does not fit into the gateway's memory bound.


class Audio(BaseHTTPRequestHandler):
    """Speaks as OpenAI does, and repeats what it read of a form."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/v1/audio/speech":
            self.answer("audio/mpeg", json.loads(body)["input"].encode() + SOUND)
            return
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        parts = {}
        for part in email.message_from_bytes(head + body).get_payload():
            name = part.get_param("name", header="content-disposition")
            parts.setdefault(name, []).append(part.get_payload(decode=True))
        told = {name: [len(value) if name == "file" else value.decode() for value in values] for name, values in parts.items()}
        text = json.dumps(told)
        if told.get("response_format") == ["srt"]:
            self.answer("text/plain; charset=utf-8", text.encode())
        else:
            usage = {"type": "duration", "seconds": 2}
            self.answer("application/json", json.dumps({"text": text, "usage": usage}).encode())

    def answer(self, content_type, body):
        self.send_response(200)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def config():
    with ThreadingHTTPServer(("127.0.0.1", 0), Audio) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        params = {"api_base": f"http://127.0.0.1:{upstream.server_port}/v1", "api_key": "sk-upstream"}
        models = [
            {"model_name": "voice", "litellm_params": {"model": "openai/tts-1", **params}},
            {"model_name": "ear", "litellm_params": {"model": "openai/whisper-1", **params}},
        ]
        yield json.dumps({"model_list": models, "sluice": {"server": {"body_bytes_max": 8_000_000}}})
        upstream.shutdown()


def client_of(base):
    return openai.OpenAI(base_url=f"{base}/v1", api_key="sk-any", max_retries=0, timeout=30)


@pytest.fixture(scope="module")
def audio(config, tmp_path_factory):
    with serving(tmp_path_factory.mktemp("audio"), config) as base:
        yield client_of(base)


def test_speech_is_read_whole_and_as_it_arrives(audio):
    asked = {"model": "voice", "voice": "alloy", "input": "Grüße"}
    assert audio.audio.speech.create(**asked).content == "Grüße".encode() + SOUND
    with audio.audio.speech.with_streaming_response.create(**asked) as answer:
        assert answer.headers["content-type"] == "audio/mpeg"
        assert b"".join(answer.iter_bytes()) == "Grüße".encode() + SOUND


def test_a_file_is_transcribed(audio):
    answer = audio.audio.transcriptions.create(
        model="ear",
        file=("ä \"talk\".wav", SOUND),
        language="de",
        prompt="true",
        temperature=0.5,
        timestamp_granularities=["word", "segment"],
        response_format="verbose_json",
    )
    told = json.loads(answer.text)
    assert told["file"] == [len(SOUND)]
    assert told["model"] == ["whisper-1"]
    assert (told["language"], told["prompt"], told["temperature"]) == (["de"], ["true"], ["0.5"])
    assert told["timestamp_granularities[]"] == ["word", "segment"]


def test_subtitles_are_text(audio):
    answer = audio.audio.transcriptions.create(model="ear", file=("a.wav", b"short"), response_format="srt")
    assert json.loads(answer)["file"] == [5]


def test_a_transcription_is_streamed(audio):
    events = list(audio.audio.transcriptions.create(model="ear", file=("a.wav", b"short"), stream=True))
    assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]
    assert "stream" not in json.loads(events[1].text)


def test_a_file_is_translated(audio):
    answer = audio.audio.translations.create(model="ear", file=("a.wav", b"short"))
    assert json.loads(answer.text)["file"] == [5]


def test_a_file_over_the_limit_is_refused(audio):
    with pytest.raises(openai.APIStatusError) as refused:
        audio.audio.transcriptions.create(model="ear", file=("a.wav", SOUND * 4))
    assert refused.value.status_code == 413
    assert "8000000" in refused.value.message


def test_what_is_no_form_is_refused(audio):
    with pytest.raises(openai.APIStatusError) as refused:
        audio.post("/audio/transcriptions", body={"model": "ear"}, cast_to=object)
    assert refused.value.status_code == 415
    assert "multipart/form-data" in refused.value.message


def test_an_upload_that_cannot_be_kept_is_refused_and_a_small_one_is_not(config, tmp_path):
    with serving(tmp_path, config, TMPDIR=str(tmp_path / "missing")) as base:
        client = client_of(base)
        with pytest.raises(openai.APIStatusError) as refused:
            client.audio.transcriptions.create(model="ear", file=("a.wav", SOUND))
        assert refused.value.status_code == 507
        assert client.audio.transcriptions.create(model="ear", file=("a.wav", b"short")).text
