//! Filing: the folder of the case with its metadata, the message and the documents, read back.

use serde_json::Value;

use super::documents::{Seen, compare, sent_documents};
use super::{Checker, Context, Expectation, Found, Judgement, World};
use crate::evidence::StepOutcome;
use crate::plan::convert;

pub(super) struct Filing;

impl Checker for Filing {
    fn id(&self) -> &'static str {
        "filing"
    }

    fn check(&self, context: &Context<'_>, expectation: &Expectation) -> Judgement {
        let Expectation::Filing { requirement, step, system, read_back } = expectation else {
            return Judgement::cannot("andere Erwartung");
        };
        let answers = context.own(read_back);
        let (Some(sent), Some(folder)) = (context.sent(step), answers.first()) else {
            return Judgement::cannot(format!("{system} wurde nicht zurückgelesen"));
        };
        let Some(root) = context.sent_root(step) else {
            return Judgement::cannot("die gesendete Nachricht ist nicht lesbar");
        };
        if context.view.steps.get(read_back) != Some(&StepOutcome::Done) {
            return Judgement::cannot(format!("{system} wurde nicht zu Ende zurückgelesen"));
        }
        let mut judgement = Judgement::default();
        let found = |id: &str, message: String| {
            Found::new(id, requirement, message)
                .place(format!("DMS {system}"))
                .hint("Ablage im Transaktionsprotokoll und in den Metadaten der Akte prüfen")
                .seen([sent.number, folder.number])
        };
        let json = |body: Vec<u8>| serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let object = json(folder.answer_body());
        let properties = &object["succinctProperties"];
        if !properties.is_object() {
            found("filing.missing", "Es gibt keine Akte zu diesem Vorgang".into())
                .values(
                    "ein Ordner mit dem Antrag",
                    object["exception"].as_str().unwrap_or("keine Antwort"),
                )
                .absent()
                .into(&mut judgement);
            return judgement;
        }
        let mut sourced = std::collections::BTreeSet::new();
        if let Some(receiver) = context.plan.receiver_of(system) {
            let message = context.case.sent(step).and_then(|m| context.plan.message(&m.message));
            for group in message.iter().flat_map(|m| &m.group) {
                for field in &group.field {
                    let Some(arrival) = receiver.lineage.get(&field.id) else { continue };
                    let from = format!("{}/{}", group.path, field.path);
                    let namespace = message.map_or("", |m| m.namespace.as_str());
                    let Some(value) = root.values_at(&from, namespace).first().cloned() else {
                        continue;
                    };
                    sourced.insert(arrival.at.clone());
                    let wanted = convert(context.plan, &arrival.how, &value);
                    let actual = properties[&arrival.at].as_str().map(str::to_owned);
                    if actual != wanted {
                        let text = format!("{} steht nicht richtig in den Metadaten", field.id);
                        found("filing.metadata", text)
                            .values(wanted.unwrap_or_default(), actual.unwrap_or_default())
                            .place(format!("DMS {system}, {}", arrival.at))
                            .into(&mut judgement);
                    }
                }
            }
        }
        for (name, value) in properties.as_object().into_iter().flatten() {
            if !name.starts_with("cmis:") && !sourced.contains(name) {
                let text = "Eine Angabe der Metadaten hat keine Quelle im Antrag".to_owned();
                found("filing.invented", text)
                    .values("nichts", value.to_string())
                    .place(format!("DMS {system}, {name}"))
                    .into(&mut judgement);
            }
        }
        let list = answers.get(1).map(|e| json(e.answer_body())).unwrap_or_default();
        let contents = &answers[answers.len().min(2)..];
        let mut actual = Vec::new();
        for child in list["objects"].as_array().into_iter().flatten() {
            let of = |key: &str| {
                child["object"]["succinctProperties"][key].as_str().unwrap_or_default().to_owned()
            };
            let id = of("cmis:objectId");
            let content = contents
                .iter()
                .find(|e| e.peer.contains(&format!("objectId={id}&")))
                .map(|e| e.answer_body())
                .unwrap_or_default();
            actual.push(Seen {
                name: of("cmis:name"),
                media_type: of("cmis:contentStreamMimeType"),
                content,
            });
        }
        let mut expected = vec![Seen {
            name: "antrag.xml".into(),
            media_type: "application/xml".into(),
            content: sent.message(),
        }];
        expected.extend(sent_documents(&root));
        compare(&expected, &actual, |kind, message, expected, got| {
            found(&format!("filing.document-{kind}"), message)
                .values(expected, got)
                .into(&mut judgement);
        });
        judgement
    }

    fn canary(&self) -> Expectation {
        Expectation::Filing {
            requirement: "K".into(),
            step: "s".into(),
            system: "dms".into(),
            read_back: "r".into(),
        }
    }

    fn canaries(&self) -> usize {
        3
    }

    fn spoil(&self, world: &mut World, which: usize) {
        match which {
            0 => world.replace("\"k:vorgang\":\"", "\"k:vorgang\":\"X"),
            1 => world.replace("\r\n\r\nPDF", "\r\n\r\nXYZ"),
            _ => world.replace(
                "{\"succinctProperties\":{\"k:vorgang\"",
                "{\"succinctProperties\":{\"k:mehr\":\"x\",\"k:vorgang\"",
            ),
        }
    }
}
