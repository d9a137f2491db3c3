//go:build !wasm

package sluicetest

import (
	"errors"
	"strconv"
	"time"

	"sluice.example/sdk/go/internal/host"
	"sluice.example/sdk/go/sluice/http"
)

func (fake fake) StateGet(key string) ([]byte, bool, *host.Failure) {
	value, found := fake.host.State[key]
	return value, found, nil
}

func (fake fake) StateSet(key string, value []byte, _ uint32) *host.Failure {
	fake.host.State[key] = append([]byte(nil), value...)
	return nil
}

// StateIncrement keeps numbers as text, so that a test can read them.
func (fake fake) StateIncrement(key string, delta float64, _ uint32) (float64, *host.Failure) {
	before, _ := strconv.ParseFloat(string(fake.host.State[key]), 64)
	fake.host.State[key] = strconv.AppendFloat(nil, before+delta, 'g', -1, 64)
	return before + delta, nil
}

func (fake fake) NotesGet(key string) ([]byte, bool) {
	value, found := fake.host.Notes[key]
	return value, found
}

func (fake fake) NotesPut(key string, value []byte) *host.Failure {
	fake.host.Notes[key] = append([]byte(nil), value...)
	return nil
}

func (fake fake) NotesPublish(name, json string) *host.Failure {
	fake.host.Published[name] = json
	return nil
}

// Errors of package http, in the contract's order.
var httpErrors = [...]error{
	http.ErrAccessDenied, http.ErrTimeout, http.ErrUnreachable, http.ErrTooLarge, http.ErrInvalid, http.ErrOther,
}

func (fake fake) Send(sent host.Request) (host.Response, *host.Failure) {
	if fake.host.HTTP == nil {
		return host.Response{}, &host.Failure{}
	}
	request := http.Request{
		Method: sent.Method, URL: sent.URL, Body: sent.Body, Timeout: time.Duration(sent.TimeoutMs) * time.Millisecond,
	}
	for _, header := range sent.Headers {
		request.Headers = append(request.Headers, http.Header(header))
	}
	answer, err := fake.host.HTTP(request)
	if err != nil {
		for number, known := range httpErrors {
			if errors.Is(err, known) {
				return host.Response{}, &host.Failure{Case: number}
			}
		}
		return host.Response{}, &host.Failure{Case: len(httpErrors) - 1, Message: err.Error()}
	}
	response := host.Response{Status: answer.Status, Body: answer.Body}
	for _, header := range answer.Headers {
		response.Headers = append(response.Headers, host.Header(header))
	}
	return response, nil
}
