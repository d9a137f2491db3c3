//! The meaning of each path. [`crate::api`] answers all paths that are not exchanges.

use std::borrow::Cow;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};

use super::Core;
use super::cors::Cors;
use super::locality::{is_local, names_one_host};
use crate::api;
use crate::body::Body;
use crate::canonical::Operation;
use crate::exchange::{self, Arrival, Cause, Refusal};
use crate::gateway::Gateway;
use crate::snapshot::Snapshot;

/// A parsed path.
#[derive(Debug, PartialEq, Eq)]
enum Route<'p> {
    /// The second value is the model in `/engines/{model}/…` and `/openai/deployments/{model}/…`.
    Exchange(Operation, Option<Cow<'p, str>>),
    Models,
    Model(Cow<'p, str>),
    ModelInfo,
    GroupInfo,
    Liveness,
    Readiness,
    Health,
    Metrics,
    Plugins,
}

/// Answers one request.
pub async fn answer(
    core: Arc<Core>,
    root_path: Arc<str>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if !names_one_host(request.version(), request.headers()) {
        let message = "the request must have one `Host` header (RFC 9112 §3.2)";
        return Ok(exchange::refused(&Refusal::new(Cause::BadRequest, message)));
    }
    let snapshot = core.gateway.snapshot();
    let general = &snapshot.settings.general;
    if general.master_key.is_none() && !general.serve_without_key && !is_local(peer, request.uri(), request.headers()) {
        return Ok(not_local());
    }
    let cors = Cors::of(&request, &snapshot.settings);
    if let Some(preflight) = cors.as_ref().and_then(Cors::preflight) {
        return Ok(preflight);
    }
    let mut answer = routed(core, snapshot, &root_path, peer, request).await;
    if let Some(cors) = cors {
        cors.mark(answer.headers_mut());
    }
    Ok(answer)
}

async fn routed(
    core: Arc<Core>,
    snapshot: Arc<Snapshot>,
    root_path: &str,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Response<Body> {
    let path = with_one_slash(request.uri().path());
    let path = with_one_slash(path.strip_prefix(root_path).unwrap_or(path));
    let gateway = &core.gateway;
    let Some(route) = read(path) else {
        return not_found(path);
    };
    let wanted = if matches!(route, Route::Exchange(..)) {
        Method::POST
    } else {
        Method::GET
    };
    if request.method() != wanted && !(wanted == Method::GET && request.method() == Method::HEAD) {
        return wrong_method(request.method(), &wanted);
    }
    match route {
        Route::Exchange(operation, model) => {
            let path_model = model.map(Cow::into_owned);
            exchange::run(
                Arc::clone(&core.worker),
                Arrival {
                    snapshot,
                    operation,
                    dialect: Arc::clone(&core.openai),
                    path_model,
                    request,
                    peer,
                },
            )
            .await
        }
        // Answered on the worker itself: the check is whether a worker answers.
        Route::Liveness => api::health::alive(),
        Route::Readiness => api::health::ready(gateway),
        Route::Models => {
            administer(&core, request, |gateway, head| {
                api::models::list(gateway, &head.uri, &head.headers)
            })
            .await
        }
        Route::Model(id) => {
            let id = id.into_owned();
            administer(&core, request, move |gateway, head| {
                api::models::one(gateway, &head.headers, &id)
            })
            .await
        }
        Route::ModelInfo => {
            administer(&core, request, |gateway, head| {
                api::model_info::list(gateway, &head.uri, &head.headers)
            })
            .await
        }
        Route::GroupInfo => {
            administer(&core, request, |gateway, head| {
                api::model_info::groups(gateway, &head.uri, &head.headers)
            })
            .await
        }
        Route::Health => {
            api::health::inquire(&core.gateway, request.headers()).await;
            administer(&core, request, |gateway, head| {
                api::health::health(gateway, &head.uri, &head.headers)
            })
            .await
        }
        Route::Metrics => administer(&core, request, |gateway, head| api::metrics(gateway, &head.headers)).await,
        Route::Plugins => {
            administer(&core, request, |gateway, head| {
                api::plugins::list(gateway, &head.headers)
            })
            .await
        }
    }
}

/// Answers on the administration's thread, so that slow answers do not delay exchanges of this core.
async fn administer(
    core: &Core,
    request: Request<Incoming>,
    answer: impl FnOnce(&Gateway, &Parts) -> Response<Body> + Send + 'static,
) -> Response<Body> {
    let gateway = Arc::clone(&core.gateway);
    let head = request.into_parts().0;
    let answered = core.administration.spawn(async move { answer(&gateway, &head) }).await;
    answered.unwrap_or_else(|_| exchange::refused(&Refusal::new(Cause::Internal, "the answer could not be made")))
}

/// Parses a path. The prefix `/v1` is optional everywhere.
fn read(path: &str) -> Option<Route<'_>> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let bare = path
        .strip_prefix("/v1")
        .filter(|rest| rest.starts_with('/'))
        .map_or(path, with_one_slash);
    match bare {
        "/models" => return Some(Route::Models),
        "/model/info" | "/v2/model/info" => return Some(Route::ModelInfo),
        "/model_group/info" => return Some(Route::GroupInfo),
        "/health/liveliness" | "/health/liveness" => return Some(Route::Liveness),
        "/health/readiness" => return Some(Route::Readiness),
        "/health" => return Some(Route::Health),
        "/metrics" => return Some(Route::Metrics),
        "/plugins" => return Some(Route::Plugins),
        _ => {}
    }
    if let Some(id) = bare.strip_prefix("/models/") {
        return Some(Route::Model(decoded(id)));
    }
    for operation in Operation::all() {
        if bare.strip_prefix('/') == Some(operation.path()) {
            return Some(Route::Exchange(operation, None));
        }
        for prefix in ["/engines/", "/openai/deployments/"] {
            let model = bare
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_suffix(operation.path())?.strip_suffix('/'));
            // `completions` is also the end of `chat/completions`: the longer operation must come first in the list.
            if let Some(model) = model.filter(|model| !model.is_empty() && !model.starts_with('/')) {
                return Some(Route::Exchange(operation, Some(decoded(model))));
            }
        }
    }
    None
}

/// Removes all but one leading slash: if a base URL ends with a slash, clients send `//v1/models` or `/v1//models`.
fn with_one_slash(path: &str) -> &str {
    let slashes = path.len() - path.trim_start_matches('/').len();
    &path[slashes.saturating_sub(1)..]
}

/// Decodes percent-encoded model names such as `openai%2Fgpt-4o`. Invalid encodings are left as they are.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after
            .get(..2)
            .and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match pair.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

fn not_found(path: &str) -> Response<Body> {
    let path: String = path.chars().take(200).collect();
    let operations: Vec<_> = Operation::all().map(|operation| operation.row().route).collect();
    let operations = operations.join(", ");
    let message = format!("nothing is served at `{path}`: see {operations}, /v1/models, /health");
    exchange::refused(&Refusal::new(Cause::NotFound, message))
}

fn not_local() -> Response<Body> {
    let message = "without a master key this gateway serves its own machine only, under `localhost` or a loopback address, \
                   and no page from elsewhere: set `general_settings.master_key`";
    exchange::refused(&Refusal::new(Cause::PermissionDenied, message))
}

fn wrong_method(given: &Method, wanted: &Method) -> Response<Body> {
    let refusal = Refusal::new(
        Cause::WrongMethod,
        format!("the method {given} is not served here: use {wanted}"),
    );
    let mut response = exchange::refused(&refusal);
    let allow = if wanted == Method::GET { "GET, HEAD" } else { "POST" };
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, operation: Operation, model: Option<&str>) {
        assert_eq!(
            read(path),
            Some(Route::Exchange(operation, model.map(Into::into))),
            "{path}"
        );
    }

    #[test]
    fn every_form_of_a_path_is_read() {
        check("/v1/chat/completions", Operation::ChatCompletions, None);
        check("/chat/completions", Operation::ChatCompletions, None);
        check("/chat/completions/", Operation::ChatCompletions, None);
        check("/completions", Operation::Completions, None);
        check("/v1//chat/completions", Operation::ChatCompletions, None);
        check("/v1/embeddings", Operation::Embeddings, None);
        check(
            "/engines/gpt-4o/chat/completions",
            Operation::ChatCompletions,
            Some("gpt-4o"),
        );
        check("/v1/engines/gpt-4o/completions", Operation::Completions, Some("gpt-4o"));
        check(
            "/openai/deployments/azure%2Fgpt-4o/embeddings",
            Operation::Embeddings,
            Some("azure/gpt-4o"),
        );
        check(
            "/openai/deployments/azure/gpt-4o/embeddings",
            Operation::Embeddings,
            Some("azure/gpt-4o"),
        );
    }

    #[test]
    fn further_slashes_before_a_path_do_not_count() {
        for path in ["/v1/models", "//v1/models", "///v1/models"] {
            assert_eq!(with_one_slash(path), "/v1/models");
        }
        assert_eq!(with_one_slash(""), "");
    }

    #[test]
    fn other_paths_are_read_too() {
        assert_eq!(read("/v1/models"), Some(Route::Models));
        assert_eq!(read("/models/openai%2Fx"), Some(Route::Model("openai/x".into())));
        assert_eq!(read("/health"), Some(Route::Health));
        assert_eq!(read("/metrics/"), Some(Route::Metrics));
        for path in ["/model/info", "/v1/model/info", "/v2/model/info"] {
            assert_eq!(read(path), Some(Route::ModelInfo), "{path}");
        }
        assert_eq!(read("/model_group/info"), Some(Route::GroupInfo));
        assert_eq!(read("/v1"), None);
        assert_eq!(read("/v12/models"), None);
        assert_eq!(read("/engines//chat/completions"), None);
    }
}
