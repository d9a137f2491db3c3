// Package deployment tells a provider adapter about the deployment that is being attempted, and what its upstream answered so
// far. Neutral but for [ResponseHeader].
package deployment

import (
	"encoding/json"

	"sluice.example/sdk/go/internal/host"
)

// Parameter is one parameter of `litellm_params` as JSON, and whether it is given. Credentials never cross. A plugin that
// is not bundled with the gateway reads the parameters that the host knows to be harmless, and those that the operator
// lists under `sluice.plugins.<name>.parameters`.
func Parameter(name string) (json.RawMessage, bool) {
	text, found := host.Parameter(name)
	return json.RawMessage(text), found
}

// Read reads a parameter into `value`, as encoding/json does. It says false if it is not given or of another type.
func Read(name string, value any) bool {
	text, found := host.Parameter(name)
	return found && json.Unmarshal([]byte(text), value) == nil
}

// Has says whether a parameter is given, credentials included: enough to choose how to authenticate.
func Has(name string) bool { return host.HasParameter(name) }

// ResponseHeader is a header of the upstream's answer, and whether there is one. Not neutral where there is.
func ResponseHeader(name string) (string, bool) { return host.ResponseHeader(name) }

// IsTrue says whether a parameter is `true`.
func IsTrue(name string) bool {
	text, _ := host.Parameter(name)
	return text == "true"
}
