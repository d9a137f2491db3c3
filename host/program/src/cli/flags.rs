//! Flags and environment variables.
//!
//! LiteLLM's flags have underscores; both spellings are taken. What stands for a feature of a later version is refused by
//! name rather than passed over.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use sluice::config::{Process, Strictness};
use sluice::{Options, Source};
use sluice_author::{Kind, Language};
use sluice_bundled::PLUGINS;

use super::logging::Verbosity;

/// An LLM gateway: clients speak to it as they would to OpenAI, it picks a deployment, streams, counts and guards.
///
/// Without --config it serves what is built in: the usual providers, with keys from the environment, and a group `demo`
/// that answers without any.
#[derive(Debug, Parser)]
#[command(
    name = "sluice",
    version,
    after_help = "Try it:\n  sluice &\n  curl -s http://127.0.0.1:4000/v1/chat/completions -H 'content-type: application/json' \\\n    -d '{\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": \"hello\"}]}'\n\nA LiteLLM configuration runs as it is: sluice --config config.yaml\nWhat it makes of each key: sluice check config.yaml"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Configuration file, LiteLLM's YAML
    #[arg(short, long, env = "CONFIG_FILE_PATH", value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Port to listen on [default: 4000]
    #[arg(long, env = "PORT", global = true)]
    port: Option<u16>,
    /// Address to listen on [default: 127.0.0.1 without a master key, 0.0.0.0 with one]
    #[arg(long, env = "HOST", global = true)]
    host: Option<IpAddr>,
    /// Threads that serve [default: one a core]
    #[arg(
        long = "num_workers",
        visible_alias = "workers",
        alias = "num-workers",
        value_name = "N"
    )]
    workers: Option<usize>,
    /// Unknown keys of the configuration are errors
    #[arg(long)]
    strict: bool,
    /// Directory for compiled plugins [default: ~/.cache/sluice]
    #[arg(
        long = "plugin_cache",
        alias = "plugin-cache",
        env = "SLUICE_PLUGIN_CACHE",
        value_name = "DIR",
        global = true
    )]
    plugin_cache: Option<PathBuf>,

    /// Serve this one model instead of a configuration, such as `openai/gpt-4o`
    #[arg(short, long, value_name = "MODEL", conflicts_with = "config")]
    model: Option<String>,
    /// Name that clients use for --model [default: the model]
    #[arg(long, requires = "model")]
    alias: Option<String>,
    /// Where --model lives
    #[arg(long = "api_base", alias = "api-base", requires = "model", value_name = "URL")]
    api_base: Option<String>,
    /// Seconds that an attempt at --model may take
    #[arg(
        long = "request_timeout",
        alias = "request-timeout",
        requires = "model",
        value_name = "SECONDS"
    )]
    request_timeout: Option<f64>,
    /// Leave out parameters that --model's provider does not know, instead of refusing them
    #[arg(long = "drop_params", alias = "drop-params", requires = "model")]
    drop_params: bool,

    /// Log more
    #[arg(long)]
    debug: bool,
    /// Log everything
    #[arg(long = "detailed_debug", alias = "detailed-debug")]
    detailed_debug: bool,
    /// Private key for TLS, PEM
    #[arg(
        long = "ssl_keyfile_path",
        alias = "ssl-keyfile-path",
        env = "SSL_KEYFILE_PATH",
        requires = "ssl_certificate",
        value_name = "FILE"
    )]
    ssl_key: Option<PathBuf>,
    /// Certificate chain for TLS, PEM
    #[arg(
        long = "ssl_certfile_path",
        alias = "ssl-certfile-path",
        env = "SSL_CERTFILE_PATH",
        requires = "ssl_key",
        value_name = "FILE"
    )]
    ssl_certificate: Option<PathBuf>,
    /// Seconds that a client's connection may be idle
    #[arg(
        long = "keepalive_timeout",
        alias = "keepalive-timeout",
        env = "KEEPALIVE_TIMEOUT",
        value_name = "SECONDS"
    )]
    keepalive_timeout: Option<u64>,
    /// Open client connections; further ones wait
    #[arg(long = "limit_concurrency", alias = "limit-concurrency", value_name = "N")]
    limit_concurrency: Option<usize>,
    /// Path in front of every other, such as `/llm`
    #[arg(
        long = "root_path",
        alias = "root-path",
        env = "SERVER_ROOT_PATH",
        global = true,
        default_value = "",
        hide_default_value = true,
        value_name = "PATH"
    )]
    root_path: String,
    /// Check the configuration and exit
    #[arg(long = "validate_config", alias = "validate-config")]
    pub validate_config: bool,
    /// Load everything, then exit
    #[arg(long = "skip_server_startup", alias = "skip-server-startup")]
    pub skip_server_startup: bool,

    #[command(flatten)]
    inert: Inert,
    #[command(flatten)]
    later: Later,
}

/// Accepted without effect: what they are for is not needed here.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted without effect")]
struct Inert {
    /// There is no Prisma
    #[arg(long = "use_prisma_db_push", alias = "use-prisma-db-push")]
    use_prisma_db_push: bool,
    /// Workers do not leak, so they are not restarted
    #[arg(
        long = "max_requests_before_restart",
        alias = "max-requests-before-restart",
        value_name = "N"
    )]
    max_requests_before_restart: Option<u64>,
    /// Likewise
    #[arg(
        long = "max_requests_before_restart_jitter",
        alias = "max-requests-before-restart-jitter",
        value_name = "N"
    )]
    max_requests_before_restart_jitter: Option<u64>,
}

/// Refused by name: they ask for what later versions do.
#[derive(Debug, clap::Args)]
struct Later {
    #[arg(long, hide = true)]
    health: bool,
    #[arg(long, hide = true)]
    test: bool,
    #[arg(long, hide = true)]
    setup: bool,
    #[arg(long = "max_budget", alias = "max-budget", hide = true)]
    max_budget: Option<String>,
    #[arg(long = "prometheus_metrics_port", alias = "prometheus-metrics-port", hide = true)]
    prometheus_metrics_port: Option<String>,
    #[arg(long = "iam_token_db_auth", alias = "iam-token-db-auth", hide = true)]
    iam_token_db_auth: bool,
}

#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// What this program is for itself: it loads a plugin for a gateway (`sluice::plugin::apart`)
    #[command(name = sluice::plugin::apart::ARGUMENT, hide = true)]
    LoadComponent { memory_bytes: u64, seconds: u64 },
    /// Say all that is wrong with a configuration: file, line, what, and how to mend it
    Check {
        /// The configuration file
        file: PathBuf,
        /// Unknown keys are errors
        #[arg(long)]
        strict: bool,
        /// Lists notes too: what has no effect, or not yet.
        #[arg(long)]
        notes: bool,
    },
    /// Say by the exit status whether the gateway of this machine serves: 0 or 1; for container health checks
    Health,
    /// Say why an exchange went where it went, from what `sluice.decisions` recorded
    Explain {
        /// The exchange's id: `x-litellm-call-id` of its answer
        id: String,
        /// The recorded decisions [default: what --config says]
        #[arg(long, value_name = "FILE")]
        decisions: Option<PathBuf>,
    },
    /// Repeat recorded choices: bit for bit, or as another strategy would have made them
    Replay {
        /// The recorded decisions
        file: PathBuf,
        /// A strategy's name or component, instead of the one that chose
        #[arg(long, value_name = "NAME or FILE.wasm")]
        strategy: Option<String>,
    },
    /// Write plugins, and look at them
    #[command(subcommand)]
    Plugin(Plugin),
    /// Let strategies choose among deployments that are made up, on virtual time: outages, limits and all
    Simulate(Simulate),
}

#[derive(Debug, Clone, Subcommand)]
pub enum Plugin {
    /// Make a folder with a plugin that builds
    New {
        /// routing-strategy, provider-adapter, request-hook, guardrail-check, logging-callback or periodic-task; a part of the
        /// name will do
        #[arg(value_parser = sluice_author::manifest::kind)]
        kind: Kind,
        /// Words of a-z and 0-9 with `-` between them
        name: String,
        /// rust, python, javascript, typescript, go or c
        #[arg(long)]
        lang: Language,
    },
    /// Run the cases of a plugin's folder; exit with 1 if one does not hold
    Test {
        /// A folder that `new` made
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Build the plugin of a folder: NAME.wasm
    Build {
        /// A folder that `new` made
        #[arg(default_value = ".")]
        folder: PathBuf,
    },
    /// Say what a plugin is, what it may do and which settings it takes, or why a gateway would refuse it
    Inspect {
        /// The component
        file: PathBuf,
        /// An older version: say only what the new one may do that it could not; exit with 1 if there is anything
        #[arg(long, value_name = "OLD.wasm")]
        diff: Option<PathBuf>,
        /// For programs
        #[arg(long, conflicts_with = "diff")]
        json: bool,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub struct Simulate {
    /// Who asks when, and how deployments behave: YAML [default: ten exchanges a second, hardly any trouble]
    #[arg(long, value_name = "FILE")]
    pub load: Option<PathBuf>,
    /// Recorded decisions whose exchanges come again
    #[arg(long, value_name = "FILE", conflicts_with = "exchanges")]
    pub trace: Option<PathBuf>,
    /// So many made-up deployments with their troubles; --config is not read
    #[arg(long, value_name = "N", conflicts_with = "load")]
    pub fleet: Option<usize>,
    /// How many exchanges
    #[arg(long, value_name = "N")]
    pub exchanges: Option<u64>,
    /// A strategy's name or component; may be repeated [default: all that need no settings]
    #[arg(long, value_name = "NAME or FILE.wasm")]
    pub strategy: Vec<String>,
    /// Draw the figures: SVG
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Record the choices of the one --strategy
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
}

/// Flags that cannot be followed, in a sentence.
#[derive(Debug)]
pub struct Usage(pub String);

impl Cli {
    /// # Errors
    /// A flag asks for what is not there yet.
    pub fn options(&self) -> Result<Options, Usage> {
        self.later.refuse()?;
        let mut options = Options::new(self.source(), PLUGINS);
        options.strictness = if self.strict {
            Strictness::Strict
        } else {
            Strictness::Lenient
        };
        options.host = self.host;
        options.port = self.port;
        options.workers = self.workers;
        options.tls = self.ssl_certificate.clone().zip(self.ssl_key.clone());
        options.connections_max = self.limit_concurrency;
        options.header_timeout = self.keepalive_timeout.map(Duration::from_secs);
        options.root_path.clone_from(&self.root_path);
        options.plugin_cache.clone_from(&self.plugin_cache);
        options.environment = Arc::new(Process);
        Ok(options)
    }

    /// For `sluice check FILE`.
    pub fn for_check(&self, file: PathBuf, strict: bool) -> Options {
        let mut options = Options::new(Source::File(file), PLUGINS);
        options.strictness = if strict || self.strict {
            Strictness::Strict
        } else {
            Strictness::Lenient
        };
        options.plugin_cache.clone_from(&self.plugin_cache);
        options
    }

    fn source(&self) -> Source {
        match (&self.config, &self.model) {
            (Some(file), _) => Source::File(file.clone()),
            (None, Some(model)) => Source::Text {
                text: self.one_model(model),
                directory: PathBuf::new(),
            },
            (None, None) => Source::BuiltIn,
        }
    }

    /// The configuration that --model and its companions stand for; JSON is YAML.
    fn one_model(&self, model: &str) -> String {
        let mut parameters = serde_json::json!({"model": model});
        if let Some(api_base) = &self.api_base {
            parameters["api_base"] = api_base.as_str().into();
        }
        if let Some(seconds) = self.request_timeout {
            parameters["timeout"] = seconds.into();
        }
        let group = self.alias.as_deref().unwrap_or(model);
        serde_json::json!({
            "model_list": [{"model_name": group, "litellm_params": parameters}],
            "litellm_settings": {"drop_params": self.drop_params},
        })
        .to_string()
    }

    /// `LITELLM_LOG` says it where no flag does.
    pub fn verbosity(&self) -> Verbosity {
        match (self.detailed_debug, self.debug) {
            (true, _) => Verbosity::Everything,
            (_, true) => Verbosity::More,
            _ => Verbosity::FromEnvironment,
        }
    }

    /// A sentence for each flag that changes nothing.
    pub fn without_effect(&self) -> Vec<String> {
        let given = [
            (
                self.inert.use_prisma_db_push,
                "--use_prisma_db_push",
                "there is no Prisma",
            ),
            (
                self.inert.max_requests_before_restart.is_some(),
                "--max_requests_before_restart",
                "workers are not restarted",
            ),
            (
                self.inert.max_requests_before_restart_jitter.is_some(),
                "--max_requests_before_restart_jitter",
                "workers are not restarted",
            ),
        ];
        let given = given.into_iter().filter(|(is_given, ..)| *is_given);
        given
            .map(|(_, flag, why)| format!("{flag} is accepted without effect: {why}"))
            .collect()
    }
}

impl Later {
    fn refuse(&self) -> Result<(), Usage> {
        let asked = [
            (
                self.health,
                "--health",
                "`sluice health` says whether a gateway serves, and GET /health lists its deployments",
            ),
            (self.test, "--test", "send a request with curl, as --help shows"),
            (
                self.setup,
                "--setup",
                "write a configuration file; config/sluice.yaml is one to begin with",
            ),
            (
                self.max_budget.is_some(),
                "--max_budget",
                "budgets are not yet in effect",
            ),
            (
                self.prometheus_metrics_port.is_some(),
                "--prometheus_metrics_port",
                "/metrics is served on the gateway's own port",
            ),
            (
                self.iam_token_db_auth,
                "--iam_token_db_auth",
                "there is no database yet",
            ),
        ];
        match asked.into_iter().find(|(is_asked, ..)| *is_asked) {
            None => Ok(()),
            Some((_, flag, instead)) => Err(Usage(format!("{flag} is not supported: {instead}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_are_taken_as_litellms_users_type_them() {
        let typed = [
            "sluice",
            "--model",
            "openai/gpt-4o",
            "--api_base",
            "http://127.0.0.1:1",
            "--drop_params",
            "--num_workers",
            "2",
        ];
        let options = Cli::parse_from(typed).options().unwrap();
        assert_eq!(options.workers, Some(2));
        let Source::Text { text, .. } = options.source else {
            panic!("a model stands for a configuration")
        };
        assert!(text.contains(r#""api_base":"http://127.0.0.1:1""#), "{text}");
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        let Err(Usage(sentence)) = Cli::parse_from(["sluice", "--max_budget", "3"]).options() else {
            panic!()
        };
        assert!(sentence.contains("--max_budget"), "{sentence}");
    }
}
