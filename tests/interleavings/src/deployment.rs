//! Of `host/src/deployment/`: a deployment after its cooldown has one probe at a time, and only that probe decides.

#[path = "../../../host/src/deployment/cooldown.rs"]
mod cooldown;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;

use self::cooldown::{Cooldown, Failure, Kind, Own, Probe, Standing, Tally};

use crate::config::settings::Cooldowns;
use crate::moment::Moment;
use crate::sync::{AtomicU32, Mutex, Ordering};

const TIME: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Deployment {
    cooldown: Cooldown,
    /// The clock of all threads.
    seconds: AtomicU32,
    /// Failures that have begun and that have ended: each may begin a cooldown, which has a probe of its own.
    begun: AtomicU32,
    ended: AtomicU32,
    /// The probes in progress, each with the failures that had ended before.
    probing: Mutex<Vec<(Probe, u32)>>,
}

impl Deployment {
    fn now(&self) -> Moment {
        Moment::after_epoch(Duration::from_secs(self.seconds.load(Ordering::SeqCst).into()))
    }

    fn wait(&self, time: Duration) {
        self.seconds.fetch_add(time.as_secs() as u32, Ordering::SeqCst);
    }

    fn fail(&self, probe: Option<Probe>) {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let failure = Failure {
            kind: Kind::RateLimit,
            retry_after: None,
            message: "it failed",
            is_alone: false,
            has_fallbacks: false,
        };
        let rules = Cooldowns {
            disabled: false,
            time: TIME,
            allowed_fails: None,
            policy: BTreeMap::new(),
            breaker: None,
            ramp: TIME,
            refuse_when_all_are_out: false,
        };
        let tally = Tally {
            successes: 0,
            failures: 1,
        };
        let own = Own::default();
        self.cooldown.failed(&failure, probe, tally, own, &rules, self.now());
        self.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// An attempt with any outcome.
    fn attempt(&self) {
        if thread_rng().gen_bool(0.5) {
            self.wait(TIME);
        }
        let ended = self.ended.load(Ordering::SeqCst);
        let Some(probe) = self.cooldown.claim_probe(self.now()) else {
            thread::yield_now();
            if thread_rng().gen_bool(0.3) {
                self.fail(None);
            }
            return;
        };
        self.begin(probe, ended);
        thread::yield_now();
        self.probing.lock().retain(|(other, _)| *other != probe);
        match thread_rng().gen_range(0..3) {
            0 => self.fail(Some(probe)),
            1 => drop(self.cooldown.answered(Some(probe), TIME, self.now())),
            _ => {}
        }
        self.cooldown.release_probe(probe);
    }

    fn begin(&self, probe: Probe, ended: u32) {
        let mut probing = self.probing.lock();
        // No failure was under way since before both began.
        let begun = self.begun.load(Ordering::SeqCst);
        let is_another = |(_, before): &(Probe, u32)| *before == begun && ended == begun;
        assert!(!probing.iter().any(is_another), "two probes after one cooldown");
        probing.push((probe, ended));
    }
}

/// Attempts that begin and end in any order.
pub fn probes_come_one_at_a_time() {
    let deployment = Arc::new(Deployment::default());
    deployment.fail(None);
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let deployment = Arc::clone(&deployment);
            thread::spawn(move || (0..3).for_each(|_| deployment.attempt()))
        })
        .collect();
    for thread in threads {
        thread.join().expect("an attempt ends");
    }
    // No probe is left that nobody makes.
    deployment.wait(10 * TIME);
    let standing = deployment.cooldown.standing(deployment.now());
    assert!(!matches!(standing, Standing::Out(_)), "{standing:?}");
}
