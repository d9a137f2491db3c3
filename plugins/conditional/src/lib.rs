//! `conditional`: evaluates rules about the exchange in the order of the configuration. The first rule that is true
//! decides which deployments are ranked first, or exclusively, and which strategy orders them.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt. It also runs for a single candidate, since a
//! rule may exclude it (`constrains`).
//! **Reads**: the variables of the rules up to the one that is true, and what the strategy of that rule reads. If a
//! rule reads an attribute that the exchange has, other than `region`, the instance serves no other exchange: see
//! README.md.
//! **Changes**: nothing. **Costs**: about a microsecond for each rule in addition to its strategy, and some ten
//! microseconds to parse the rules in each new instance.

mod order;
mod settings;
mod target;

use conditions::{Condition, Language};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, candidates, ranking};

use order::Order;
pub use settings::Settings;
use target::Target;

/// The strategy. It keeps only its parsed rules between exchanges.
pub struct Conditional {
    language: Language,
    rules: Vec<Rule>,
    /// Orders the deployments if no rule is true.
    otherwise: Order,
}

struct Rule {
    /// The rule's number and name, for messages.
    name: String,
    /// `None`: the rule is always true.
    condition: Option<Condition>,
    /// The preferred deployments, best first; empty means all.
    to: Vec<Target>,
    only: bool,
    /// `None`: the strategy of the settings.
    order: Option<Order>,
}

impl Plugin for Conditional {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "conditional",
            env!("CARGO_PKG_VERSION"),
            "Rules over the exchange say which deployments come first, or alone.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
        .constrains()
    }

    fn new(settings: Settings) -> Result<Self, String> {
        let language = Language::new();
        let otherwise = Order::named(settings.strategy.as_deref().unwrap_or("simple-shuffle"))?;
        let last = settings.rules.len();
        let mut rules = Vec::with_capacity(last);
        for (number, rule) in (1..).zip(settings.rules) {
            let name = match &rule.name {
                Some(name) => format!("rule {number} (`{name}`)"),
                None => format!("rule {number}"),
            };
            let is_last = number == last;
            rules.push(Rule::new(name, rule, &language, is_last)?);
        }
        Ok(Self {
            language,
            rules,
            otherwise,
        })
    }
}

impl RoutingStrategy for Conditional {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let any_only = self.rules.iter().any(|rule| rule.only);
        for rule in &mut self.rules {
            match rule.holds(&self.language) {
                Ok(false) => {}
                Ok(true) => return rule.rank(&mut self.otherwise),
                // If any rule restricts the deployments (`only`), the exchange must be refused: another strategy could
                // choose a forbidden one.
                Err(reason) if any_only => return Err(RoutingError::NoneSuitable(reason)),
                Err(reason) => return Err(RoutingError::Other(reason)),
            }
        }
        self.otherwise.rank()
    }
}

impl Rule {
    fn new(name: String, rule: settings::Rule, language: &Language, is_last: bool) -> Result<Self, String> {
        let wrong = |reason: String| format!("settings: {name}: {reason}");
        let to = rule.to.map(settings::OneOrMore::into_vec);
        let is_empty = |to: &Vec<Target>| to.is_empty() || to.iter().any(Target::is_empty);
        if to.as_ref().is_some_and(is_empty) {
            let mend =
                "write at least one of `id`, `provider`, `model`, `tag` and `region`, such as `to: {provider: azure}`";
            return Err(wrong(format!("`to` names nothing: {mend}")));
        }
        if to.is_none() && (rule.only || rule.strategy.is_none()) {
            return Err(wrong("say `to` which deployments, or by which `strategy`".into()));
        }
        if rule.condition.is_none() && !is_last {
            return Err(wrong(
                "without `if` it always holds, and the rules after it never do: put it last".into(),
            ));
        }
        let condition = rule.condition.map(|source| Condition::new(&source, language));
        Ok(Self {
            condition: condition.transpose().map_err(wrong)?,
            to: to.unwrap_or_default(),
            only: rule.only,
            order: rule
                .strategy
                .map(|name| Order::named(&name))
                .transpose()
                .map_err(wrong)?,
            name,
        })
    }

    fn holds(&self, language: &Language) -> Result<bool, String> {
        let Some(condition) = &self.condition else {
            return Ok(true);
        };
        condition
            .holds(language)
            .map_err(|reason| format!("{}: {reason}", self.name))
    }

    /// Ranks the deployments of each target in order, and then the others unless `only` is set.
    fn rank(&mut self, otherwise: &mut Order) -> Result<Vec<u32>, RoutingError> {
        let order = self.order.as_mut().unwrap_or(otherwise);
        if self.to.is_empty() {
            return order.rank();
        }
        let (mut levels, others) = target::levels(&self.to, candidates::count());
        if !self.only {
            levels.push(others);
        }
        levels.retain(|level| !level.is_empty());
        if levels.is_empty() {
            let named = self.to.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
            return Err(RoutingError::NoneSuitable(format!(
                "{} allows none but {named}",
                self.name
            )));
        }
        let mut ranking = Vec::new();
        let mut refused = None;
        for level in levels {
            match ranking::among(&level, || order.rank()) {
                Ok(ranked) => ranking.extend(ranked),
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) if ranking.is_empty() => Err(error),
            _ => Ok(ranking),
        }
    }
}

sluice_sdk::export!(Conditional: RoutingStrategy);
