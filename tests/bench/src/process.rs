//! What processes use, by the kernel's own accounting, and on which cores they run.

use std::path::Path;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// A process with all that it has started.
#[derive(Debug, Clone, Copy)]
pub struct Tree(pub u32);

impl Tree {
    fn pids(self) -> Vec<u32> {
        let mut pids = vec![self.0];
        let mut next = 0;
        while let Some(&pid) = pids.get(next) {
            pids.extend(children(pid));
            next += 1;
        }
        pids
    }

    /// All that it has started.
    pub fn descendants(self) -> Vec<Pid> {
        self.pids().into_iter().skip(1).map(raw).collect()
    }

    /// CPU time used so far, user and kernel, nanoseconds. Threads that have ended count; processes that have do not.
    pub fn cpu(self) -> u64 {
        self.pids().into_iter().filter_map(cpu).sum()
    }

    /// Resident memory, bytes.
    pub fn resident(self) -> u64 {
        self.pids().into_iter().filter_map(resident).sum()
    }

    /// Pins all threads to these cores, or to all cores.
    pub fn pin(self, cores: &[usize]) {
        for pid in self.pids() {
            for thread in numbers(&format!("/proc/{pid}/task")) {
                pin(thread, cores);
            }
        }
    }
}

fn raw(pid: u32) -> Pid {
    Pid::from_raw(pid.cast_signed())
}

fn cpu(pid: u32) -> Option<u64> {
    read(clock_getcpuclockid(raw(pid)).ok()?)
}

/// CPU time of this process, nanoseconds.
pub fn own_cpu() -> u64 {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("a process has a clock")
}

/// Nanoseconds.
fn read(clock: ClockId) -> Option<u64> {
    let read = clock_gettime(clock).ok()?;
    Some(read.tv_sec().cast_unsigned() * 1_000_000_000 + read.tv_nsec().cast_unsigned())
}

fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

fn children(pid: u32) -> Vec<u32> {
    let threads = numbers(&format!("/proc/{pid}/task"));
    let lists = threads
        .iter()
        .filter_map(|thread| std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<u32>>()
        })
        .collect()
}

fn numbers(directory: &str) -> Vec<u32> {
    let entries = std::fs::read_dir(Path::new(directory)).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn pin(thread: u32, cores: &[usize]) {
    let mut set = CpuSet::new();
    for &core in cores {
        // A core that is not there cannot be chosen; the check at the start has seen to it that there are enough.
        let _ = set.set(core);
    }
    // A thread that has just ended needs no pinning.
    let _ = sched_setaffinity(raw(thread), &set);
}

/// Pins the calling thread.
pub fn pin_this_thread(cores: &[usize]) {
    pin(0, cores);
}

/// Time that all cores together have been busy since the machine started, and time that others took from it, in
/// hundredths of a second (`/proc/stat`, <https://man7.org/linux/man-pages/man5/proc_stat.5.html>).
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    pub busy: u64,
    pub stolen: u64,
}

impl Machine {
    pub fn now() -> Self {
        let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let fields: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or(0);
        // user, nice, system, idle, iowait, irq, softirq, steal
        Self {
            busy: field(0) + field(1) + field(2) + field(5) + field(6),
            stolen: field(7),
        }
    }
}
