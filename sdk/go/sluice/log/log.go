// Package log writes lines to the log of the gateway, which adds the plugin and the exchange. Lines over 4 KiB are cut, and
// lines over 64 in one call are dropped and counted.
package log

import (
	"fmt"

	"sluice.example/sdk/go/internal/host"
)

const (
	levelDebug = iota
	levelInfo
	levelWarn
	levelError
)

// Debug writes detail for the search for a fault. The arguments are those of fmt.Sprintf.
func Debug(format string, values ...any) { write(levelDebug, format, values) }

// Info writes something that may interest the operator.
func Info(format string, values ...any) { write(levelInfo, format, values) }

// Warn writes something that the operator should look at.
func Warn(format string, values ...any) { write(levelWarn, format, values) }

// Error writes something that the operator must mend.
func Error(format string, values ...any) { write(levelError, format, values) }

func write(level int, format string, values []any) {
	host.Log(level, fmt.Sprintf(format, values...))
}
