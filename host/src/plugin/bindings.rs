//! Code that wasmtime generates from `wit/`: the traits behind the imports, and the typed calls of each exported
//! interface.
//!
//! Nothing here is written by hand. Imports are generated once, so that one implementation serves every kind of plugin.
//! Each exported interface is a world of its own, because a component may export several.

#![allow(missing_docs, reason = "generated; the docs are the comments of the WIT files")]
#![allow(clippy::all, reason = "generated")]

mod generated {
    /// The imports. Only `http` is asynchronous; all others return at once.
    pub mod imports {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: r"
                package sluice:host;
                world imports {
                    import sluice:plugin/types@0.2.1;
                    import sluice:plugin/settings@0.2.1;
                    import sluice:plugin/log@0.2.1;
                    import sluice:plugin/state@0.2.1;
                    import sluice:plugin/notes@0.2.1;
                    import sluice:plugin/http@0.2.1;
                    import sluice:plugin/exchange@0.2.1;
                    import sluice:plugin/candidates@0.2.1;
                    import sluice:plugin/deployment@0.2.1;
                }
            ",
            world: "sluice:host/imports",
            imports: { "sluice:plugin/http.send": async | trappable, default: trappable },
            additional_derives: [serde::Serialize, serde::Deserialize],
        });
    }

    pub mod about {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world about { export sluice:plugin/about@0.2.1; }",
            world: "sluice:host/about",
            exports: { default: async },
            with: { "sluice:plugin/types@0.2.1": super::imports::sluice::plugin::types },
            additional_derives: [serde::Serialize, serde::Deserialize],
        });
    }

    pub mod routing {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world routing { export sluice:plugin/routing@0.2.1; }",
            world: "sluice:host/routing",
        });
    }

    pub mod provider {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world provider { export sluice:plugin/provider@0.2.1; }",
            world: "sluice:host/provider",
            with: { "sluice:plugin/types@0.2.1": super::imports::sluice::plugin::types },
            additional_derives: [serde::Serialize, serde::Deserialize],
        });
    }

    pub mod guardrail {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world guardrail { export sluice:plugin/guardrail@0.2.1; }",
            world: "sluice:host/guardrail",
            exports: { default: async },
        });
    }

    pub mod hook {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world hook { export sluice:plugin/hook@0.2.1; }",
            world: "sluice:host/hook",
            exports: { default: async },
            with: { "sluice:plugin/types@0.2.1": super::imports::sluice::plugin::types },
        });
    }

    pub mod callback {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world callback { export sluice:plugin/callback@0.2.1; }",
            world: "sluice:host/callback",
            exports: { default: async },
        });
    }

    pub mod periodic {
        wasmtime::component::bindgen!({
            path: "../wit/0.2.1",
            inline: "package sluice:host; world periodic { export sluice:plugin/periodic@0.2.1; }",
            world: "sluice:host/periodic",
            exports: { default: async },
        });
    }
}

pub use generated::about::exports::sluice::plugin::about::Manifest;
pub use generated::about::{About, AboutPre};
pub use generated::callback::{Callback, CallbackPre, exports::sluice::plugin::callback as callback_types};
pub use generated::guardrail::{Guardrail, GuardrailPre, exports::sluice::plugin::guardrail as guardrail_types};
pub use generated::hook::{Hook, HookPre, exports::sluice::plugin::hook as hook_types};
pub use generated::imports::sluice::plugin::{
    candidates, deployment, exchange, http, log, notes, settings, state, types,
};
pub use generated::periodic::{Periodic, PeriodicPre};
pub use generated::provider::{Provider, ProviderPre, exports::sluice::plugin::provider as provider_types};
pub use generated::routing::{Routing, RoutingPre, exports::sluice::plugin::routing as routing_types};
