//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice.example/sdk/go/internal/attempt"
	"sluice.example/sdk/go/sluice/provider"
)

type adapterCase struct {
	About           string                     `json:"about"`
	Operation       string                     `json:"operation"`
	Deployment      map[string]json.RawMessage `json:"deployment"`
	ModelInfo       map[string]json.RawMessage `json:"model_info"`
	Request         json.RawMessage            `json:"request"`
	UpstreamRequest *struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    any               `json:"body"`
	} `json:"upstream_request"`
	UpstreamAnswer *upstreamAnswer `json:"upstream_answer"`
	Answer         *struct {
		Body   any            `json:"body"`
		Chunks []any          `json:"chunks"`
		Error  map[string]any `json:"error"`
	} `json:"answer"`
}

// credentials are parameters that an adapter can only ask for.
var credentials = []string{
	"api_key", "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "azure_ad_token", "azure_password",
	"client_secret", "vertex_credentials",
}

// RunAdapter runs the case files of a folder. Each is one exchange; `sdk/rust/src/testing/cases.rs` documents the format:
//
//	{"about", "deployment": {"model": "acme/large", "api_key": "…"}, "request": {…},
//	 "upstream_request": {"method", "path", "headers": {…}, "body": {…}},
//	 "upstream_answer": {"status": 200, "headers": {…}, "body": {…} | "text": "…" | "events": [{"event", "data"}]},
//	 "answer": {"body": {…} | "chunks": [{…}], "error": {"fault", "message", "code", "parameter"}}}
//
// Event streams run twice, in one batch and event by event, and must say the same.
func RunAdapter[S any, P provider.Adapter](t *testing.T, folder string, make func(S) (P, error)) {
	t.Helper()
	for _, file := range files(t, folder) {
		var is adapterCase
		read(t, file, &is)
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			fresh := func() provider.Adapter {
				Install(t, is.host())
				return mustCreate(t, make, nil)
			}
			is.run(t, fresh)
		})
	}
}

func (is *adapterCase) host() *Host {
	to := &Host{Request: string(is.Request), Operation: is.Operation, Parameters: map[string]string{}}
	for name, value := range is.Deployment {
		if slices.Contains(credentials, name) {
			to.Credentials = append(to.Credentials, name)
		} else {
			to.Parameters[name] = string(value)
		}
	}
	for _, name := range []string{"base_model", "max_output_tokens"} {
		if value, found := is.ModelInfo[name]; found {
			to.Parameters[name] = string(value)
		}
	}
	if is.UpstreamAnswer != nil {
		to.ResponseHeaders = is.UpstreamAnswer.Headers
	}
	return to
}

func (is *adapterCase) target(t *testing.T) provider.Target {
	var model string
	if json.Unmarshal(is.Deployment["model"], &model) != nil || !strings.Contains(model, "/") {
		t.Fatal("deployment.model is not `provider/name`")
	}
	prefix, name, _ := strings.Cut(model, "/")
	return provider.Target{Provider: prefix, Model: name}
}

// result is what became of an attempt.
type result struct {
	body    any
	chunks  []any
	failure error
}

func (is *adapterCase) run(t *testing.T, fresh func() provider.Adapter) {
	adapter := fresh()
	sent, err := adapter.Open(is.target(t))
	answer := is.UpstreamAnswer
	if answer == nil || err != nil {
		is.check(t, result{failure: err})
		return
	}
	is.checkSent(t, sent)
	switch {
	case answer.status() < 200 || answer.status() >= 300:
		is.check(t, result{failure: adapter.Refuse(is.target(t), answer.status(), answer.bytes())})
		// The host may ask an instance that has not seen Open.
		is.check(t, result{failure: fresh().Refuse(is.target(t), answer.status(), answer.bytes())})
	case sent.Reading == provider.Relay:
	case sent.Reading >= provider.ReadServerSentEvents && answer.Body == nil:
		events := answer.events(t)
		is.check(t, handOver(t, adapter, [][]provider.Event{events}))
		again := fresh()
		if _, err := again.Open(is.target(t)); err != nil {
			t.Fatal(err)
		}
		var batches [][]provider.Event
		for _, event := range events {
			batches = append(batches, []provider.Event{event})
		}
		is.check(t, handOver(t, again, batches))
	default:
		body, err := adapter.Whole(answer.bytes())
		got := result{failure: err}
		if err == nil {
			if got.body, err = parsed(body); err != nil {
				t.Fatalf("Whole made no JSON: %v", err)
			}
		}
		is.check(t, got)
	}
}

func (is *adapterCase) checkSent(t *testing.T, sent *provider.Request) {
	t.Helper()
	expected := is.UpstreamRequest
	if expected == nil {
		t.Fatal("Open succeeded, and there is no upstream_request to compare with")
	}
	method := or(sent.Method, "POST")
	if expected.Method != "" && expected.Method != method {
		t.Errorf("upstream_request.method: expected %s, got %s", expected.Method, method)
	}
	if expected.Path != "" && expected.Path != sent.PathAndQuery {
		t.Errorf("upstream_request.path: expected %s, got %s", expected.Path, sent.PathAndQuery)
	}
	for name, value := range expected.Headers {
		has := func(header provider.Header) bool {
			return strings.EqualFold(header.Name, name) && header.Value == value
		}
		if !slices.ContainsFunc(sent.Headers, has) {
			t.Errorf("upstream_request.headers.%s: expected %s", name, value)
		}
	}
	if expected.Body != nil {
		compare(t, "upstream_request.body", expected.Body, sentBody(t, is.Request, sent.Body))
	}
}

// check compares what became of the attempt with what the case expects.
func (is *adapterCase) check(t *testing.T, got result) {
	t.Helper()
	if is.Answer == nil {
		t.Fatal("the adapter does not relay, so the case needs an answer")
	}
	if is.Answer.Error == nil && got.failure != nil {
		t.Errorf("the adapter failed: %v", got.failure)
	}
	if is.Answer.Error != nil {
		compareFailure(t, is.Answer.Error, got.failure)
	}
	if is.Answer.Body != nil {
		compare(t, "answer.body", is.Answer.Body, got.body)
	}
	if is.Answer.Chunks != nil {
		compare(t, "answer.chunks", is.Answer.Chunks, got.chunks)
	}
}

// compareFailure compares only the fields that the case gives.
func compareFailure(t *testing.T, expected map[string]any, err error) {
	t.Helper()
	var failure *provider.Failure
	if !errors.As(err, &failure) {
		t.Errorf("expected the failure %s, got %v", written(expected), err)
		return
	}
	got := map[string]any{
		"fault": failure.Fault.String(), "message": failure.Message, "code": failure.Code,
		"parameter": failure.Parameter, "retry_after_ms": float64(failure.RetryAfter.Milliseconds()),
	}
	for name, value := range expected {
		compare(t, "answer.error."+name, value, got[name])
	}
}

// handOver gives batches to the adapter as the host does, and ends the stream.
func handOver(t *testing.T, adapter provider.Adapter, batches [][]provider.Event) (got result) {
	t.Helper()
	var chunks []byte
	var owed attempt.Owed
	isDone := false
	for _, batch := range batches {
		more, err := owed.Split(adapter.Events(batch))
		chunks, got.failure = append(chunks, more...), err
		isDone = strings.HasSuffix(string(chunks), provider.Done)
		if got.failure == nil && !isDone {
			got.failure = owed.Due()
		}
		if got.failure != nil || isDone {
			break
		}
	}
	if got.failure == nil && !isDone {
		var more []byte
		more, got.failure = adapter.Finish()
		chunks = append(chunks, more...)
	}
	got.chunks = parseChunks(t, strings.TrimSuffix(string(chunks), provider.Done))
	return got
}
