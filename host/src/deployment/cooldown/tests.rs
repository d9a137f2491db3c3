use super::*;
use crate::config::settings::Breaker;

fn rules() -> Cooldowns {
    Cooldowns {
        disabled: false,
        time: Duration::from_secs(60),
        allowed_fails: None,
        policy: HashMap::new().into_iter().collect(),
        breaker: None,
        ramp: Duration::from_secs(10),
        refuse_when_all_are_out: false,
    }
}

/// A failure of this kind at one of several deployments.
fn failure(kind: Kind) -> Failure<'static> {
    Failure {
        kind,
        retry_after: None,
        message: "it failed",
        is_alone: false,
        has_fallbacks: false,
    }
}

fn alone(kind: Kind) -> Failure<'static> {
    Failure {
        is_alone: true,
        ..failure(kind)
    }
}

/// A deployment with its rules, and the attempts of its minute.
struct Deployment {
    cooldown: Cooldown,
    rules: Cooldowns,
    own: Own,
    tally: Tally,
    now: Moment,
}

impl Deployment {
    fn under(rules: Cooldowns) -> Self {
        Self {
            cooldown: Cooldown::default(),
            rules,
            own: Own::default(),
            tally: Tally {
                successes: 0,
                failures: 0,
            },
            now: Moment::after_epoch(Duration::from_secs(86_400)),
        }
    }

    fn waits(&mut self, seconds: u64) {
        self.now = self.now + Duration::from_secs(seconds);
    }

    fn standing(&self) -> Standing {
        self.cooldown.standing(self.now)
    }

    fn claims_probe(&self) -> Option<Probe> {
        self.cooldown.claim_probe(self.now)
    }

    fn succeeds(&mut self, times: u32) {
        self.tally.successes += times;
        self.cooldown.succeeded();
    }

    /// The seconds of the cooldown that begins, if any.
    fn fails(&mut self, failure: Failure<'_>) -> Option<u64> {
        self.tally.failures += 1;
        let probe = self.claims_probe();
        let outage = self
            .cooldown
            .failed(&failure, probe, self.tally, self.own, &self.rules, self.now);
        outage.map(|outage| outage.time.as_secs())
    }

    fn fails_times(&mut self, times: usize, failure: Failure<'_>) -> Option<u64> {
        (0..times).filter_map(|_| self.fails(failure)).last()
    }
}

#[test]
fn half_of_five_attempts_is_too_much() {
    let mut deployment = Deployment::under(rules());
    deployment.succeeds(2);
    assert_eq!(deployment.fails_times(2, failure(Kind::InternalServer)), None);
    assert_eq!(deployment.fails(failure(Kind::InternalServer)), Some(60));
    assert_eq!(deployment.standing(), Standing::Out(Duration::from_secs(60)));
}

#[test]
fn a_rate_limit_counts_at_once_where_there_are_others() {
    assert_eq!(Deployment::under(rules()).fails(failure(Kind::RateLimit)), Some(60));
    assert_eq!(Deployment::under(rules()).fails(alone(Kind::RateLimit)), None);
}

#[test]
fn a_refused_credential_counts_at_once_even_alone() {
    assert_eq!(Deployment::under(rules()).fails(alone(Kind::Authentication)), Some(60));
    assert_eq!(Deployment::under(rules()).fails(alone(Kind::NotFound)), Some(60));
}

#[test]
fn alone_it_stays_until_a_thousand_attempts_failed() {
    let mut deployment = Deployment::under(rules());
    assert_eq!(deployment.fails_times(999, alone(Kind::InternalServer)), None);
    assert_eq!(deployment.fails(alone(Kind::InternalServer)), Some(60));
    let mut deployment = Deployment::under(rules());
    deployment.succeeds(1);
    assert_eq!(deployment.fails_times(2_000, alone(Kind::InternalServer)), None);
}

#[test]
fn allowed_fails_are_counted_within_a_cooldowns_time() {
    let allowed = Cooldowns {
        allowed_fails: Some(3),
        ..rules()
    };
    let mut deployment = Deployment::under(allowed.clone());
    assert_eq!(deployment.fails_times(3, failure(Kind::RateLimit)), None);
    assert_eq!(deployment.fails(failure(Kind::InternalServer)), Some(60));

    let mut deployment = Deployment::under(allowed.clone());
    assert_eq!(deployment.fails_times(3, failure(Kind::Timeout)), None);
    deployment.waits(61);
    assert_eq!(deployment.fails_times(3, failure(Kind::Timeout)), None);

    let mut deployment = Deployment::under(allowed);
    assert_eq!(deployment.fails_times(9, alone(Kind::Timeout)), None);
    let with_fallbacks = Failure {
        has_fallbacks: true,
        ..alone(Kind::Timeout)
    };
    assert_eq!(deployment.fails(with_fallbacks), Some(60));
}

#[test]
fn a_policy_counts_its_own_kind_even_alone() {
    let mut policy = rules();
    policy.policy.insert("Timeout".into(), 1);
    policy.policy.insert("Authentication".into(), 1);
    let mut deployment = Deployment::under(policy.clone());
    assert_eq!(deployment.fails(alone(Kind::Timeout)), None);
    assert_eq!(deployment.fails(alone(Kind::InternalServer)), None);
    assert_eq!(deployment.fails(alone(Kind::Timeout)), Some(60));
    let mut deployment = Deployment::under(policy);
    assert_eq!(deployment.fails(failure(Kind::Authentication)), None);
    assert_eq!(deployment.fails(failure(Kind::Authentication)), Some(60));
}

#[test]
fn failures_in_a_row_pause_it() {
    let mut deployment = Deployment::under(Cooldowns {
        breaker: Some(Breaker {
            failures: 5,
            pause: Duration::from_secs(300),
        }),
        ..rules()
    });
    deployment.succeeds(20);
    assert_eq!(deployment.fails_times(4, failure(Kind::InternalServer)), None);
    deployment.succeeds(1);
    assert_eq!(deployment.fails_times(4, alone(Kind::InternalServer)), None);
    assert_eq!(deployment.fails(alone(Kind::InternalServer)), Some(300));
}

#[test]
fn its_own_time_goes_over_retry_after_and_that_over_the_routers() {
    let asked = |seconds| Failure {
        retry_after: Some(Duration::from_secs(seconds)),
        ..failure(Kind::RateLimit)
    };
    assert_eq!(Deployment::under(rules()).fails(asked(7)), Some(7));
    assert_eq!(Deployment::under(rules()).fails(asked(86_400)), Some(3_600));
    let mut own = Deployment::under(rules());
    own.own.time = Some(Duration::from_secs(9));
    assert_eq!(own.fails(asked(7)), Some(9));
}

#[test]
fn no_time_means_never() {
    let mut never = Deployment::under(rules());
    never.own.time = Some(Duration::ZERO);
    assert_eq!(never.fails(failure(Kind::Authentication)), None);
    let disabled = Cooldowns {
        disabled: true,
        ..rules()
    };
    assert_eq!(Deployment::under(disabled).fails(failure(Kind::RateLimit)), None);
}

#[test]
fn a_longer_cooldown_extends_a_shorter_one_and_never_the_other_way() {
    let mut deployment = Deployment::under(rules());
    let asked = |seconds| Failure {
        retry_after: Some(Duration::from_secs(seconds)),
        ..failure(Kind::RateLimit)
    };
    assert_eq!(deployment.fails(asked(30)), Some(30));
    assert_eq!(deployment.fails(asked(90)), None, "nobody is told twice");
    assert_eq!(deployment.standing(), Standing::Out(Duration::from_secs(90)));
    deployment.fails(asked(1));
    assert_eq!(deployment.standing(), Standing::Out(Duration::from_secs(90)));
}

#[test]
fn one_probe_brings_it_back_little_by_little() {
    let mut deployment = Deployment::under(rules());
    deployment.fails(failure(Kind::RateLimit));
    assert_eq!(deployment.claims_probe(), None, "it is not due yet");
    deployment.waits(60);
    assert_eq!(deployment.standing(), Standing::DueForProbe);
    let probe = deployment.claims_probe();
    assert!(probe.is_some());
    assert_eq!(deployment.claims_probe(), None, "there is one probe");
    assert_eq!(deployment.standing(), Standing::Out(Duration::ZERO));
    assert!(
        !deployment
            .cooldown
            .answered(None, deployment.rules.ramp, deployment.now),
        "an attempt from before says nothing"
    );
    assert!(
        deployment
            .cooldown
            .answered(probe, deployment.rules.ramp, deployment.now)
    );
    deployment.waits(4);
    assert_eq!(deployment.standing(), Standing::Ramping(0.4));
    deployment.waits(6);
    assert_eq!(deployment.standing(), Standing::In);
    assert_eq!(deployment.cooldown.outage(), None);
}

#[test]
fn a_probe_that_fails_or_is_given_up_leaves_it_out() {
    let mut deployment = Deployment::under(rules());
    deployment.fails(failure(Kind::RateLimit));
    deployment.waits(60);
    let probe = deployment.claims_probe().unwrap();
    deployment.cooldown.release_probe(probe);
    assert_eq!(deployment.standing(), Standing::DueForProbe);
    deployment.succeeds(100);
    assert_eq!(
        deployment.fails(failure(Kind::InternalServer)),
        Some(60),
        "once is enough for a probe"
    );
}

#[test]
fn a_probe_from_before_another_cooldown_has_no_say() {
    let mut deployment = Deployment::under(rules());
    deployment.fails(failure(Kind::RateLimit));
    deployment.waits(60);
    let old = deployment.claims_probe();
    deployment.fails(failure(Kind::RateLimit));
    deployment.waits(60);
    let new = deployment.claims_probe();
    assert!(new.is_some());
    deployment.cooldown.release_probe(old.unwrap());
    assert_eq!(deployment.claims_probe(), None, "the new one is in progress");
    let ramp = deployment.rules.ramp;
    assert!(!deployment.cooldown.answered(old, ramp, deployment.now));
    assert!(deployment.cooldown.answered(new, ramp, deployment.now));
}
