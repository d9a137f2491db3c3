//! One run: everything up, all cases in turn, then the table and the raw figures.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::cases::{CASES, Case};
use crate::gateway::{Gateway, Make, Plan, free_address};
use crate::once::{self, Start};
use crate::plans::{self, Variant};
use crate::process::{Tree, pin_this_thread};
use crate::rounds::{self, Figures, Layout, Stage};
use crate::{budget, say, table};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Another gateway beside the rest, as `name=command` with `{config}` (LiteLLM's YAML) and `{port}` in the command
    #[arg(long = "with", value_name = "NAME=COMMAND")]
    with: Vec<String>,
    /// Sluice's program [default: beside this one]
    #[arg(long)]
    sluice: Option<PathBuf>,
    /// How often everything is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long each measurement lasts
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Only cases whose name contains one of these
    #[arg(long)]
    only: Vec<String>,
    /// Only gateways whose name is one of these, beside the floor
    #[arg(long)]
    gateway: Vec<String>,
    /// Neither starts nor the unpinned part
    #[arg(long)]
    cases_only: bool,
    /// Where the raw figures go
    #[arg(long, default_value = "bench.json")]
    json: PathBuf,
}

impl Options {
    fn others(&self) -> Result<Vec<(String, String)>, String> {
        let split = |text: &String| {
            let (name, command) = text.split_once('=')?;
            Some((name.to_owned(), command.to_owned()))
        };
        let pairs = self
            .with
            .iter()
            .map(|text| split(text).ok_or_else(|| format!("--with {text}: NAME=COMMAND is expected")));
        pairs.collect()
    }

    fn plans(&self, upstream: SocketAddr) -> Result<Vec<Plan>, String> {
        let sluice = sluice(self.sluice.as_deref())?;
        let others = self.others()?;
        let is_wanted = |plan: &Plan| {
            let is_named = self.gateway.contains(&plan.name) || others.iter().any(|(name, _)| *name == plan.name);
            self.gateway.is_empty() || plan.make == Make::Floor || is_named
        };
        Ok(plans::all(upstream, &sluice, &others)
            .into_iter()
            .filter(is_wanted)
            .collect())
    }

    fn cases(&self) -> Vec<&'static Case> {
        let is_wanted =
            |case: &&Case| self.only.is_empty() || self.only.iter().any(|part| case.name.contains(part.as_str()));
        CASES.iter().filter(is_wanted).collect()
    }
}

/// Where Sluice's program is.
///
/// # Errors
/// It is not there.
pub fn sluice(named: Option<&Path>) -> Result<PathBuf, String> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join("sluice"));
    let path = named.map(Path::to_path_buf).or_else(beside).unwrap_or_default();
    path.canonicalize().map_err(|error| {
        format!(
            "{}: {error}. Build it first: cargo build --profile dist",
            path.display()
        )
    })
}

/// The upstream, in a process of its own; it ends with this value.
pub struct Upstream {
    child: Child,
    pub address: SocketAddr,
}

impl Upstream {
    /// # Errors
    /// It does not start.
    pub fn start() -> Result<Self, String> {
        let said = |error: std::io::Error| format!("the upstream does not start: {error}");
        let address = free_address().map_err(said)?;
        let this = std::env::current_exe().map_err(said)?;
        let child = Command::new(this)
            .args(["upstream", &address.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .map_err(said)?;
        Ok(Self { child, address })
    }

    pub fn tree(&self) -> Tree {
        Tree(self.child.id())
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Directory for configurations and logs of this run; removed at its end.
pub struct Scratch(pub PathBuf);

impl Scratch {
    /// # Errors
    /// It cannot be made.
    pub fn new() -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("sluice-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// As many files as the system lets a process have: a thousand streams are two thousand sockets.
pub fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
}

/// Who runs where.
pub struct Layouts {
    /// The gateway on the first core, load and upstream on the others.
    pub pinned: Layout,
    /// All on all cores.
    unpinned: Layout,
}

impl Layouts {
    /// To be asked before anything is pinned: a pinned thread sees the cores that it was left.
    ///
    /// # Errors
    /// There is only one core.
    pub fn new() -> Result<Self, String> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        if count < 2 {
            return Err("this machine has one core: gateway and load would take it from each other".into());
        }
        let cores = |from: usize, to: usize| (from..to).collect();
        Ok(Self {
            pinned: Layout {
                gateway: cores(0, 1),
                rig: cores(1, count),
            },
            unpinned: Layout {
                gateway: cores(0, count),
                rig: cores(0, count),
            },
        })
    }
}

/// The benchmark.
///
/// # Errors
/// Something does not start; what fails later stands in the table.
pub async fn run(options: &Options) -> Result<(), String> {
    raise_file_limit();
    let scratch = Scratch::new()?;
    let upstream = Upstream::start()?;
    let plans = options.plans(upstream.address)?;
    let layouts = Layouts::new()?;
    let machine = machine();
    println!("{machine}");
    let cases = options.cases();
    let (gateways, figures) = phase(options, &plans, &cases, &upstream, &layouts.pinned, &scratch).await?;
    say("");
    println!(
        "\nGateway on one core, load and upstream on the other{}",
        table::cases(&cases, &gateways, &figures)
    );
    let mut raw = json!({
        "machine": machine,
        "pinned": raw_figures(&cases, &gateways, &figures),
    });
    let names: Vec<String> = gateways.iter().map(|gateway| gateway.name.clone()).collect();
    // They would be in the way of those that are started next.
    drop(gateways);
    let starts = match options.cases_only {
        true => Vec::new(),
        false => starts(&plans, &scratch, &layouts.pinned).await,
    };
    let figures_of = |case: &str, gateway: &str| {
        let case = cases.iter().position(|other| other.name == case)?;
        let gateway = names.iter().position(|other| other == gateway)?;
        figures.get(&(case, gateway)).map(Vec::as_slice)
    };
    let shown: Vec<&str> = names[1..]
        .iter()
        .map(String::as_str)
        .filter(|name| !is_variant(name))
        .collect();
    let measured = budget::Measured {
        figures: &figures_of,
        starts: &starts,
    };
    println!("{}", budget::table(&shown, &measured));
    raw["budgets"] = budget::raw(&shown, &measured);
    if !options.cases_only {
        println!("{}", table::starts(&starts));
        raw["starts"] = starts
            .iter()
            .map(|(name, start)| json!({"gateway": name, "start": start.as_ref().ok()}))
            .collect();
        let some: Vec<&Case> = cases
            .iter()
            .copied()
            .filter(|case| UNPINNED.contains(&case.name))
            .collect();
        let plain: Vec<Plan> = plans.iter().filter(|plan| !is_variant(&plan.name)).cloned().collect();
        let (gateways, figures) = phase(options, &plain, &some, &upstream, &layouts.unpinned, &scratch).await?;
        println!("\nAll on all cores{}", table::cases(&some, &gateways, &figures));
        raw["unpinned"] = raw_figures(&some, &gateways, &figures);
    }
    let text = serde_json::to_string_pretty(&raw).map_err(|error| error.to_string())?;
    std::fs::write(&options.json, text).map_err(|error| format!("{}: {error}", options.json.display()))?;
    println!("raw figures: {}", options.json.display());
    Ok(())
}

/// Cases that are measured on all cores too.
const UNPINNED: &[&str] = &["1 KB, c=1", "1 KB, c=64", "1 KB, c=256", "stream of 100, burst, c=16"];

fn is_variant(name: &str) -> bool {
    Variant::ALL[1..].iter().any(|variant| variant.name() == name)
}

/// Measures all cases, in each round at gateways that are started for it: where a process has its memory changes what an
/// exchange costs it by some per cent, for as long as it runs.
async fn phase(
    options: &Options,
    plans: &[Plan],
    cases: &[&Case],
    upstream: &Upstream,
    layout: &Layout,
    scratch: &Scratch,
) -> Result<(Vec<Gateway>, Figures), String> {
    pin_this_thread(&layout.rig);
    upstream.tree().pin(&layout.rig);
    let mut gateways = Vec::new();
    let mut figures = Figures::new();
    for round in 1..=options.rounds {
        gateways.clear();
        for plan in plans {
            say(&format!("round {round}/{}: starting {}", options.rounds, plan.name));
            gateways.push(plan.start(&scratch.0, &layout.gateway)?);
        }
        let stage = Stage {
            gateways: &gateways,
            upstream: upstream.tree(),
            layout,
        };
        say(&format!("round {round}/{}", options.rounds));
        rounds::run(&stage, cases, options.seconds, &mut figures).await;
    }
    Ok((gateways, figures))
}

async fn starts(plans: &[Plan], scratch: &Scratch, layout: &Layout) -> Vec<(String, Result<Start, String>)> {
    let mut starts = Vec::new();
    for plan in plans.iter().filter(|plan| !is_variant(&plan.name)) {
        say(&format!("starting {} again and again", plan.name));
        starts.push((plan.name.clone(), once::measure(plan, &scratch.0, layout).await));
    }
    say("");
    starts
}

/// What it was measured on.
fn machine() -> String {
    let field = |path: &str, name: &str| {
        let file = std::fs::File::open(path).ok()?;
        let line = BufReader::new(file)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let model = field("/proc/cpuinfo", "model name").unwrap_or_default();
    let memory = field("/proc/meminfo", "MemTotal").unwrap_or_default();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {cores} cores, {memory}, Linux {}", kernel.trim())
}

fn raw_figures(cases: &[&Case], gateways: &[Gateway], figures: &Figures) -> Value {
    figures
        .iter()
        .map(|((case, gateway), rounds)| {
            json!({"case": cases[*case].name, "gateway": gateways[*gateway].name, "rounds": rounds})
        })
        .collect()
}
