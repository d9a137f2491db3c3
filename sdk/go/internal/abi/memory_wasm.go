// Package abi moves values over the border of the component, as the Canonical ABI of the component model lays them out
// (https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md).
//
// An address is a uint32: a Go pointer has 8 bytes on wasm, the host's has 4. Go's collector does not see addresses, so
// this package holds a real pointer for as long as an address is in use. Go does not move what is on the heap.
package abi

import (
	"structs"
	"unsafe"
)

// held keeps what the host allocated until it is read as Go values.
var held [][]byte

// kept keeps what an export answered until the next export is called.
var kept []unsafe.Pointer

//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	if size == 0 {
		return align
	}
	// Go aligns an object to 8 bytes if its size is a multiple of 8, and to 4 if it is a multiple of 4. The size of a
	// list is a multiple of its alignment.
	block := make([]byte, size)
	if oldSize > 0 {
		copy(block, bytesAt(old, oldSize))
	}
	held = append(held, block)
	return address(unsafe.Pointer(unsafe.SliceData(block)))
}

// Release forgets what the host allocated. Call it when all of it is read: the values read keep it alive from then on.
func Release() {
	clear(held)
	held = held[:0]
}

func address(pointer unsafe.Pointer) uint32 { return uint32(uintptr(pointer)) }

// pointer makes a Go pointer of an address whose object `held` still has. It does so by way of memory, since `go vet` takes
// the plain conversion for a mistake.
func pointer(address uint32) unsafe.Pointer {
	wide := uintptr(address)
	return *(*unsafe.Pointer)(unsafe.Pointer(&wide))
}

func bytesAt(at, length uint32) []byte { return unsafe.Slice((*byte)(pointer(at)), length) }

// viewOf is a list of elements of a fixed size. It shares the host's block, which belongs to us.
func viewOf[T any](at, length uint32) []T {
	if length == 0 {
		return nil
	}
	return unsafe.Slice((*T)(pointer(at)), length)
}

// Text is a string or a list in memory.
type Text struct {
	_          structs.HostLayout
	At, Length uint32
}

// Read gives the string. It shares the host's block, which nobody changes.
func (text Text) Read() string {
	if text.Length == 0 {
		return ""
	}
	return unsafe.String((*byte)(pointer(text.At)), text.Length)
}

// Bytes gives the list of bytes.
func (text Text) Bytes() []byte { return viewOf[byte](text.At, text.Length) }

// List gives the elements of a list.
func List[T any](text Text) []T { return viewOf[T](text.At, text.Length) }

// Texts gives a list of strings.
func Texts(text Text) []string {
	strings := make([]string, text.Length)
	for i, each := range List[Text](text) {
		strings[i] = each.Read()
	}
	return strings
}

// Option is an optional string or list in memory.
type Option struct {
	_    structs.HostLayout
	Some uint8
	Text Text
}

// Read gives the string, and whether there is one.
func (option *Option) Read() (string, bool) {
	if option.Some == 0 {
		return "", false
	}
	return option.Text.Read(), true
}

// Header is a record of two strings, or a tuple of them.
type Header struct{ Name, Value Text }

// Address gives the address of something that the host reads or writes during a call. It must be a global variable or on
// the heap, since stacks move.
func Address[T any](value *T) uint32 { return address(unsafe.Pointer(value)) }

// String lowers a string, which is kept until the next export is called.
func String(value string) Text {
	if value == "" {
		return Text{}
	}
	at := unsafe.Pointer(unsafe.StringData(value))
	kept = append(kept, at)
	return Text{At: address(at), Length: uint32(len(value))}
}

// Slice lowers a list whose elements are laid out already.
func Slice[T any](values []T) Text {
	if len(values) == 0 {
		return Text{}
	}
	at := unsafe.Pointer(unsafe.SliceData(values))
	kept = append(kept, at)
	return Text{At: address(at), Length: uint32(len(values))}
}

// Map lowers a list, element by element.
func Map[From, To any](values []From, lower func(From) To) Text {
	lowered := make([]To, len(values))
	for i, value := range values {
		lowered[i] = lower(value)
	}
	return Slice(lowered)
}

// Maybe lowers an optional string: empty means none.
func Maybe(value string) Option {
	if value == "" {
		return Option{}
	}
	return Option{Some: 1, Text: String(value)}
}

// Pair lowers a tuple of two strings.
func Pair(first, second string) Header { return Header{String(first), String(second)} }
