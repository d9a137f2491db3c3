// Package provider is the kind `provider-adapter`: it speaks one or more providers' wire formats. It makes no network call and
// never sees a credential: it says what to send and how to read the answer, and the host does both. A call has 20 ms of
// guest time and cannot wait.
package provider

import "sluice.example/sdk/go/internal/memory"

// Adapter is a provider adapter. One attempt goes Open → (Whole | Events* → Finish), or Open → Refuse. What the value
// keeps belongs to one attempt: Open must reset what an earlier one left.
//
// Errors of Open, Whole, Events and Finish should be a *Failure. Another error counts as `unsupported` in Open, and as
// `malformed-answer` elsewhere.
//
// Embed [Base] for the methods that an adapter does not need.
type Adapter interface {
	// Providers names the prefixes that the adapter speaks for. Called when the plugin is loaded and when its settings
	// change. Pure but for settings.
	Providers() []Info
	// Open begins an attempt and says what to send.
	Open(target Target) (*Request, error)
	// Whole translates the answer after the reading ReadWhole: the canonical answer, JSON.
	Whole(body []byte) ([]byte, error)
	// Events translates events after ReadEvents: canonical chunks, none or many, each as `data: <json>` and an empty line
	// ([AppendChunk]). Where they say that the answer is over, add [Done]: the client's stream then ends, and Finish is
	// not called. With an error it may return the chunks of the events before: they are answered first.
	Events(batch []Event) ([]byte, error)
	// Finish is called when the upstream's stream has ended without Done: chunks still owed. A stream that broke off
	// before its own end is a failure.
	Finish() ([]byte, error)
	// Refuse says what a non-2xx answer means. It may be called on an instance that has not seen Open.
	Refuse(target Target, status int, body []byte) *Failure
}

// Kind exports a plugin as a provider adapter; give it to sluice.Export.
func Kind[P Adapter](instance func() (P, error)) {
	memory.AtMost(64)
	adapter = func() (Adapter, error) { return instance() }
}

var adapter func() (Adapter, error)

// Base has the methods of an adapter that only relays: whole answers and streams are unsupported, and errors are read in
// OpenAI's format.
type Base struct{}

func (Base) Whole([]byte) ([]byte, error) {
	return nil, NewFailure(Unsupported, "the adapter does not read whole answers")
}
func (Base) Events([]Event) ([]byte, error) {
	return nil, NewFailure(Unsupported, "the adapter does not read event streams")
}
func (Base) Finish() ([]byte, error) { return nil, nil }
func (Base) Refuse(_ Target, status int, body []byte) *Failure {
	return FailureFromOpenAI(status, body)
}

// Info describes a provider.
type Info struct {
	// Name is the prefix in `model: prefix/name`.
	Name string
	// APIBase is where it lives unless `api_base` says otherwise. `{parameter}` is filled from the deployment's
	// parameters. Empty if the configuration must say.
	APIBase string
	Auth    Auth
	// Environment lists (parameter, environment variable) pairs that the host reads when the configuration leaves the
	// parameter out.
	Environment [][2]string
	// Operations are those that the adapter speaks, as exchange.Operation names them. Nil means `chat-completions`.
	Operations []string
	// ContinuesWhenInstructed says that the models go on with an answer that broke off, if they are shown it as their own
	// message and asked to.
	ContinuesWhenInstructed bool
	// CredentialIsOptional says that a request without a credential is sent all the same.
	CredentialIsOptional bool
	// Extras are (name, value) pairs; `wit/README.md` has the names that the host knows.
	Extras [][2]string
}

// Auth says how the host proves who we are. Its texts name parameters, never their values. The zero value is no proof.
type Auth struct {
	scheme        uint8
	first, second string
}

// Bearer sends `Authorization: Bearer <parameter>`.
func Bearer(parameter string) Auth { return Auth{1, parameter, ""} }

// InHeader sends the parameter in this header.
func InHeader(name, parameter string) Auth { return Auth{2, name, parameter} }

// InQuery sends the parameter in the query under this name.
func InQuery(name, parameter string) Auth { return Auth{3, name, parameter} }

// AWSSigV4 signs for this service (AWS Signature Version 4).
func AWSSigV4(service string) Auth { return Auth{4, service, ""} }

// GoogleOAuth gets an access token for this scope.
func GoogleOAuth(scope string) Auth { return Auth{5, scope, ""} }

// OtherAuth is a scheme that this version has no name for.
func OtherAuth(scheme, details string) Auth { return Auth{6, scheme, details} }

// Target is what is attempted.
type Target struct {
	// Provider is the prefix, one of those that Providers named.
	Provider string
	// Model is the name without the prefix.
	Model string
}

// Header is a header field.
type Header struct{ Name, Value string }

// Request is what to send.
type Request struct {
	// Method is empty for `POST`.
	Method string
	// PathAndQuery is joined to the deployment's base; it begins with `/`.
	PathAndQuery string
	// Headers beside `content-type: application/json`. Those that carry credentials or that HTTP itself uses are refused.
	Headers []Header
	Body    Body
	Reading Reading
	// Auth replaces the provider's for this attempt, if it is not nil.
	Auth   *Auth
	Extras [][2]string
}

// Body is the body of a request. The zero value is none.
type Body struct {
	form uint8
	data string
}

// Unchanged is the canonical request, untouched.
func Unchanged() Body { return Body{form: 1} }

// MergePatch is the canonical request after a JSON Merge Patch (RFC 7396), which the host applies.
func MergePatch(patch []byte) Body { return Body{2, string(patch)} }

// Bytes is a body of its own.
func Bytes(body []byte) Body { return Body{3, string(body)} }

// Upload is, of a form, the content of the file of this field by itself.
func Upload(field string) Body { return Body{4, field} }

// Form gives the number of the body's case in the contract, and its bytes. Tests use it.
func (body Body) Form() (form int, data []byte) { return int(body.form), []byte(body.data) }

// Reading says what to do with a successful answer.
type Reading uint8

const (
	// Relay passes the answer on as it comes: it is in the canonical form already, whole or as an event stream.
	Relay Reading = iota
	// ReadWhole gives the whole body to Whole.
	ReadWhole
	// ReadServerSentEvents gives the events of a WHATWG event stream to Events. `data: [DONE]` ends it and is not handed over.
	ReadServerSentEvents
	// ReadJSONLines gives one JSON document a line to Events.
	ReadJSONLines
	// ReadAWSEventStream gives the messages of `application/vnd.amazon.eventstream` to Events.
	ReadAWSEventStream
)

// Event is one event of the upstream's stream.
type Event struct {
	// Name is the `event` field, or `:event-type`; empty if the stream names none.
	Name string
	Data []byte
}

// Done is what Events adds after the last chunk.
const Done = "data: [DONE]\n\n"

// AppendChunk appends one canonical chunk, which is JSON without line breaks.
func AppendChunk(to []byte, json []byte) []byte {
	to = append(to, "data: "...)
	to = append(to, json...)
	return append(to, "\n\n"...)
}
