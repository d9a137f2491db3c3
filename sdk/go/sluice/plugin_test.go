package sluice

import (
	"errors"
	"testing"
)

func TestSettingsAreReadStrictly(t *testing.T) {
	type settings struct {
		Limit int `json:"limit"`
	}
	for text, sentence := range map[string]string{
		`{"limit": 3}`:   "",
		`{}`:             "",
		`{"limmit": 3}`:  `settings: unknown field "limmit"`,
		`{"limit": "a"}`: `settings: cannot unmarshal string into Go struct field settings.limit of type int`,
	} {
		_, err := ReadSettings[settings](text)
		if got := message(err); got != sentence {
			t.Errorf("%s: %q, expected %q", text, got, sentence)
		}
		if err != nil && !errors.Is(err, ErrBadSettings) {
			t.Errorf("%s: %v is not ErrBadSettings", text, err)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
