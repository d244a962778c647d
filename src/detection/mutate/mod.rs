//! Mutants: generated changes of a rule depot, each one small and each one a mistake that people make.
//! Same depot, same mutants, in the same order.

mod depot;
mod expression;
mod sheet;
mod table;

use crate::ids::Digest;
use std::collections::{BTreeMap, BTreeSet};

use super::result::{Kind, Mutant};
use crate::concept::FieldType;
use crate::plan::{TestPlan, ValueSet};
use crate::reference_hub::Changed;
use crate::rules::{Depot, files_of, rule_files};
use crate::text::pattern::Pattern;

pub use depot::depot_mutants;

/// What kind of mistake a mutant is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Operator {
    /// Something is left out.
    Drop,
    /// Two sources stand in each other's place.
    Swap,
    /// A value comes from elsewhere.
    WrongSource,
    /// A condition says something else.
    WrongCondition,
    /// A fixed text or code is another one.
    WrongConstant,
    /// A namespace is another one.
    Namespace,
    /// Letters outside ASCII do not survive.
    Encoding,
    /// Two elements stand in the other order.
    Order,
    /// White space is added or taken away.
    WhiteSpace,
    /// A code list is that of another version.
    ListVersion,
    /// A number is one too high.
    OffByOne,
    /// A branch or a whole rule is missing.
    MissingBranch,
    /// A text is cut off.
    Truncate,
}

impl Operator {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Drop,
        Self::Swap,
        Self::WrongSource,
        Self::WrongCondition,
        Self::WrongConstant,
        Self::Namespace,
        Self::Encoding,
        Self::Order,
        Self::WhiteSpace,
        Self::ListVersion,
        Self::OffByOne,
        Self::MissingBranch,
        Self::Truncate,
    ];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Drop => "drop",
            Self::Swap => "swap",
            Self::WrongSource => "wrong-source",
            Self::WrongCondition => "wrong-condition",
            Self::WrongConstant => "wrong-constant",
            Self::Namespace => "namespace",
            Self::Encoding => "encoding",
            Self::Order => "order",
            Self::WhiteSpace => "white-space",
            Self::ListVersion => "list-version",
            Self::OffByOne => "off-by-one",
            Self::MissingBranch => "missing-branch",
            Self::Truncate => "truncate",
        }
    }
}

/// A change of one file of a depot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMutant {
    /// Short name: operator and digest of the change.
    pub id: String,
    /// What kind of mistake.
    pub operator: Operator,
    /// The file, relative to the depot.
    pub file: String,
    /// The line in the file as it was.
    pub line: usize,
    /// What is different, in words.
    pub what: String,
    /// The file as it is now.
    pub content: Vec<u8>,
}

impl FileMutant {
    /// It as a fault that is tried.
    pub fn described(&self, kind: Kind) -> Mutant {
        Mutant {
            id: self.id.clone(),
            kind,
            operator: self.operator.name().into(),
            place: format!("{}:{}", self.file, self.line),
            what: self.what.clone(),
            requirement: None,
            technique: None,
        }
    }

    /// What a hub is told that uses the depot under this name.
    pub fn told(&self, depot: &str) -> Changed {
        let text = String::from_utf8_lossy(&self.content).into_owned();
        let files = BTreeMap::from([(self.file.clone(), text)]);
        Changed { depot: BTreeMap::from([(depot.to_owned(), files)]), configuration: None }
    }

    /// The depot with this change.
    pub fn applied(&self, depot: &Depot) -> Depot {
        let mut changed = depot.clone();
        changed.files.insert(self.file.clone(), self.content.clone());
        changed
    }
}

/// A replacement in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    from: usize,
    to: usize,
    with: String,
}

impl Edit {
    fn new(range: std::ops::Range<usize>, with: impl Into<String>) -> Self {
        Self { from: range.start, to: range.end, with: with.into() }
    }
}

/// What is known about the values that go through rules, so that no mutant is made that cannot make a
/// difference.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Elements whose values are free texts, in which letters and spaces can get lost.
    pub free: BTreeSet<String>,
    /// Elements whose values can be long enough to be cut off.
    pub long: BTreeSet<String>,
    /// Elements that are always there: a condition that also asks for them always holds.
    pub always: BTreeSet<String>,
    /// Formats whose elements have an order.
    pub ordered: BTreeSet<String>,
}

impl Hints {
    /// What a plan says about its messages and formats.
    pub fn of(plan: &TestPlan) -> Self {
        let mut out = Self::default();
        let mut sometimes = BTreeSet::new();
        let leaf = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        for message in &plan.message {
            let minimal = plan.values.iter().find(|v| v.id == format!("{}/minimal", message.id));
            for (group, field) in
                message.group.iter().flat_map(|g| g.field.iter().map(move |f| (g, f)))
            {
                let name = leaf(&field.path);
                let text = field.kind == FieldType::Text && field.pattern.is_none();
                let pattern = field.pattern.as_ref().and_then(|p| Pattern::parse(p).ok());
                let max = match (field.length, pattern) {
                    (Some(length), _) => length.max as usize,
                    (None, Some(pattern)) => pattern.lengths(LONG).max().unwrap_or(LONG),
                    (None, None) => LONG,
                };
                let cut = matches!(field.kind, FieldType::Text | FieldType::Datetime) && max > CUT;
                if text {
                    out.free.insert(name.clone());
                }
                if cut {
                    out.long.insert(name.clone());
                }
                let part = |set: &ValueSet| {
                    let mut parts = set.part.iter().filter(|p| p.group == group.id);
                    parts.all(|p| p.values.get(&field.id).is_some_and(|v| !v.is_empty()))
                };
                match minimal.is_some_and(part) {
                    true => out.always.insert(name),
                    false => sometimes.insert(name),
                };
            }
        }
        out.always.retain(|name| !sometimes.contains(name));
        let ordered = plan.receiver.iter().filter(|r| !r.order.is_empty());
        out.ordered = ordered.map(|r| r.id.clone()).collect();
        out
    }
}

/// Where a mutant cuts off a text, characters.
const CUT: usize = 20;
/// A length that is taken where none is known, characters.
const LONG: usize = 1000;

/// Collects the mutants of one file.
struct Collector<'a> {
    hints: &'a Hints,
    /// The depot, so that mutants of two depots never share a name.
    depot: &'a str,
    /// Whether every format that this file makes has an order.
    ordered: bool,
    file: &'a str,
    text: &'a str,
    out: Vec<FileMutant>,
}

impl Collector<'_> {
    /// Adds a mutant; edits do not overlap.
    fn add(&mut self, operator: Operator, what: impl Into<String>, mut edits: Vec<Edit>) {
        edits.sort_by_key(|e| e.from);
        let Some(first) = edits.first().map(|e| e.from) else { return };
        let mut content = String::with_capacity(self.text.len());
        let mut at = 0;
        for edit in &edits {
            content.push_str(&self.text[at..edit.from]);
            content.push_str(&edit.with);
            at = edit.to;
        }
        content.push_str(&self.text[at..]);
        if content == self.text || self.out.iter().any(|m| m.content == content.as_bytes()) {
            return;
        }
        let digest = Digest::of(format!("{} {} {content}", self.depot, self.file));
        self.out.push(FileMutant {
            id: format!("{}-{}", operator.name(), digest.short()),
            operator,
            file: self.file.to_owned(),
            line: self.text[..first].matches('\n').count() + 1,
            what: what.into(),
            content: content.into_bytes(),
        });
    }
}

/// All mutants of a depot's rules: its sheets and the tables they read.
pub fn rule_mutants(depot: &Depot, hints: &Hints) -> Vec<FileMutant> {
    let mut out = Vec::new();
    for file in &rule_files(depot) {
        let Some(text) = depot.text(file) else { continue };
        let mut made = depot.file.rule.iter().filter(|r| files_of(depot, &r.sheet).contains(file));
        let ordered = made.all(|r| hints.ordered.contains(&r.receiver));
        let mut collector = Collector {
            hints,
            depot: &depot.file.depot.id,
            ordered,
            file,
            text: &text,
            out: Vec::new(),
        };
        if std::path::Path::new(file).extension().is_some_and(|e| e == "xsl" || e == "xslt") {
            sheet::mutants(&mut collector);
        } else {
            table::mutants(&mut collector);
        }
        out.append(&mut collector.out);
    }
    out
}

/// So many of them, the same ones each time, and of each kind of mistake as large a share as there is.
pub fn sample(mutants: Vec<FileMutant>, count: usize) -> Vec<FileMutant> {
    if mutants.len() <= count {
        return mutants;
    }
    // By turns through the kinds, so that a rare one is not lost.
    let mut kinds: Vec<Vec<usize>> = vec![Vec::new(); Operator::ALL.len()];
    for (index, mutant) in mutants.iter().enumerate() {
        kinds[mutant.operator as usize].push(index);
    }
    for kind in &mut kinds {
        kind.sort_by_key(|index| std::cmp::Reverse(Digest::of(&mutants[*index].id).0));
    }
    let mut kept = std::collections::BTreeSet::new();
    while kept.len() < count {
        for kind in &mut kinds {
            if kept.len() < count
                && let Some(index) = kind.pop()
            {
                kept.insert(index);
            }
        }
    }
    let picked = mutants.into_iter().enumerate().filter(|(index, _)| kept.contains(index));
    picked.map(|(_, mutant)| mutant).collect()
}
