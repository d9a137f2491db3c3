// Package kind has what the exports of several kinds share.
package kind

import (
	"errors"
	"strings"

	"sluice.example/sdk/go/sluice"
)

// Lower is the case of an error in variants that have `unavailable`, `bad-settings` and `other`, and its sentence.
func Lower(err error) (number uint8, sentence string) {
	switch {
	case errors.Is(err, sluice.ErrUnavailable):
		return 0, Without(sluice.ErrUnavailable, err)
	case errors.Is(err, sluice.ErrBadSettings):
		return 1, err.Error()
	default:
		return 2, err.Error()
	}
}

// Without is the sentence of an error without the mark that it begins with: the number of the case says the same.
func Without(mark, err error) string {
	return strings.TrimPrefix(err.Error(), mark.Error()+": ")
}
