// Package http sends requests to hosts that the manifest asks for and the operator allows. net/http does not work in a
// component: there are no sockets.
package http

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"sluice.example/sdk/go/internal/host"
)

// Header is a header field. Names compare without regard to case.
type Header struct{ Name, Value string }

// Request is one round trip. Redirects are not followed.
type Request struct {
	// Method is `GET`, `POST`, …
	Method string
	// URL is absolute, `https` (or `http` where the operator allows it).
	URL     string
	Headers []Header
	Body    []byte
	// Timeout counts from the call to the last byte of the answer. 0 means the host's own, which is also the longest.
	Timeout time.Duration
}

// Response is an answer, of whatever status.
type Response struct {
	Status  int
	Headers []Header
	Body    []byte
}

// Header is the value of the first header of this name, or empty.
func (response *Response) Header(name string) string {
	for _, header := range response.Headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

var (
	// ErrAccessDenied is a host that is not granted, or an address that is never reached.
	ErrAccessDenied = errors.New("the host may not be reached")
	// ErrTimeout is an answer that did not come in time.
	ErrTimeout = errors.New("no answer in time")
	// ErrUnreachable is a connection that failed: name, route, TLS.
	ErrUnreachable = errors.New("the host cannot be reached")
	// ErrTooLarge is an answer over the host's limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrInvalid is a request that cannot be sent: a bad URL, method or header.
	ErrInvalid = errors.New("the request cannot be sent")
	// ErrOther is any other failure.
	ErrOther = errors.New("the request failed")
)

var cases = [...]error{ErrAccessDenied, ErrTimeout, ErrUnreachable, ErrTooLarge, ErrInvalid, ErrOther}

// Send sends a request and waits for the answer. Any status is an answer, not an error.
func Send(request Request) (*Response, error) {
	headers := make([]host.Header, len(request.Headers))
	for i, header := range request.Headers {
		headers[i] = host.Header(header)
	}
	answer, failure := host.Send(host.Request{
		Method: request.Method, URL: request.URL, Headers: headers, Body: request.Body,
		TimeoutMs: host.Milliseconds(request.Timeout),
	})
	switch {
	case failure == nil:
	case failure.Message == "":
		return nil, cases[failure.Case]
	default:
		return nil, fmt.Errorf("%w: %s", cases[failure.Case], failure.Message)
	}
	response := &Response{Status: answer.Status, Body: answer.Body}
	for _, header := range answer.Headers {
		response.Headers = append(response.Headers, Header(header))
	}
	return response, nil
}
