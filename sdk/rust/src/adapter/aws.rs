//! What adapters for AWS services share: environment variables and error types
//! (<https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>).

use crate::{Fault, deployment};

/// Pairs of a deployment parameter and the environment variable that is read if the parameter is absent; for
/// [`crate::ProviderInfo::environment`].
pub const ENVIRONMENT: [(&str, &str); 6] = [
    ("aws_region_name", "AWS_REGION_NAME"),
    ("aws_region_name", "AWS_REGION"),
    ("aws_region_name", "AWS_DEFAULT_REGION"),
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
];

/// The error type without the service's name: from the header `x-amzn-errortype`, or else `in_body`, the body's
/// `__type`.
#[must_use]
pub fn error_kind(in_body: Option<&str>) -> Option<String> {
    let header = deployment::response_header("x-amzn-errortype").map(|header| short_name(&header).to_owned());
    let in_header = header.filter(|kind| !kind.is_empty());
    in_header.or_else(|| in_body.map(|kind| short_name(kind).to_owned()))
}

/// Removes namespace and address: `com.amazon.coral.service#ValidationException:http://internal.amazon.com/…` becomes
/// `ValidationException`.
#[must_use]
pub fn short_name(kind: &str) -> &str {
    let kind = kind.split_once(':').map_or(kind, |(kind, _)| kind);
    kind.rsplit_once('#').map_or(kind, |(_, kind)| kind).trim()
}

/// The fault for an error type that all AWS services share. `kind` is in lower case and without the suffix `exception`.
/// `None` for other types.
#[must_use]
pub fn fault(kind: &str) -> Option<Fault> {
    Some(match kind {
        "throttling" | "toomanyrequests" | "limitexceeded" | "requestlimitexceeded" => Fault::RateLimited,
        "servicequotaexceeded" => Fault::QuotaExhausted,
        "accessdenied" | "notauthorized" | "optinrequired" => Fault::PermissionDenied,
        "unrecognizedclient"
        | "invalidsignature"
        | "incompletesignature"
        | "signaturedoesnotmatch"
        | "expiredtoken"
        | "expiredtokenexpired"
        | "requestexpired"
        | "missingauthenticationtoken"
        | "missingauthenticationtokenerror"
        | "invalidclienttokenid"
        | "invalidtoken" => Fault::Authentication,
        "resourcenotfound" | "unknownoperation" => Fault::NotFound,
        "modelnotready" | "serviceunavailable" => Fault::Overloaded,
        _ => return None,
    })
}
