//! Pools of instances, kept over reloads. A use of a plugin keeps its instances if its component, settings and grants
//! have not changed, so that an unrelated change of the configuration costs nothing.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use crate::plugin::kinds::Exports;
use crate::plugin::kinds::adapter::Adapter;
use crate::plugin::kinds::periodic::Periodic;
use crate::plugin::pool::{Key, Pool};

/// What holds idle instances.
pub trait Holds: Any + Send + Sync {
    /// Drops idle instances that are too old to be used again.
    fn drop_old_instances(&self);
}

/// The pools (or the adapters that own them), by type and use. The references are weak: a pool lives as long as a
/// snapshot holds it.
#[derive(Default)]
pub struct Uses(Mutex<HashMap<(TypeId, Key), Weak<dyn Holds>>>);

impl Uses {
    /// The pool of this use. It is made if there is none; `None` if the component is not of the kind.
    pub fn get<T: Holds>(&self, key: Key, make: impl FnOnce(Key) -> Option<Arc<T>>) -> Option<Arc<T>> {
        let mut uses = self.0.lock();
        uses.retain(|_, pool| pool.strong_count() > 0);
        let place = (TypeId::of::<T>(), key);
        if let Some(pool) = uses.get(&place).and_then(Weak::upgrade) {
            let pool: Arc<dyn Any + Send + Sync> = pool;
            return pool.downcast().ok();
        }
        let pool = make(place.1.clone())?;
        let held: Arc<dyn Holds> = Arc::clone(&pool) as _;
        uses.insert(place, Arc::downgrade(&held));
        Some(pool)
    }

    /// Drops idle instances that are too old to be used again.
    pub fn drop_old_instances(&self) {
        let pools: Vec<Arc<dyn Holds>> = self.0.lock().values().filter_map(Weak::upgrade).collect();
        for pool in pools {
            pool.drop_old_instances();
        }
    }
}

impl<E: Exports> Holds for Pool<E> {
    fn drop_old_instances(&self) {
        self.drop_old();
    }
}

/// Adapters are kept instead of pools, since they also keep the descriptions of their providers; so each is asked once.
impl Holds for Adapter {
    fn drop_old_instances(&self) {
        self.drop_old();
    }
}

/// Kept like adapters, so that a reload that does not concern it does not begin it anew.
impl Holds for Periodic {
    fn drop_old_instances(&self) {
        self.pool().drop_old();
    }
}
