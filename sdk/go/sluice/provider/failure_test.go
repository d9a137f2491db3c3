package provider

import "testing"

func TestErrorsInOpenAIsFormat(t *testing.T) {
	for _, is := range []struct {
		status  int
		body    string
		fault   Fault
		message string
	}{
		{429, `{"error":{"message":"slow down","code":null}}`, RateLimited, "slow down"},
		{429, `{"error":{"message":"pay","code":"insufficient_quota"}}`, QuotaExhausted, "pay"},
		{400, `{"error":{"message":"m","code":"context_length_exceeded"}}`, ContextWindowExceeded, "m"},
		{400, `{"error":"prompt is too long"}`, ContextWindowExceeded, "prompt is too long"},
		{404, `{"message":"no such model"}`, NotFound, "no such model"},
		{502, `<html>Bad Gateway</html>`, UpstreamError, "the provider answered 502"},
		{400, `{"error":{"message":"bad","code":40001,"param":[]}}`, BadRequest, "bad"},
		{500, `{"error":null,"message":""}`, UpstreamError, "the provider answered 500"},
	} {
		failure := FailureFromOpenAI(is.status, []byte(is.body))
		if failure.Fault != is.fault || failure.Message != is.message {
			t.Errorf("%d %s: %v", is.status, is.body, failure)
		}
	}
}
