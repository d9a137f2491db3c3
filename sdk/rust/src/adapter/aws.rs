//! What adapters say of AWS's services, and read of their errors
//! (<https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>).

use crate::{Fault, deployment};

/// Parameters of keys and regions, and the variables that stand in for them.
pub const ENVIRONMENT: [(&str, &str); 6] = [
    ("aws_region_name", "AWS_REGION_NAME"),
    ("aws_region_name", "AWS_REGION"),
    ("aws_region_name", "AWS_DEFAULT_REGION"),
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
];

/// The kind of an error without its service's name: of the header that says it, else of the body's `__type`.
#[must_use]
pub fn error_kind(in_body: Option<&str>) -> Option<String> {
    let header = deployment::response_header("x-amzn-errortype").map(|header| short_name(&header).to_owned());
    let in_header = header.filter(|kind| !kind.is_empty());
    in_header.or_else(|| in_body.map(|kind| short_name(kind).to_owned()))
}

/// `com.amazon.coral.service#ValidationException:http://internal.amazon.com/…` → `ValidationException`.
#[must_use]
pub fn short_name(kind: &str) -> &str {
    let kind = kind.split_once(':').map_or(kind, |(kind, _)| kind);
    kind.rsplit_once('#').map_or(kind, |(_, kind)| kind).trim()
}

/// What a kind that all services share says of who we are, or how much we asked; in lower case, without `exception`.
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
