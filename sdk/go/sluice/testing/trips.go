//go:build !wasm

package sluicetest

import (
	"testing"

	"sluice.example/sdk/go/sluice/http"
)

type roundTrip struct {
	Request struct {
		Method string `json:"method"`
		URL    string `json:"url"`
		Body   any    `json:"body"`
	} `json:"request"`
	Response struct {
		Status int `json:"status"`
		Body   any `json:"body"`
	} `json:"response"`
}

// script answers requests, in order.
type script struct {
	t     *testing.T
	trips []roundTrip
	sent  int
}

func (script *script) answer(request http.Request) (*http.Response, error) {
	script.t.Helper()
	if script.sent == len(script.trips) {
		script.t.Errorf("a request that is not expected: %s %s", request.Method, request.URL)
		return nil, http.ErrUnreachable
	}
	script.sent++
	return script.trips[script.sent-1].answer(script.t, request)
}

func (script *script) checkAllSent() {
	script.t.Helper()
	if script.sent < len(script.trips) {
		script.t.Errorf("%d of %d requests were sent", script.sent, len(script.trips))
	}
}

func (expected *roundTrip) answer(t *testing.T, request http.Request) (*http.Response, error) {
	t.Helper()
	compare(t, "request.method", expected.Request.Method, request.Method)
	compare(t, "request.url", expected.Request.URL, request.URL)
	if body, is := expected.Request.Body.(string); is {
		compare(t, "request.body", body, string(request.Body))
	} else if expected.Request.Body != nil {
		body, err := parsed(request.Body)
		if err != nil {
			t.Errorf("request.body is no JSON: %v", err)
		}
		compare(t, "request.body", expected.Request.Body, body)
	}
	body, is := expected.Response.Body.(string)
	if !is && expected.Response.Body != nil {
		body = written(expected.Response.Body)
	}
	return &http.Response{Status: expected.Response.Status, Body: []byte(body)}, nil
}
