//! The path of an endpoint, and the header that selects a model behind it.

use sluice_sdk::adapter::push_encoded;
use sluice_sdk::{Failure, Fault, Header, deployment};

/// The header that selects one of the models of an endpoint
/// (<https://docs.aws.amazon.com/sagemaker/latest/dg/inference-components.html>).
const COMPONENT: &str = "x-amzn-sagemaker-inference-component";

/// The end of the path for a whole answer.
const WHOLE: &str = "/invocations";
/// The end of the path for a streamed answer.
const STREAMED: &str = "/invocations-response-stream";

/// The path of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// The path below the base.
    pub path: String,
    /// Whether the answer comes as AWS's event stream.
    pub streams: bool,
}

impl Place {
    /// The path of this endpoint, for a client that streams or not.
    ///
    /// # Errors
    /// The endpoint has no name, or the operator's base has no path for whole answers.
    pub fn of(endpoint: &str, streams: bool) -> Result<Self, Failure> {
        let base = deployment::text("api_base").or_else(|| deployment::text("sagemaker_base_url"));
        Self::under(base.as_deref().unwrap_or_default(), endpoint, streams)
    }

    /// A base may have no path, that of the endpoint, or the whole path, which the host does not repeat.
    fn under(base: &str, endpoint: &str, streams: bool) -> Result<Self, Failure> {
        let base = base.split('?').next().unwrap_or_default().trim_end_matches('/');
        if base.ends_with(STREAMED) {
            return match streams {
                true => Ok(Self::at(STREAMED, true)),
                false => {
                    let message =
                        format!("`api_base` ends in `{STREAMED}`, which has no whole answers; leave that off");
                    Err(Failure::new(Fault::NotFound, message).parameter("model"))
                }
            };
        }
        if base.ends_with(WHOLE) {
            // The adapter cannot append to the last segment of a base, so the answer is requested as a whole, even for
            // a stream.
            return Ok(Self::at(WHOLE, false));
        }
        let end = if streams { STREAMED } else { WHOLE };
        let mut segments = base.rsplit('/');
        if let (Some(_), Some("endpoints")) = (segments.next(), segments.next()) {
            return Ok(Self::at(end, streams));
        }
        if endpoint.is_empty() {
            return Err(Failure::bad_request(
                "model",
                "the deployment's `model` names no endpoint",
            ));
        }
        let mut path = String::with_capacity(endpoint.len() + 48);
        path.push_str("/endpoints/");
        push_encoded(&mut path, endpoint, b"");
        path.push_str(end);
        Ok(Self { path, streams })
    }

    fn at(path: &str, streams: bool) -> Self {
        Self {
            path: path.into(),
            streams,
        }
    }
}

/// The header with the inference component from `model_id`, as in LiteLLM.
pub fn headers() -> Vec<Header> {
    let component = deployment::text("model_id").filter(|name| !name.is_empty());
    let header = |value| Header {
        name: COMPONENT.into(),
        value,
    };
    component.map(header).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, streams: bool, path: &str, does_stream: bool) {
        let place = Place::under(base, "my endpoint", streams).map_err(|failure| failure.message);
        assert_eq!(place, Ok(Place::at(path, does_stream)), "{base}");
    }

    #[test]
    fn a_path_that_the_base_has_is_not_said_twice() {
        for base in [
            "",
            "https://runtime.example",
            "https://proxy.example/aws/",
            "https://proxy.example/endpoints",
        ] {
            check(base, false, "/endpoints/my%20endpoint/invocations", false);
            check(base, true, "/endpoints/my%20endpoint/invocations-response-stream", true);
        }
        check("https://runtime.example/endpoints/e", false, "/invocations", false);
        check(
            "https://runtime.example/endpoints/e/?x=1",
            true,
            "/invocations-response-stream",
            true,
        );
        let whole = "https://runtime.example/endpoints/e/invocations";
        check(whole, false, "/invocations", false);
        check(whole, true, "/invocations", false);
        let streamed = "https://runtime.example/endpoints/e/invocations-response-stream";
        check(streamed, true, "/invocations-response-stream", true);
        assert!(Place::under(streamed, "e", false).is_err());
    }

    #[test]
    fn an_endpoint_has_a_name() {
        assert!(Place::under("", "", false).is_err());
    }
}
