package provider

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Fault says what went wrong. The host decides by it whether another deployment is tried, and which error the client gets.
type Fault uint8

const (
	// BadRequest is the client's mistake: no other deployment would take it.
	BadRequest Fault = iota
	ContextWindowExceeded
	ContentFiltered
	// Authentication: our credential is missing or wrong.
	Authentication
	PermissionDenied
	NotFound
	RateLimited
	QuotaExhausted
	Overloaded
	Timeout
	UpstreamError
	// MalformedAnswer makes no sense in the provider's wire format.
	MalformedAnswer
	// Unsupported is what the provider cannot do; Parameter says what.
	Unsupported
)

var faults = [...]string{
	"bad-request", "context-window-exceeded", "content-filtered", "authentication", "permission-denied", "not-found",
	"rate-limited", "quota-exhausted", "overloaded", "timeout", "upstream-error", "malformed-answer", "unsupported",
}

func (fault Fault) String() string { return faults[fault] }

// Failure is why an attempt failed. It is an error.
type Failure struct {
	Fault Fault
	// Message is a sentence for the client.
	Message string
	// Code is the provider's own; empty if it gives none.
	Code string
	// Parameter is the request's parameter at fault; empty if not known.
	Parameter string
	// RetryAfter is how long the provider asks to be left alone; 0 if it does not. The host reads `Retry-After` itself.
	RetryAfter time.Duration
}

func (failure *Failure) Error() string { return failure.Fault.String() + ": " + failure.Message }

// NewFailure makes a failure; the arguments after the fault are those of fmt.Sprintf.
func NewFailure(fault Fault, format string, values ...any) *Failure {
	return &Failure{Fault: fault, Message: fmt.Sprintf(format, values...)}
}

// BadParameter is a mistake of the client in this parameter.
func BadParameter(parameter, message string) *Failure {
	return &Failure{Fault: BadRequest, Message: message, Parameter: parameter}
}

// NotSupported is a parameter that the provider has nothing for.
func NotSupported(parameter, message string) *Failure {
	return &Failure{Fault: Unsupported, Message: message, Parameter: parameter}
}

// ByAddress says that a part of the request, such as `messages[0].content[1]`, names media by an address that the provider
// does not fetch. Where the operator allows it, the host fetches the media, writes it into the part and opens the attempt
// again.
func ByAddress(part, message string) *Failure {
	return &Failure{Fault: Unsupported, Message: message, Parameter: part, Code: "media_by_address"}
}

// Malformed is an answer that does not follow the provider's wire format.
func Malformed(what any) *Failure {
	return NewFailure(MalformedAnswer, "the provider's answer cannot be read: %v", what)
}

// FailureFromOpenAI reads `{"error": {"message", "type", "param", "code"}}`. What cannot be read is judged by its status.
func FailureFromOpenAI(status int, body []byte) *Failure {
	type detail struct{ Message, Type, Param, Code any }
	var outer struct {
		Error json.RawMessage
		detail
	}
	found := detail{}
	if json.Unmarshal(body, &outer) == nil {
		found = outer.detail
		if json.Unmarshal(outer.Error, &found) != nil {
			var sentence string
			if json.Unmarshal(outer.Error, &sentence) == nil {
				found.Message = sentence
			}
		}
	}
	failure := &Failure{Message: word(found.Message), Code: word(found.Code), Parameter: word(found.Param)}
	if failure.Code == "" {
		failure.Code = word(found.Type)
	}
	if failure.Message == "" {
		failure.Message = fmt.Sprintf("the provider answered %d", status)
	}
	failure.Fault = FaultOf(status, failure.Code, failure.Message)
	return failure
}

// word reads a string, or a number in its place.
func word(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case float64:
		return fmt.Sprint(value)
	default:
		return ""
	}
}

// FaultOf judges by the status and by OpenAI's codes. Codes count first, since providers use them more consistently.
func FaultOf(status int, code, message string) Fault {
	switch code {
	case "context_length_exceeded":
		return ContextWindowExceeded
	case "content_filter", "content_policy_violation":
		return ContentFiltered
	case "insufficient_quota":
		return QuotaExhausted
	case "invalid_api_key":
		return Authentication
	}
	switch {
	case status == 400 || status == 413 || status == 422:
		if namesContextWindow(message) {
			return ContextWindowExceeded
		}
		return BadRequest
	case status == 401:
		return Authentication
	case status == 402:
		return QuotaExhausted
	case status == 403:
		return PermissionDenied
	case status == 404:
		return NotFound
	case status == 408 || status == 504:
		return Timeout
	case status == 429:
		return RateLimited
	case status == 503 || status == 529:
		return Overloaded
	case status >= 400 && status < 500:
		return BadRequest
	default:
		return UpstreamError
	}
}

func namesContextWindow(message string) bool {
	message = strings.ToLower(message)
	signs := [...]string{"context length", "context window", "prompt is too long", "too many tokens", "input is too long"}
	for _, sign := range signs {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}
