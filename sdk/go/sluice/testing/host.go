//go:build !wasm

// Package sluicetest is a host for tests: set what the imports answer, then call the plugin as plain Go.
//
//	sluicetest.Install(t, &sluicetest.Host{Request: `{"model": "m"}`})
//
// The host is one for the whole process, so tests that use it must not be parallel.
//
// The functions that begin with Run run case files, which are data: `sluice plugin test` runs them too, and later against the
// component.
package sluicetest

import (
	"encoding/json"
	"strings"
	"testing"

	"sluice.example/sdk/go/internal/host"
	"sluice.example/sdk/go/sluice/http"
)

// Host is what the imports answer. The zero value is a host that knows nothing.
type Host struct {
	// Settings are JSON; empty means `{}`.
	Settings string
	// Request is the canonical request, JSON; empty means `{}`.
	Request string
	// Operation is empty for `chat-completions`.
	Operation string
	Seed      uint32
	StartedMs uint64
	// Attributes of the exchange, by name.
	Attributes map[string]string

	// Parameters of the deployment, JSON by name.
	Parameters map[string]string
	// Credentials are names of parameters that are given and cannot be read.
	Credentials []string
	// ResponseHeaders of the upstream's answer, by name in lower case.
	ResponseHeaders map[string]string

	// Candidates is how many there are.
	Candidates int
	// Columns of numbers by name in kebab-case, such as `in-flight`. One that is not given is all zeros, and unknown if it
	// is asked for by its name (candidates.Measured).
	Columns map[string][]float64
	// Words are columns of texts: `ids`, `providers`, `models`, `regions`, `tags` (as `a,b`), `info.<name>`.
	Words map[string][]string
	// Exhausted says which candidates have no room. If it is nil, it follows from the columns.
	Exhausted []bool

	// HTTP answers outbound requests. If it is nil, every host is denied.
	HTTP func(request http.Request) (*http.Response, error)

	// State is the shared store.
	State map[string][]byte
	// Notes are those of the exchange.
	Notes map[string][]byte

	// Published is what the plugin published: JSON by name.
	Published map[string]string
	// Logged are the lines that the plugin wrote, each with its level: `warn: …`.
	Logged []string
}

// Install makes this the host until the test ends.
func Install(t testing.TB, to *Host) {
	t.Helper()
	for _, store := range []*map[string][]byte{&to.State, &to.Notes} {
		if *store == nil {
			*store = map[string][]byte{}
		}
	}
	if to.Published == nil {
		to.Published = map[string]string{}
	}
	before := host.Current
	host.Current = fake{to}
	t.Cleanup(func() { host.Current = before })
}

// fake answers the imports from a Host.
type fake struct{ host *Host }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (fake fake) Settings() string { return or(fake.host.Settings, "{}") }
func (fake fake) Log(level int, message string) {
	fake.host.Logged = append(fake.host.Logged, [...]string{"debug", "info", "warn", "error"}[level]+": "+message)
}

func (fake fake) ID() string        { return "test" }
func (fake fake) Operation() string { return or(fake.host.Operation, "chat-completions") }
func (fake fake) ModelGroup() (group string) {
	text, _ := fake.Field("model")
	_ = json.Unmarshal([]byte(text), &group)
	return group
}
func (fake fake) IsStreaming() bool {
	text, _ := fake.Field("stream")
	return text == "true"
}
func (fake fake) Field(name string) (string, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(fake.Body(), &fields) != nil {
		return "", false
	}
	value, found := fields[name]
	return string(value), found
}
func (fake fake) Body() []byte         { return []byte(or(fake.host.Request, "{}")) }
func (fake fake) PromptTokens() uint32 { return uint32(len(fake.Body()) / 4) }
func (fake fake) Attribute(name string) (string, bool) {
	value, found := fake.host.Attributes[name]
	return value, found
}
func (fake fake) StartedMs() uint64 { return fake.host.StartedMs }
func (fake fake) Seed() uint32      { return fake.host.Seed }

func (fake fake) Parameter(name string) (string, bool) {
	value, found := fake.host.Parameters[name]
	return value, found
}
func (fake fake) HasParameter(name string) bool {
	for _, credential := range fake.host.Credentials {
		if credential == name {
			return true
		}
	}
	_, found := fake.host.Parameters[name]
	return found
}
func (fake fake) ResponseHeader(name string) (string, bool) {
	value, found := fake.host.ResponseHeaders[strings.ToLower(name)]
	return value, found
}
