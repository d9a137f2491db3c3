//! Reads recorded decisions back.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{ChoiceLine, DeploymentLine, ExchangeLine, Line, StrategyLine, VERSION};
use crate::canonical::Canonical;
use crate::canonical::Operation;
use crate::json;
use crate::plugin::columns::{Recorded, Values};

/// Why decisions cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("{}: {error}", file.display())]
    File { file: PathBuf, error: std::io::Error },
    #[error("{}, line {line}: {reason}", file.display())]
    Line { file: PathBuf, line: usize, reason: String },
}

/// A choice, with what its numbers stand for.
#[derive(Debug, Clone)]
pub struct Decision {
    pub line: ChoiceLine,
    /// `None` where no strategy was asked.
    pub strategy: Option<Arc<StrategyLine>>,
    pub of: Vec<Arc<DeploymentLine>>,
}

/// What a file tells, in order.
#[derive(Debug)]
pub enum Told {
    Choice(Box<Decision>),
    Exchange(ExchangeLine),
}

/// Reads a file line by line.
pub struct Reader {
    file: PathBuf,
    lines: std::io::Lines<BufReader<File>>,
    line: usize,
    strategies: HashMap<u32, Arc<StrategyLine>>,
    deployments: HashMap<u32, Arc<DeploymentLine>>,
}

impl Reader {
    /// # Errors
    /// The file cannot be opened.
    pub fn open(file: &Path) -> Result<Self, ReadError> {
        let opened = File::open(file).map_err(|error| ReadError::File {
            file: file.to_owned(),
            error,
        })?;
        Ok(Self {
            file: file.to_owned(),
            lines: BufReader::new(opened).lines(),
            line: 0,
            strategies: HashMap::new(),
            deployments: HashMap::new(),
        })
    }

    /// What a line says; `None` for those that only explain numbers.
    fn take(&mut self, text: &str) -> Result<Option<Told>, String> {
        let line = serde_json::from_str(text).map_err(|error| format!("it is no recorded decision: {error}"))?;
        match line {
            Line::Start(start) if start.version > VERSION => Err(format!(
                "it was written by sluice {}, whose format (version {}) this one does not know",
                start.sluice, start.version
            )),
            Line::Start(_) => {
                self.strategies.clear();
                self.deployments.clear();
                Ok(None)
            }
            Line::Strategy(strategy) => {
                self.strategies.insert(strategy.number, Arc::new(strategy));
                Ok(None)
            }
            Line::Deployment(deployment) => {
                self.deployments.insert(deployment.number, Arc::new(deployment));
                Ok(None)
            }
            Line::Choice(line) => Ok(Some(Told::Choice(Box::new(self.decision(line)?)))),
            Line::Exchange(line) => Ok(Some(Told::Exchange(line))),
        }
    }

    fn decision(&self, line: ChoiceLine) -> Result<Decision, String> {
        let unknown = |what: &str, number| format!("nothing before it says what {what} {number} is");
        let strategy = |number| {
            self.strategies
                .get(&number)
                .cloned()
                .ok_or_else(|| unknown("strategy", number))
        };
        let deployment = |number| {
            let known = self.deployments.get(&number).cloned();
            known.ok_or_else(|| unknown("deployment", number))
        };
        let of = line
            .of
            .iter()
            .map(|number| deployment(*number))
            .collect::<Result<Vec<_>, _>>()?;
        if line.rank.iter().any(|index| *index >= of.len()) {
            return Err("it ranks a candidate that does not exist".into());
        }
        Ok(Decision {
            strategy: line.strategy.map(strategy).transpose()?,
            of,
            line,
        })
    }
}

/// A line that cannot be read does not end the file: the last one of a process that was killed is often cut.
impl Iterator for Reader {
    type Item = Result<Told, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = self.lines.next()?;
            self.line += 1;
            let taken = match text {
                Ok(text) => self.take(&text),
                Err(error) => Err(error.to_string()),
            };
            match taken {
                Ok(None) => {}
                Ok(Some(told)) => return Some(Ok(told)),
                Err(reason) => {
                    return Some(Err(ReadError::Line {
                        file: self.file.clone(),
                        line: self.line,
                        reason,
                    }));
                }
            }
        }
    }
}

impl Decision {
    /// The candidates as the strategy saw them.
    #[must_use]
    pub fn columns(&self) -> Recorded {
        let mut columns = self.line.reads.columns.clone();
        let mut texts = |name: &str, text: &dyn Fn(&DeploymentLine) -> String| {
            let values = || Values::Texts(self.of.iter().map(|deployment| text(deployment)).collect());
            columns.entry(name.to_owned()).or_insert_with(values);
        };
        texts("ids", &|deployment| deployment.id.clone());
        texts("providers", &|deployment| deployment.provider.clone());
        texts("models", &|deployment| deployment.model.clone());
        texts("regions", &|deployment| deployment.region.clone());
        for name in self.of.iter().flat_map(|deployment| deployment.info.keys()) {
            texts(&format!("info.{name}"), &|deployment| {
                deployment.info.get(name).cloned().unwrap_or_default()
            });
        }
        let tags = || Values::Lists(self.of.iter().map(|deployment| deployment.tags.clone()).collect());
        columns.entry("tags".to_owned()).or_insert_with(tags);
        Recorded {
            count: self.of.len(),
            columns,
        }
    }

    /// The exchange as far as it was read. Its body has the length that the estimate of its tokens goes by, and holds the
    /// fields that were read.
    ///
    /// # Errors
    /// A recorded field is too large for a request.
    pub fn canonical(&self) -> Result<Canonical, json::Error> {
        let ChoiceLine { reads, .. } = &self.line;
        let fields = reads.fields.iter().filter_map(|(name, json)| {
            let value = serde_json::from_str::<Box<serde_json::value::RawValue>>(json.as_deref()?).ok()?;
            Some((name.as_str(), value))
        });
        let fields: BTreeMap<&str, _> = fields.collect();
        let body = serde_json::to_vec(&fields).unwrap_or_default();
        let attributes = reads.attributes.iter();
        let known = attributes.filter_map(|(name, value)| Some((name.as_str().into(), value.as_deref()?.into())));
        Ok(Canonical {
            id: self.line.exchange.as_str().into(),
            operation: Operation::of_name(&self.line.operation).unwrap_or(Operation::ChatCompletions),
            group: self.line.model.as_str().into(),
            is_streaming: self.line.stream,
            fields: json::scan(&body, json::Limits::ceiling())?,
            body: Bytes::from(body),
            seed: self.line.seed,
            started_ms: self.line.started_ms,
            attributes: known.collect(),
            known: self.line.prompt_tokens.into(),
            ..Canonical::empty()
        })
    }
}
