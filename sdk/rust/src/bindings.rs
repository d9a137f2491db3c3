//! Bindings that wit-bindgen generates from `wit/`: the imports once, and one module for each exported interface.
//!
//! Outside of this crate only the macros of [`crate::export`] name these modules.

#![allow(missing_docs, reason = "generated; the docs are the comments of the WIT files")]
#![allow(unsafe_code, reason = "generated glue for the component ABI")]
#![allow(clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]

/// Everything a plugin may import.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit/0.2.1",
        inline: r"
            package sluice:sdk;
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
        world: "sluice:sdk/imports",
        generate_all,
    });
}

/// One module for each exported interface, so that a component can export several of them and `about` once.
macro_rules! export {
    ($module:ident, $inline:literal, $world:literal $(, $types:ident)?) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit/0.2.1",
                inline: $inline,
                world: $world,
                pub_export_macro: true,
                default_bindings_module: "sluice_sdk::bindings",
                with: { $("sluice:plugin/types@0.2.1": crate::bindings::imports::sluice::plugin::$types)? },
            });
        }
    };
}

export!(
    about,
    "package sluice:sdk; world about { export sluice:plugin/about@0.2.1; }",
    "sluice:sdk/about",
    types
);
export!(
    routing,
    "package sluice:sdk; world routing { export sluice:plugin/routing@0.2.1; }",
    "sluice:sdk/routing"
);
export!(
    provider,
    "package sluice:sdk; world provider { export sluice:plugin/provider@0.2.1; }",
    "sluice:sdk/provider",
    types
);
export!(
    guardrail,
    "package sluice:sdk; world guardrail { export sluice:plugin/guardrail@0.2.1; }",
    "sluice:sdk/guardrail"
);
export!(
    periodic,
    "package sluice:sdk; world periodic { export sluice:plugin/periodic@0.2.1; }",
    "sluice:sdk/periodic"
);
export!(
    hook,
    "package sluice:sdk; world hook { export sluice:plugin/hook@0.2.1; }",
    "sluice:sdk/hook",
    types
);
export!(
    callback,
    "package sluice:sdk; world callback { export sluice:plugin/callback@0.2.1; }",
    "sluice:sdk/callback"
);
