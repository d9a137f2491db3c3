//! Settings of `host/src/config/` that cooldowns read. The gateway's own stand beside the rows of their keys, which need all
//! of the configuration; if they change, this does not build.

pub mod settings {
    use std::collections::BTreeMap;
    use std::time::Duration;

    #[derive(Debug, Clone, PartialEq)]
    pub struct Cooldowns {
        pub disabled: bool,
        pub time: Duration,
        pub allowed_fails: Option<u32>,
        pub policy: BTreeMap<String, u32>,
        pub breaker: Option<Breaker>,
        pub ramp: Duration,
        pub refuse_when_all_are_out: bool,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Breaker {
        pub failures: u32,
        pub pause: Duration,
    }
}
