//! What a hostile guest does, chosen by the settings of the plugin, so that one component serves many tests.

use std::hint::black_box;

use serde::Deserialize;
use sluice_sdk::log;

/// One way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Misdeed {
    /// Never comes back.
    Loop,
    /// Allocates until something stops it.
    Bomb,
    /// Panics: an `unreachable` instruction.
    Trap,
    /// Calls itself until the stack is full.
    Recurse,
    /// Far more log lines than a call may write, each far too long, and then goes on as if nothing were.
    FloodLog,
    /// The same on standard output and error.
    FloodOutput,
    /// Calls the host far more often than a call may, and then goes on as if nothing were.
    CallHost,
    /// Sleeps an hour, as a program without a host's clock would.
    Sleep,
    /// Ends the program.
    Exit,
}

impl Misdeed {
    /// Does it. Only the floods and the calls come back.
    pub fn commit(self) {
        match self {
            Self::Loop => spin(),
            Self::Bomb => allocate(),
            Self::Trap => panic!("a trap on command"),
            Self::Recurse => {
                black_box(recurse(black_box(1)));
            }
            Self::FloodLog => flood_log(),
            Self::FloodOutput => flood_output(),
            Self::CallHost => (0..200_000).for_each(|_| log::debug("")),
            Self::Sleep => std::thread::sleep(std::time::Duration::from_secs(3_600)),
            Self::Exit => std::process::exit(1),
        }
    }
}

fn spin() {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

fn allocate() {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    if depth == 0 {
        0
    } else {
        recurse(depth + 1) + black_box(frame)[0]
    }
}

fn flood_log() {
    let line = "flood ".repeat(4_000);
    for _ in 0..500 {
        log::warn(&line);
    }
}

fn flood_output() {
    let line = "flood ".repeat(400);
    for _ in 0..500 {
        println!("{line}");
        eprintln!("{line}");
    }
}
