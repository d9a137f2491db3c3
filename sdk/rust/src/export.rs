//! The macro that exports a type as a component, and the functions that the expanded code calls.

use std::cell::RefCell;
use std::thread::LocalKey;

use crate::Plugin;

/// The single plugin value of an instance, made at the first call. A component has one thread, so a thread-local cell
/// belongs to the instance.
pub type Slot<P> = LocalKey<RefCell<Option<P>>>;

/// Calls `call` with the instance's value. The first call makes the value from the settings.
///
/// # Errors
/// A sentence for the operator: the settings are invalid.
pub fn with<P: Plugin, R>(slot: &'static Slot<P>, call: impl FnOnce(&mut P) -> R) -> Result<R, String> {
    slot.with_borrow_mut(|value| {
        let plugin = match value {
            Some(plugin) => plugin,
            None => value.insert(make()?),
        };
        Ok(call(plugin))
    })
}

fn make<P: Plugin>() -> Result<P, String> {
    let text = crate::import::settings();
    let settings = serde_json::from_str(&text).map_err(|error| format!("settings: {error}"))?;
    P::new(settings)
}

/// Exports a type as a component, with the interfaces of the given kinds of plugin.
///
/// ```ignore
/// sluice_sdk::export!(MyStrategy: RoutingStrategy);
/// sluice_sdk::export!(Both: Guardrail, LoggingCallback);
/// ```
#[macro_export]
macro_rules! export {
    ($plugin:ty: $($kind:ident),+ $(,)?) => {
        // Only a component has exports; on other targets their symbol names would not link.
        #[cfg(target_arch = "wasm32")]
        #[doc(hidden)]
        mod __sluice {
            #[allow(unused_imports, reason = "the plugin's type may be named by any path")]
            use super::*;

            pub struct Component;

            ::std::thread_local! {
                static PLUGIN: ::std::cell::RefCell<Option<$plugin>> = const { ::std::cell::RefCell::new(None) };
            }

            impl $crate::bindings::about::exports::sluice::plugin::about::Guest for Component {
                fn describe() -> $crate::Manifest {
                    <$plugin as $crate::Plugin>::manifest()
                }
            }
            $crate::bindings::about::export!(Component with_types_in $crate::bindings::about);
            $($crate::__export_kind!($kind);)+
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_kind {
    (RoutingStrategy) => {
        impl $crate::bindings::routing::exports::sluice::plugin::routing::Guest for Component {
            fn rank() -> Result<Vec<u32>, $crate::RoutingError> {
                $crate::export::with(&PLUGIN, $crate::RoutingStrategy::rank)
                    .unwrap_or_else(|error| Err($crate::RoutingError::BadSettings(error)))
            }
        }
        $crate::bindings::routing::export!(Component with_types_in $crate::bindings::routing);
    };
    (ProviderAdapter) => {
        impl $crate::bindings::provider::exports::sluice::plugin::provider::Guest for Component {
            fn providers() -> Vec<$crate::ProviderInfo> {
                $crate::export::with(&PLUGIN, $crate::ProviderAdapter::providers).unwrap_or_default()
            }
            fn open(target: $crate::Target) -> Result<$crate::UpstreamRequest, $crate::Failure> {
                $crate::export::with(&PLUGIN, |plugin| $crate::ProviderAdapter::open(plugin, &target))
                    .unwrap_or_else(|error| Err($crate::Failure::new($crate::Fault::Unsupported, error)))
            }
            fn whole(body: Vec<u8>) -> Result<Vec<u8>, $crate::Failure> {
                $crate::export::with(&PLUGIN, |plugin| $crate::ProviderAdapter::whole(plugin, body))
                    .unwrap_or_else(|error| Err($crate::Failure::new($crate::Fault::Unsupported, error)))
            }
            fn events(batch: Vec<$crate::Event>) -> Result<Vec<u8>, $crate::Failure> {
                $crate::export::with(&PLUGIN, |plugin| $crate::ProviderAdapter::events(plugin, batch))
                    .unwrap_or_else(|error| Err($crate::Failure::new($crate::Fault::Unsupported, error)))
            }
            fn finish() -> Result<Vec<u8>, $crate::Failure> {
                $crate::export::with(&PLUGIN, $crate::ProviderAdapter::finish)
                    .unwrap_or_else(|error| Err($crate::Failure::new($crate::Fault::Unsupported, error)))
            }
            fn refuse(target: $crate::Target, status: u16, body: Vec<u8>) -> $crate::Failure {
                $crate::export::with(&PLUGIN, |plugin| $crate::ProviderAdapter::refuse(plugin, &target, status, body))
                    .unwrap_or_else(|error| $crate::Failure::new($crate::Fault::UpstreamError, error))
            }
        }
        $crate::bindings::provider::export!(Component with_types_in $crate::bindings::provider);
    };
    (Guardrail) => {
        impl $crate::bindings::guardrail::exports::sluice::plugin::guardrail::Guest for Component {
            fn inspect(
                stage: $crate::Stage,
                passages: Vec<$crate::Passage>,
            ) -> Result<$crate::Verdict, $crate::GuardrailError> {
                $crate::export::with(&PLUGIN, |plugin| $crate::Guardrail::inspect(plugin, stage, passages))
                    .unwrap_or_else(|error| Err($crate::GuardrailError::BadSettings(error)))
            }
        }
        $crate::bindings::guardrail::export!(Component with_types_in $crate::bindings::guardrail);
    };
    (LoggingCallback) => {
        impl $crate::bindings::callback::exports::sluice::plugin::callback::Guest for Component {
            fn deliver(records: Vec<String>) -> Result<(), $crate::DeliveryError> {
                $crate::export::with(&PLUGIN, |plugin| $crate::LoggingCallback::deliver(plugin, records))
                    .unwrap_or_else(|error| Err($crate::DeliveryError::Reject(error)))
            }
        }
        $crate::bindings::callback::export!(Component with_types_in $crate::bindings::callback);
    };
    (RequestHook) => {
        impl $crate::bindings::hook::exports::sluice::plugin::hook::Guest for Component {
            fn prepare() -> Result<$crate::Decision, $crate::HookError> {
                $crate::export::with(&PLUGIN, $crate::RequestHook::prepare)
                    .unwrap_or_else(|error| Err($crate::HookError::BadSettings(error)))
            }
        }
        $crate::bindings::hook::export!(Component with_types_in $crate::bindings::hook);
    };
    (PeriodicTask) => {
        impl $crate::bindings::periodic::exports::sluice::plugin::periodic::Guest for Component {
            fn tick() -> Result<u32, String> {
                let pause = $crate::export::with(&PLUGIN, $crate::PeriodicTask::tick)??;
                Ok(u32::try_from(pause.as_millis()).unwrap_or(u32::MAX))
            }
        }
        $crate::bindings::periodic::export!(Component with_types_in $crate::bindings::periodic);
    };
}
