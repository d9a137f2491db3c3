//! Pools of instances, kept over reloads. A use of a plugin keeps its instances if its component, settings and grants
//! have not changed, so that an unrelated change of the configuration costs nothing.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::plugin::adapter::Adapter;
use crate::plugin::bindings::{Callback, Guardrail, Routing};
use crate::plugin::pool::{Key, Pool};

/// The pools of one kind (or the adapters that own them), by use. The references are weak: a pool lives as long as a
/// snapshot holds it.
pub struct Shelf<T>(Mutex<HashMap<Key, Weak<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    /// The pool of this use. It is made if there is none; `None` if the component is not of the kind.
    pub fn get(&self, key: Key, make: impl FnOnce(Key) -> Option<Arc<T>>) -> Option<Arc<T>> {
        let mut shelf = self.0.lock();
        shelf.retain(|_, pool| pool.strong_count() > 0);
        if let Some(pool) = shelf.get(&key).and_then(Weak::upgrade) {
            return Some(pool);
        }
        let pool = make(key.clone())?;
        shelf.insert(key, Arc::downgrade(&pool));
        Some(pool)
    }

    fn each(&self, act: impl Fn(&T)) {
        let pools: Vec<Arc<T>> = self.0.lock().values().filter_map(Weak::upgrade).collect();
        for pool in pools {
            act(&pool);
        }
    }
}

/// The pools of each kind.
#[derive(Default)]
pub struct Uses {
    pub strategies: Shelf<Pool<Routing>>,
    /// Adapters instead of pools, since they also keep the descriptions of their providers; so each is asked only once.
    pub adapters: Shelf<Adapter>,
    pub guardrails: Shelf<Pool<Guardrail>>,
    pub callbacks: Shelf<Pool<Callback>>,
}

impl Uses {
    /// Drops idle instances that are too old to be used again.
    pub fn drop_old_instances(&self) {
        self.strategies.each(Pool::drop_old);
        self.adapters.each(|adapter| adapter.pool().drop_old());
        self.guardrails.each(Pool::drop_old);
        self.callbacks.each(Pool::drop_old);
    }
}
