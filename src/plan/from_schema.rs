//! Messages derived from a schema: made once per message, shared by the methods. Each carries values
//! by which its exchanges are recognised, and each is proven with these values in it.

use std::collections::BTreeMap;

use super::assemble::Filling;
use super::derive::{nachricht_of, vorgang_of, vorgang_uuid_of};
use crate::concept::{Message, MessageSchema};
use crate::xml::{Element, SchemaSet, Validator, Writer};
use crate::xsd::{self, Edit, Instance, Limits, Name, Rule, SchemaModel, Violation, apply};

/// What a schema gives for one message.
pub(super) struct FromSchema {
    /// Valid messages, by id.
    pub valid: Vec<Made>,
    /// Messages that break one rule.
    pub broken: Vec<Broken>,
    /// What could not be used.
    pub unused: Vec<Unused>,
}

/// A message that breaks one rule.
pub(super) struct Broken {
    pub violation: Violation,
    /// Number of the valid message it comes from.
    pub base: usize,
    /// It is a code that is not in its list; an empty one is both empty and not in the list.
    pub code: bool,
}

/// A message that could not be used.
pub(super) struct Unused {
    pub id: String,
    /// The rule it was to break; none for a valid one.
    pub rule: Option<Rule>,
    pub reason: String,
}

/// A valid message with the changes that make it recognisable.
pub(super) struct Made {
    pub instance: Instance,
    pub marks: Vec<Edit>,
}

/// Where derived messages stand among the files of a plan.
pub(super) const FOLDER: &str = "hergeleitet/";

/// Most places that are tried for a value that marks a message.
const MOST_TRIALS: usize = 40;

/// Values that mark a message, as they stand in a plan; an ID must not begin with a digit.
const MARKS: [&str; 6] = [
    "{nachricht}",
    "ID_{nachricht}",
    "{vorgang}",
    "ID_{vorgang}",
    "{vorgang-uuid}",
    "ID_{vorgang-uuid}",
];

/// Derives all messages of a schema for one root.
///
/// # Errors
/// With the reason why there are none.
pub(super) fn make(
    message: &Message,
    schema: &MessageSchema,
    set: &SchemaSet,
) -> Result<FromSchema, String> {
    let validator = set.compile().map_err(|e| e.to_string())?;
    let model = SchemaModel::read(set).map_err(|errors| {
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        format!("{first} ({} Befund(e) insgesamt)", errors.len())
    })?;
    let limits = Limits::default();
    let root = Name::new(&message.namespace, &message.root);
    let all = xsd::instances(&model, &root, &limits).map_err(|e| e.to_string())?;
    let mut out = FromSchema { valid: vec![], broken: vec![], unused: vec![] };
    let mut instances = Vec::new();
    for instance in all {
        let marks = marks(message, schema, (&model, &instance), &validator);
        match marks {
            Ok(marks) => {
                instances.push(instance.clone());
                out.valid.push(Made { instance, marks });
            }
            Err(reason) => out.unused.push(Unused { id: instance.id, rule: None, reason }),
        }
    }
    let places: BTreeMap<String, usize> =
        (0..).zip(&instances).map(|(i, x)| (x.id.clone(), i)).collect();
    for violation in xsd::violations(&model, &instances, &limits) {
        let Some(&base) = places.get(&violation.base) else { continue };
        match still_recognised(&out.valid[base], &violation, &validator) {
            Ok(code) => out.broken.push(Broken { violation, base, code }),
            Err(reason) => {
                let (id, rule) = (violation.id, Some(violation.rule));
                out.unused.push(Unused { id, rule, reason });
            }
        }
    }
    Ok(out)
}

/// The message breaks its rule and no other, and can still be told from other messages. Says whether
/// it is a code that is not in its list.
fn still_recognised(
    base: &Made,
    violation: &Violation,
    validator: &Validator,
) -> Result<bool, String> {
    let filling = sample_filling();
    let mut root = base.instance.root.clone();
    let edits: Vec<Edit> = base.marks.iter().chain(&violation.edits).cloned().collect();
    apply(&mut root, &filled(&edits, &filling)).map_err(|e| e.to_string())?;
    let text = Writer::new().write(&root);
    let marks = [&filling.nachricht, &filling.vorgang, &filling.vorgang_uuid];
    if !marks.iter().any(|mark| text.contains(mark.as_str())) {
        return Err("die Nachricht trüge nichts, woran ihre Austausche zu erkennen wären".into());
    }
    xsd::breaks_only(violation.rule, text.as_bytes(), validator)?;
    let enumerated = || xsd::breaks_only(Rule::Enumeration, text.as_bytes(), validator).is_ok();
    Ok(match violation.rule {
        Rule::Enumeration => true,
        Rule::Empty => enumerated(),
        _ => false,
    })
}

/// Changes with their placeholders filled.
pub fn filled(edits: &[Edit], filling: &Filling) -> Vec<Edit> {
    let values = [
        ("{nachricht}", &filling.nachricht),
        ("{vorgang}", &filling.vorgang),
        ("{vorgang-uuid}", &filling.vorgang_uuid),
    ];
    let fill = |text: &mut String| {
        for (name, value) in values {
            if text.contains(name) {
                *text = text.replace(name, value);
            }
        }
    };
    let mut out = edits.to_vec();
    for edit in &mut out {
        match edit {
            Edit::SetText { text, .. } => fill(text),
            Edit::SetAttribute { value, .. } => fill(value),
            _ => {}
        }
    }
    out
}

/// Values of the form that every case gives its messages.
fn sample_filling() -> Filling {
    let case = crate::ids::CaseId("probe".into());
    Filling {
        vorgang: vorgang_of(&case),
        vorgang_uuid: vorgang_uuid_of(&case),
        nachricht: nachricht_of(&case, 1),
        ..Filling::default()
    }
}

/// The changes that make a message recognisable and its header agree with its root.
fn marks(
    message: &Message,
    schema: &MessageSchema,
    (model, instance): (&SchemaModel, &Instance),
    validator: &Validator,
) -> Result<Vec<Edit>, String> {
    let root = &instance.root;
    let against = |edits: &[Edit]| -> Option<String> {
        let mut changed = root.clone();
        if let Err(error) = apply(&mut changed, &filled(edits, &sample_filling())) {
            return Some(error.to_string());
        }
        match validator.validate(Writer::new().write(&changed).as_bytes()) {
            Ok(found) => found.first().map(|v| v.text.trim().to_owned()),
            Err(error) => Some(error.to_string()),
        }
    };
    let valid = |edits: &[Edit]| against(edits).is_none();
    if let Some(text) = against(&[]) {
        return Err(format!("der Schemaprüfer nimmt die hergeleitete Nachricht nicht an: {text}"));
    }
    let mut out: Vec<Edit> = Vec::new();
    let header = message.header.as_ref();
    if let Some(rule) = header {
        for at in places_at(root, &rule.path) {
            let edit = Edit::SetText { at, text: rule.value.clone() };
            if valid(&[&out[..], std::slice::from_ref(&edit)].concat()) {
                out.push(edit);
            }
        }
    }
    let demanded = schema.correlator.as_deref();
    let places = candidates(root, demanded, header.map(|h| h.path.as_str()));
    let mut first: Option<String> = None;
    for marks in [&MARKS[..], &MARKS[2..]] {
        // The second mark stands elsewhere, so that a message that lost the first is still known.
        let beside = |c: &&Candidate| first.as_deref().is_some_and(|at| top(at) == top(&c.at));
        let order = places.iter().filter(|c| !beside(c)).chain(places.iter().filter(beside));
        let edits = order
            .filter(|c| first.as_ref() != Some(&c.at))
            .flat_map(|c| marks.iter().map(move |text| (c, c.set(text))));
        let found = { edits }.find(|(c, edit)| {
            c.may_hold(model, instance, edit)
                && valid(&[&out[..], std::slice::from_ref(edit)].concat())
        });
        let found = found.map(|(_, edit)| edit);
        let Some(edit) = found else { break };
        first = Some(edit.at().to_owned());
        out.push(edit);
    }
    if first.is_none() {
        return Err(
            "keine Stelle der Nachricht nimmt einen Wert auf, an dem sie zu erkennen wäre".into()
        );
    }
    Ok(out)
}

/// The step below the root.
fn top(at: &str) -> &str {
    at.split('/').next().unwrap_or_default()
}

/// A place that may hold a value.
struct Candidate {
    at: String,
    attribute: Option<(String, String)>,
    rank: u8,
}

impl Candidate {
    fn may_hold(&self, model: &SchemaModel, instance: &Instance, edit: &Edit) -> bool {
        let filled = filled(std::slice::from_ref(edit), &sample_filling());
        let name = self.attribute.as_ref().map(|(ns, name)| Name::new(ns, name));
        match filled.first() {
            Some(Edit::SetText { text: value, .. } | Edit::SetAttribute { value, .. }) => {
                model.may_hold(instance, &self.at, name.as_ref(), value)
            }
            _ => false,
        }
    }

    fn set(&self, value: &str) -> Edit {
        match &self.attribute {
            None => Edit::SetText { at: self.at.clone(), text: value.to_owned() },
            Some((namespace, name)) => Edit::SetAttribute {
                at: self.at.clone(),
                name: name.clone(),
                namespace: namespace.clone(),
                value: value.to_owned(),
            },
        }
    }
}

/// Places in the order in which they are tried: what the concept says, what is called an id, others.
fn candidates(root: &Element, demanded: Option<&str>, header: Option<&str>) -> Vec<Candidate> {
    let mut out = Vec::new();
    let (demanded, header) = (
        demanded.map(|p| places_at(root, p)).unwrap_or_default(),
        header.map(|p| places_at(root, p)).unwrap_or_default(),
    );
    visit(root, "", &mut |at, element| {
        if element.is_leaf() && !at.is_empty() && !header.iter().any(|h| h == at) {
            let rank = match (demanded.iter().any(|d| d == at), named_id(&element.name)) {
                (true, _) => 0,
                (_, true) => 1,
                _ => 3,
            };
            out.push(Candidate { at: at.to_owned(), attribute: None, rank });
        }
        for attribute in &element.attributes {
            if attribute.namespace != "http://www.w3.org/2001/XMLSchema-instance" {
                let name = Some((attribute.namespace.clone(), attribute.name.clone()));
                let rank = if named_id(&attribute.name) { 2 } else { 4 };
                out.push(Candidate { at: at.to_owned(), attribute: name, rank });
            }
        }
    });
    out.sort_by_key(|c| c.rank);
    out.truncate(MOST_TRIALS);
    out
}

fn named_id(name: &str) -> bool {
    let lower = name.to_lowercase();
    ["id", "uuid", "kennung", "zeichen", "nummer"].iter().any(|end| lower.ends_with(end))
}

/// The places of a path of local names.
fn places_at(root: &Element, path: &str) -> Vec<String> {
    let plain = |at: &str| -> String {
        let steps: Vec<&str> =
            at.split('/').map(|s| s.split_once('[').map_or(s, |(name, _)| name)).collect();
        steps.join("/")
    };
    let mut out = Vec::new();
    visit(root, "", &mut |at, _| {
        if plain(at) == path {
            out.push(at.to_owned());
        }
    });
    out
}

/// Visits every element with its place, parents first.
fn visit(element: &Element, at: &str, see: &mut impl FnMut(&str, &Element)) {
    see(at, element);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for child in element.elements() {
        let count = counts.entry(child.name.as_str()).or_default();
        *count += 1;
        let step = format!("{}[{count}]", child.name);
        let place = if at.is_empty() { step } else { format!("{at}/{step}") };
        visit(child, &place, see);
    }
}
