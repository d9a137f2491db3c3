// Package callback is the kind `logging-callback`: it receives the records of finished exchanges, in the background. A call has
// 100 ms of guest time and may wait for http.
package callback

import (
	"encoding/json"

	"sluice.example/sdk/go/internal/memory"
)

// Callback is a logging callback.
type Callback interface {
	// Deliver takes a batch of records, oldest first. Each is a JSON document after `config/record.schema.json`.
	//
	// An error made by [Retry] or [Reject] says what becomes of the batch. Any other error is the same as Retry.
	Deliver(records []json.RawMessage) error
}

// Kind exports a plugin as a logging callback; give it to sluice.Export.
func Kind[P Callback](instance func() (P, error)) {
	memory.AtMost(64)
	callback = func() (Callback, error) { return instance() }
}

var callback func() (Callback, error)

// Retry is an error after which the host brings the same batch again: a bounded number of times, with a growing pause.
func Retry(reason string) error { return &DeliveryError{Reason: reason} }

// Reject is an error after which the batch is dropped and counted.
func Reject(reason string) error { return &DeliveryError{Reason: reason, IsFinal: true} }

// DeliveryError is what [Retry] and [Reject] make.
type DeliveryError struct {
	Reason string
	// IsFinal says that the batch will never be taken.
	IsFinal bool
}

func (err *DeliveryError) Error() string { return err.Reason }
