//! `contract-0-2`: a plugin of every kind, written against `wit/0.2` without the SDK. It calls every import and gives
//! every export, and must load and work for as long as the gateway has that folder. Do not change it.

#![allow(unsafe_code, reason = "generated glue for the component ABI")]
#![allow(clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
// Linkers of other targets do not take the names of a component's exports.
#![cfg(target_arch = "wasm32")]

wit_bindgen::generate!({
    path: "../../../wit/0.2",
    inline: r"
        package sluice:contract;
        world every-kind {
            import sluice:plugin/settings@0.2.0;
            import sluice:plugin/log@0.2.0;
            import sluice:plugin/exchange@0.2.0;
            export sluice:plugin/about@0.2.0;
            export sluice:plugin/routing@0.2.0;
            export sluice:plugin/provider@0.2.0;
            export sluice:plugin/guardrail@0.2.0;
        }
    ",
    world: "sluice:contract/every-kind",
    generate_all,
});

use exports::sluice::plugin::provider::{
    Auth, Continuation, Event, Failure, Fault, ProviderInfo, Reading, RequestBody, Target, UpstreamRequest,
};
use exports::sluice::plugin::{about, guardrail, provider, routing};
use sluice::plugin::{exchange, log, settings};

struct Contract;

impl about::Guest for Contract {
    fn describe() -> about::Manifest {
        about::Manifest {
            name: "contract-0-2".into(),
            version: "0.2.0".into(),
            summary: "A plugin of every kind, without the SDK.".into(),
            settings_schema: String::new(),
            outbound: Vec::new(),
            constrains: false,
            looks_at: Vec::new(),
            extras: Vec::new(),
        }
    }
}

impl routing::Guest for Contract {
    fn rank() -> Result<Vec<u32>, routing::Error> {
        Ok(vec![exchange::seed() % 2])
    }
}

impl provider::Guest for Contract {
    fn providers() -> Vec<ProviderInfo> {
        vec![ProviderInfo {
            name: "contract".into(),
            api_base: String::new(),
            auth: Auth::Bearer("api_key".into()),
            environment: Vec::new(),
            operations: vec!["chat-completions".into()],
            continuation: Continuation::None,
            credential_is_optional: true,
            extras: Vec::new(),
        }]
    }

    fn open(target: Target) -> Result<UpstreamRequest, Failure> {
        log::write(log::Level::Debug, &format!("{} {}", settings::get(), exchange::id()));
        let patch = format!("{{\"model\":\"{}\"}}", target.model);
        Ok(UpstreamRequest {
            method: "POST".into(),
            path_and_query: "/chat/completions".into(),
            headers: Vec::new(),
            body: RequestBody::MergePatch(patch.into_bytes()),
            reading: Reading::Whole,
            auth: None,
            extras: Vec::new(),
        })
    }

    fn whole(body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(body)
    }

    fn events(_: Vec<Event>) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    fn finish() -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }

    fn refuse(_: Target, status: u16, _: Vec<u8>) -> Failure {
        Failure {
            fault: Fault::UpstreamError,
            message: format!("the provider answered {status}"),
            code: None,
            parameter: None,
            retry_after_ms: None,
        }
    }
}

impl guardrail::Guest for Contract {
    fn inspect(_: guardrail::Stage, passages: Vec<guardrail::Passage>) -> Result<guardrail::Verdict, guardrail::Error> {
        let edit = |passage: guardrail::Passage| guardrail::Edit {
            text: passage.text.to_uppercase(),
            hold: 0,
        };
        Ok(guardrail::Verdict::Rewrite(passages.into_iter().map(edit).collect()))
    }
}

export!(Contract);
