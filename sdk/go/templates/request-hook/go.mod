module my-hook

go 1.24

require sluice.example/sdk/go v0.0.0

// The SDK stands beside the plugin; it is not fetched.
replace sluice.example/sdk/go => ./sluice-sdk
