// Package memory tells Go's collector how much memory an instance has.
package memory

import "runtime/debug"

var most int64

// AtMost says the host's limit for one kind, in MiB. Of a plugin of several kinds the largest one counts. Near the limit the
// collector works harder, in place of letting the heap double past it.
func AtMost(mib int64) {
	if mib > most {
		most = mib
		debug.SetMemoryLimit(mib << 20 / 8 * 7)
	}
}
