//! Translates Tern's failures. The fault decides whether another deployment is tried, and which error the client gets.

use sluice_sdk::canonical::Text;
use sluice_sdk::{Failure, Fault, wire};

sluice_sdk::wire! {
    Refusal {
        "fault" fault: Trouble<'a>,
    }

    Trouble {
        "sort" sort: Text<'a>,
        "why" why: Text<'a>,
        /// Seconds.
        "wait" wait: u64,
    }
}

/// Reads a non-2xx answer. An answer that is not Tern's, such as a proxy's error page, is judged by its status.
pub fn of_answer(status: u16, body: &[u8]) -> Failure {
    let refusal: Option<Refusal> = std::str::from_utf8(body).ok().and_then(|text| wire::read(text).ok());
    match refusal.and_then(|refusal| refusal.fault) {
        Some(trouble) => of_trouble(&trouble),
        None => Failure::from_openai(status, body),
    }
}

/// Reads a `fault` object, which may also stand in place of an answer or an event.
pub fn of_trouble(trouble: &Trouble) -> Failure {
    let sort = trouble.sort.as_ref().map_or("", Text::escaped);
    let fault = match sort {
        "key" => Fault::Authentication,
        "busy" => Fault::RateLimited,
        "long" => Fault::ContextWindowExceeded,
        "words" => Fault::ContentFiltered,
        "request" => Fault::BadRequest,
        "model" => Fault::NotFound,
        _ => Fault::UpstreamError,
    };
    let why = trouble.why.as_ref().map(|why| why.decoded().into_owned());
    let mut failure = Failure::new(fault, why.unwrap_or_else(|| "Tern failed, and does not say why".into()));
    failure.code = (!sort.is_empty()).then(|| sort.to_owned());
    let ms = |seconds: u64| u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    failure.retry_after_ms = trouble.wait.map(ms);
    failure
}
