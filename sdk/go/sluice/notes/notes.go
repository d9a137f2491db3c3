// Package notes has the notes of one exchange: what one call leaves, a later one finds, of whatever kind and instance. Each
// plugin has its own. They are gone with the exchange, so writing after reading a client's words is safe.
package notes

import (
	"encoding/json"
	"errors"
	"fmt"

	"sluice.example/sdk/go/internal/host"
)

var (
	// ErrTooLarge is a name or key over 256 bytes, or more than 1 MiB of notes of this plugin in this exchange.
	ErrTooLarge = errors.New("the note is too large")
	// ErrAccessDenied is a value that is not JSON, or a name that needs the operator's grant `attribution`.
	ErrAccessDenied = errors.New("the note may not be published")
)

var cases = [...]error{ErrTooLarge, ErrAccessDenied}

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

// Get reads a note, and says whether there is one. Not neutral where there is.
func Get(key string) (value []byte, found bool) { return host.NotesGet(key) }

// Put leaves a note.
func Put(key string, value []byte) error { return wrap(host.NotesPut(key, value)) }

// Publish adds a fact to the record of the exchange, which callbacks get as `notes.<plugin>.<name>`. The value is written as
// encoding/json does. `trace_id`, `session_id`, `end_user` (strings) and `tags` (strings in a list) say whom the
// exchange is counted for, and need the operator's grant `attribution`.
func Publish(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return wrap(host.NotesPublish(name, string(text)))
}
