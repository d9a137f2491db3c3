// Package periodic is the kind `periodic-task`: it works beside exchanges, again and again, where the operator names the plugin
// in `sluice.plugins`. It sees no exchange: what it finds out, it leaves in state, for example for the routing strategy that
// the same type is. A round has 100 ms of guest time and may wait for http, for a minute in all.
package periodic

import (
	"time"

	"sluice.example/sdk/go/internal/memory"
)

// Task is a periodic task.
type Task interface {
	// Tick does one round of work, and answers the pause until the next: at least a second and at most a day. An error is
	// a sentence for the operator; the next round then follows after a minute.
	Tick() (time.Duration, error)
}

// Kind exports a plugin as a periodic task; give it to sluice.Export.
func Kind[P Task](instance func() (P, error)) {
	memory.AtMost(64)
	task = func() (Task, error) { return instance() }
}

var task func() (Task, error)
