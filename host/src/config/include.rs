//! `include:`: other files whose keys come into this one. Lists append, everything else replaces, as in LiteLLM. Paths
//! are relative to the file that names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::Problems;
use super::tree::{self, Entry, Node, Value};

/// Files of one configuration, the first included. A loop ends here at the latest.
const FILES_MAX: usize = 64;

/// Merges what `root` includes into it. `files` begins with the file that `root` came from, if it came from one, and
/// afterwards names all that were read or looked for: what a watcher has to watch.
pub(super) fn merge(root: &mut Node, directory: &Path, files: &mut Vec<PathBuf>, problems: &mut Problems) {
    let Value::Map(entries) = &mut root.value else { return };
    let Some(index) = entries.iter().position(|entry| entry.key == "include") else {
        return;
    };
    let include = entries.remove(index);
    let Some(names) = names(&include) else {
        problems.error(
            &include.at,
            "`include` must be a list of file names",
            "Write `include: [models.yaml]`.",
        );
        return;
    };
    for (name, at) in names {
        let path = directory.join(name);
        if files.len() >= FILES_MAX {
            problems.error(
                at,
                format!("more than {FILES_MAX} files are included"),
                "Put them together.",
            );
            return;
        }
        if files.contains(&path) {
            problems.error(at, format!("`{name}` is included already"), "Take this line out.");
            continue;
        }
        files.push(path.clone());
        if let Some(included) = read(name, &path, at, files, problems) {
            append(root, included);
        }
    }
}

fn names(include: &Entry) -> Option<Vec<(&str, &tree::Place)>> {
    match &include.node.value {
        Value::Null => Some(Vec::new()),
        Value::Text(name) => Some(vec![(name, &include.node.at)]),
        Value::List(items) => items.iter().map(|item| Some((item.text()?, &item.at))).collect(),
        _ => None,
    }
}

fn read(
    name: &str,
    path: &Path,
    at: &tree::Place,
    files: &mut Vec<PathBuf>,
    problems: &mut Problems,
) -> Option<Vec<Entry>> {
    let text = match read_bounded(path) {
        Ok(text) => text,
        Err(error) => {
            problems.error(at, format!("`{name}` cannot be read: {error}"), "");
            return None;
        }
    };
    let file: Arc<str> = path.display().to_string().into();
    let mut node = tree::parse(&text, &file, problems)?;
    merge(&mut node, path.parent().unwrap_or(Path::new(".")), files, problems);
    match node.value {
        Value::Map(entries) => Some(entries),
        Value::Null => None,
        _ => {
            problems.error(
                &node.at,
                "the file must be a mapping of keys",
                "Begin with `model_list:`.",
            );
            None
        }
    }
}

/// Reads a file of at most [`tree::FILE_BYTES_MAX`] bytes; one byte more is read so that `parse` sees that it is longer.
pub(super) fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?
        .take(tree::FILE_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

fn append(root: &mut Node, included: Vec<Entry>) {
    let Value::Map(entries) = &mut root.value else { return };
    for new in included {
        match entries.iter_mut().find(|entry| entry.key == new.key) {
            None => entries.push(new),
            Some(old) => match (&mut old.node.value, new.node.value) {
                (Value::List(items), Value::List(more)) => items.extend(more),
                (_, value) => old.node = Node { value, ..new.node },
            },
        }
    }
}
