// Package hook is the kind `request-hook`: it sees a request before guardrails and routing do. A call has 20 ms of guest time
// and may wait for http.
package hook

import (
	"encoding/json"
	"time"

	"sluice.example/sdk/go/internal/memory"
)

// Hook is a request hook.
type Hook interface {
	// Prepare decides about the current exchange. What it may change is what the operator grants by
	// `sluice.plugins.<name>.may_change`. Read only neutral fields where they will do: the instance is then used again.
	//
	// On an error the exchange is refused, unless the operator says `fail_on_error: false`. A nil decision is Proceed.
	Prepare() (Decision, error)
}

// Kind exports a plugin as a request hook; give it to sluice.Export.
func Kind[P Hook](instance func() (P, error)) {
	memory.AtMost(64)
	hook = func() (Hook, error) { return instance() }
}

var hook func() (Hook, error)

// Decision is Proceed, Changes, Answer or Refuse.
type Decision interface{ decision() }

// Proceed lets the request go on as it is.
type Proceed struct{}

// Changes are made to the request, one after the other. No changes are the same as Proceed.
type Changes struct {
	Edits []Edit
	// ModelGroup is asked in place of the one that the client asked for, if it is not empty. Granted by
	// `may_change: [group]`.
	ModelGroup string
}

// Operation is what an edit does.
type Operation uint8

const (
	// Set gives the member or the element at the place a value. A member that is not there is added at the end of its
	// object, which must be there.
	Set Operation = iota
	// Insert puts a value into an array before the element at the place; `-` for its index means the end.
	Insert
	// Remove takes the member or the element at the place away, if it is there.
	Remove
)

// Edit is one change. Place is a JSON Pointer (RFC 6901), such as `/messages/0/content`; Value is JSON.
type Edit struct {
	Operation Operation
	Place     string
	Value     json.RawMessage
}

// Answer is given to the client in place of a model's answer. No deployment is asked.
type Answer string

// Refuse is the error that the client gets.
type Refuse struct {
	// Status is 400, 401, 402, 403, 404, 409, 413, 422, 429, 451 or 503. Another one counts as 400.
	Status int
	// Code is short and stable, such as `quota.daily`.
	Code string
	// Message is a sentence for the client.
	Message string
	// RetryAfter says how long the client should wait; 0 says nothing.
	RetryAfter time.Duration
}

func (Proceed) decision() {}
func (Changes) decision() {}
func (Answer) decision()  {}
func (Refuse) decision()  {}

// Set adds an edit. The value is written as encoding/json does; a value that it cannot write panics.
func (changes *Changes) Set(place string, value any) {
	changes.Edits = append(changes.Edits, Edit{Set, place, written(value)})
}

// Insert adds an edit, as Set does.
func (changes *Changes) Insert(place string, value any) {
	changes.Edits = append(changes.Edits, Edit{Insert, place, written(value)})
}

// Remove adds an edit.
func (changes *Changes) Remove(place string) {
	changes.Edits = append(changes.Edits, Edit{Operation: Remove, Place: place})
}

// IsEmpty says whether nothing is changed.
func (changes *Changes) IsEmpty() bool { return len(changes.Edits) == 0 && changes.ModelGroup == "" }

func written(value any) json.RawMessage {
	text, err := json.Marshal(value)
	if err != nil {
		panic("a value of an edit cannot be written as JSON: " + err.Error())
	}
	return text
}
