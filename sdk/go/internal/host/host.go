// Package host has the functions of the host that a plugin may call. Built for wasm they are the component's imports;
// elsewhere a Fake answers them, for tests. The packages under `sluice` are what authors use.
package host

import (
	"math"
	"time"
)

// Failure is an error of an import: the number of its case in the contract, and its sentence, if the case has one.
type Failure struct {
	Case    int
	Message string
}

// Header is a field of an HTTP message.
type Header struct{ Name, Value string }

// Request is an outbound request.
type Request struct {
	Method, URL string
	Headers     []Header
	Body        []byte
	TimeoutMs   uint32
}

// Response is its answer.
type Response struct {
	Status  int
	Headers []Header
	Body    []byte
}

// Milliseconds is a duration as the contract has it: not negative, and at most what 32 bits hold.
func Milliseconds(duration time.Duration) uint32 {
	return uint32(min(max(duration.Milliseconds(), 0), math.MaxUint32))
}
