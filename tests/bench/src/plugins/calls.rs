//! The calls that are measured. Each is made once before it is timed, and its answer looked at.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sluice::config::settings::Isolation;
use sluice::deployment::Candidate;
use sluice::deployment::columns::Live;
use sluice::moment::Moment;
use sluice::plugin::columns::Columns;
use sluice::plugin::kinds::adapter::{Adapter, Conversation, Event, Reading, RequestBody, UpstreamRequest};
use sluice::plugin::kinds::guardrail::{Guardrail, Passage, Stage, Verdict};
use sluice::plugin::kinds::strategy::Strategy;
use sluice::snapshot::Snapshot;

use crate::loaded::{OPENAI, STRATEGIES, group_of};
use crate::measure::{Repeat, each, each_after, each_waiting, runtime};
use crate::providers::{ANTHROPIC, PROVIDERS, Provider};
use crate::samples::{self, chat};

const KB: usize = 1 << 10;

/// Why a call that is timed may not fail.
const WENT_WELL: &str = "it went well when it was tried";

/// When a call may be made in an instance that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reuse {
    /// Always: the plugin sees nothing that a client wrote.
    ByDefault,
    /// Where the operator says `isolation: shared`: the plugin reads what a client wrote, and by default serves no other
    /// exchange after that.
    IfShared,
    /// Always: it is a further call of the same exchange, and never an instance's first.
    WithinExchange,
}

/// One call to measure.
pub struct Call {
    pub plugin: &'static str,
    what: &'static str,
    pub reuse: Reuse,
    /// Events that one call is about; 1 where it is about something else.
    pub events: u32,
    prepare: Box<dyn Fn(&Snapshot) -> Repeat>,
}

/// All of them, in the order in which they are shown.
pub fn all() -> Vec<Call> {
    use Reuse::{ByDefault, IfShared};
    let (openai, shuffle, filter) = ("openai-compatible", "simple-shuffle", "content-filter");
    let mut calls = vec![
        call(openai, "instance alone", ByDefault, |s| adapter_instance(s, OPENAI)),
        call(ANTHROPIC.adapter, "instance alone", ByDefault, |s| {
            adapter_instance(s, ANTHROPIC.adapter)
        }),
        call(shuffle, "instance alone", ByDefault, strategy_instance),
        call(filter, "instance alone", ByDefault, guardrail_instance),
        call(openai, "open, 1 KB", ByDefault, |s| open_relayed(s, KB)),
        call(filter, "inspect 4 KB, nothing found", IfShared, |s| {
            inspect_clean(s, 4 * KB)
        }),
        call(filter, "inspect 1 MB, nothing found", IfShared, |s| {
            inspect_clean(s, 1024 * KB)
        }),
        call(filter, "inspect 4 KB, an address masked", IfShared, inspect_masked),
    ];
    calls.extend(PROVIDERS.into_iter().flat_map(translations));
    for strategy in STRATEGIES {
        calls.push(call(strategy, "rank 4", ByDefault, |s| rank(s, 4)));
        calls.push(call(strategy, "rank 64", ByDefault, |s| rank(s, 64)));
        calls.push(call(strategy, "rank 1,000", ByDefault, |s| rank(s, 1_000)));
    }
    calls
}

fn call(
    plugin: &'static str,
    what: &'static str,
    reuse: Reuse,
    prepare: impl Fn(&Snapshot) -> Repeat + 'static,
) -> Call {
    Call {
        plugin,
        what,
        reuse,
        events: 1,
        prepare: Box::new(prepare),
    }
}

/// What an exchange asks of an adapter that translates.
fn translations(provider: Provider) -> [Call; 6] {
    use Reuse::{IfShared, WithinExchange};
    let adapter = provider.adapter;
    [
        call(adapter, "open, 1 KB", IfShared, move |s| {
            open_translated(s, provider, KB)
        }),
        call(adapter, "open, 100 KB", IfShared, move |s| {
            open_translated(s, provider, 100 * KB)
        }),
        call(adapter, "whole, 1 KB", IfShared, move |s| whole(s, provider, KB)),
        call(adapter, "whole, 100 KB", IfShared, move |s| {
            whole(s, provider, 100 * KB)
        }),
        call(adapter, "event, alone", WithinExchange, move |s| events(s, provider, 1)),
        Call {
            events: 8,
            ..call(adapter, "event, of a batch of 8", WithinExchange, move |s| {
                events(s, provider, 8)
            })
        },
    ]
}

impl Call {
    pub fn name(&self) -> String {
        format!("{}: {}", self.plugin, self.what)
    }

    /// Tries the call on what exchanges would use, and makes it ready to be repeated.
    pub fn prepare(&self, snapshot: &Snapshot) -> Repeat {
        (self.prepare)(snapshot)
    }

    /// The strategy of the gateway that makes the call.
    pub fn strategy(&self) -> &'static str {
        let own = STRATEGIES.into_iter().find(|strategy| *strategy == self.plugin);
        own.unwrap_or(STRATEGIES[0])
    }

    /// The isolation under which an instance is made for each call; `None` where that cannot be.
    pub fn fresh(&self) -> Option<Isolation> {
        (self.reuse != Reuse::WithinExchange).then_some(Isolation::Call)
    }

    /// The strictest isolation under which an instance is used again.
    pub fn reused(&self) -> Isolation {
        match self.reuse {
            Reuse::ByDefault | Reuse::WithinExchange => Isolation::Exchange,
            Reuse::IfShared => Isolation::Shared,
        }
    }
}

fn strategy_instance(snapshot: &Snapshot) -> Repeat {
    let strategy = strategy(snapshot);
    each(move || strategy.pool().lease().expect("there is room for an instance"))
}

fn adapter_instance(snapshot: &Snapshot, group: &str) -> Repeat {
    let (adapter, _) = adapter(snapshot, group);
    each(move || {
        let pool = adapter.pool().expect("the bundled adapter loads");
        pool.lease().expect("there is room for an instance")
    })
}

fn guardrail_instance(snapshot: &Snapshot) -> Repeat {
    let guardrail = guardrail(snapshot);
    let chat = chat(OPENAI, KB, false);
    each_waiting(runtime(), async move || {
        guardrail.begin(&chat).await.expect("there is room for an instance")
    })
}

/// Ranks deployments that all have a weight.
fn rank(snapshot: &Snapshot, count: usize) -> Repeat {
    let strategy = strategy(snapshot);
    let chat = chat(&group_of(count), KB, false);
    let found = snapshot.groups.find(&chat.group).expect("the group is configured");
    let columns: Arc<dyn Columns> = Arc::new(Live {
        candidates: found.candidates,
        weights: found.weights,
        now: Moment::now(),
    });
    let mut ranked = strategy
        .rank(&chat, &columns)
        .expect("deployments with weights can be ranked");
    ranked.sort_unstable();
    assert!(
        ranked.into_iter().eq(0..count),
        "each of the deployments is ranked once"
    );
    each(move || strategy.rank(&chat, &columns).expect(WENT_WELL))
}

/// Opens an attempt whose request differs little from the client's, and whose answer passes as it is.
fn open_relayed(snapshot: &Snapshot, bytes: usize) -> Repeat {
    open(snapshot, OPENAI, bytes, |request| {
        assert!(matches!(request.reading, Reading::Relay));
        let RequestBody::MergePatch(patch) = &request.body else {
            panic!("the model's name differs, and nothing else does");
        };
        assert_eq!(parsed(patch)["model"], "gpt-4o");
    })
}

/// Opens an attempt whose request and answer are translated.
fn open_translated(snapshot: &Snapshot, provider: Provider, bytes: usize) -> Repeat {
    open(snapshot, provider.adapter, bytes, |request| {
        assert!(matches!(request.reading, Reading::Whole));
        let RequestBody::Bytes(body) = &request.body else {
            panic!("{} takes none of OpenAI's requests", provider.adapter);
        };
        let text = std::str::from_utf8(body).expect("JSON is UTF-8");
        assert!(text.contains("You are a helpful assistant.") && text.contains("A gateway stands between"));
    })
}

fn open(snapshot: &Snapshot, group: &str, bytes: usize, check: impl FnOnce(&UpstreamRequest)) -> Repeat {
    let (adapter, candidate) = adapter(snapshot, group);
    let chat = chat(group, bytes, false);
    let (request, _) = adapter
        .open(&chat, &candidate.target, Box::new(candidate.clone()))
        .expect("the adapter serves chats");
    check(&request);
    each(move || {
        adapter
            .open(&chat, &candidate.target, Box::new(candidate.clone()))
            .expect(WENT_WELL)
    })
}

/// Translates a whole answer, after an attempt was opened for it.
fn whole(snapshot: &Snapshot, provider: Provider, bytes: usize) -> Repeat {
    let answer = (provider.answer)(bytes).to_string().into_bytes();
    let converse = conversation(snapshot, provider, false);
    let translated = converse().whole(&answer).expect("the answer is the provider's");
    let content = &parsed(&translated)["choices"][0]["message"]["content"];
    assert_eq!(*content, samples::prose(bytes));
    each_after(converse, move |conversation| {
        conversation.whole(&answer).expect(WENT_WELL)
    })
}

/// Translates events of one long stream, so many at a time.
fn events(snapshot: &Snapshot, provider: Provider, count: usize) -> Repeat {
    let batch: Vec<Event> = std::iter::repeat_with(provider.words).take(count).collect();
    let mut stream = conversation(snapshot, provider, true)();
    stream.events(&(provider.beginning)()).expect("so a stream begins");
    let chunks = stream.events(&batch).expect("so a stream goes on");
    let chunks = String::from_utf8(chunks).expect("chunks are JSON");
    let words = chunks
        .split_terminator("\n\n")
        .map(|chunk| parsed(chunk.trim_start_matches("data: ").as_bytes())["choices"][0]["delta"]["content"].take());
    assert!(words.eq(std::iter::repeat_n(Value::from(samples::WORDS), count)));
    each(move || stream.events(&batch).expect(WENT_WELL))
}

/// Opens conversations with a provider's adapter.
fn conversation(snapshot: &Snapshot, provider: Provider, is_streaming: bool) -> impl Fn() -> Conversation + use<> {
    let (adapter, candidate) = adapter(snapshot, provider.adapter);
    let chat = chat(provider.adapter, KB, is_streaming);
    move || {
        let (request, conversation) = adapter
            .open(&chat, &candidate.target, Box::new(candidate.clone()))
            .expect("the adapter serves chats");
        let is_stream = matches!(request.reading, Reading::Events(_));
        assert_eq!(is_stream, is_streaming, "the answer is read as it was asked for");
        conversation
    }
}

fn inspect_clean(snapshot: &Snapshot, bytes: usize) -> Repeat {
    inspect(snapshot, samples::prose(bytes), |verdict| {
        assert!(matches!(verdict, Verdict::Pass));
    })
}

fn inspect_masked(snapshot: &Snapshot) -> Repeat {
    inspect(snapshot, samples::prose_with_address(4 * KB), |verdict| {
        let Verdict::Rewrite(edits) = verdict else {
            panic!("the address is masked");
        };
        assert!(edits[0].text.contains("[EMAIL_REDACTED]") && edits[0].text.contains("4012"));
    })
}

/// Inspects one message of a request.
fn inspect(snapshot: &Snapshot, text: String, check: fn(Verdict)) -> Repeat {
    let guardrail = guardrail(snapshot);
    let chat = chat(OPENAI, KB, false);
    let passages = [Passage {
        role: "user".into(),
        before: String::new(),
        text,
    }];
    let inspected = async move || {
        let mut inspection = guardrail.begin(&chat).await.expect("there is room for an instance");
        inspection
            .inspect(Stage::Request, &passages)
            .await
            .expect("text can be inspected")
    };
    let runtime = runtime();
    check(runtime.block_on(inspected()));
    each_waiting(runtime, inspected)
}

fn strategy(snapshot: &Snapshot) -> Arc<Strategy> {
    let strategy = snapshot.strategy.as_ref().expect("the default strategy is bundled");
    Arc::clone(strategy)
}

/// The one deployment of a group, and the adapter that speaks for it.
fn adapter(snapshot: &Snapshot, group: &str) -> (Arc<Adapter>, Candidate) {
    let mut found = snapshot.groups.find(group).expect("the group is configured");
    let candidate = found.candidates.remove(0);
    let upstream = candidate
        .deployment
        .upstream
        .as_ref()
        .expect("the deployment mocks nothing");
    (Arc::clone(&upstream.adapter), candidate)
}

fn guardrail(snapshot: &Snapshot) -> Arc<Guardrail> {
    let plugin = snapshot
        .guardrails
        .iter()
        .find_map(|guardrail| guardrail.plugin.clone());
    plugin.expect("the guardrail is bundled")
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("plugins answer JSON")
}
