//! Canaries (Kanarienfälle): a small world in which nothing is wrong, and for each checker the same
//! world with one thing wrong. A checker is alive when it finds nothing in the first and something in
//! the second, in every protocol in which the Fachverfahren of that world can speak.

mod spoken;

mod component;

mod archive;
mod archive_message;
mod mailbox;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::RuleEngine;
use super::checkers::Checker;
use super::types::CanaryResult;
use super::view::{Context, RunView};
use crate::concept::{Arrival, DocumentPlace, Form, HeaderRule, Level, MessageKind, Policy};
use crate::evidence::{Direction, Evidence, Payload, Record, StepOutcome};
use crate::ids::{CaseId, ComponentKind, Digest, SystemId};
use crate::plan::{
    EmbeddedFile, FORMAT, Head, MessageUse, PlanAuthority, PlanField, PlanGroup, PlanMessage,
    PlanReceiver, PlanSystem, Step, Technique, TestCase, TestPlan, Validity, nachricht_of,
    vorgang_of,
};

const RULES: &str = r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><befunde><xsl:if test="//*[. = 'verboten']"><verletzt regel="K-1">Wert</verletzt></xsl:if></befunde></xsl:template>
</xsl:stylesheet>"#;

/// The small world.
#[derive(Debug)]
pub struct World {
    plan: TestPlan,
    case: CaseId,
    records: Vec<(Timestamp, Record)>,
    clock: Timestamp,
    exchange: u64,
}

/// Tests a checker against its canary.
pub(super) fn test(checker: &dyn Checker, engine: &dyn RuleEngine) -> CanaryResult {
    let look = |world: &World, protocol: &str| {
        let expectation = checker.canary_over(protocol);
        let (plan, records) = spoken::spoken(protocol, &world.plan, &world.records);
        let evidence = Evidence::from_records(records);
        let run = RunView::new(&plan, &evidence);
        let depot = BTreeMap::new();
        let context = Context {
            plan: &plan,
            case: &plan.case[0],
            view: run.case(&world.case),
            run: &run,
            depot: &depot,
            engine,
            log_claimed: true,
        };
        checker.check(&context, &expectation)
    };
    // Who looks at the same in plain HTTP has nothing to do with what a DMS speaks.
    let concerns = |p: &&str| *p != spoken::XDOMEA || checker.canary_over(p) != checker.canary();
    let told = spoken::PROTOCOLS.into_iter().filter(concerns).find_map(|protocol| {
        let sound = look(&checker.world(), protocol);
        let concerned = |which: &usize| checker.canary_is_heard(*which, protocol);
        let missed = (0..checker.canaries()).filter(concerned).find(|which| {
            let mut world = checker.world();
            checker.spoil(&mut world, *which);
            look(&world, protocol).findings.is_empty()
        });
        let told = if let Some(reason) = &sound.inconclusive {
            format!("konnte den guten Fall nicht auswerten: {reason}")
        } else if let Some(finding) = sound.findings.first() {
            format!("fand im guten Fall etwas: {} {}", finding.id, finding.message)
        } else {
            format!("fand im Kanarienfall {} nichts", missed? + 1)
        };
        Some(format!("{told} (Protokoll {protocol})"))
    });
    let detail = told.unwrap_or_default();
    CanaryResult { checker: checker.id().to_owned(), alive: detail.is_empty(), detail }
}

fn payload(text: &str) -> Payload {
    Payload::inline(text.as_bytes())
}

impl World {
    /// A world in which nothing has happened yet.
    fn empty() -> Self {
        let case: CaseId = "kanarie/1".into();
        Self {
            plan: plan(&case),
            case,
            records: Vec::new(),
            clock: Timestamp::from_second(1_790_000_000).unwrap_or_default(),
            exchange: 0,
        }
    }

    /// The world of a hub in which nothing is wrong.
    pub(super) fn sound() -> Self {
        let mut world = Self::empty();
        let case = world.case.clone();
        let (vorgang, id, quiet) =
            (vorgang_of(&case), nachricht_of(&case, 1), nachricht_of(&case, 2));
        let kopf = |id: &str| {
            format!(
                "<Kopf><Vorgangsnummer>{vorgang}</Vorgangsnummer><NachrichtId>{id}</NachrichtId><Typ>M1</Typ></Kopf>"
            )
        };
        let document = "<Anlagen><Ausweis><Dateiname>ä.pdf</Dateiname><Medientyp>application/pdf</Medientyp><Inhalt>UERG</Inhalt></Ausweis></Anlagen>";
        let sent =
            format!("<M xmlns=\"urn:k\">{}<G><Name>Größe</Name></G>{document}</M>", kopf(&id));
        let answer = format!(
            "<Quittung xmlns=\"urn:pruefstand:quittung:1\"><Transaktion>TX-1</Transaktion><Vorgangsnummer>{vorgang}</Vorgangsnummer></Quittung>"
        );
        world.push(Record::CaseBegin { case: case.clone(), alone: false });
        world.own("s", "/eingang", &post(&sent), &http("202 Accepted", &answer));
        world.done("s");
        let rejected = format!("<M xmlns=\"urn:k\">{}<G><Name>leise</Name></G></M>", kopf(&quiet));
        world.own("quiet", "/eingang", &post(&rejected), &http("422 X", "<Rueckweisung xmlns=\"urn:pruefstand:quittung:1\"><Transaktion>TX-2</Transaktion><Grund>P001</Grund></Rueckweisung>"));
        world.done("quiet");
        let arrived = format!(
            "<F xmlns=\"urn:f\"><V><Nr>{vorgang}</Nr><Id>{id}</Id></V><P><Name>Größe</Name></P>\
             <Anlage><Datei>ä.pdf</Datei><Typ>application/pdf</Typ><Daten>UERG</Daten></Anlage></F>"
        );
        world.received("fv", &post(&arrived), &http("201 Created", "<ok/>"));
        let confirmation = format!("<Eingang xmlns=\"urn:k\">{}</Eingang>", kopf("anders"));
        world.received("portal", &post(&confirmation), &http("200 OK", "<ok/>"));
        let folder = format!("{{\"succinctProperties\":{{\"k:vorgang\":\"{vorgang}\"}}}}");
        world.own(
            "r",
            "/root/K?cmisselector=object",
            "GET / HTTP/1.1\r\n\r\n",
            &http("200 OK", &folder),
        );
        let child = |id: &str, name: &str, kind: &str| {
            format!(
                "{{\"object\":{{\"succinctProperties\":{{\"cmis:objectId\":\"{id}\",\"cmis:name\":\"{name}\",\"cmis:contentStreamMimeType\":\"{kind}\"}}}}}}"
            )
        };
        let children = format!(
            "{{\"objects\":[{},{}]}}",
            child("o1", "antrag.xml", "application/xml"),
            child("o2", "ä.pdf", "application/pdf")
        );
        world.own(
            "r",
            "/root/K?cmisselector=children",
            "GET / HTTP/1.1\r\n\r\n",
            &http("200 OK", &children),
        );
        world.own("r", "/root?objectId=o1&x", "GET / HTTP/1.1\r\n\r\n", &http("200 OK", &sent));
        world.own("r", "/root?objectId=o2&x", "GET / HTTP/1.1\r\n\r\n", &http("200 OK", "PDF"));
        world.done("r");
        world.add_archive();
        world.add_archive_by_message();
        world.add_mailbox();
        world.push(Record::CaseEnd { case });
        world.push(Record::Settled { quiet_ms: 1 });
        let time = |ms: i64| {
            world.clock.saturating_add(SignedDuration::from_millis(ms)).unwrap_or(world.clock)
        };
        let log = format!(
            "[{{\"zeit\":\"{}\",\"transaktion\":\"TX-1\",\"ereignis\":\"empfangen\"}},\
             {{\"zeit\":\"{}\",\"transaktion\":\"TX-1\",\"ereignis\":\"zugestellt\"}}]",
            time(-20),
            time(-10)
        );
        world.own("protokoll", "/log", "GET / HTTP/1.1\r\n\r\n", &http("200 OK", &log));
        world.push(Record::End { interrupted: false, records: 0 });
        world
    }

    fn push(&mut self, record: Record) {
        self.clock =
            self.clock.saturating_add(SignedDuration::from_millis(5)).unwrap_or(self.clock);
        self.records.push((self.clock, record));
    }

    fn done(&mut self, step: &str) {
        let (case, step) = (self.case.clone(), step.to_owned());
        self.push(Record::Step { case, step, outcome: StepOutcome::Done });
    }

    fn own(&mut self, step: &str, peer: &str, request: &str, answer: &str) {
        let case = (step != "protokoll").then(|| self.case.clone());
        let own = Some((case, step.to_owned()));
        self.exchange("harness", Direction::Sent, peer, own, request, answer);
    }

    fn received(&mut self, system: &str, request: &str, answer: &str) {
        self.exchange(system, Direction::Received, "1.2.3.4", None, request, answer);
    }

    fn exchange(
        &mut self,
        system: &str,
        direction: Direction,
        peer: &str,
        own: Option<(Option<CaseId>, String)>,
        request: &str,
        answer: &str,
    ) {
        self.exchange += 1;
        let started = own.is_some().then_some(self.clock);
        let (case, step) = own.map_or((None, None), |(case, step)| (case, Some(step)));
        self.push(Record::Request {
            exchange: self.exchange,
            system: SystemId::from(system),
            direction,
            protocol: "http".into(),
            peer: peer.to_owned(),
            case,
            step,
            started,
            payload: payload(request),
        });
        self.push(Record::Answer {
            exchange: self.exchange,
            payload: payload(answer),
            failure: None,
        });
    }

    /// Replaces text in every payload.
    pub fn replace(&mut self, from: &str, to: &str) {
        for (_, record) in &mut self.records {
            if let Record::Request { payload: p, .. } | Record::Answer { payload: p, .. } = record
                && let Some(text) = &p.text
            {
                *p = payload(&text.replace(from, to));
            }
        }
    }

    /// The delivery to the Fachverfahren happens again.
    pub fn repeat_delivery(&mut self) {
        self.copy_delivery_to("fv");
    }

    /// The delivery is sent again after it was taken, and turned away.
    pub fn repeat_in_vain(&mut self) {
        let request = self.delivery().unwrap_or_default();
        self.received("fv", &request, &http("409 Conflict", "<schon-da/>"));
    }

    /// What the Fachverfahren got also goes to another system.
    pub fn copy_delivery_to(&mut self, system: &str) {
        let request = self.delivery().unwrap_or_default();
        self.received(system, &request, &http("201 Created", "<ok/>"));
    }

    /// The delivery is tried at an address outside the interface as well.
    pub fn call_elsewhere(&mut self, system: &str) {
        let request = self.delivery().unwrap_or_default();
        let answer = http("501 Not Implemented", "nicht vorgesehen: path /y")
            .replace("\r\n\r\n", "\r\nPruefstand-Attrappe: nicht-vorgesehen\r\n\r\n");
        self.received(system, &request, &answer);
    }

    /// What the Fachverfahren gets is labelled with another character set than it has.
    pub fn mislabel(&mut self) {
        for (_, record) in &mut self.records {
            if let Record::Request { system, payload: p, .. } = record
                && system.as_str() == "fv"
                && let Some(text) = &p.text
            {
                let kind = "Content-Type: application/xml";
                let text = text.replace(kind, &format!("{kind}; charset=ISO-8859-1"));
                *p = payload(&text);
            }
        }
    }

    /// What the Fachverfahren gets has its first two elements in the other order, which its format does
    /// not allow.
    pub fn reorder(&mut self) {
        for receiver in self.plan.receiver.iter_mut().filter(|r| r.id == "fv") {
            receiver.order = vec!["P".into(), "V".into()];
        }
    }

    /// The Fachverfahren gets nothing.
    pub fn lose_delivery(&mut self) {
        self.records.retain(
            |(_, r)| !matches!(r, Record::Request { system, .. } if system.as_str() == "fv"),
        );
    }

    fn delivery(&self) -> Option<String> {
        self.records.iter().find_map(|(_, r)| match r {
            Record::Request { system, payload, .. } if system.as_str() == "fv" => {
                payload.text.clone()
            }
            _ => None,
        })
    }

    /// The message that must not arrive arrives.
    pub fn deliver_quiet(&mut self) {
        let (vorgang, id) = (vorgang_of(&self.case), nachricht_of(&self.case, 2));
        let body = format!("<F xmlns=\"urn:f\"><V><Nr>{vorgang}</Nr><Id>{id}</Id></V></F>");
        self.received("fv", &post(&body), &http("201 Created", "<ok/>"));
    }

    /// Something of nobody's arrives.
    pub fn deliver_foreign(&mut self) {
        self.received("fv", &post("<Fremd/>"), &http("201 Created", "<ok/>"));
    }

    /// Everything that is received comes later.
    pub fn delay_answers(&mut self, milliseconds: i64) {
        for (time, record) in &mut self.records {
            if matches!(record, Record::Request { direction: Direction::Received, .. }) {
                *time =
                    time.saturating_add(SignedDuration::from_millis(milliseconds)).unwrap_or(*time);
            }
        }
    }
}

fn post(body: &str) -> String {
    format!("POST /x HTTP/1.1\r\nContent-Type: application/xml\r\n\r\n{body}")
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\n\r\n{body}")
}

fn plan(case: &CaseId) -> TestPlan {
    let field = |id: &str, path: &str| PlanField {
        id: id.into(),
        label: String::new(),
        path: path.into(),
        kind: crate::concept::FieldType::Text,
        length: None,
        range: None,
        pattern: None,
        code_list: None,
        check: None,
        per_message: id == "n",
        made_by_target: None,
    };
    let arrival = |at: &str| Arrival { at: at.into(), how: "unchanged".into() };
    let receiver = |id: &str, kind, form, lineage: &[(&str, &str)]| PlanReceiver {
        id: id.into(),
        kind,
        form,
        root: (id == "fv").then(|| "F".into()),
        namespace: (id == "fv").then(|| "urn:f".into()),
        order: vec![],
        own: BTreeMap::new(),
        documents: (id == "fv").then(|| DocumentPlace {
            at: "Anlage".into(),
            name: "Datei".into(),
            media_type: "Typ".into(),
            content: "Daten".into(),
        }),
        folder: None,
        lineage: lineage.iter().map(|(f, at)| ((*f).to_owned(), arrival(at))).collect(),
    };
    let system = |id: &str, kind| PlanSystem { id: id.into(), kind, receiver: id.into() };
    let send = |name: &str, number, validity| Step::Send {
        name: name.into(),
        from: "portal".into(),
        message: Box::new(MessageUse { validity, ..message_use(number) }),
    };
    let message = |id: &str, kind, root: &str, group| PlanMessage {
        id: id.into(),
        title: id.into(),
        kind,
        root: root.into(),
        namespace: "urn:k".into(),
        leistung: None,
        schema: None,
        schema_files: BTreeMap::new(),
        header: Some(HeaderRule {
            path: "Kopf/Typ".into(),
            value: "M1".into(),
            contradiction: Policy::Report,
        }),
        qualified: vec![],
        rules: vec!["rules.xsl".into()],
        group,
        condition: vec![],
        documents: vec!["Ausweis".into()],
    };
    let kopf = PlanGroup {
        title: String::new(),
        element: "Kopf".into(),
        within: None,
        before_field: None,
        id: "kopf".into(),
        path: "Kopf".into(),
        field: vec![field("v", "Vorgangsnummer"), field("n", "NachrichtId")],
    };
    let group = PlanGroup {
        title: String::new(),
        id: "g".into(),
        path: "G".into(),
        element: "G".into(),
        within: None,
        before_field: None,
        field: vec![field("g", "Name")],
    };
    let digest = Digest::of("");
    TestPlan {
        format: FORMAT.into(),
        plan: Head {
            id: "kanarie".into(),
            title: "Kanarienfälle".into(),
            concept: String::new(),
            concept_digest: digest.clone(),
            organisation: String::new(),
            organisation_digest: digest.clone(),
            catalogue: String::new(),
            catalogue_digest: digest,
            kind: crate::plan::PlanKind::Zulassung,
            test_mark: None,
            component: ComponentKind::Integrationsserver,
            stage: 2,
            settle_ms: 1,
        },
        requirement: vec![],
        authority: vec![PlanAuthority {
            id: "k".into(),
            name: "K".into(),
            ags: "14999001".into(),
            receiver: "fv".into(),
            dms: Some("dms".into()),
            mail_address: None,
        }],
        system: vec![
            system("portal", ComponentKind::Antragsassistent),
            system("fv", ComponentKind::Fachverfahren),
            system("dms", ComponentKind::Dms),
        ],
        receiver: vec![
            receiver("portal", ComponentKind::Antragsassistent, Form::Unchanged, &[]),
            receiver(
                "fv",
                ComponentKind::Fachverfahren,
                Form::Mapped,
                &[("v", "V/Nr"), ("n", "V/Id"), ("g", "P/Name")],
            ),
            receiver("dms", ComponentKind::Dms, Form::Mapped, &[("v", "k:vorgang")]),
        ],
        code_list: vec![],
        transition: vec![],
        conversion: vec![],
        deadline: vec![],
        message: vec![
            message("m", MessageKind::Antrag, "M", vec![kopf, group]),
            message("e", MessageKind::Bestaetigung, "Eingang", vec![]),
        ],
        values: vec![],
        pairs: vec![],
        left_out: vec![],
        not_made: vec![],
        waiver: vec![],
        case: vec![TestCase {
            id: case.clone(),
            title: "Kanarienfall".into(),
            technique: Technique::ErrorGuessing,
            method: "kanarie".into(),
            level: Level::Muss,
            requirements: vec![],
            correlators: vec![
                vorgang_of(case).into(),
                nachricht_of(case, 1).into(),
                nachricht_of(case, 2).into(),
            ],
            exclusive: false,
            fresh_state: false,
            step: vec![
                send("s", 1, Validity::Valid),
                send("quiet", 2, Validity::Process),
                Step::ReadBack { name: "r".into(), system: "dms".into(), folder: "/K".into() },
            ],
            expect: vec![],
        }],
        file: vec![EmbeddedFile {
            name: "rules.xsl".into(),
            digest: Digest::of(RULES),
            text: Some(RULES.into()),
            base64: None,
        }],
    }
}

/// A use of the message "m" to the one authority of these worlds.
fn message_use(number: u32) -> MessageUse {
    MessageUse {
        message: "m".into(),
        values: None,
        sample: None,
        edit: vec![],
        number,
        vorgang: 0,
        behoerde: "14999001".into(),
        leistung: None,
        change: vec![],
        damage: None,
        validity: Validity::Valid,
        violates: None,
        rule: None,
        fault: None,
    }
}
