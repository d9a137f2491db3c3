//! `state`: a small key-value store in memory, one per plugin.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Guest;
use super::bindings::state::{Error, Host};

const KEY_BYTES_MAX: usize = 256;
const VALUE_BYTES_MAX: usize = 64 << 10;

/// Bytes of one plugin's store, keys and values together. A higher limit lets a plugin keep more and costs that much
/// memory.
const STORE_BYTES_MAX: usize = 16 << 20;

/// Memory of an entry in addition to its key and value: the map's slot and two allocations.
const ENTRY_OVERHEAD_BYTES: usize = 128;

/// A search for expired entries walks the whole store under its lock, so a full store does it only this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The store of one plugin, shared by all its instances.
#[derive(Default)]
pub struct Store(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    entries: HashMap<Box<str>, Entry>,
    bytes: usize,
    /// The time of the last search for expired entries.
    swept: Option<Instant>,
}

struct Entry {
    value: Vec<u8>,
    expires: Option<Instant>,
}

impl Entry {
    fn is_live(&self, now: Instant) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

impl Store {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let inner = self.0.lock();
        inner
            .entries
            .get(key)
            .filter(|entry| entry.is_live(Instant::now()))
            .map(|entry| entry.value.clone())
    }

    /// Writes the value that `make` returns for the previous live value. A new lifetime begins if there was no such
    /// value, or if `keeps_lifetime` is false.
    fn write<R>(
        &self,
        key: &str,
        ttl_ms: u32,
        keeps_lifetime: bool,
        make: impl FnOnce(Option<&[u8]>) -> (Vec<u8>, R),
    ) -> Result<R, Error> {
        let now = Instant::now();
        let mut inner = self.0.lock();
        let before = inner.entries.get(key).filter(|entry| entry.is_live(now));
        let lifetime_before = before.filter(|_| keeps_lifetime).map(|entry| entry.expires);
        let (value, answer) = make(before.map(|entry| entry.value.as_slice()));
        if key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let fresh = (ttl_ms > 0).then(|| now + Duration::from_millis(u64::from(ttl_ms)));
        inner.put(
            key,
            Entry {
                value,
                expires: lifetime_before.unwrap_or(fresh),
            },
            now,
        )?;
        Ok(answer)
    }
}

impl Inner {
    fn put(&mut self, key: &str, entry: Entry, now: Instant) -> Result<(), Error> {
        let added = cost(key, &entry);
        if !self.has_room(key, added) {
            self.sweep(now);
            if !self.has_room(key, added) {
                return Err(Error::TooLarge);
            }
        }
        if let Some(old) = self.entries.insert(key.into(), entry) {
            self.bytes -= cost(key, &old);
        }
        self.bytes += added;
        Ok(())
    }

    fn has_room(&self, key: &str, added: usize) -> bool {
        let replaced = self.entries.get(key).map_or(0, |old| cost(key, old));
        self.bytes - replaced + added <= STORE_BYTES_MAX
    }

    fn sweep(&mut self, now: Instant) {
        if self
            .swept
            .is_some_and(|swept| now.duration_since(swept) < SWEEP_INTERVAL)
        {
            return;
        }
        self.swept = Some(now);
        self.entries.retain(|_, entry| entry.is_live(now));
        self.bytes = self.entries.iter().map(|(key, entry)| cost(key, entry)).sum();
    }
}

fn cost(key: &str, entry: &Entry) -> usize {
    key.len() + entry.value.len() + ENTRY_OVERHEAD_BYTES
}

impl Guest {
    /// A replay cannot repeat a read of the store, because its contents are not recorded.
    fn note_state(&mut self) {
        if let Some(reads) = &mut self.reads {
            reads.is_partial = true;
        }
    }

    /// Refuses a write by an instance that has read content: what a client wrote must not outlive its exchange.
    fn may_write(&self) -> Result<(), Error> {
        if self.has_read_content && !self.may_keep_content {
            self.identity.counters.access_denied.inc();
            return Err(Error::AccessDenied);
        }
        Ok(())
    }
}

impl Host for Guest {
    fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, Error>> {
        self.note_state();
        if key.len() > KEY_BYTES_MAX {
            return Ok(Err(Error::TooLarge));
        }
        Ok(Ok(self.identity.state.get(&key)))
    }

    fn set(&mut self, key: String, value: Vec<u8>, ttl_ms: u32) -> wasmtime::Result<Result<(), Error>> {
        let answer = self.may_write();
        Ok(answer.and_then(|()| self.identity.state.write(&key, ttl_ms, false, |_| (value, ()))))
    }

    fn increment(&mut self, key: String, delta: f64, ttl_ms: u32) -> wasmtime::Result<Result<f64, Error>> {
        let add = |before: Option<&[u8]>| {
            let before = before.and_then(|bytes| Some(f64::from_le_bytes(bytes.try_into().ok()?)));
            let after = before.unwrap_or(0.0) + delta;
            (after.to_le_bytes().to_vec(), after)
        };
        self.note_state();
        let answer = self.may_write();
        Ok(answer.and_then(|()| self.identity.state.write(&key, ttl_ms, true, add)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_store_refuses_and_forgets_nothing() {
        let store = Store::default();
        let value = vec![0; VALUE_BYTES_MAX];
        let taken = (0..).take_while(|index| {
            store
                .write(&format!("k{index}"), 0, false, |_| (value.clone(), ()))
                .is_ok()
        });
        assert_eq!(
            taken.count(),
            STORE_BYTES_MAX / (VALUE_BYTES_MAX + 4 + ENTRY_OVERHEAD_BYTES)
        );
        assert_eq!(store.get("k0").map(|value| value.len()), Some(VALUE_BYTES_MAX));
    }

    #[test]
    fn small_entries_count_what_they_cost() {
        let store = Store::default();
        let taken = (0..).take_while(|index| store.write(&format!("{index:08}"), 0, false, |_| (vec![], ())).is_ok());
        assert_eq!(taken.count(), STORE_BYTES_MAX / (8 + ENTRY_OVERHEAD_BYTES));
    }

    #[test]
    fn a_full_store_looks_for_expired_entries_once_a_second() {
        let mut inner = Inner::default();
        let now = Instant::now();
        let entry = |bytes: usize, expires| Entry {
            value: vec![0; bytes],
            expires,
        };
        let half = STORE_BYTES_MAX / 2;
        let soon = now + SWEEP_INTERVAL / 2;
        assert!(inner.put("a", entry(half, Some(soon)), now).is_ok());
        assert!(inner.put("b", entry(half, None), now).is_err(), "`a` lives");
        assert!(
            inner.put("b", entry(half, None), soon).is_err(),
            "looked for a moment ago"
        );
        assert!(inner.put("b", entry(half, None), now + SWEEP_INTERVAL).is_ok());
    }

    #[test]
    fn keys_and_values_are_bounded() {
        let store = Store::default();
        assert!(matches!(
            store.write(&"k".repeat(257), 0, false, |_| (vec![], ())),
            Err(Error::TooLarge)
        ));
        assert!(matches!(
            store.write("k", 0, false, |_| (vec![0; VALUE_BYTES_MAX + 1], ())),
            Err(Error::TooLarge)
        ));
    }
}
