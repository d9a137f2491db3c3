// Package state is a small store that all instances of a plugin share, with one namespace for each plugin.
//
// It outlives an exchange, so it must not carry what a client wrote: an instance that has read anything that is not neutral may
// [Get], and its [Set] and [Increment] fail with [ErrAccessDenied]. Callbacks, and plugins whose instances the operator
// shares, may write all the same.
package state

import (
	"errors"
	"fmt"
	"time"

	"sluice.example/sdk/go/internal/host"
)

var (
	// ErrAccessDenied is a write by an instance that has read content.
	ErrAccessDenied = errors.New("the instance has read content, and may not write")
	// ErrTooLarge is a key over 256 bytes, a value over 64 KiB, or a store that is full.
	ErrTooLarge = errors.New("the key or the value is too large, or the store is full")
	// ErrUnavailable is a store that cannot be reached.
	ErrUnavailable = errors.New("the store cannot be reached")
	// ErrOther is any other failure.
	ErrOther = errors.New("the store failed")
)

var cases = [...]error{ErrAccessDenied, ErrTooLarge, ErrUnavailable, ErrOther}

func wrap(failure *host.Failure) error {
	switch {
	case failure == nil:
		return nil
	case failure.Message == "":
		return cases[failure.Case]
	default:
		return fmt.Errorf("%w: %s", cases[failure.Case], failure.Message)
	}
}

// Get reads a value, and says whether there is one: a key may never have been set, have expired or have been evicted.
func Get(key string) (value []byte, found bool, err error) {
	value, found, failure := host.StateGet(key)
	return value, found, wrap(failure)
}

// Set writes a value. A ttl of 0 keeps it until it is replaced or evicted.
func Set(key string, value []byte, ttl time.Duration) error {
	return wrap(host.StateSet(key, value, host.Milliseconds(ttl)))
}

// Increment adds to a number and answers the sum. A missing key counts as 0; the ttl counts when the key is made. Whole
// numbers are exact up to 2^53.
func Increment(key string, delta float64, ttl time.Duration) (float64, error) {
	sum, failure := host.StateIncrement(key, delta, host.Milliseconds(ttl))
	return sum, wrap(failure)
}
