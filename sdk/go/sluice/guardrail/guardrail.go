// Package guardrail is the kind `guardrail-check`: it looks at text going in or coming out. A call has 50 ms of guest time
// and may wait for http.
package guardrail

import "sluice.example/sdk/go/internal/memory"

// Check is a guardrail.
type Check interface {
	// Inspect judges the passages of one stage. On an error the exchange is refused, unless the operator says `fail: open`.
	// A nil verdict is Pass.
	Inspect(stage Stage, passages []Passage) (Verdict, error)
}

// Kind exports a plugin as a guardrail; give it to sluice.Export.
func Kind[P Check](instance func() (P, error)) {
	memory.AtMost(128)
	check = func() (Check, error) { return instance() }
}

var check func() (Check, error)

// Stage says what the passages are.
type Stage uint8

const (
	// Request is the whole request, before a deployment is chosen.
	Request Stage = iota
	// Response is the whole answer, before the client sees it.
	Response
	// StreamWindow is what arrived of a streamed answer and has not been sent: one passage a choice. More will come.
	StreamWindow
	// StreamEnd is the same, and nothing more will come: what is held back now is sent.
	StreamEnd
)

// IsStream says whether a verdict may hold text back or is at the end of what could be held.
func (stage Stage) IsStream() bool { return stage >= StreamWindow }

func (stage Stage) String() string {
	return [...]string{"request", "response", "stream-window", "stream-end"}[stage]
}

// Passage is one text, or one medium.
type Passage struct {
	// Role is `system`, `developer`, `user`, `assistant` or `tool`; `input` for embeddings and completions; or the word of
	// a medium that the manifest's LooksAt names.
	Role string
	// Before is, on a stream, the end of what was sent already, at most 256 characters. It shows whether a word begins in
	// Text or goes on, and cannot be changed any more.
	Before string
	Text   string
}

// Verdict is Pass, Rewrite, Hold or Block.
type Verdict interface{ verdict() }

// Pass lets the text through.
type Pass struct{}

// Rewrite is an edit for each passage, in order and number the same.
type Rewrite []Edit

// Edit is what becomes of one passage: Text is sent in place of all but its last Hold characters (Unicode scalar values),
// which are handed back with what arrives next. Hold is for streams; at the other stages it must be 0.
type Edit struct {
	Text string
	Hold uint32
}

// Hold is for streams: a number for each passage, which is sent unchanged but for its last n characters (Unicode scalar
// values), since they may be the start of something.
type Hold []uint32

// Block refuses the exchange, or ends the stream.
type Block struct {
	// Code is short and stable, such as `pii.email`.
	Code string
	// Message is a sentence for the client. It should not repeat the text that offends.
	Message string
	// Detail is JSON for the log; empty if there is none.
	Detail string
}

func (Pass) verdict()    {}
func (Rewrite) verdict() {}
func (Hold) verdict()    {}
func (Block) verdict()   {}
