//go:build !wasm

package sluicetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
)

// compare reports every place at which a document is not the expected one. `"<any>"` matches every value.
func compare(t *testing.T, at string, expected, got any) {
	t.Helper()
	if expected == "<any>" {
		return
	}
	switch expected := expected.(type) {
	case map[string]any:
		if got, is := got.(map[string]any); is {
			for _, name := range slices.Sorted(maps.Keys(expected)) {
				if value, found := got[name]; found {
					compare(t, at+"."+name, expected[name], value)
				} else {
					t.Errorf("%s.%s: missing, expected %s", at, name, written(expected[name]))
				}
			}
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if _, found := expected[name]; !found {
					t.Errorf("%s.%s: not expected, got %s", at, name, written(got[name]))
				}
			}
			return
		}
	case []any:
		if got, is := got.([]any); is {
			for i := range max(len(expected), len(got)) {
				at := fmt.Sprintf("%s[%d]", at, i)
				switch {
				case i >= len(got):
					t.Errorf("%s: missing, expected %s", at, written(expected[i]))
				case i >= len(expected):
					t.Errorf("%s: not expected, got %s", at, written(got[i]))
				default:
					compare(t, at, expected[i], got[i])
				}
			}
			return
		}
	}
	if !reflect.DeepEqual(expected, got) {
		t.Errorf("%s: expected %s, got %s", at, written(expected), written(got))
	}
}

func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}

// parsed reads JSON as values that compare can walk.
func parsed(text []byte) (value any, err error) {
	err = json.Unmarshal(text, &value)
	return value, err
}

// document turns a value into what JSON makes of it.
func document(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	read, err := parsed(text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}
