package routing

import (
	"errors"

	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/kind"
)

// resultArea is `result<list<u32>, error>`: the list begins where the error's number does.
var resultArea struct {
	tag  uint8
	list abi.Text // at 4
	rest uint32
}

var failureArea struct {
	tag   uint8
	error abi.Failure
}

//go:wasmexport sluice:plugin/routing@0.2.1#rank
func rank() uint32 {
	abi.Enter()
	defer abi.Leave()
	plugin, err := strategy()
	var ranking []uint32
	if err == nil {
		ranking, err = plugin.Rank()
	}
	if err != nil {
		failureArea.tag = 1
		failureArea.error = lower(err)
		return abi.Address(&failureArea)
	}
	resultArea.list = abi.Slice(ranking)
	return abi.Address(&resultArea)
}

func lower(err error) abi.Failure {
	if errors.Is(err, ErrNoneSuitable) {
		return abi.Failure{Case: 0, Message: abi.String(kind.Without(ErrNoneSuitable, err))}
	}
	number, sentence := kind.Lower(err)
	if number == 0 { // Routing has no `unavailable`.
		number = 2
	}
	return abi.Failure{Case: number, Message: abi.String(sentence)}
}
