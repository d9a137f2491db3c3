package host

import (
	"unsafe"

	"sluice.example/sdk/go/internal/abi"
)

//go:wasmimport sluice:plugin/state@0.2.1 get
func stateGet(key string, result unsafe.Pointer)

//go:wasmimport sluice:plugin/state@0.2.1 set
func stateSet(key, value string, ttlMs uint32, result unsafe.Pointer)

//go:wasmimport sluice:plugin/state@0.2.1 increment
func stateIncrement(key string, delta float64, ttlMs uint32, result unsafe.Pointer)

//go:wasmimport sluice:plugin/notes@0.2.1 get
func notesGet(key string, result *abi.Option)

//go:wasmimport sluice:plugin/notes@0.2.1 put
func notesPut(key, value string, result unsafe.Pointer)

//go:wasmimport sluice:plugin/notes@0.2.1 publish
func notesPublish(name, json string, result unsafe.Pointer)

// found is `result<option<list<u8>>, error>`; an error has the form of an option with a number for its tag.
var found struct {
	tag    uint8
	option abi.Option
}

// sum is `result<f64, error>`: the error begins where the number does.
var sum struct {
	tag   uint8
	value float64
	rest  uint32
}

// view gives bytes to an import as a string, which is two numbers over there.
func view(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }

func StateGet(key string) ([]byte, bool, *Failure) {
	defer abi.Release()
	found.option = abi.Option{}
	stateGet(key, unsafe.Pointer(&found))
	if found.tag != 0 {
		return nil, false, failure((*abi.Failure)(unsafe.Pointer(&found.option)))
	}
	return found.option.Text.Bytes(), found.option.Some != 0, nil
}

func StateSet(key string, value []byte, ttlMs uint32) *Failure {
	clearOutcome()
	stateSet(key, view(value), ttlMs, unsafe.Pointer(&outcome))
	return readOutcome()
}

func StateIncrement(key string, delta float64, ttlMs uint32) (float64, *Failure) {
	defer abi.Release()
	sum.value, sum.rest = 0, 0
	stateIncrement(key, delta, ttlMs, unsafe.Pointer(&sum))
	if sum.tag != 0 {
		return 0, failure((*abi.Failure)(unsafe.Pointer(&sum.value)))
	}
	return sum.value, nil
}

func NotesGet(key string) ([]byte, bool) {
	defer abi.Release()
	option = abi.Option{}
	notesGet(key, &option)
	return option.Text.Bytes(), option.Some != 0
}

func NotesPut(key string, value []byte) *Failure {
	clearOutcome()
	notesPut(key, view(value), unsafe.Pointer(&outcome))
	return readOutcome()
}

func NotesPublish(name, json string) *Failure {
	clearOutcome()
	notesPublish(name, json, unsafe.Pointer(&outcome))
	return readOutcome()
}
