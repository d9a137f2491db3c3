//! What adapters say of Amazon Bedrock (<https://docs.aws.amazon.com/bedrock/latest/APIReference/welcome.html>), where several
//! makers' models are served: all of them by Converse, and each in its maker's own format by `InvokeModel`.

pub mod error;
mod place;

use super::{Parameters, aws};
use crate::canonical::RawValue;
use crate::{Auth, Continuation, Failure, ProviderInfo, deployment};

pub use place::Place;

/// The provider's prefix.
pub const NAME: &str = "bedrock";

/// Where Bedrock lives: where the operator says, else in the deployment's region.
const ADDRESSES: &str = "{aws_bedrock_runtime_endpoint} https://bedrock-runtime.{aws_region_name}.amazonaws.com";

/// Beside those of all services, as AWS's own tools and LiteLLM call them.
const ENVIRONMENT: [(&str, &str); 2] = [
    ("aws_bedrock_runtime_endpoint", "AWS_BEDROCK_RUNTIME_ENDPOINT"),
    ("api_key", "AWS_BEARER_TOKEN_BEDROCK"),
];

/// Names in a deployment's `extra_body` that are not fields of a request.
pub const NO_FIELDS: [&str; 1] = ["model_id"];

/// Bedrock under a prefix, for the operations that an adapter speaks there.
#[must_use]
pub fn provider(name: &str, operations: &[&str]) -> ProviderInfo {
    ProviderInfo {
        environment: aws::ENVIRONMENT
            .into_iter()
            .chain(ENVIRONMENT)
            .map(|(parameter, variable)| (parameter.into(), variable.into()))
            .collect(),
        operations: operations.iter().map(|operation| (*operation).into()).collect(),
        continuation: Continuation::Instructed,
        ..ProviderInfo::new(name, ADDRESSES, Auth::AwsSigv4("bedrock".into()))
    }
}

/// What replaces the signature: Bedrock's own key counts before it
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html>).
#[must_use]
pub fn auth() -> Option<Auth> {
    let parameters = ["api_key", "aws_bearer_token_bedrock"];
    let given = parameters.into_iter().find(|name| deployment::has_parameter(name));
    given.map(|name| Auth::Bearer(name.into()))
}

/// Whether a tool's type, such as `computer_20250124`, is one that Claude defines and Bedrock serves. They have their version
/// in their type. What Anthropic runs itself is not to be had at Bedrock.
#[must_use]
pub fn is_claudes_tool(kind: &str) -> bool {
    let Some((name, version)) = kind.rsplit_once('_') else {
        return false;
    };
    let is_served =
        matches!(name, "computer" | "bash" | "text_editor" | "memory") || name.starts_with("tool_search_tool");
    is_served && version.len() == 8 && version.bytes().all(|byte| byte.is_ascii_digit())
}

/// OpenAI's words for what Bedrock offers
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html>).
///
/// # Errors
/// It is another word, and parameters may not be dropped.
pub fn service_tier(value: &RawValue, parameters: &Parameters) -> Result<Option<&'static str>, Failure> {
    match value.get() {
        r#""auto""# | r#""default""# => Ok(Some("default")),
        r#""flex""# => Ok(Some("flex")),
        r#""priority""# => Ok(Some("priority")),
        r#""reserved""# => Ok(Some("reserved")),
        _ => parameters
            .drop_or_refuse(
                "service_tier",
                "it has `auto`, `default`, `flex`, `priority` and `reserved` only",
            )
            .map(|()| None),
    }
}
