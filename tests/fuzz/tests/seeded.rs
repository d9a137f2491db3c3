//! Every check over the seeds, as they are and mutated from a fixed seed: what stable Rust can do without libFuzzer.

use std::fs;
use std::path::Path;

type Check = fn(&[u8]);

/// Mutants of each seed. Enough for a second or two, so that this can be part of every test run.
const MUTANTS: usize = 3_000;

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(paths.len() > 2, "there are seeds to begin from");
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn run(folder: &str, check: Check) {
    let seeds = seeds(folder);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % bound
    };
    for seed in &seeds {
        check(seed);
        for _ in 0..MUTANTS {
            let mut mutant = seed.clone();
            for _ in 0..=below(4) {
                mutate(&mut mutant, &seeds, &mut below);
            }
            check(&mutant);
        }
    }
}

fn mutate(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], below: &mut impl FnMut(usize) -> usize) {
    const BYTES: &[u8] = b"{}[]:,\"\\/u0d8DeE+-.19 \n\r\t\0\x1f\x7f\xc3\xa9\xf0\xefabtfn";
    let place = below(bytes.len() + 1);
    match below(5) {
        0 => bytes.insert(place, BYTES[below(BYTES.len())]),
        1 if place < bytes.len() => bytes[place] = BYTES[below(BYTES.len())],
        2 if place < bytes.len() => drop(bytes.remove(place)),
        3 => bytes.truncate(place),
        _ => {
            let other = &seeds[below(seeds.len())];
            let start = below(other.len() + 1);
            let end = start + below(other.len() - start + 1);
            bytes.splice(place..place, other[start..end].iter().copied());
        }
    }
}

#[test]
fn json_scan() {
    run("json", sluice_fuzz::json_scan);
}

#[test]
fn json_text() {
    run("json", sluice_fuzz::json_text);
}

#[test]
fn json_find() {
    run("json", sluice_fuzz::json_find);
}

#[test]
fn json_splice() {
    run("json", sluice_fuzz::json_splice);
}

#[test]
fn json_edit() {
    run("edit", sluice_fuzz::json_edit);
}

#[test]
fn sse_events() {
    run("sse", sluice_fuzz::sse_events);
}

#[test]
fn sse_scan() {
    run("sse", sluice_fuzz::sse_scan);
}

#[test]
fn framing_lines() {
    run("lines", sluice_fuzz::framing_lines);
}

#[test]
fn framing_aws() {
    run("aws", sluice_fuzz::framing_aws);
}
