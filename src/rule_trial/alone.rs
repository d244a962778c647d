//! Judging what rules made, without a hub: the plan is reduced to what a rule is responsible for, and
//! an evidence is told in which a hub did everything else as it should. So the verdict comes from the
//! judge itself, with all that it demands: canaries, steps, settling.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::input::Input;
use super::outputs::{TIME, transaction};
use crate::evidence::{Direction, Evidence, Payload, Record, StepOutcome};
use crate::ids::{CaseId, Claims, SystemId};
use crate::plan::{Expectation, Step, TestPlan};
use crate::reference_hub::{JSON_NAMESPACE, represented_json};
use crate::rules::{Applied, Depot};
use crate::verdict::{Artefacts, Checker, RuleEngine, Verdict, all_checkers, judge_with};
use crate::xml::{TransformEnd, parse};

/// The checkers that look at what a rule made.
const CHECKERS: [&str; 3] = ["content", "documents", "rules"];

/// A plan reduced to what rules are responsible for.
pub struct Alone {
    plan: TestPlan,
    checkers: Vec<Box<dyn Checker>>,
}

impl Alone {
    /// What of a plan concerns these inputs.
    pub fn new(plan: &TestPlan, inputs: &[Input]) -> Self {
        let concerns = |case: &CaseId, step: &str, system: &SystemId| {
            inputs.iter().any(|i| &i.case == case && i.step == step && &i.system == system)
        };
        let mut plan = plan.clone();
        let cases = std::mem::take(&mut plan.case);
        for mut case in cases.into_iter().filter(|c| inputs.iter().any(|i| i.case == c.id)) {
            let id = case.id.clone();
            case.expect.retain(|expectation| match expectation {
                Expectation::Content { step, system, .. }
                | Expectation::Documents { step, system, .. }
                | Expectation::Rules { step, system, .. } => concerns(&id, step, system),
                _ => false,
            });
            case.step.retain(|step| {
                matches!(step, Step::Send { name, .. }
                    if inputs.iter().any(|i| i.case == id && &i.step == name))
            });
            plan.case.push(case);
        }
        let mut checkers = all_checkers();
        checkers.retain(|c| CHECKERS.contains(&c.id()));
        Self { plan, checkers }
    }

    /// Judges what a depot made of inputs, each with its number; only the cases of these inputs count.
    pub fn judge(
        &self,
        depot: &Depot,
        made: &[(usize, &Input, &Applied)],
        engine: &dyn RuleEngine,
    ) -> Verdict {
        let mut chosen: Vec<CaseId> = made.iter().map(|(_, i, _)| i.case.clone()).collect();
        chosen.dedup();
        let id = &depot.file.depot.id;
        let files = depot.files.iter().map(|(name, bytes)| (format!("{id}/{name}"), bytes.clone()));
        let artefacts = Artefacts {
            depot: files.collect(),
            chosen: Some(chosen),
            claims: Claims::default(),
            stands_for: None,
            log: None,
            engine,
        };
        judge_with(&self.plan, &told(&self.plan, made), &artefacts, &self.checkers)
    }
}

/// An evidence in which a hub took each message and handed over what the rule made of it.
fn told(plan: &TestPlan, made: &[(usize, &Input, &Applied)]) -> Evidence {
    let time: Timestamp = TIME.parse().unwrap_or_default();
    let mut teller = Teller { records: Vec::new(), exchange: 0, time };
    let mut log = Vec::new();
    let mut of_case: BTreeMap<&CaseId, Vec<&(usize, &Input, &Applied)>> = BTreeMap::new();
    for one in made {
        of_case.entry(&one.1.case).or_default().push(one);
    }
    for (case, all) in of_case {
        teller.push(Record::CaseBegin { case: case.clone(), alone: false });
        for (number, input, applied) in all {
            teller.handed(*number, input, applied);
            log.push(entry(*number, applied));
        }
        teller.push(Record::CaseEnd { case: case.clone() });
    }
    teller.push(Record::Settled { quiet_ms: plan.plan.settle_ms.into() });
    let log = serde_json::to_string(&log).unwrap_or_default();
    let own = Some((None, "protokoll".to_owned()));
    let answer = http("200 OK", "application/json", log.as_bytes());
    teller.exchange("harness", Direction::Sent, "http", own, b"GET / HTTP/1.1\r\n\r\n", &answer);
    teller.push(Record::End { interrupted: false, records: 0 });
    Evidence::from_records(teller.records)
}

fn entry(number: usize, applied: &Applied) -> serde_json::Value {
    serde_json::json!({
        "zeit": TIME,
        "transaktion": transaction(number),
        "ereignis": "umgeformt",
        "regel": applied.sheet,
        "regelstand": applied.digest,
    })
}

struct Teller {
    records: Vec<(Timestamp, Record)>,
    exchange: u64,
    time: Timestamp,
}

impl Teller {
    fn push(&mut self, record: Record) {
        self.records.push((self.time, record));
    }

    fn handed(&mut self, number: usize, input: &Input, applied: &Applied) {
        let own = Some((Some(input.case.clone()), input.step.clone()));
        let sent = http_post("application/xml", &input.bytes);
        let answer = format!(
            "<Quittung xmlns=\"urn:pruefstand:quittung:1\"><Transaktion>{}</Transaktion></Quittung>",
            transaction(number)
        );
        let answer = http("202 Accepted", "application/xml", answer.as_bytes());
        self.exchange("harness", Direction::Sent, "http", own, &sent, &answer);
        let (case, step) = (input.case.clone(), input.step.clone());
        self.push(Record::Step { case, step, outcome: StepOutcome::Done });
        if applied.result.end != TransformEnd::Output {
            return;
        }
        let (protocol, kind, body) = carried(&applied.result.output);
        let request = http_post(kind, &body);
        let taken = http("201 Created", "application/xml", b"<ok/>");
        let system = input.system.as_str();
        self.exchange(system, Direction::Received, protocol, None, &request, &taken);
    }

    fn exchange(
        &mut self,
        system: &str,
        direction: Direction,
        protocol: &str,
        own: Option<(Option<CaseId>, String)>,
        request: &[u8],
        answer: &[u8],
    ) {
        self.exchange += 1;
        let started = own.is_some().then_some(self.time);
        let (case, step) = own.map_or((None, None), |(case, step)| (case, Some(step)));
        self.push(Record::Request {
            exchange: self.exchange,
            system: SystemId::from(system),
            direction,
            protocol: protocol.to_owned(),
            peer: "127.0.0.1".to_owned(),
            case,
            step,
            started,
            payload: Payload::inline(request),
        });
        let exchange = self.exchange;
        self.push(Record::Answer { exchange, payload: Payload::inline(answer), failure: None });
    }
}

/// What a hub would write on the wire: JSON where the rule represents it, XML otherwise.
fn carried(output: &[u8]) -> (&'static str, &'static str, Vec<u8>) {
    let json = parse(output)
        .ok()
        .filter(|d| d.root.namespace == JSON_NAMESPACE)
        .and_then(|d| represented_json(&d.root).ok());
    match json {
        Some(text) => ("json", "application/json", text.into_bytes()),
        None => ("http", "application/xml", output.to_vec()),
    }
}

fn http_post(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("POST / HTTP/1.1\r\nContent-Type: {kind}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn http(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
