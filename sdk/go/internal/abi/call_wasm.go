package abi

import (
	"fmt"
	"os"
	"runtime/debug"
)

// lent is the adapter's memory (`adapter/adapter.wat`).
var lent [16 + 4096]byte

//go:wasmimport wasi_snapshot_preview1 sluice_lend_buffer
func lendBuffer(buffer *byte, size uint32)

//go:wasmimport wasi_snapshot_preview1 sluice_refresh_clock
func RefreshClock()

//go:wasmimport sluice:plugin/log@0.2.1 write
func WriteLog(level uint32, message string)

func init() { lendBuffer(&lent[0], uint32(len(lent))) }

// Enter begins an export. What the last one answered has been read by now.
func Enter() {
	EnterPure()
	RefreshClock()
}

// EnterPure begins an export that must not call the host.
func EnterPure() {
	clear(kept)
	kept = kept[:0]
}

// Leave ends an export; call it by `defer`. A panic is written to the log as one message, and the instance traps: its
// values may be half changed, so that nothing can be answered.
func Leave() {
	if reason := recover(); reason != nil {
		const levelError = 3
		WriteLog(levelError, fmt.Sprintf("panic: %v\n%s", reason, debug.Stack()))
		os.Exit(2)
	}
}
