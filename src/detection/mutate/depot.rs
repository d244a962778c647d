//! Mistakes in a depot's own file: recognition, routing values, rules by format, checks, flow, filing.

use super::{FileMutant, Operator};
use crate::ids::Digest;
use crate::rules::{Depot, DepotFile};

/// The name of the file.
const FILE: &str = "depot.toml";

struct Made<'a> {
    depot: &'a Depot,
    out: Vec<FileMutant>,
}

impl Made<'_> {
    fn add(&mut self, operator: Operator, what: String, change: impl FnOnce(&mut DepotFile)) {
        let mut file = self.depot.file.clone();
        change(&mut file);
        let Ok(content) = toml::to_string(&file) else { return };
        if toml::to_string(&self.depot.file).is_ok_and(|same| same == content) {
            return;
        }
        let id = format!(
            "{}-{}",
            operator.name(),
            Digest::of(format!("{} {content}", self.depot.file.depot.id)).short()
        );
        self.out.push(FileMutant {
            id,
            operator,
            file: FILE.into(),
            line: self.line_of(&what),
            what,
            content: content.into_bytes(),
        });
    }

    /// Where the first quoted word of a description stands in the file.
    fn line_of(&self, what: &str) -> usize {
        let text = self.depot.files.get(FILE).map_or("", |b| std::str::from_utf8(b).unwrap_or(""));
        let word = what.split('"').nth(1).unwrap_or_default();
        let quoted = format!("\"{word}\"");
        text.lines().position(|l| l.contains(&quoted)).map_or(1, |at| at + 1)
    }
}

/// The key with another last digit.
fn wrong_key(key: &str) -> String {
    let (head, last) = key.split_at(key.len().saturating_sub(1));
    let digit = last.parse::<u32>().unwrap_or(0);
    format!("{head}{}", (digit + 1) % 10)
}

/// All mutants of a depot's own file.
pub fn depot_mutants(depot: &Depot) -> Vec<FileMutant> {
    let mut made = Made { depot, out: Vec::new() };
    let file = &depot.file;
    for (at, procedure) in file.procedure.iter().enumerate() {
        let id = &procedure.id;
        if let Some(key) = &procedure.leistung {
            let other = wrong_key(key);
            made.add(Operator::WrongConstant, format!("\"{id}\" mit der Leistung {other}"), |f| {
                f.procedure[at].leistung = Some(other.clone());
            });
        }
        made.add(Operator::Drop, format!("\"{id}\" wird nicht erkannt"), |f| {
            f.procedure.remove(at);
        });
        if let Some(next) = file.procedure.get(at + 1) {
            let what = format!("\"{id}\" mit dem Schema von {}", next.id);
            made.add(Operator::WrongSource, what, |f| {
                f.procedure[at].schema.clone_from(&next.schema);
            });
            let what = format!("\"{id}\" ist, was {} ist", next.id);
            made.add(Operator::WrongConstant, what, |f| f.procedure[at].kind = next.kind);
        }
    }
    header(&mut made);
    rules(&mut made);
    for (at, check) in file.check.iter().enumerate() {
        made.add(Operator::Drop, format!("ohne Prüfung \"{}\"", check.text), |f| {
            f.check.remove(at);
        });
        made.add(Operator::WrongConstant, format!("\"{}\" mit anderem Grund", check.text), |f| {
            f.check[at].code = "X099".into();
        });
        if let Some(test) = &check.test {
            let what = format!("Prüfung \"{}\" verneint", check.text);
            let test = format!("not({test})");
            made.add(Operator::WrongCondition, what, |f| f.check[at].test = Some(test.clone()));
        }
        if check.procedures.len() > 1 {
            let what = format!("\"{}\" nicht für {}", check.text, check.procedures[0]);
            made.add(Operator::MissingBranch, what, |f| {
                f.check[at].procedures.remove(0);
            });
        }
    }
    for (at, step) in file.transition.iter().enumerate() {
        let what = format!(
            "ohne Übergang von \"{}\" durch {}",
            step.from,
            format!("{:?}", step.on).to_lowercase()
        );
        made.add(Operator::MissingBranch, what, |f| {
            f.transition.remove(at);
        });
        if let Some(next) = file.transition.get(at + 1) {
            let what = format!("Übergang von \"{}\" nach {}", step.from, next.to);
            made.add(Operator::WrongConstant, what, |f| f.transition[at].to.clone_from(&next.to));
        }
    }
    if file.confirmation.is_some() {
        made.add(Operator::Drop, "ohne Eingangsbestätigung".into(), |f| f.confirmation = None);
        made.add(Operator::Namespace, "Eingangsbestätigung in anderem Namensraum".into(), |f| {
            if let Some(confirmation) = &mut f.confirmation {
                confirmation.namespace.push('9');
            }
        });
        made.add(Operator::WrongConstant, "Eingangsbestätigung mit anderer Wurzel".into(), |f| {
            if let Some(confirmation) = &mut f.confirmation {
                confirmation.root.push('x');
            }
        });
    }
    filing(&mut made);
    made.out
}

fn header(made: &mut Made<'_>) {
    let file = &made.depot.file;
    if let (Some(vorgang), Some(nachricht)) = (&file.header.vorgang, &file.header.nachricht) {
        let (vorgang, nachricht) = (vorgang.clone(), nachricht.clone());
        let what = format!("Vorgang aus \"{nachricht}\"");
        made.add(Operator::WrongSource, what, |f| f.header.vorgang = Some(nachricht.clone()));
        let what = format!("Nachricht aus \"{vorgang}\"");
        made.add(Operator::WrongSource, what, |f| f.header.nachricht = Some(vorgang.clone()));
    }
    if let (Some(leistung), Some(behoerde)) = (&file.header.leistung, &file.header.behoerde) {
        let (leistung, behoerde) = (leistung.clone(), behoerde.clone());
        let what = format!("\"{leistung}\" und {behoerde} vertauscht");
        made.add(Operator::Swap, what, |f| {
            f.header.leistung = Some(behoerde.clone());
            f.header.behoerde = Some(leistung.clone());
        });
        made.add(Operator::Drop, format!("ohne Leistung \"{leistung}\""), |f| {
            f.header.leistung = None;
        });
    }
}

fn rules(made: &mut Made<'_>) {
    let file = &made.depot.file;
    for (at, rule) in file.rule.iter().enumerate() {
        let what = format!("keine Regel für \"{}\"", rule.receiver);
        made.add(Operator::Drop, what, |f| {
            f.rule.remove(at);
        });
        if let Some(next) = file.rule.get(at + 1).filter(|next| next.sheet != rule.sheet) {
            let what = format!("\"{}\" mit der Regel für {}", rule.receiver, next.receiver);
            made.add(Operator::WrongSource, what, |f| f.rule[at].sheet.clone_from(&next.sheet));
        }
        if rule.parts.is_some() {
            let what = format!("\"{}\" ohne eigene Teile", rule.receiver);
            made.add(Operator::Drop, what, |f| f.rule[at].parts = None);
        }
    }
}

fn filing(made: &mut Made<'_>) {
    let Some(filing) = &made.depot.file.filing else { return };
    made.add(Operator::WrongConstant, format!("Ablage unter \"{}x\"", filing.folder), |f| {
        if let Some(filing) = &mut f.filing {
            filing.folder = filing.folder.replacen('/', "/x", 1);
        }
    });
    let keys: Vec<&String> = filing.properties.keys().collect();
    for (at, key) in keys.iter().enumerate() {
        made.add(Operator::Drop, format!("ohne \"{key}\""), |f| {
            if let Some(filing) = &mut f.filing {
                filing.properties.remove(*key);
            }
        });
        if let Some(next) = keys.get(at + 1) {
            let path = filing.properties[*next].clone();
            made.add(Operator::WrongSource, format!("\"{key}\" aus {path}"), |f| {
                if let Some(filing) = &mut f.filing {
                    filing.properties.insert((*key).clone(), path.clone());
                }
            });
        }
    }
}
