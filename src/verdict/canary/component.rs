//! The small world of a component under test: the harness plays the hub, hands a message over twice,
//! asks what is held, and makes the component send one.

use super::{World, http, message_use, payload, plan, post};
use crate::concept::MessageKind;
use crate::evidence::Record;
use crate::ids::{CaseId, ComponentKind, Digest, PLAYED_HUB, SystemId};
use crate::plan::{
    EmbeddedFile, MessageUse, PlanMessage, PlanSystem, Step, ValuePart, ValueSet, nachricht_of,
    vorgang_of,
};

/// The message that the component sends.
const SCHEMA: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:k" xmlns="urn:k" elementFormDefault="qualified">
<xs:element name="W"><xs:complexType><xs:sequence>
<xs:element name="Kopf"><xs:complexType><xs:sequence><xs:any processContents="lax" namespace="urn:k" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="G"><xs:complexType><xs:sequence><xs:element name="Wert" type="xs:string"/><xs:element name="Aktenzeichen" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:schema>"#;

impl World {
    /// A world of a component in which nothing is wrong.
    pub(in crate::verdict) fn component() -> Self {
        let mut world = Self::empty();
        let case: CaseId = world.case.clone();
        world.describe();
        let (vorgang, id) = (vorgang_of(&case), nachricht_of(&case, 1));
        let delivered = format!(
            "<F xmlns=\"urn:f\"><V><Nr>{vorgang}</Nr><Id>{id}</Id></V><P><Gehalten>Größe</Gehalten></P>\
             <Anlage><Datei>ä.pdf</Datei><Typ>application/pdf</Typ><Daten>UERG</Daten></Anlage></F>"
        );
        world.push(Record::CaseBegin { case: case.clone(), alone: true });
        let taken = "<ergebnis aktenzeichen=\"A2\"/>";
        world.own("d1", "/annahme", &post(&delivered), &http("200 Einmal", taken));
        world.done("d1");
        let again = "<ergebnis aktenzeichen=\"A2\" status=\"bekannt\"/>";
        world.own("d2", "/annahme", &post(&delivered), &http("200 Zweimal", again));
        world.done("d2");
        // The same by its meaning, written otherwise.
        let held = delivered.replace("<Gehalten>", "<Gehalten >").replace("<Daten>", "<Daten >");
        world.own("b", "/bestand", "GET /bestand HTTP/1.1\r\n\r\n", &http("200 Bestand", &held));
        world.done("b");
        let sent = format!(
            "<W xmlns=\"urn:k\"><Kopf><Vorgangsnummer>{vorgang}</Vorgangsnummer>\
             <NachrichtId>eine-andere-kennung</NachrichtId></Kopf>\
             <G><Wert>eingegeben</Wert><Aktenzeichen>A2</Aktenzeichen></G></W>"
        );
        world.received(PLAYED_HUB, &post(&sent), &http("202 Accepted", "<ok/>"));
        world.done("p");
        // What the target says about itself before and after another configuration.
        for (when, step) in [("davor", "u"), ("danach", "u")] {
            let says = format!(
                "{{\"regeldepots\":[{{\"id\":\"k\",\"wann\":\"{when}\", \"digest\": \"d1\"}}]}}"
            );
            world.own(step, "/bereit", "GET /bereit HTTP/1.1\r\n\r\n", &http("200 OK", &says));
        }
        world.push(Record::CaseEnd { case });
        world.push(Record::Settled { quiet_ms: 1 });
        world.push(Record::End { interrupted: false, records: 0 });
        world
    }

    /// The plan of this world.
    fn describe(&mut self) {
        let case = self.case.clone();
        self.plan = plan(&case);
        let use_ = |message: &str, number| {
            Box::new(MessageUse {
                message: message.into(),
                values: Some(format!("{message}/minimal")),
                ..message_use(number)
            })
        };
        let deliver = |name: &str| Step::Deliver {
            name: name.into(),
            to: "fv".into(),
            message: use_("m", 1),
        };
        self.plan.case[0].step = vec![
            deliver("d1"),
            deliver("d2"),
            Step::Look { name: "b".into(), at: "fv".into() },
            Step::Prompt {
                name: "p".into(),
                at: "fv".into(),
                message: use_("w", 2),
                instruction: String::new(),
                within_ms: 1,
            },
        ];
        let hub = SystemId::from(PLAYED_HUB);
        self.plan.system.push(PlanSystem {
            id: hub,
            kind: ComponentKind::Integrationsserver,
            receiver: PLAYED_HUB.into(),
        });
        let base = self.plan.message[0].clone();
        let (mut head, mut group) = (base.group[0].clone(), base.group[1].clone());
        head.field.iter_mut().for_each(|f| f.per_message = f.id == "n");
        let mut number = group.field[0].clone();
        (number.id, number.path) = ("a".into(), "Aktenzeichen".into());
        group.field[0].path = "Wert".into();
        group.field.push(number);
        self.plan.message.push(PlanMessage {
            id: "w".into(),
            root: "W".into(),
            kind: MessageKind::Bescheid,
            schema: Some("w.xsd".into()),
            schema_files: [("schema:w.xsd".to_owned(), "w.xsd".to_owned())].into(),
            header: None,
            documents: vec![],
            group: vec![head, group],
            ..base
        });
        let part = |group: &str, values: &[(&str, &str)]| ValuePart {
            group: group.into(),
            values: values.iter().map(|(f, v)| ((*f).to_owned(), vec![(*v).to_owned()])).collect(),
        };
        self.plan.values.push(ValueSet {
            id: "w/minimal".into(),
            message: "w".into(),
            part: vec![
                part("kopf", &[("v", "{vorgang}"), ("n", "{nachricht}")]),
                part("g", &[("g", "eingegeben"), ("a", "A2")]),
            ],
            document: vec![],
        });
        self.plan.file.push(EmbeddedFile {
            name: "w.xsd".into(),
            digest: Digest::of(SCHEMA),
            text: Some(SCHEMA.into()),
            base64: None,
        });
    }

    /// The component holds nothing any more.
    pub(in crate::verdict) fn empty_stock(&mut self) {
        self.replace_answer("200 Bestand", |answer| {
            let head = answer.split("\r\n\r\n").next().unwrap_or_default();
            format!("{head}\r\n\r\n")
        });
    }

    /// The component holds everything twice.
    pub(in crate::verdict) fn repeat_stock(&mut self) {
        use base64::Engine as _;
        self.replace_answer("200 Bestand", |answer| {
            let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            let code = base64::engine::general_purpose::STANDARD.encode(body);
            let one = format!("{{\"name\":\"F\",\"inhalt\":\"{code}\"}}");
            let list =
                format!("{{\"format\":\"pruefstand/bestand/1\",\"nachrichten\":[{one},{one}]}}");
            http("200 Bestand", &list)
        });
    }

    /// Changes the one answer that contains a text.
    fn replace_answer(&mut self, containing: &str, change: impl Fn(&str) -> String) {
        for (_, record) in &mut self.records {
            if let Record::Answer { payload: p, .. } = record
                && let Some(text) = p.text.clone().filter(|t| t.contains(containing))
            {
                *p = payload(&change(&text));
            }
        }
    }

    /// Nothing reaches the hub.
    pub(in crate::verdict) fn lose_incoming(&mut self) {
        self.records.retain(
            |(_, r)| !matches!(r, Record::Request { system, .. } if system.as_str() == PLAYED_HUB),
        );
    }

    /// What reached the hub reaches it again.
    pub(in crate::verdict) fn repeat_incoming(&mut self) {
        let sent = self.records.iter().find_map(|(_, r)| match r {
            Record::Request { system, payload, .. } if system.as_str() == PLAYED_HUB => {
                payload.text.clone()
            }
            _ => None,
        });
        if let Some(request) = sent {
            self.received(PLAYED_HUB, &request, &http("202 Accepted", "<ok/>"));
        }
    }
}
