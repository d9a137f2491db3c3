package host

import "sluice.example/sdk/go/internal/abi"

//go:wasmimport sluice:plugin/deployment@0.2.1 parameter
func deploymentParameter(name string, result *abi.Option)

//go:wasmimport sluice:plugin/deployment@0.2.1 has-parameter
func deploymentHasParameter(name string) uint32

//go:wasmimport sluice:plugin/deployment@0.2.1 response-header
func deploymentResponseHeader(name string, result *abi.Option)

func Parameter(name string) (string, bool) {
	deploymentParameter(name, &option)
	return readOption()
}

func HasParameter(name string) bool { return deploymentHasParameter(name) != 0 }

func ResponseHeader(name string) (string, bool) {
	deploymentResponseHeader(name, &option)
	return readOption()
}
