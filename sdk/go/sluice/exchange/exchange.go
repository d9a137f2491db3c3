// Package exchange reads the exchange that is being worked on.
//
// An instance that has read what a client wrote serves no other exchange. Reading only what is neutral keeps the instance, which
// is cheaper by the cost of a new one. So read no more than you need.
package exchange

import (
	"encoding/json"
	"time"

	"sluice.example/sdk/go/internal/host"
)

// ID is the opaque id of the exchange, the same as in logs. Neutral.
func ID() string { return host.ID() }

// Operation is `chat-completions`, `completions`, `embeddings`, `audio-speech`, `audio-transcriptions` or
// `audio-translations`; there may be more later. Neutral.
func Operation() string { return host.Operation() }

// ModelGroup is the model group that the client asked for. Neutral.
func ModelGroup() string { return host.ModelGroup() }

// IsStreaming says whether the upstream is asked for a stream. Neutral.
func IsStreaming() bool { return host.IsStreaming() }

// Field is one top-level field of the canonical request as JSON, and whether the request has it. Neutral where no words
// of a client fit: booleans, null, numbers of at most 32 characters, `model` of at most 256, and `stream_options` with
// nothing but OpenAI's own booleans.
func Field(name string) (json.RawMessage, bool) {
	text, found := host.Field(name)
	return json.RawMessage(text), found
}

// Read reads one top-level field into `value`, as encoding/json does. It says false if the request does not have the
// field, if the field is null, or if it is of another type.
func Read(name string, value any) bool {
	text, found := host.Field(name)
	return found && text != "null" && json.Unmarshal([]byte(text), value) == nil
}

// Body is the canonical request whole, as JSON; of a form, its fields. Not neutral.
func Body() []byte { return host.Body() }

// PromptTokens is an estimate of the tokens of the prompt, within a factor of two. Neutral.
func PromptTokens() int { return int(host.PromptTokens()) }

// Attribute is one attribute of the exchange, and whether it has it: `tag.<n>`, `header.<name>`, `region`, `user`,
// `team`, `virtual-key`, `end-user`, `metadata.<name>`, `medium.<word>`. Neutral only for `medium.<word>` and `region`.
func Attribute(name string) (string, bool) { return host.Attribute(name) }

// Started is when the exchange began. It is recorded, so that a replay chooses alike. Neutral.
func Started() time.Time { return time.UnixMilli(int64(host.StartedMs())).UTC() }

// Seed is a number for random choices. It is recorded, so that a replay chooses alike. Neutral.
func Seed() uint32 { return host.Seed() }
