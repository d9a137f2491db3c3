//! Invariants of `ARCHITECTURE.md` that are absences: what stands in these files of the gateway alone, and nowhere else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

struct Rule {
    what: &'static str,
    /// What it looks like in the source.
    words: &'static [&'static str],
    /// Files of `host/src/` and `host/program/src/`, and folders with all that is in them. One that does not need it any more is a failure too.
    files: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        what: "connections to elsewhere are opened: to upstreams, for plugins and for media that clients name, for tokens, and by `sluice health` to the gateway itself",
        words: &[
            "TcpStream::connect",
            "TcpSocket",
            "UdpSocket",
            "UnixStream",
            "client::conn::",
            "lookup_host",
            "reqwest::Client",
        ],
        files: &[
            "identity/http.rs",
            "offline/health.rs",
            "plugin/egress.rs",
            "upstream/connect.rs",
            "upstream/pool.rs",
        ],
    },
    Rule {
        what: "a credential is taken out of its type",
        words: &[".expose("],
        files: &[
            "deployment/credentials.rs",
            "deployment/secrets.rs",
            "exchange/identify.rs",
            "identity/",
            "snapshot/build.rs",
        ],
    },
    Rule {
        what: "variables of the environment are read",
        words: &["env::var"],
        files: &["cli/logging.rs", "config/environment.rs"],
    },
    Rule {
        what: "a process is started: the one that compiles plugins",
        words: &["Command::new"],
        files: &["plugin/apart/parent.rs"],
    },
    Rule {
        what: "an instance that has read content is declared fit for others",
        words: &["has_read_content = false"],
        files: &["plugin/pool.rs"],
    },
    Rule {
        what: "the file system is touched: on an exchange's path for uploads alone; files with credentials are read where tokens are fetched",
        words: &["fs::", "File::", "File>", "OpenOptions"],
        files: &[
            "cli/logging.rs",
            "cli/offline.rs",
            "config/include.rs",
            "decisions/read.rs",
            "decisions/recorder.rs",
            "gateway/reload.rs",
            "identity/mod.rs",
            "offline/inspect.rs",
            "plugin/apart/parent.rs",
            "plugin/cache.rs",
            "plugin/component.rs",
            "plugin/library.rs",
            "server/tls.rs",
            "spool.rs",
        ],
    },
    Rule {
        what: "a thread waits for a future",
        words: &["block_on("],
        files: &["cli.rs", "offline/health.rs", "plugin/load.rs", "run.rs", "worker.rs"],
    },
    Rule {
        what: "threads are started",
        words: &["thread::spawn", "thread::Builder"],
        files: &[
            "decisions/recorder.rs",
            "log/lines.rs",
            "plugin/clock.rs",
            "plugin/queue.rs",
            "run.rs",
        ],
    },
    Rule {
        what: "a queue has no bound of its own: the files that are to be loaded, and the end of the workers",
        words: &[
            "mpsc::channel()",
            "mpsc::{Receiver, Sender, channel}",
            "unbounded_channel",
        ],
        files: &["plugin/queue.rs", "run.rs"],
    },
    Rule {
        what: "JSON becomes a tree: settings, controls of a request, what goes on elsewhere, records, tokens; never a body that is relayed",
        words: &["serde_json::Value", "use serde_json::{Value"],
        files: &[
            "config/tree.rs",
            "deployment/mod.rs",
            "deployment/secrets.rs",
            "canonical/cut.rs",
            "canonical/delivered.rs",
            "canonical/operation/",
            "canonical/seam.rs",
            "exchange/canned.rs",
            "exchange/policy/fallback.rs",
            "exchange/guard.rs",
            "exchange/headers.rs",
            "exchange/receive.rs",
            "exchange/record/document.rs",
            "identity/",
            "plugin/component.rs",
            "plugin/crossing/shapes.rs",
            "snapshot/build.rs",
        ],
    },
    Rule {
        what: "the compiler is told to trust us",
        words: &["unsafe {", "unsafe(", "unsafe fn", "unsafe impl"],
        files: &["allocator.rs", "plugin/cache.rs", "plugin/component.rs"],
    },
    Rule {
        what: "OpenAI's errors and the end of its streams are written",
        words: &["data: [DONE]", r#"{\"error\":{"#],
        files: &["exchange/dialect/openai.rs"],
    },
    Rule {
        what: "fields of an answer are spelled",
        words: &[
            r#""choices""#,
            r#""choices\":"#,
            r#""delta""#,
            r#""finish_reason""#,
            r#""reasoning_content""#,
            r#""system_fingerprint""#,
        ],
        files: &["canonical/"],
    },
    Rule {
        what: "a panic is written down",
        words: &[".unwrap()", "panic!(", "unreachable!(", "todo!(", "unimplemented!("],
        files: &[],
    },
    Rule {
        what: "a panic is written down for what cannot be",
        words: &[".expect("],
        files: &[
            "canonical.rs",
            "cli.rs",
            "json/testing.rs",
            "log/lines.rs",
            "metrics.rs",
            "plugin/clock.rs",
            "plugin/host.rs",
            "plugin/pool.rs",
            "server/tls.rs",
        ],
    },
];

/// The code of a file, without its tests and comments.
pub fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// All files below a folder that are not only tests.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_test = |path: &PathBuf| path.file_stem().is_some_and(|name| name == "tests");
    entries
        .filter(|path| !is_test(path))
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![path],
        })
        .collect()
}

#[test]
fn what_may_stand_in_a_few_files_stands_nowhere_else() {
    let sources_of = |root: &str| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let name = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
        let read = files(&root).into_iter().map(|path| (name(&path), code(&path)));
        read.collect::<Vec<(String, String)>>()
    };
    let sources: Vec<_> = ["../host/src", "../host/program/src"]
        .into_iter()
        .flat_map(sources_of)
        .collect();
    assert!(sources.len() > 100, "{} files", sources.len());
    for rule in RULES {
        let holds = |code: &str| rule.words.iter().any(|word| code.contains(word));
        let allowed: BTreeSet<&str> = rule.files.iter().copied().collect();
        let in_folder = |name: &str| {
            allowed
                .iter()
                .find(|folder| folder.ends_with('/') && name.starts_with(**folder))
        };
        let found: BTreeSet<&str> = sources
            .iter()
            .filter(|(_, code)| holds(code))
            .map(|(name, _)| in_folder(name).copied().unwrap_or(name))
            .collect();
        assert_eq!(found, allowed, "found and allowed where {}", rule.what);
    }
}
