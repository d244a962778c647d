//! Nothing lost, nothing invented: every value of the message arrives as the lineage says, and every
//! value that arrives has a source.

use std::collections::BTreeSet;

use super::{Checker, Context, Expectation, Found, Judgement, World, delivered, sheet_hint};
use crate::concept::{Arrival, Form};
use crate::ids::RequirementId;
use crate::message::common_element;
use crate::plan::{PlanField, PlanMessage, PlanReceiver, convert};
use crate::verdict::view::Exchange;
use crate::xml::{Element, compare_qualified};

pub(super) struct Content;

impl Checker for Content {
    fn id(&self) -> &'static str {
        "content"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Content { requirement, step, system } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let Some(sent) = context.sent_root(step) else {
            return Judgement::cannot(format!(
                "die gesendete Nachricht von \"{step}\" ist nicht lesbar"
            ));
        };
        let Some(receiver) = context.plan.receiver_of(system) else {
            return Judgement::cannot(format!("der Plan beschreibt das Format von {system} nicht"));
        };
        let mut judgement = Judgement::default();
        // That nothing arrived is reported by the delivery checker; without it this one has no proof.
        let Some(exchange) = delivered(context, step, system) else {
            Found::new("content.absent", requirement, "Es gibt keinen Inhalt zu vergleichen")
                .values("eine zugestellte Nachricht", "keine")
                .place(format!("Empfänger {system}"))
                .absent()
                .into(&mut judgement);
            return judgement;
        };
        let check = Compare { context, requirement, step, receiver, exchange };
        if let Some(oddity) = exchange.mislabelled() {
            check
                .found(
                    "content.charset",
                    "Die Nachricht nennt eine andere Kodierung, als sie hat".into(),
                    "",
                )
                .values("charset im Content-Type, Deklaration und Bytes sagen dasselbe", oddity)
                .hint("Content-Type der Zustellung berichtigen: application/xml; charset=UTF-8")
                .into(&mut judgement);
        }
        match exchange.carried().root() {
            Ok(arrived) if receiver.form == Form::Unchanged => {
                check.unchanged(&sent, &arrived, &mut judgement);
            }
            Ok(arrived) => match message_of(context, step) {
                Some(message) => check.mapped(message, &sent, &arrived, &mut judgement),
                None => return Judgement::cannot("der Plan beschreibt die Nachricht nicht"),
            },
            Err(error) => check
                .found("content.unreadable", "Was ankam, ist nicht lesbar".into(), "")
                .values(readable(&exchange.protocol), error)
                .into(&mut judgement),
        }
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Content { requirement: "K".into(), step: "s".into(), system: "fv".into() }
    }

    fn canaries(&self) -> usize {
        6
    }

    fn canary_is_heard(&self, which: usize, protocol: &str) -> bool {
        // Only XML over HTTP has a label beside its own declaration; envelopes are read by theirs.
        which != 4 || protocol == "http"
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("<Name>Größe</Name></P>", "<Name>GrÃ¶ÃŸe</Name></P>"),
            1 => world.replace("<P><Name>Größe</Name></P>", ""),
            2 => world.replace("<P><Name>", "<Zusatz>von niemandem</Zusatz><P><Name>"),
            3 => world.lose_delivery(),
            4 => world.mislabel(),
            _ => world.reorder(),
        }
    }
}

/// What a receiver that speaks a protocol can read.
fn readable(protocol: &str) -> &'static str {
    match protocol {
        "soap" => "ein SOAP-Umschlag mit genau einem Element im Body",
        "json" => "eindeutiges JSON in UTF-8",
        "file" => "eine XML-Datei, oder ein Ordner mit genau einer",
        _ => "wohlgeformtes XML",
    }
}

fn message_of<'a>(context: &Context<'a>, step: &str) -> Option<&'a PlanMessage> {
    context.plan.message(&context.case.sent(step)?.message)
}

struct Compare<'a> {
    context: &'a Context<'a>,
    requirement: &'a RequirementId,
    step: &'a str,
    receiver: &'a PlanReceiver,
    exchange: &'a Exchange,
}

/// A value with where it should stand.
struct Wanted {
    field: String,
    from: String,
    at: String,
    values: Vec<String>,
    /// The values as they were sent, where they are converted.
    converted_from: Option<Vec<String>>,
}

impl Wanted {
    /// What became of the values, where others arrived.
    fn changed_to(&self, actual: &[String]) -> (&'static str, String) {
        let field = &self.field;
        if self.converted_from.as_deref() == Some(actual) {
            return ("content.conversion", format!("{field} wurde nicht umgewandelt"));
        }
        match change(&self.values, actual) {
            "content.different" if self.converted_from.is_some() => {
                ("content.conversion", format!("{field} wurde falsch umgewandelt"))
            }
            id @ "content.truncated" => (id, format!("{field} kam abgeschnitten an")),
            id @ "content.encoding" => (id, format!("{field} kam in falscher Kodierung an")),
            id => (id, format!("{field} kam verändert an")),
        }
    }
}

/// How values differ that are both there: cut off, read in the wrong encoding, or otherwise.
fn change(expected: &[String], actual: &[String]) -> &'static str {
    if expected.len() != actual.len() {
        return "content.different";
    }
    let pairs = || expected.iter().zip(actual).filter(|(a, b)| a != b);
    let cut =
        |(whole, part): (&String, &String)| !part.is_empty() && whole.starts_with(part.as_str());
    let misread = |(right, wrong): (&String, &String)| {
        right.bytes().map(char::from).collect::<String>() == *wrong
            || encoding_rs::WINDOWS_1252.decode(right.as_bytes()).0 == wrong.as_str()
    };
    if pairs().all(cut) {
        "content.truncated"
    } else if pairs().all(misread) {
        "content.encoding"
    } else {
        "content.different"
    }
}

impl Compare<'_> {
    fn found(&self, id: &str, message: String, place: &str) -> Found {
        Found::new(id, self.requirement, message).place(place.to_owned()).seen(
            self.context
                .sent(self.step)
                .map(|e| e.number)
                .into_iter()
                .chain([self.exchange.number]),
        )
    }

    fn unchanged(&self, sent: &Element, arrived: &Element, judgement: &mut Judgement) {
        let qualified = message_of(self.context, self.step).map_or(&[][..], |m| &m.qualified);
        for difference in compare_qualified(sent, arrived, qualified) {
            let hint = match &difference.names {
                None => "Diese Nachricht ist unverändert weiterzuleiten".to_owned(),
                Some((a, b)) => format!(
                    "Beide Werte beginnen mit einem Präfix; als qualifizierte Namen hießen sie {a} und {b}. Ist die Stelle einer, gehört sie im Konzept unter qualified"
                ),
            };
            let (expected, actual) = (difference.expected, difference.actual);
            let what = match (&expected, &actual) {
                (Some(_), None) => ("content.missing", "Eine Angabe ist nicht angekommen"),
                (None, _) => ("content.invented", "Eine Angabe kam hinzu, die niemand gemacht hat"),
                (Some(a), Some(b)) => {
                    match change(std::slice::from_ref(a), std::slice::from_ref(b)) {
                        id @ "content.truncated" => (id, "Eine Angabe kam abgeschnitten an"),
                        id @ "content.encoding" => (id, "Eine Angabe kam in falscher Kodierung an"),
                        id => (id, "Eine Angabe kam verändert an"),
                    }
                }
            };
            self.found(what.0, what.1.into(), &difference.place)
                .values(expected.unwrap_or_default(), actual.unwrap_or_default())
                .hint(hint)
                .into(judgement);
        }
    }

    fn mapped(
        &self,
        message: &PlanMessage,
        sent: &Element,
        arrived: &Element,
        judgement: &mut Judgement,
    ) {
        let namespace = self.receiver.namespace.clone().unwrap_or_default();
        let root = self.receiver.root.clone().unwrap_or_default();
        if arrived.name != root || arrived.namespace != namespace {
            self.found("content.root", "Die Nachricht hat ein anderes Wurzelelement".into(), "/")
                .values(
                    format!("{{{namespace}}}{root}"),
                    format!("{{{}}}{}", arrived.namespace, arrived.name),
                )
                .hint("Regel des Empfängerformats prüfen")
                .into(judgement);
            return;
        }
        let Some(wanted) = self.wanted(message, sent) else {
            judgement.inconclusive = Some("der Plan nennt eine unbekannte Umwandlung".into());
            return;
        };
        for value in &wanted {
            let actual = arrived.values_at(&value.at, &namespace);
            if actual == value.values {
                continue;
            }
            // The other field's value in exchange for this one, or a value that is hardly there by
            // chance; a "nein" stands in many fields.
            let swapped = wanted.iter().find(|other| {
                let taken = other.at != value.at && !actual.is_empty() && other.values == actual;
                let telling = || actual.iter().any(|text| text.chars().count() >= 8);
                taken && (telling() || arrived.values_at(&other.at, &namespace) == value.values)
            });
            let (id, text) = match (actual.is_empty(), value.values.is_empty(), swapped) {
                (true, _, _) => {
                    ("content.missing", format!("{} ist nicht angekommen", value.field))
                }
                (_, true, _) => (
                    "content.invented",
                    format!("{} wurde nicht angegeben und kam doch an", value.field),
                ),
                (_, _, Some(other)) => (
                    "content.swapped",
                    format!("{} trägt den Wert von {}", value.field, other.field),
                ),
                _ => value.changed_to(&actual),
            };
            let place = format!("{} → {}", value.from, value.at);
            self.found(id, text, &place)
                .values(value.values.join(" | "), actual.join(" | "))
                .hint(sheet_hint(self.context, self.step, &value.at))
                .into(judgement);
        }
        self.occurrences(message, sent, arrived, judgement);
        self.order(arrived, judgement);
        self.own_values(sent, arrived, &namespace, judgement);
        self.invented(message, arrived, judgement);
    }

    fn wanted(&self, message: &PlanMessage, sent: &Element) -> Option<Vec<Wanted>> {
        let mut out = Vec::new();
        for group in &message.group {
            for field in &group.field {
                let Some(arrival) = self.receiver.lineage.get(&field.id) else { continue };
                let from = format!("{}/{}", group.path, field.path);
                let values = sent
                    .values_at(&from, &message.namespace)
                    .iter()
                    .map(|v| convert(self.context.plan, &arrival.how, v))
                    .collect::<Option<Vec<_>>>()?;
                let sent = sent.values_at(&from, &message.namespace);
                out.push(Wanted {
                    field: field.id.clone(),
                    from,
                    at: arrival.at.clone(),
                    converted_from: (sent != values).then_some(sent),
                    values,
                });
            }
        }
        Some(out)
    }

    /// A group that repeats arrives as often, and each occurrence keeps its own values together.
    fn occurrences(
        &self,
        message: &PlanMessage,
        sent: &Element,
        arrived: &Element,
        judgement: &mut Judgement,
    ) {
        for group in &message.group {
            let from = sent.elements_at(&group.path);
            let places: Vec<(&PlanField, &Arrival)> = group
                .field
                .iter()
                .filter_map(|f| Some((f, self.receiver.lineage.get(&f.id)?)))
                .collect();
            let Some(first) = common_element(places.iter().map(|(_, a)| a.at.as_str())) else {
                continue;
            };
            if from.len() < 2 {
                continue;
            }
            let to = arrived.elements_at(first);
            let values =
                |element: &Element, path: &str| element.values_at(path, &element.namespace);
            let mixed = to.len() != from.len()
                || from.iter().zip(&to).any(|(a, b)| {
                    places.iter().any(|(field, arrival)| {
                        let wanted: Option<Vec<String>> = values(a, &field.path)
                            .iter()
                            .map(|v| convert(self.context.plan, &arrival.how, v))
                            .collect();
                        wanted != Some(values(b, &arrival.at[first.len() + 1..]))
                    })
                });
            if mixed {
                let text =
                    format!("Die Angaben der Gruppe {} sind nicht beisammen geblieben", group.id);
                self.found("content.occurrences", text, first)
                    .values(
                        format!("{} Vorkommen mit ihren Werten", from.len()),
                        format!("{} Vorkommen", to.len()),
                    )
                    .hint(sheet_hint(self.context, self.step, first))
                    .into(judgement);
            }
        }
    }

    /// Elements stand in the order that the receiver's format gives them, as far as it does.
    fn order(&self, arrived: &Element, judgement: &mut Judgement) {
        let order = &self.receiver.order;
        if order.is_empty() {
            return;
        }
        let mut look = vec![(String::new(), arrived)];
        while let Some((path, element)) = look.pop() {
            let within = |name: &str| match path.as_str() {
                "" => name.to_owned(),
                path => format!("{path}/{name}"),
            };
            let named: Vec<(usize, &str)> = element
                .elements()
                .filter_map(|e| Some((order.iter().position(|o| *o == within(&e.name))?, &*e.name)))
                .collect();
            if named.windows(2).any(|pair| pair[0].0 > pair[1].0) {
                let mut right = named.clone();
                right.sort_by_key(|(at, _)| *at);
                let names = |list: &[(usize, &str)]| -> String {
                    list.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
                };
                let place = format!("/{}/{path}", arrived.name);
                self.found("content.order", "Elemente stehen in anderer Folge".into(), &place)
                    .values(names(&right), names(&named))
                    .hint(sheet_hint(self.context, self.step, &within(named[0].1)))
                    .into(judgement);
            }
            look.extend(element.elements().map(|e| (within(&e.name), e)));
        }
    }

    /// Values that come from elsewhere than a field must be what that place says.
    fn own_values(&self, sent: &Element, arrived: &Element, ns: &str, judgement: &mut Judgement) {
        for (path, source) in &self.receiver.own {
            let values = arrived.values_at(path, ns);
            let about = super::own::About {
                context: self.context,
                step: self.step,
                root: &sent.name,
                arrived: self.exchange.time,
            };
            if values.len() != 1 {
                let text =
                    "Eine Angabe des Prüfgegenstands fehlt oder steht mehrmals da".to_owned();
                self.found("content.own", text, path)
                    .values("genau eine", values.join(" | "))
                    .hint(sheet_hint(self.context, self.step, path))
                    .into(judgement);
            }
            for value in values {
                if let Some(expected) = super::own::differs(&about, *source, &value) {
                    let text = "Eine Angabe des Prüfgegenstands stimmt nicht".to_owned();
                    self.found("content.own", text, path)
                        .values(expected, value)
                        .hint(sheet_hint(self.context, self.step, path))
                        .into(judgement);
                }
            }
        }
    }

    /// Every leaf and attribute must be the place of some field, a document, or the receiver's own.
    fn invented(&self, message: &PlanMessage, arrived: &Element, judgement: &mut Judgement) {
        let fields = message.group.iter().flat_map(|g| &g.field);
        let mut known: BTreeSet<String> =
            fields.filter_map(|f| Some(self.receiver.lineage.get(&f.id)?.at.clone())).collect();
        known.extend(self.receiver.own.keys().cloned());
        if let Some(place) = &self.receiver.documents {
            for inner in [&place.name, &place.media_type, &place.content] {
                known.insert(format!("{}/{inner}", place.at).trim_end_matches('/').to_owned());
            }
        }
        let mut found: Vec<(String, String)> = Vec::new();
        arrived.walk(&mut |path, element| {
            if element.namespace != arrived.namespace {
                let name = format!("{{{}}}{}", element.namespace, element.name);
                found.push((path.to_owned(), name));
            }
            for attribute in &element.attributes {
                let place = if path.is_empty() {
                    format!("@{}", attribute.name)
                } else {
                    format!("{path}/@{}", attribute.name)
                };
                if !known.contains(&place) {
                    found.push((place, attribute.value.clone()));
                }
            }
            let text = element.text();
            let leads = known.iter().any(|k| k.starts_with(&format!("{path}/")));
            let unknown = !path.is_empty() && !known.contains(path) && !leads;
            if unknown || (!text.trim().is_empty() && !known.contains(path)) {
                found.push((path.to_owned(), text));
            }
        });
        for (place, value) in found {
            self.found(
                "content.invented",
                "Eine Angabe hat keine Quelle in der Nachricht".into(),
                &place,
            )
            .values("nichts an dieser Stelle", value)
            .hint(sheet_hint(self.context, self.step, &place))
            .into(judgement);
        }
    }
}
