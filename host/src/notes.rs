//! What plugins note while an exchange lasts: for their own later calls, and as facts for its record.

use std::collections::BTreeMap;
use std::fmt::Debug;

use parking_lot::Mutex;
use serde_json::value::RawValue;

const NAME_BYTES_MAX: usize = 256;

/// Bytes of one plugin's notes in one exchange, names and values together.
const PLUGIN_BYTES_MAX: usize = 1 << 20;

/// Names of facts that say whom an exchange is counted for. They need the operator's grant.
pub const ATTRIBUTION: [&str; 4] = ["trace_id", "session_id", "end_user", "tags"];

/// The notes of one exchange, by plugin.
#[derive(Default)]
pub struct Notes(Mutex<BTreeMap<Box<str>, Own>>);

/// What a plugin published: JSON by name.
pub type Facts = BTreeMap<Box<str>, Box<RawValue>>;

#[derive(Default)]
struct Own {
    values: BTreeMap<Box<str>, Vec<u8>>,
    facts: Facts,
    bytes: usize,
}

/// A name is too long, or the plugin's notes are full.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

impl Notes {
    #[must_use]
    pub fn get(&self, plugin: &str, key: &str) -> Option<Vec<u8>> {
        self.0.lock().get(plugin)?.values.get(key).cloned()
    }

    /// # Errors
    /// There is no room for it.
    pub fn put(&self, plugin: &str, key: &str, value: Vec<u8>) -> Result<(), TooLarge> {
        let mut notes = self.0.lock();
        let own = notes.entry(plugin.into()).or_default();
        let before = own.values.get(key).map(Vec::len);
        own.make_room(key, before, value.len())?;
        own.values.insert(key.into(), value);
        Ok(())
    }

    /// # Errors
    /// There is no room for it.
    pub fn publish(&self, plugin: &str, name: &str, fact: Box<RawValue>) -> Result<(), TooLarge> {
        let mut notes = self.0.lock();
        let own = notes.entry(plugin.into()).or_default();
        let before = own.facts.get(name).map(|fact| fact.get().len());
        own.make_room(name, before, fact.get().len())?;
        own.facts.insert(name.into(), fact);
        Ok(())
    }

    /// All that was published, by plugin.
    #[must_use]
    pub fn facts(&self) -> BTreeMap<Box<str>, Facts> {
        let notes = self.0.lock();
        let told = notes.iter().filter(|(_, own)| !own.facts.is_empty());
        told.map(|(plugin, own)| (plugin.clone(), own.facts.clone())).collect()
    }
}

impl Own {
    /// Counts an entry in place of the one of the same name, which had `before` bytes.
    fn make_room(&mut self, name: &str, before: Option<usize>, bytes: usize) -> Result<(), TooLarge> {
        let replaced = before.map_or(0, |before| name.len() + before);
        let after = self.bytes - replaced + name.len() + bytes;
        if name.len() > NAME_BYTES_MAX || after > PLUGIN_BYTES_MAX {
            return Err(TooLarge);
        }
        self.bytes = after;
        Ok(())
    }
}

impl Debug for Notes {
    /// They may hold what a client wrote, so nothing of them is shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn each_plugin_has_its_own() {
        let notes = Notes::default();
        notes.put("one", "k", b"a".to_vec()).unwrap();
        notes.publish("two", "k", json("1")).unwrap();
        assert_eq!(notes.get("one", "k"), Some(b"a".to_vec()));
        assert_eq!(notes.get("two", "k"), None);
        let facts = notes.facts();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts["two"]["k"].get(), "1");
    }

    #[test]
    fn they_are_bounded_and_a_replaced_one_makes_room() {
        let notes = Notes::default();
        let most = vec![0; PLUGIN_BYTES_MAX - 1];
        for _ in 0..3 {
            notes.put("one", "k", most.clone()).unwrap();
        }
        assert_eq!(notes.put("one", "l", Vec::new()), Err(TooLarge));
        assert_eq!(notes.publish("one", "l", json("1")), Err(TooLarge));
        notes.put("one", "k", Vec::new()).unwrap();
        notes.publish("one", "l", json("1")).unwrap();
        notes.put("two", "k", most).unwrap();
        assert_eq!(
            notes.put("one", &"n".repeat(NAME_BYTES_MAX + 1), Vec::new()),
            Err(TooLarge)
        );
    }
}
