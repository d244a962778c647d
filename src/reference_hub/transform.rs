//! Bringing a message into the format of its receiver.

use std::collections::BTreeMap;

use super::defect::Defect;
use super::journal::{Accepted, LogEntry};
use super::json::NAMESPACE as JSON;
use super::server::Hub;
use crate::xml::{Element, Node, TransformEnd, parse};

impl Hub {
    /// Applies the rule for a format; `None` when the rule failed, which the log then says.
    pub(super) fn transform(&self, message: &Accepted, receiver: &str) -> Option<Vec<u8>> {
        let params = BTreeMap::from([
            ("zeitpunkt".to_owned(), message.time.clone()),
            ("transaktion".to_owned(), message.transaction.clone()),
        ]);
        let applied = self.depots[message.depot].runner.apply(receiver, &message.body, &params);
        if applied.result.end != TransformEnd::Output {
            let detail =
                format!("{:?}: {}", applied.result.end, applied.result.messages.join("; "));
            self.note(&message.transaction, message.ids(), "regelfehler", &detail);
            return None;
        }
        if let Some(sheet) = applied.sheet {
            let output = self.spoil(message, applied.result.output);
            if self.has(Defect::LogsBeforehand) {
                return Some(output);
            }
            self.log(LogEntry {
                nummer: 0,
                zeit: String::new(),
                transaktion: message.transaction.clone(),
                vorgang: message.vorgang.clone(),
                nachricht: message.nachricht.clone(),
                ereignis: "umgeformt".into(),
                einzelheit: format!("in das Format {receiver}"),
                empfaenger: None,
                regel: Some(sheet),
                regelstand: applied.digest.map(|d| d.0),
            });
            return Some(match self.has(Defect::MixesConcurrent) {
                true => self.mixed.output(receiver, output),
                false => output,
            });
        }
        Some(applied.result.output)
    }

    /// What the switched-on faults do to a transformed message.
    fn spoil(&self, message: &Accepted, output: Vec<u8>) -> Vec<u8> {
        let faults = [
            Defect::FieldDropped,
            Defect::FieldsSwapped,
            Defect::CodeNotConverted,
            Defect::InventsValue,
            Defect::TruncatesText,
            Defect::LostAttachment,
            Defect::BreaksCombination,
            Defect::LosesOffset,
            Defect::LosesLeadingZeros,
            Defect::ShiftsDates,
        ];
        let mut output = output;
        if faults.iter().any(|f| self.has(*f))
            && let Ok(mut document) = parse(&output)
        {
            self.spoil_tree(message, &mut document.root);
            output = document.root.to_xml().into_bytes();
        }
        if self.has(Defect::UnescapesTwice) {
            output = String::from_utf8_lossy(&output).replace("&amp;amp;", "&amp;").into_bytes();
        }
        if self.has(Defect::UmlautsBroken) {
            let text: String = output.iter().map(|b| char::from(*b)).collect();
            output = text.into_bytes();
        }
        output
    }

    fn spoil_tree(&self, message: &Accepted, root: &mut Element) {
        if self.has(Defect::LostAttachment) {
            lose_last(root);
        }
        if self.has(Defect::InventsValue) {
            invent(root);
        }
        let source = parse(&message.body).ok().map(|d| d.root);
        root.each(&mut |element| {
            if self.has(Defect::FieldDropped) {
                element
                    .children
                    .retain(|n| !matches!(n, Node::Element(e) if is_called(e, "Geburtsname")));
                element.attributes.retain(|a| a.name != "geburtsname");
            }
            if self.has(Defect::BreaksCombination)
                && element.child("Email").is_some()
                && element.child("Telefon").is_none()
            {
                element.children.retain(|n| !matches!(n, Node::Element(e) if e.name == "Email"));
            }
            for (defect, change) in [
                (Defect::LosesOffset, second_time as fn(&str) -> String),
                (Defect::LosesLeadingZeros, as_number),
                (Defect::ShiftsDates, day_before),
            ] {
                if self.has(defect) {
                    each_value(element, change);
                }
            }
            if self.has(Defect::FieldsSwapped) {
                for child in &mut element.children {
                    if let Node::Element(e) = child {
                        match e.name.as_str() {
                            "Vorname" => e.name = "Nachname".into(),
                            "Nachname" => e.name = "Vorname".into(),
                            _ => {}
                        }
                    }
                }
            }
            if self.has(Defect::TruncatesText)
                && element.is_leaf()
                && !["Daten", "dokument", "inhalt"].iter().any(|name| is_called(element, name))
            {
                for node in &mut element.children {
                    if let Node::Text(text) = node {
                        *text = text.chars().take(60).collect();
                    }
                }
            }
            if self.has(Defect::CodeNotConverted)
                && element.attribute("rechtsform").is_some()
                && let Some(code) =
                    source.as_ref().and_then(|s| super::intake::find(s, "Betrieb/Rechtsform"))
            {
                element.set_attribute("rechtsform", &code);
            }
        });
    }
}

/// Whether an element has this name, or this key where it represents JSON.
fn is_called(element: &Element, name: &str) -> bool {
    match element.namespace == JSON {
        true => element.attribute("key").is_some_and(|key| key.eq_ignore_ascii_case(name)),
        false => element.name.eq_ignore_ascii_case(name),
    }
}

/// Takes out the last attachment; true where there was one.
fn lose_last(element: &mut Element) -> bool {
    let listed = is_called(element, "dokumente");
    for at in (0..element.children.len()).rev() {
        let Node::Element(child) = &mut element.children[at] else { continue };
        if is_called(child, "Anlage") || is_called(child, "dokument") || listed {
            element.children.remove(at);
            return true;
        }
        if lose_last(child) {
            return true;
        }
    }
    false
}

/// Adds a value where the receiver's format has room for the message itself.
fn invent(root: &mut Element) {
    const NAME: &str = "Bemerkung";
    const TEXT: &str = "automatisch erfasst";
    for outer in ["nachricht", "fachdaten", "daten"] {
        for node in &mut root.children {
            let Node::Element(child) = node else { continue };
            if !is_called(child, outer) {
                continue;
            }
            if child.namespace == JSON {
                let mut note = Element::with_text(JSON, "string", TEXT);
                note.set_attribute("key", NAME);
                child.children.push(Node::Element(note));
                return;
            }
            let inner = child.children.iter_mut().find_map(|n| match n {
                Node::Element(inner) => Some(inner),
                Node::Text(_) => None,
            });
            if let Some(inner) = inner {
                let note = Element::with_text(&inner.namespace, NAME, TEXT);
                inner.children.push(Node::Element(note));
                return;
            }
        }
    }
    let note = Element::with_text(&root.namespace, NAME, TEXT);
    root.children.push(Node::Element(note));
}

/// A time in the hour that the end of summer time gives twice, as if it were always the second one.
fn second_time(text: &str) -> String {
    let doubled = text.get(4..8) == Some("-10-") && text.get(10..13) == Some("T02");
    if doubled { text.replace("+02:00", "+01:00") } else { text.to_owned() }
}

/// Digits as a number: without the zeros before it.
fn as_number(text: &str) -> String {
    let digits = text.len() > 1 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.trim_start_matches('0').to_owned() } else { text.to_owned() }
}

/// A day as it is in UTC for whoever takes it for midnight in Germany: the day before.
fn day_before(text: &str) -> String {
    use jiff::civil::Date;
    if let Some(day) = text.parse::<Date>().ok().filter(|_| text.len() == 10) {
        return day.yesterday().map_or_else(|_| text.to_owned(), |d| d.to_string());
    }
    let german = Date::strptime("%d.%m.%Y", text).ok().filter(|_| text.len() == 10);
    german
        .and_then(|day| day.yesterday().ok())
        .map_or_else(|| text.to_owned(), |day| day.strftime("%d.%m.%Y").to_string())
}

/// Changes the texts and attributes of one element.
fn each_value(element: &mut Element, change: impl Fn(&str) -> String) {
    for node in &mut element.children {
        if let Node::Text(text) = node {
            *text = change(text);
        }
    }
    for attribute in &mut element.attributes {
        attribute.value = change(&attribute.value);
    }
}
