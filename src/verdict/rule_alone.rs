//! Judging what a rule did by itself, without a hub: how it ended, what it tried, and whether twins of
//! a message come out alike.

use super::checkers::{Found, Judgement};
use crate::ids::RequirementId;
use crate::xml::{Difference, TransformEnd, Transformed};

/// One application of a rule.
pub struct RuleApplied<'a> {
    /// The requirement behind it.
    pub requirement: &'a RequirementId,
    /// The sheet.
    pub sheet: &'a str,
    /// What came of it.
    pub made: &'a Transformed,
}

impl RuleApplied<'_> {
    fn found(&self, id: &str, message: impl Into<String>) -> Found {
        Found::new(id, self.requirement, message).place(self.sheet)
    }

    /// What is wrong with how it ended, and with what it tried on the way.
    pub fn judge(&self) -> Judgement {
        let mut judgement = self.judge_attempts();
        self.judge_end(&mut judgement);
        judgement
    }

    /// What is wrong with what it tried on the way.
    pub fn judge_attempts(&self) -> Judgement {
        let mut judgement = Judgement::default();
        let Transformed { refused, wrote, .. } = self.made;
        if !refused.is_empty() {
            self.found("rule.reached-out", "Die Regel wollte lesen, was nicht zu ihrem Depot gehört")
                .values("nur Dateien des Depots", refused.join(" | "))
                .hint("Was die Regel braucht, gehört als Datei in das Depot; Netz und andere Ordner bleiben zu")
                .into(&mut judgement);
        }
        if !wrote.is_empty() {
            self.found("rule.wrote", "Die Regel wollte Dateien schreiben")
                .values("nur die Ausgabe", wrote.join(" | "))
                .hint("xsl:result-document und ähnliche Anweisungen aus der Regel nehmen, oder den Parameter, der sie einschaltet")
                .into(&mut judgement);
        }
        judgement
    }

    fn judge_end(&self, judgement: &mut Judgement) {
        let said = || self.made.messages.join("; ");
        match &self.made.end {
            TransformEnd::Output => {}
            TransformEnd::NoOutput => {
                self.found("rule.no-output", "Die Regel lief bis zum Ende und gab nichts aus")
                    .values("eine Nachricht im Format des Empfängers", "nichts")
                    .hint("Erkennt die Regel die Nachricht an ihrem Präfix (name(), Text) statt am Namensraum?")
                    .into(judgement);
            }
            TransformEnd::BadStylesheet => {
                self.found("rule.not-usable", "Die Regel lässt sich nicht übersetzen")
                    .values("eine gültige Regel", said())
                    .hint("Die Meldung nennt Datei und Zeile")
                    .into(judgement);
            }
            TransformEnd::Died => {
                self.found("rule.engine-died", "Der Prozess der Regel ist gestorben")
                    .values("ein Ende mit Ausgabe", said())
                    .hint("Speicher und Tiefe der Rekursion begrenzen")
                    .into(judgement);
            }
            TransformEnd::TimedOut => {
                self.found("rule.timed-out", "Die Regel kam nicht rechtzeitig zum Ende")
                    .values("ein Ende in der erlaubten Zeit", said())
                    .hint("Endlose Rekursion, oder Schlüssel (xsl:key) statt wiederholter Suche")
                    .into(judgement);
            }
            TransformEnd::EngineTooOld { wanted } => {
                judgement.inconclusive = Some(format!(
                    "{}: die Regel verlangt XSLT {wanted}, dafür ist keine Engine da: {}",
                    self.sheet,
                    said()
                ));
            }
            TransformEnd::Aborted | TransformEnd::BadInput => {
                judgement.inconclusive =
                    Some(format!("{}: nicht zu Ende ausgewertet: {}", self.sheet, said()));
            }
        }
    }

    /// What is wrong where an example says what must come of its message.
    pub fn judge_difference(&self, difference: &Difference) -> Judgement {
        let mut judgement = Judgement::default();
        let (expected, actual) = (difference.expected.clone(), difference.actual.clone());
        let (id, what) = match (&expected, &actual) {
            (Some(_), None) => ("rule.missing", "Eine Angabe fehlt"),
            (None, _) => ("rule.invented", "Eine Angabe kommt hinzu"),
            _ => ("rule.different", "Eine Angabe ist eine andere"),
        };
        self.found(id, format!("{what}: {}", difference.place))
            .values(expected.unwrap_or_default(), actual.unwrap_or_default())
            .into(&mut judgement);
        judgement
    }

    /// What is wrong where a twin of the message came out differently: `twin` is its name, `what` says
    /// how it differs.
    pub fn judge_twin(&self, twin: &str, what: &str, of_twin: &Transformed) -> Judgement {
        let mut judgement = Judgement::default();
        self.found(
            &format!("twin.{twin}"),
            format!("Dieselbe Nachricht {what} ergibt etwas anderes"),
        )
        .values(shown(self.made), shown(of_twin))
        .hint(hint(twin))
        .into(&mut judgement);
        judgement
    }

    /// What a second engine made of the same: a difference proves neither right.
    pub fn judge_second(&self, engine: &str, second: &Transformed) -> Judgement {
        Judgement {
            findings: vec![],
            inconclusive: Some(format!(
                "{}: {engine} macht etwas anderes daraus; erste Ausgabe: {}; zweite: {}",
                self.sheet,
                shown(self.made),
                shown(second)
            )),
        }
    }
}

fn hint(twin: &str) -> &'static str {
    match twin {
        "other-prefix" | "default-namespace" => {
            "Elemente am Namensraum erkennen (match=\"p:Name\", local-name() und namespace-uri()), nicht an name()"
        }
        "white-space" => "Knoten aus Leerraum nicht zählen oder ausgeben (xsl:strip-space)",
        "older-list" => "Die Fassung der Codeliste prüfen, bevor ein Schlüssel umgesetzt wird",
        _ => "Die Regel sieht etwas, das nichts bedeutet",
    }
}

/// An output in one line, or how it ended.
fn shown(made: &Transformed) -> String {
    match made.end {
        TransformEnd::Output => String::from_utf8_lossy(&made.output).into_owned(),
        ref other => format!("{other:?}: {}", made.messages.join("; ")),
    }
}
