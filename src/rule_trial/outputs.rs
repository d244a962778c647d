//! What rules make of many messages, several at a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::reference_hub::JSON_NAMESPACE;
use crate::rules::{Applied, Asked, Depot, Runner, Workers};
use crate::xml::{Document, Element, Node, TransformEnd, Transformed, compare, parse};

/// The time that every rule is told, in whatever run: outputs must be comparable.
pub(super) const TIME: &str = "2026-11-02T08:15:30Z";

/// Messages that a worker gets at once.
const AT_ONCE: usize = 32;

/// The transaction that a rule is told for the input with this number.
pub(super) fn transaction(number: usize) -> String {
    format!("TX-{number:016x}")
}

/// Runs depots over the same inputs.
pub struct Outputs {
    workers: Arc<Workers>,
    parameters: BTreeMap<String, String>,
}

impl Outputs {
    /// With these workers.
    pub fn new(workers: Arc<Workers>) -> Self {
        Self { workers, parameters: BTreeMap::new() }
    }

    /// The same with further parameters of the rules.
    #[must_use]
    pub fn with(self, parameters: BTreeMap<String, String>) -> Self {
        Self { parameters, ..self }
    }

    /// What a rule is told with the message of this number.
    fn told(&self, number: usize) -> BTreeMap<String, String> {
        let mut params = BTreeMap::from([
            ("zeitpunkt".to_owned(), TIME.to_owned()),
            ("transaktion".to_owned(), transaction(number)),
        ]);
        params.extend(self.parameters.clone());
        params
    }

    /// What a depot makes of each message: its receiver's format, its bytes. The rule is told the
    /// number of the message as its transaction.
    pub fn of(&self, depot: &Depot, messages: &[(usize, &str, &[u8])]) -> Vec<Applied> {
        let runner = Runner::new(depot.clone(), self.workers.clone());
        let next = AtomicUsize::new(0);
        let done: Mutex<Vec<Option<Applied>>> = Mutex::new(vec![None; messages.len()]);
        std::thread::scope(|scope| {
            for _ in 0..self.workers.count() {
                scope.spawn(|| {
                    loop {
                        let at = next.fetch_add(AT_ONCE, Ordering::SeqCst);
                        let end = messages.len().min(at + AT_ONCE);
                        let Some(some) = messages.get(at..end).filter(|s| !s.is_empty()) else {
                            return;
                        };
                        let params: Vec<_> = some.iter().map(|(n, ..)| self.told(*n)).collect();
                        let asked: Vec<Asked<'_>> = some
                            .iter()
                            .zip(&params)
                            .map(|((_, receiver, message), params)| Asked {
                                receiver,
                                message,
                                params,
                            })
                            .collect();
                        let applied = runner.apply_all(&asked);
                        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                        for (place, applied) in done[at..end].iter_mut().zip(applied) {
                            *place = Some(applied);
                        }
                    }
                });
            }
        });
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.into_iter().flatten().collect()
    }
}

/// Whether two results of a rule mean the same: both ended alike, and their outputs are the same XML by
/// meaning, or the same bytes where they are none.
pub fn same_meaning(a: &Transformed, b: &Transformed) -> bool {
    same(a, b, &|a, b| {
        // Whoever hands it over labels it with the encoding that rules write.
        a.encoding == b.encoding && same_tree(&a.root, &b.root)
    })
}

/// The same, where whoever hands it over writes it anew, into an envelope or as JSON: the encoding of
/// the rule's output is gone by then, and so is white space around numbers.
pub fn same_once_written_anew(a: &Transformed, b: &Transformed) -> bool {
    same(a, b, &|a, b| same_tree(&scalars(&a.root), &scalars(&b.root)))
}

fn same(a: &Transformed, b: &Transformed, read: &dyn Fn(&Document, &Document) -> bool) -> bool {
    // What a rule tries is part of what it does.
    if a.end != b.end || a.refused != b.refused || a.wrote != b.wrote {
        return false;
    }
    if a.end != TransformEnd::Output || a.output == b.output {
        return true;
    }
    match (parse(&a.output), parse(&b.output)) {
        (Ok(a), Ok(b)) => read(&a, &b),
        _ => false,
    }
}

fn same_tree(a: &Element, b: &Element) -> bool {
    compare(a, b).is_empty() && same_order(a, b)
}

/// A tree that represents JSON, with its numbers and truth values as JSON has them.
fn scalars(root: &Element) -> Element {
    let mut out = root.clone();
    out.each(&mut |e| {
        if e.namespace == JSON_NAMESPACE && matches!(e.name.as_str(), "number" | "boolean") {
            let text = e.text().trim().to_owned();
            e.children = vec![Node::Text(text)];
        }
    });
    out
}

/// Whether elements stand in the same order, which comparing goes by already, and texts are the same to
/// the character.
fn same_order(a: &Element, b: &Element) -> bool {
    a.elements().count() == b.elements().count()
        && a.elements().zip(b.elements()).all(|(a, b)| {
            (&a.namespace, &a.name) == (&b.namespace, &b.name)
                && (!a.is_leaf() || a.text() == b.text())
                && same_order(a, b)
        })
}
