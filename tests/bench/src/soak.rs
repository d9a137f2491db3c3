//! The soak: Sluice for minutes at half load, with exchanges of all kinds, a reload of the configuration each second and
//! of a plugin each ten. Memory must be at the end what it was after the first minute, and no exchange may fail.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::gateway::Plan;
use crate::load::{self, Pattern, Seen, Span};
use crate::plans::{self, Variant};
use crate::process::pin_this_thread;
use crate::question::{self, Wanted};
use crate::reload;
use crate::run::{Layouts, Scratch, Upstream, raise_file_limit, sluice};
use crate::say;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// How long
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Sluice's program [default: beside this one]
    #[arg(long)]
    sluice: Option<PathBuf>,
}

/// What is asked, and how often for each thousand questions.
const MIX: &[(&str, Wanted, usize, u32)] = &[
    ("whole", Wanted::Whole, 1 << 10, 700),
    ("whole", Wanted::Whole, 100 << 10, 50),
    ("burst", Wanted::Stream, 1 << 10, 80),
    ("paced", Wanted::Stream, 1 << 10, 20),
    ("anthropic-whole", Wanted::Whole, 1 << 10, 120),
    ("anthropic-burst", Wanted::Stream, 1 << 10, 30),
];

/// Questions a second while it is found out what they cost.
const TRIAL_RATE: f64 = 500.0;

/// The component that is swapped: any strategy would do, the bundled one is there.
const SWAPPED: &str = "simple-shuffle";

/// Runs it.
///
/// # Errors
/// It does not start; an exchange failed; memory grew.
pub async fn run(options: &Options) -> Result<(), String> {
    raise_file_limit();
    let scratch = Scratch::new()?;
    let upstream = Upstream::start()?;
    let layout = Layouts::new()?.pinned;
    pin_this_thread(&layout.rig);
    upstream.tree().pin(&layout.rig);
    let program = sluice(options.sluice.as_deref())?;
    let plan = plan(upstream.address, &program);
    let gateway = plan.start(&scratch.0, &layout.gateway)?;

    let trial = Duration::from_secs(4);
    let before = gateway.tree.cpu();
    ask(gateway.address, TRIAL_RATE, trial).await?;
    let share = (gateway.tree.cpu() - before) as f64 / 1e9 / trial.as_secs_f64();
    let rate = TRIAL_RATE * 0.5 / share;
    println!(
        "{:.0} % of a core at {TRIAL_RATE} a second: half load is {rate:.0} a second",
        share * 100.0
    );

    let whole = Duration::from_secs_f64(options.minutes * 60.0);
    let files = gateway_files(&scratch, &plan);
    let reloading = reload_again_and_again(plan.configuration.clone(), component(&program)?, files);
    let reloading = tokio::task::spawn_local(reloading);
    let watching = tokio::task::spawn_local(watch(gateway.tree, whole));
    let seen = ask(gateway.address, rate, whole).await;
    reloading.abort();
    let readings = watching.await.map_err(|error| error.to_string())?;
    say("");
    let reloads = reload::counts(&gateway)?;
    verdict(seen?, &readings, &reloads)
}

fn plan(upstream: SocketAddr, program: &Path) -> Plan {
    let all = plans::all(upstream, program, &[]);
    let name = Variant::AsItComes.name();
    all.into_iter()
        .find(|plan| plan.name == name)
        .expect("Sluice as it comes is always planned")
}

/// The files that are rewritten while it runs.
struct Files {
    configuration: PathBuf,
    plugin: PathBuf,
}

fn gateway_files(scratch: &Scratch, plan: &Plan) -> Files {
    Files {
        configuration: scratch.0.join(format!("{}.yaml", plan.name)),
        plugin: scratch.0.join("plugins").join(format!("{SWAPPED}.wasm")),
    }
}

/// All questions of the mix, together so many a second.
async fn ask(address: SocketAddr, rate: f64, time: Duration) -> Result<Vec<Seen>, String> {
    let mut loads = JoinSet::new();
    for &(model, wanted, bytes, share) in MIX {
        let question = question::chat(address, model, wanted, bytes);
        let rate = (rate * f64::from(share) / 1_000.0).max(1.0) as u32;
        let span = Span {
            warmup: Duration::ZERO,
            measured: time,
        };
        loads.spawn_local(async move { load::run(address, &question, Pattern::Open(rate), span, || {}).await });
    }
    let seen = loads.join_all().await;
    match seen.iter().find_map(|seen| seen.reason.clone()) {
        Some(reason) => Err(format!(
            "{} exchanges failed, the first: {reason}",
            seen.iter().map(|seen| seen.failed).sum::<u64>()
        )),
        None => Ok(seen),
    }
}

/// Changes the configuration each second, and the plugin each ten: a copy with another custom section is another component.
async fn reload_again_and_again(configuration: String, component: Vec<u8>, files: Files) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for count in 0_u64.. {
        ticks.tick().await;
        let changed = reload::changed(&configuration, count);
        reload::replace(&files.configuration, changed.as_bytes());
        if count % 10 == 5 {
            let mut copy = component.clone();
            // A custom section (https://webassembly.github.io/spec/core/binary/modules.html#custom-section): its name, a byte.
            copy.extend_from_slice(&[0, 3, 1, b'n', u8::try_from(count / 10 % 2).unwrap_or(0)]);
            reload::replace(&files.plugin, &copy);
        }
    }
}

/// The bundled component that is swapped for a copy of itself, where the gateway's build left it.
///
/// # Errors
/// It is not there: the program was not built here.
fn component(program: &Path) -> Result<Vec<u8>, String> {
    let built = program
        .parent()
        .map(|directory| directory.join("build"))
        .unwrap_or_default();
    let entries = std::fs::read_dir(&built).map_err(|error| format!("{}: {error}", built.display()))?;
    let file = format!("out/plugins/wasm32-wasip2/guest/{}.wasm", SWAPPED.replace('-', "_"));
    let files = entries.flatten().map(|entry| entry.path().join(&file));
    let written = |path: &PathBuf| path.metadata().and_then(|data| data.modified()).ok();
    let newest = files.filter(|path| path.exists()).max_by_key(written);
    let newest = newest.ok_or_else(|| format!("no {file} below {}", built.display()))?;
    std::fs::read(&newest).map_err(|error| format!("{}: {error}", newest.display()))
}

/// Resident memory, bytes, every ten seconds.
async fn watch(tree: crate::process::Tree, whole: Duration) -> Vec<(Duration, u64)> {
    let began = Instant::now();
    let mut readings = Vec::new();
    while began.elapsed() + Duration::from_secs(10) <= whole {
        tokio::time::sleep(Duration::from_secs(10)).await;
        let resident = tree.resident();
        readings.push((began.elapsed(), resident));
        say(&format!(
            "{:.0} s: {:.1} MB",
            began.elapsed().as_secs_f64(),
            resident as f64 / 1e6
        ));
    }
    readings
}

fn verdict(seen: Vec<Seen>, readings: &[(Duration, u64)], reloads: &str) -> Result<(), String> {
    let exchanges: u64 = seen.iter().map(|seen| seen.exchanges).sum();
    println!("{exchanges} exchanges, none failed\n{reloads}");
    for what in ["configuration", "plugins"] {
        let is_applied = |line: &str| line.contains(what) && line.contains("applied");
        if !reloads.lines().any(is_applied) || reloads.contains("refused") {
            return Err(format!("reloads of {what} were not all applied"));
        }
    }
    let (first, last) = second_and_last_minute(readings).ok_or("it was too short for two minutes of memory")?;
    let most = readings.iter().map(|(_, resident)| *resident).max().unwrap_or_default() as f64 / 1e6;
    let change = last / first - 1.0;
    println!(
        "resident after the first minute {first:.1} MB, at the end {last:.1} MB ({:+.1} %), at most {most:.1} MB",
        change * 100.0,
    );
    if change.abs() > 0.10 {
        return Err("memory at the end is not what it was after the first minute (± 10 %)".into());
    }
    Ok(())
}

/// Megabytes, each the mean of a minute: how many exchanges are under way at one moment is a matter of chance.
fn second_and_last_minute(readings: &[(Duration, u64)]) -> Option<(f64, f64)> {
    let mean = |from: f64, to: f64| {
        let within = |at: &Duration| (from..=to).contains(&at.as_secs_f64());
        let of_minute: Vec<f64> = readings
            .iter()
            .filter(|(at, _)| within(at))
            .map(|(_, resident)| *resident as f64 / 1e6)
            .collect();
        (!of_minute.is_empty()).then(|| of_minute.iter().sum::<f64>() / of_minute.len() as f64)
    };
    let end = readings.last()?.0.as_secs_f64();
    Some((mean(59.0, 121.0)?, mean(end - 51.0, end)?))
}
