package provider

import (
	"sluice.example/sdk/go/internal/abi"
	"sluice.example/sdk/go/internal/host"
)

// Each case of a result has an area of its own; the tag of the good ones is 0.
var (
	openArea struct {
		tag     uint8
		request wireRequest
	}
	bytesArea struct {
		tag   uint8
		bytes abi.Text
	}
	failedArea struct {
		tag     uint8
		failure wireFailure
	}
	refuseArea wireFailure
)

type wireAuth struct {
	scheme        uint8
	first, second abi.Text
}

// wireMaybeAuth is a struct, so that it is aligned as a whole.
type wireMaybeAuth struct {
	some uint8
	auth wireAuth
}

type wireInfo struct {
	name, base           abi.Text
	auth                 wireAuth
	environment          abi.Text
	operations           abi.Text
	continuation         uint8
	credentialIsOptional bool
	extras               abi.Text
}

type wireRequest struct {
	method, path abi.Text
	headers      abi.Text
	bodyForm     uint8
	body         abi.Text
	reading      uint8
	framing      uint8
	auth         wireMaybeAuth
	extras       abi.Text
}

type wireFailure struct {
	fault        uint8
	message      abi.Text
	code         abi.Option
	parameter    abi.Option
	hasRetry     bool
	retryAfterMs uint32
}

func lowerPair(pair [2]string) abi.Header { return abi.Pair(pair[0], pair[1]) }

func lowerAuth(auth Auth) wireAuth {
	return wireAuth{auth.scheme, abi.String(auth.first), abi.String(auth.second)}
}

func lowerInfo(info Info) wireInfo {
	operations := info.Operations
	if operations == nil {
		operations = []string{"chat-completions"}
	}
	wire := wireInfo{
		name: abi.String(info.Name), base: abi.String(info.APIBase), auth: lowerAuth(info.Auth),
		environment: abi.Map(info.Environment, lowerPair), operations: abi.Map(operations, abi.String),
		credentialIsOptional: info.CredentialIsOptional, extras: abi.Map(info.Extras, lowerPair),
	}
	if info.ContinuesWhenInstructed {
		wire.continuation = 1
	}
	return wire
}

func lowerRequest(request *Request) wireRequest {
	method := request.Method
	if method == "" {
		method = "POST"
	}
	wire := wireRequest{
		method: abi.String(method), path: abi.String(request.PathAndQuery),
		headers:  abi.Map(request.Headers, func(header Header) abi.Header { return abi.Pair(header.Name, header.Value) }),
		bodyForm: request.Body.form, body: abi.String(request.Body.data),
		reading: uint8(min(request.Reading, ReadServerSentEvents)),
		extras:  abi.Map(request.Extras, lowerPair),
	}
	if request.Reading > ReadServerSentEvents {
		wire.framing = uint8(request.Reading - ReadServerSentEvents)
	}
	if request.Auth != nil {
		wire.auth = wireMaybeAuth{1, lowerAuth(*request.Auth)}
	}
	return wire
}

func lowerFailure(failure *Failure) wireFailure {
	wire := wireFailure{
		fault: uint8(failure.Fault), message: abi.String(failure.Message),
		code: abi.Maybe(failure.Code), parameter: abi.Maybe(failure.Parameter),
	}
	if failure.RetryAfter > 0 {
		wire.hasRetry, wire.retryAfterMs = true, host.Milliseconds(failure.RetryAfter)
	}
	return wire
}
