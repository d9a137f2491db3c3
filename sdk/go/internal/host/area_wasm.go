package host

import "sluice.example/sdk/go/internal/abi"

// text is where the host writes a string or a list; option, where it writes an optional one. They are global, since the
// stack may move while the host allocates.
var (
	text   abi.Text
	option abi.Option
)

func readText() string {
	defer abi.Release()
	return text.Read()
}

func readOption() (string, bool) {
	defer abi.Release()
	return option.Read()
}

func readList[T any]() []T {
	defer abi.Release()
	return abi.List[T](text)
}

// outcome is where the host writes a result without a value.
var outcome struct {
	tag   uint8
	error abi.Failure
}

// clearOutcome makes the sentence empty, for errors that have none.
func clearOutcome() { outcome.error = abi.Failure{} }

func readOutcome() *Failure {
	defer abi.Release()
	if outcome.tag == 0 {
		return nil
	}
	return failure(&outcome.error)
}

// failure reads a variant some cases of which have a sentence. Clear the place before the call.
func failure(written *abi.Failure) *Failure {
	return &Failure{Case: int(written.Case), Message: written.Message.Read()}
}
