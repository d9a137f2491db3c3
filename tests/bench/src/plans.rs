//! Which gateways are measured, with which configuration.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;

use crate::gateway::{Log, MASTER_KEY, Make, Plan};

/// One use of Sluice: the configuration that users have, and what is different in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    AsItComes,
    /// `isolation: call` for every plugin.
    Fresh,
    /// A guardrail in Rust looks at each request.
    Guarded,
    /// The same looks at each stream.
    StreamGuarded,
    /// So many deployments to choose from.
    Candidates(usize),
    /// A line an exchange.
    Logging,
    /// A line an exchange into a file, its record to a callback, its decision into a file.
    Recorded,
    /// The same, and all of it is blocked: the line goes into a pipe that nobody reads, the record to a receiver that never
    /// answers, the decision to a full disk. And the configuration is reloaded each second.
    Blocked,
}

impl Variant {
    pub const ALL: [Self; 9] = [
        Self::AsItComes,
        Self::Fresh,
        Self::Guarded,
        Self::StreamGuarded,
        Self::Candidates(4),
        Self::Candidates(1_000),
        Self::Logging,
        Self::Recorded,
        Self::Blocked,
    ];

    /// Its name in the table.
    pub fn name(self) -> String {
        match self {
            Self::AsItComes => "sluice".into(),
            Self::Fresh => "sluice, every instance fresh".into(),
            Self::Guarded => "sluice, guardrail".into(),
            Self::StreamGuarded => "sluice, guardrail on the stream".into(),
            Self::Candidates(count) => format!("sluice, {count} candidates"),
            Self::Logging => "sluice, log on".into(),
            Self::Recorded => "sluice, all beside it on".into(),
            Self::Blocked => "sluice, all beside it blocked".into(),
        }
    }

    fn is_reloaded(self) -> bool {
        self == Self::Blocked
    }

    fn switch(self) -> Option<(&'static str, &'static str)> {
        (self == Self::Logging).then_some(("exchanges: true", "exchanges: false"))
    }

    fn log(self) -> Log {
        match self {
            Self::Logging | Self::Recorded => Log::On,
            Self::Blocked => Log::Unread,
            _ => Log::Quiet,
        }
    }
}

/// What is up at once: the floor, nginx where it is installed, Sluice in all variants, and whatever else was named.
pub fn all(upstream: SocketAddr, sluice: &Path, others: &[(String, String)]) -> Vec<Plan> {
    let this = std::env::current_exe().unwrap_or_else(|_| "sluice-bench".into());
    let mut plans = vec![Plan {
        name: "floor".into(),
        make: Make::Floor,
        command: format!("{} floor 127.0.0.1:{{port}} {upstream}", this.display()),
        configuration: String::new(),
        log: Log::Quiet,
        is_reloaded: false,
        switch: None,
    }];
    let nginx = ["/usr/sbin/nginx", "/usr/bin/nginx"]
        .into_iter()
        .find(|path| Path::new(path).exists());
    plans.extend(nginx.map(|nginx| Plan {
        name: "nginx".into(),
        make: Make::Nginx,
        command: format!("{nginx} -p . -c {{config}} -e stderr"),
        configuration: nginx_configuration(upstream),
        log: Log::Quiet,
        is_reloaded: false,
        switch: None,
    }));
    plans.extend(Variant::ALL.map(|variant| Plan {
        name: variant.name(),
        make: Make::Gateway,
        command: format!(
            "{} --config {{config}} --host 127.0.0.1 --port {{port}}",
            sluice.display()
        ),
        configuration: configuration(upstream, variant),
        log: variant.log(),
        is_reloaded: variant.is_reloaded(),
        switch: variant.switch(),
    }));
    plans.extend(others.iter().map(|(name, command)| Plan {
        name: name.clone(),
        make: Make::Gateway,
        command: command.clone(),
        configuration: configuration(upstream, Variant::AsItComes),
        log: Log::Quiet,
        is_reloaded: false,
        switch: None,
    }));
    plans
}

fn nginx_configuration(upstream: SocketAddr) -> String {
    format!(
        "worker_processes 1;\nmaster_process off;\ndaemon off;\npid nginx.pid;\nerror_log stderr error;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n  access_log off;\n  client_body_temp_path temp;\n  proxy_temp_path temp;\n  fastcgi_temp_path temp;\n  \
         uwsgi_temp_path temp;\n  scgi_temp_path temp;\n  client_max_body_size 16m;\n  keepalive_requests 100000000;\n  \
         upstream provider {{ server {upstream}; keepalive 1024; keepalive_requests 100000000; }}\n  \
         server {{\n    listen 127.0.0.1:{{port}};\n    location / {{\n      proxy_pass http://provider;\n      \
         proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_buffering off;\n    }}\n  }}\n}}\n"
    )
}

/// Where connections are refused: below the ports that programs are given, and a service that nobody has run for decades.
const NOBODY: &str = "127.0.0.1:1";

/// A LiteLLM configuration: a master key, one deployment for each thing the upstream can do, in both dialects; and groups
/// whose first deployment always fails, and is never left aside for it.
fn configuration(upstream: SocketAddr, variant: Variant) -> String {
    let mut text = format!("general_settings:\n  master_key: {MASTER_KEY}\nmodel_list:\n");
    let mut deploy = |group: &str, provider: &str, model: &str, key: usize| {
        let base = match provider {
            "openai" => format!("http://{upstream}/v1"),
            "gemini" => format!("http://{upstream}/v1beta"),
            _ => format!("http://{upstream}"),
        };
        let credential = match provider {
            // Each request is signed.
            "bedrock" => {
                "aws_access_key_id: AKIDBENCH, aws_secret_access_key: bench, aws_region_name: us-east-1".into()
            }
            _ => format!("api_key: sk-upstream-{key}"),
        };
        let _ = write!(
            text,
            "  - model_name: {group}\n    litellm_params: {{model: {provider}/{model}, api_base: \"{base}\", {credential}}}\n"
        );
    };
    let count = match variant {
        Variant::Candidates(count) => count,
        _ => 1,
    };
    (0..count).for_each(|key| deploy("whole", "openai", "whole", key));
    for model in ["burst", "paced", "unhurried", "slow"] {
        deploy(model, "openai", model, 0);
    }
    for model in ["whole", "burst", "paced"] {
        deploy(&format!("anthropic-{model}"), "anthropic", model, 0);
    }
    for provider in ["gemini", "bedrock"] {
        for model in ["whole", "burst"] {
            deploy(&format!("{provider}-{model}"), provider, model, 0);
        }
    }
    for model in ["whole", "rate-limited", "resets"] {
        deploy("failover", "openai", model, 0);
    }
    let (here, nowhere) = (format!("http://{upstream}/v1"), format!("http://{NOBODY}/v1"));
    for (group, base, model) in [
        ("failover-refused", &nowhere, "whole"),
        ("failover-limited", &here, "rate-limited"),
    ] {
        for (order, base, model) in [(1, base, model), (2, &here, "whole")] {
            let _ = write!(
                text,
                "  - model_name: {group}\n    litellm_params: {{model: openai/{model}, api_base: \"{base}\", api_key: sk-upstream, \
                 order: {order}, cooldown_time: 0}}\n"
            );
        }
    }
    text.push_str("router_settings:\n  num_retries: 2\n");
    text.push_str(&match variant {
        Variant::AsItComes | Variant::Candidates(_) => String::new(),
        Variant::Logging => "sluice: {log: {exchanges: true}}\n".into(),
        Variant::Recorded => recorded(&upstream.to_string(), "decisions.jsonl"),
        // A disk without room: https://man7.org/linux/man-pages/man4/full.4.html
        Variant::Blocked => recorded("{sink}", "/dev/full"),
        Variant::Fresh => FRESH.into(),
        Variant::Guarded => guardrail("pre_call"),
        Variant::StreamGuarded => guardrail("post_call"),
    });
    text
}

const FRESH: &str = "sluice:
  plugins:
    simple-shuffle: {isolation: call}
    openai-compatible: {isolation: call}
    anthropic: {isolation: call}
";

/// Records go to a server, decisions into a file.
fn recorded(server: &str, file: &str) -> String {
    format!(
        "litellm_settings: {{callbacks: [webhook]}}
callback_settings: {{webhook: {{endpoint: \"http://{server}/v1/chat/completions\"}}}}
sluice:
  plugins: {{webhook: {{outbound: [\"http://{server}\"]}}}}
  decisions: {{file: {file}}}
"
    )
}

/// The bundled guardrail with a handful of things to look for.
fn guardrail(mode: &str) -> String {
    format!(
        "guardrails:
  - guardrail_name: no-secrets
    litellm_params:
      guardrail: content-filter
      mode: {mode}
      default_on: true
      patterns:
        - {{pattern_type: prebuilt, pattern_name: email, action: MASK}}
        - {{pattern_type: prebuilt, pattern_name: us_ssn, action: MASK}}
      blocked_words:
        - {{keyword: project zeta, action: BLOCK}}
        - {{keyword: hunter2, action: BLOCK}}
"
    )
}
