package abi

// Failure is a variant in memory whose cases have one string each, or none.
type Failure struct {
	Case    uint8
	Message Text
}
