//! Every text and list that crosses from a guest has a bound: the WIT files say what crosses, [`rows`] tries each with
//! something too long.

use std::collections::BTreeSet;
use std::sync::Arc;

use wit_parser::{Function, Interface, Resolve, Type, TypeDefKind, WorldItem};

use super::{shapes, words};
use crate::canonical::Canonical;
use crate::plugin::bindings::http::Host as _;
use crate::plugin::bindings::provider_types::{
    Auth, Continuation, Failure, Fault, ProviderInfo, Reading, RequestBody, UpstreamRequest,
};
use crate::plugin::bindings::types::{Header, Medium, Refusal};
use crate::plugin::bindings::{
    Manifest, candidates, deployment, exchange, guardrail_types, hook_types, http, notes, state,
};
use crate::plugin::guest::Guest;
use crate::plugin::imports::log;
use crate::plugin::limits::Limits;
use crate::plugin::{Host, Kind};

const MANY: usize = 100_000;

fn long() -> String {
    "x".repeat(MANY * 10)
}

fn many<T: Clone>(one: T) -> Vec<T> {
    vec![one; MANY]
}

/// What is tried at one place: true if it was refused or cut.
type Attempt = Box<dyn Fn() -> bool>;

/// The places that hold answers: the limit of the output is all that bounds them (`hostile::…gigantic…`).
const ANSWERS: [&str; 12] = [
    "routing.rank.ok",
    "provider.open.ok.body.merge-patch",
    "provider.open.ok.body.bytes",
    "provider.whole.ok",
    "provider.events.ok",
    "provider.finish.ok",
    "hook.prepare.ok.change.edits[].set.1",
    "hook.prepare.ok.change.edits[].insert.1",
    "hook.prepare.ok.answer",
    "guardrail.inspect.ok.rewrite",
    "guardrail.inspect.ok.rewrite[].text",
    "guardrail.inspect.ok.hold",
];

#[test]
fn each_text_and_list_that_crosses_from_a_guest_has_a_bound() {
    let rows = rows();
    let bounded: BTreeSet<&str> = rows.iter().map(|(place, _)| place.as_str()).chain(ANSWERS).collect();
    let crossing = places();
    let missing: Vec<_> = crossing
        .iter()
        .filter(|place| !bounded.contains(place.as_str()))
        .collect();
    assert!(missing.is_empty(), "without a bound: {missing:#?}");
    let gone: Vec<_> = bounded.iter().filter(|place| !crossing.contains(**place)).collect();
    assert!(gone.is_empty(), "not in wit/ any more: {gone:#?}");
    for (place, is_bounded) in rows {
        assert!(is_bounded(), "{place}: something far too long crossed");
    }
}

/// Each text and list in the arguments of imports and in the results of exports, as `interface.function.path`.
fn places() -> BTreeSet<String> {
    let mut resolve = Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/0.2.1");
    resolve.push_path(wit).expect("the WIT files are valid");
    let mut places = BTreeSet::new();
    for (_, world) in &resolve.worlds {
        for (interface, function) in functions(&resolve, world.imports.values()) {
            for param in &function.params {
                let at = format!("{interface}.{}.{}", function.name, param.name);
                walk(&resolve, &param.ty, &at, &mut places);
            }
        }
        for (interface, function) in functions(&resolve, world.exports.values()) {
            if let Some(result) = &function.result {
                walk(&resolve, result, &format!("{interface}.{}", function.name), &mut places);
            }
        }
    }
    places
}

/// The functions of a world's interfaces, each with its interface's name.
fn functions<'a>(
    resolve: &'a Resolve,
    items: impl Iterator<Item = &'a WorldItem>,
) -> impl Iterator<Item = (&'a str, &'a Function)> {
    let interfaces = items.map(|item| match item {
        WorldItem::Interface { id, .. } => &resolve.interfaces[*id],
        other => panic!("say here how {other:?} crosses"),
    });
    let named = |interface: &'a Interface| {
        let name = interface.name.as_deref().unwrap_or_default();
        interface.functions.values().map(move |function| (name, function))
    };
    interfaces
        .filter(|interface| !interface.functions.is_empty())
        .flat_map(named)
}

fn walk(resolve: &Resolve, ty: &Type, at: &str, places: &mut BTreeSet<String>) {
    let id = match ty {
        Type::String => {
            places.insert(at.to_owned());
            return;
        }
        Type::Id(id) => *id,
        _ => return,
    };
    let mut inner = |ty: &Type, name: &str| walk(resolve, ty, &format!("{at}{name}"), places);
    match &resolve.types[id].kind {
        TypeDefKind::Record(record) => {
            for field in &record.fields {
                inner(&field.ty, &format!(".{}", field.name));
            }
        }
        TypeDefKind::Variant(variant) => {
            for case in &variant.cases {
                if let Some(ty) = &case.ty {
                    inner(ty, &format!(".{}", case.name));
                }
            }
        }
        TypeDefKind::Tuple(tuple) => {
            for (index, ty) in tuple.types.iter().enumerate() {
                inner(ty, &format!(".{index}"));
            }
        }
        TypeDefKind::Result(result) => {
            for (ty, name) in [(&result.ok, ".ok"), (&result.err, ".err")] {
                if let Some(ty) = ty {
                    inner(ty, name);
                }
            }
        }
        TypeDefKind::Option(ty) | TypeDefKind::Type(ty) => inner(ty, ""),
        TypeDefKind::List(ty) => {
            inner(ty, "[]");
            places.insert(at.to_owned());
        }
        TypeDefKind::Enum(_) | TypeDefKind::Flags(_) => {}
        other => panic!("{at}: say here how {} crosses", other.as_str()),
    }
}

fn rows() -> Vec<(String, Attempt)> {
    let mut rows = imports();
    rows.extend(manifests());
    rows.extend(providers());
    rows.extend(requests());
    rows.extend(decisions());
    rows.extend(sentences());
    rows
}

fn row(place: impl Into<String>, attempt: impl Fn() -> bool + 'static) -> (String, Attempt) {
    (place.into(), Box::new(attempt))
}

fn guest() -> Guest {
    let identity = Host::start_small().unwrap().unnamed_identity();
    let mut guest = Guest::new(identity, &Limits::of(Kind::Strategy));
    guest.begin(Some(Arc::new(Canonical::empty())));
    guest
}

fn imports() -> Vec<(String, Attempt)> {
    fn is_too_long<T>(answer: wasmtime::Result<T>) -> bool {
        answer
            .err()
            .is_some_and(|error| error.to_string().contains("is the most"))
    }
    fn is_too_large<T>(answer: wasmtime::Result<Result<T, state::Error>>) -> bool {
        matches!(answer, Ok(Err(state::Error::TooLarge)))
    }
    fn is_too_large_note(answer: wasmtime::Result<Result<(), notes::Error>>) -> bool {
        matches!(answer, Ok(Err(notes::Error::TooLarge)))
    }
    fn send(change: impl Fn(&mut http::Request)) -> bool {
        let mut request = http::Request {
            method: "POST".into(),
            url: "https://example.com/".into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 0,
        };
        change(&mut request);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(async { guest().send(request).await.unwrap() });
        matches!(answer, Err(http::Error::Invalid(_)))
    }
    let header = |name: String, value: String| Header { name, value };
    vec![
        row("log.write.message", || log::cut(&long()).len() < 10_000),
        row("exchange.field.name", || {
            is_too_long(exchange::Host::field(&mut guest(), long()))
        }),
        row("exchange.attribute.name", || {
            is_too_long(exchange::Host::attribute(&mut guest(), long()))
        }),
        row("candidates.having.word", || {
            is_too_long(candidates::Host::having(&mut guest(), candidates::Fact::Tag, long()))
        }),
        row("candidates.measured.name", || {
            is_too_long(candidates::Host::measured(&mut guest(), long()))
        }),
        row("candidates.info.name", || {
            is_too_long(candidates::Host::info(&mut guest(), long()))
        }),
        row("deployment.parameter.name", || {
            is_too_long(deployment::Host::parameter(&mut guest(), long()))
        }),
        row("deployment.has-parameter.name", || {
            is_too_long(deployment::Host::has_parameter(&mut guest(), long()))
        }),
        row("deployment.response-header.name", || {
            is_too_long(deployment::Host::response_header(&mut guest(), long()))
        }),
        row("state.get.key", || is_too_large(state::Host::get(&mut guest(), long()))),
        row("state.set.key", || {
            is_too_large(state::Host::set(&mut guest(), long(), Vec::new(), 0))
        }),
        row("state.set.value", || {
            is_too_large(state::Host::set(&mut guest(), "k".into(), long().into_bytes(), 0))
        }),
        row("state.increment.key", || {
            is_too_large(state::Host::increment(&mut guest(), long(), 1.0, 0))
        }),
        row("notes.get.key", || {
            notes::Host::get(&mut guest(), long()).unwrap().is_none()
        }),
        row("notes.put.key", || {
            is_too_large_note(notes::Host::put(&mut guest(), long(), Vec::new()))
        }),
        row("notes.put.value", || {
            is_too_large_note(notes::Host::put(&mut guest(), "k".into(), vec![0; 2 << 20]))
        }),
        row("notes.publish.name", || {
            is_too_large_note(notes::Host::publish(&mut guest(), long(), "1".into()))
        }),
        row("notes.publish.json", || {
            let json = format!("\"{}\"", "x".repeat(2 << 20));
            is_too_large_note(notes::Host::publish(&mut guest(), "n".into(), json))
        }),
        row("http.send.request.method", || send(|request| request.method = long())),
        row("http.send.request.url", || send(|request| request.url += &long())),
        row("http.send.request.headers", move || {
            send(|request| request.headers = many(header("a".into(), "b".into())))
        }),
        row("http.send.request.headers[].name", move || {
            send(|request| request.headers = vec![header(long(), "b".into())])
        }),
        row("http.send.request.headers[].value", move || {
            send(|request| request.headers = vec![header("a".into(), long())])
        }),
        row("http.send.request.body", || {
            send(|request| request.body = vec![b'x'; 100 << 20])
        }),
    ]
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn manifests() -> Vec<(String, Attempt)> {
    fn refused(change: impl Fn(&mut Manifest)) -> bool {
        let mut manifest = Manifest {
            name: "plugin".into(),
            version: "1.0.0".into(),
            summary: "A plugin.".into(),
            settings_schema: String::new(),
            outbound: Vec::new(),
            constrains: false,
            looks_at: Vec::new(),
            extras: Vec::new(),
        };
        assert_eq!(shapes::manifest(&manifest), Ok(()));
        change(&mut manifest);
        shapes::manifest(&manifest).is_err()
    }
    let describe = |field: &str| format!("about.describe.{field}");
    vec![
        row(describe("name"), || refused(|manifest| manifest.name = long())),
        row(describe("version"), || refused(|manifest| manifest.version = long())),
        row(describe("summary"), || refused(|manifest| manifest.summary = long())),
        row(describe("settings-schema"), || {
            refused(|manifest| manifest.settings_schema = format!("\"{}\"", long()))
        }),
        row(describe("outbound"), || {
            refused(|manifest| manifest.outbound = many("a".into()))
        }),
        row(describe("outbound[]"), || {
            refused(|manifest| manifest.outbound = vec![long()])
        }),
        row(describe("looks-at"), || {
            refused(|manifest| manifest.looks_at = many(Medium::Image))
        }),
        row(describe("extras"), || {
            refused(|manifest| manifest.extras = many(pair("a", "b")))
        }),
        row(describe("extras[].0"), || {
            refused(|manifest| manifest.extras = vec![pair(&long(), "b")])
        }),
        row(describe("extras[].1"), || {
            refused(|manifest| manifest.extras = vec![pair("a", &long())])
        }),
    ]
}

/// A place in a way to authenticate, and one that is too long there.
type LongAuth = (&'static str, fn() -> Auth);

/// The ways in which an adapter names a credential, each too long.
fn auths() -> [LongAuth; 9] {
    [
        ("bearer", || Auth::Bearer(long())),
        ("header.0", || Auth::Header((long(), "b".into()))),
        ("header.1", || Auth::Header(("a".into(), long()))),
        ("query.0", || Auth::Query((long(), "b".into()))),
        ("query.1", || Auth::Query(("a".into(), long()))),
        ("aws-sigv4", || Auth::AwsSigv4(long())),
        ("google-oauth", || Auth::GoogleOauth(long())),
        ("other.0", || Auth::Other((long(), String::new()))),
        ("other.1", || Auth::Other((String::new(), long()))),
    ]
}

fn providers() -> Vec<(String, Attempt)> {
    fn usual() -> ProviderInfo {
        ProviderInfo {
            name: "provider".into(),
            api_base: "https://example.com".into(),
            auth: Auth::None,
            environment: Vec::new(),
            operations: Vec::new(),
            continuation: Continuation::None,
            credential_is_optional: false,
            extras: Vec::new(),
        }
    }
    fn refused(change: impl Fn(&mut ProviderInfo)) -> bool {
        let mut provider = usual();
        assert_eq!(shapes::providers(std::slice::from_ref(&provider)), Ok(()));
        change(&mut provider);
        shapes::providers(&[provider]).is_err()
    }
    let at = |field: &str| format!("provider.providers[].{field}");
    let mut rows = vec![
        row("provider.providers", || shapes::providers(&many(usual())).is_err()),
        row(at("name"), || refused(|provider| provider.name = long())),
        row(at("api-base"), || refused(|provider| provider.api_base = long())),
        row(at("environment"), || {
            refused(|provider| provider.environment = many(pair("a", "b")))
        }),
        row(at("environment[].0"), || {
            refused(|provider| provider.environment = vec![pair(&long(), "b")])
        }),
        row(at("environment[].1"), || {
            refused(|provider| provider.environment = vec![pair("a", &long())])
        }),
        row(at("operations"), || {
            refused(|provider| provider.operations = many("a".into()))
        }),
        row(at("operations[]"), || {
            refused(|provider| provider.operations = vec![long()])
        }),
        row(at("extras"), || {
            refused(|provider| provider.extras = many(pair("a", "b")))
        }),
        row(at("extras[].0"), || {
            refused(|provider| provider.extras = vec![pair(&long(), "b")])
        }),
        row(at("extras[].1"), || {
            refused(|provider| provider.extras = vec![pair("a", &long())])
        }),
    ];
    rows.extend(auths().map(|(way, auth)| {
        row(at(&format!("auth.{way}")), move || {
            refused(|provider| provider.auth = auth())
        })
    }));
    rows
}

fn requests() -> Vec<(String, Attempt)> {
    fn refused(change: impl Fn(&mut UpstreamRequest)) -> bool {
        let mut request = UpstreamRequest {
            method: "POST".into(),
            path_and_query: "/".into(),
            headers: Vec::new(),
            body: RequestBody::Unchanged,
            reading: Reading::Relay,
            auth: None,
            extras: Vec::new(),
        };
        assert_eq!(shapes::request(&request), Ok(()));
        change(&mut request);
        shapes::request(&request).is_err()
    }
    let header = |name: String, value: String| Header { name, value };
    let at = |field: &str| format!("provider.open.ok.{field}");
    let mut rows = vec![
        row(at("method"), || refused(|request| request.method = long())),
        row(at("path-and-query"), || {
            refused(|request| request.path_and_query = long())
        }),
        row(at("body.upload"), || {
            refused(|request| request.body = RequestBody::Upload(long()))
        }),
        row(at("headers"), move || {
            refused(|request| request.headers = many(header("a".into(), "b".into())))
        }),
        row(at("headers[].name"), move || {
            refused(|request| request.headers = vec![header(long(), "b".into())])
        }),
        row(at("headers[].value"), move || {
            refused(|request| request.headers = vec![header("a".into(), long())])
        }),
        row(at("extras"), || {
            refused(|request| request.extras = many(pair("a", "b")))
        }),
        row(at("extras[].0"), || {
            refused(|request| request.extras = vec![pair(&long(), "b")])
        }),
        row(at("extras[].1"), || {
            refused(|request| request.extras = vec![pair("a", &long())])
        }),
    ];
    rows.extend(auths().map(|(way, auth)| {
        row(at(&format!("auth.{way}")), move || {
            refused(|request| request.auth = Some(auth()))
        })
    }));
    rows
}

fn decisions() -> Vec<(String, Attempt)> {
    use hook_types::{Changes, Decision, Edit};
    fn refused(change: impl Fn(&mut Changes)) -> bool {
        let mut changes = Changes {
            edits: vec![Edit::Remove("/a".into())],
            model_group: Some("group".into()),
        };
        assert_eq!(shapes::decision(&Decision::Change(changes.clone())), Ok(()));
        change(&mut changes);
        shapes::decision(&Decision::Change(changes)).is_err()
    }
    let at = |field: &str| format!("hook.prepare.ok.change.{field}");
    vec![
        row(at("edits"), || {
            refused(|changes| changes.edits = many(Edit::Remove("/a".into())))
        }),
        row(at("edits[].set.0"), || {
            refused(|changes| changes.edits = vec![Edit::Set((long(), "1".into()))])
        }),
        row(at("edits[].insert.0"), || {
            refused(|changes| changes.edits = vec![Edit::Insert((long(), "1".into()))])
        }),
        row(at("edits[].remove"), || {
            refused(|changes| changes.edits = vec![Edit::Remove(long())])
        }),
        row(at("model-group"), || {
            refused(|changes| changes.model_group = Some(long()))
        }),
    ]
}

/// Texts for people, which are cut.
fn sentences() -> Vec<(String, Attempt)> {
    const SHORT: usize = 10_000;
    fn failure() -> Failure {
        words::failure(Failure {
            fault: Fault::UpstreamError,
            message: long(),
            code: Some(long()),
            parameter: Some(long()),
            retry_after_ms: None,
        })
    }
    fn violation() -> guardrail_types::Violation {
        let verdict = guardrail_types::Verdict::Block(guardrail_types::Violation {
            code: long(),
            message: long(),
            detail: long(),
        });
        match words::verdict(verdict) {
            guardrail_types::Verdict::Block(violation) => violation,
            other => panic!("{other:?}"),
        }
    }
    fn refusal() -> Refusal {
        words::refusal(Refusal {
            status: 400,
            code: long(),
            message: long(),
            retry_after_ms: 0,
        })
    }
    let mut rows = vec![
        row("hook.prepare.ok.refuse.code", || refusal().code.len() < SHORT),
        row("hook.prepare.ok.refuse.message", || refusal().message.len() < SHORT),
        row("guardrail.inspect.ok.block.code", || violation().code.len() < SHORT),
        row("guardrail.inspect.ok.block.message", || {
            violation().message.len() < SHORT
        }),
        row("guardrail.inspect.ok.block.detail", || violation().detail.len() < SHORT),
    ];
    for place in ["open.err", "whole.err", "events.err", "finish.err", "refuse"] {
        let at = |field: &str| format!("provider.{place}.{field}");
        rows.push(row(at("message"), || failure().message.len() < SHORT));
        rows.push(row(at("code"), || failure().code.unwrap().len() < SHORT));
        rows.push(row(at("parameter"), || failure().parameter.unwrap().len() < SHORT));
    }
    for place in [
        "routing.rank.err.none-suitable",
        "routing.rank.err.bad-settings",
        "routing.rank.err.other",
        "hook.prepare.err.unavailable",
        "hook.prepare.err.bad-settings",
        "hook.prepare.err.other",
        "guardrail.inspect.err.unavailable",
        "guardrail.inspect.err.bad-settings",
        "guardrail.inspect.err.other",
        "callback.deliver.err.retry",
        "callback.deliver.err.reject",
        "periodic.tick.err",
    ] {
        rows.push(row(place, || words::sentence(long()).len() < SHORT));
    }
    rows
}
