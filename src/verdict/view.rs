//! Evidence as judging needs it: exchanges attributed to cases by correlator, and the transaction
//! log.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use serde::Deserialize;

use crate::evidence::{Attestation, Direction, Evidence, Record, StepOutcome, TargetEvent};
use crate::ids::{CaseId, ComponentKind, Correlator, PLAYED_HUB, SystemId};
use crate::mapping::LogMapping;
use crate::plan::{Step, TestCase, TestPlan, nachricht_of};
use crate::wire::{self, Carried, HttpMessage};
use crate::xml::{Element, parse, parse_labelled};

/// One exchange with everything recorded about it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Number.
    pub number: u64,
    /// Whose record it is.
    pub system: SystemId,
    /// Sent or received.
    pub direction: Direction,
    /// Protocol.
    pub protocol: String,
    /// The other side.
    pub peer: String,
    /// Case and step of an own exchange.
    pub own: Option<(Option<CaseId>, String)>,
    /// When the request was recorded.
    pub time: Timestamp,
    /// When sending began.
    pub started: Option<Timestamp>,
    /// Raw request.
    pub request: Vec<u8>,
    /// Raw answer; none where nothing was recorded.
    pub answer: Option<Vec<u8>>,
    /// Why there is no answer.
    pub failure: Option<String>,
    seq: u64,
}

impl Exchange {
    /// The line of the evidence's file at which its record begins, from 1.
    pub fn line(&self) -> u64 {
        self.seq + 1
    }

    /// Whether it hands something over, rather than asks.
    pub fn is_delivery(&self) -> bool {
        if self.protocol == "tls" {
            // A handshake that failed carried nothing.
            return false;
        }
        matches!(self.protocol.as_str(), "smtp" | "file")
            || !HttpMessage::read(&self.request).is_some_and(|m| {
                // A question carries nothing away: no body, and parameters only as CMIS has them.
                let target = m.start.split(' ').nth(1).unwrap_or_default();
                matches!(m.method(), "GET" | "HEAD" | "OPTIONS")
                    && m.body.is_empty()
                    && (!target.contains('?')
                        // The contract of a web service, such as ?wsdl.
                        || self.protocol == "soap"
                        || target.contains("cmisselector=")
                        || target.contains("objectId="))
            })
    }

    /// Whether the receiving side took it.
    pub fn is_taken(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| wire::is_taken(&self.protocol, answer))
    }

    /// Why a fake could not place the call: it lies outside the interface of the system. Such calls
    /// have an answer of their own, so that "nothing is there" is not mistaken for it.
    pub fn unforeseen(&self) -> Option<String> {
        let answer = self.answer.as_deref()?;
        let (lines, start) = wire::split_head(answer)?;
        let marked = |line: &String| {
            let (name, value) = line.split_once(':').unwrap_or_default();
            (name.to_ascii_lowercase().as_str(), value.trim()) == wire::UNFORESEEN
        };
        lines.iter().skip(1).any(marked).then(|| {
            String::from_utf8_lossy(answer.get(start..).unwrap_or_default()).trim().to_owned()
        })
    }

    /// What it carries: its message, and what came beside it.
    pub fn carried(&self) -> Carried {
        wire::carried(&self.protocol, &self.request)
    }

    /// The message it carries, as XML.
    pub fn message(&self) -> Vec<u8> {
        self.carried().content
    }

    /// What is odd about how its message is encoded and labelled: a character set in the header that is
    /// not that of the bytes, so that readers who go by RFC 7303, section 3, see something else; in a
    /// file, which has no header, anything but UTF-8, the one encoding that every receiver here agreed
    /// to. None where all is well, or where it is neither XML over HTTP nor in a file.
    pub fn mislabelled(&self) -> Option<String> {
        if self.protocol == "file" {
            let encoding = parse(&self.message()).ok()?.encoding;
            return (!encoding.eq_ignore_ascii_case("UTF-8")).then(|| format!("is in {encoding}"));
        }
        if self.protocol != "http" {
            return None;
        }
        let message = HttpMessage::read(&self.request)?;
        let kind = wire::MediaType::parse(&message.content_type).ok()?;
        let charset = kind.parameter("charset")?;
        // Broken all the same without the label: another finding speaks of that.
        let plain = parse(&message.body).ok()?;
        match parse_labelled(&message.body, Some(charset)) {
            Ok(read) if !read.oddities.is_empty() => Some(read.oddities.join("; ")),
            Ok(read) if read.document.root == plain.root => None,
            Ok(_) => Some(format!("read as {charset}, it says something else")),
            Err(error) => Some(error.message),
        }
    }

    /// Whether its receiver answered that it took it, and the whole answer went out.
    pub fn is_settled(&self) -> bool {
        self.is_taken() && self.failure.is_none()
    }

    /// What its answer says.
    pub fn answered(&self) -> Option<Element> {
        wire::carried_answer(&self.protocol, self.answer.as_deref()?).root().ok()
    }

    /// Whether the receiving side said that it will not take it: the sender's fault, for good.
    pub fn is_refused(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| wire::is_refused(&self.protocol, answer))
    }

    /// The file number (Aktenzeichen) in its answer: an element, an attribute, or a key.
    pub fn file_number(&self) -> Option<String> {
        wire::file_number(&self.protocol, self.answer.as_deref()?)
    }

    /// The body of its answer.
    pub fn answer_body(&self) -> Vec<u8> {
        self.answer.as_deref().and_then(HttpMessage::read).map(|m| m.body).unwrap_or_default()
    }
}

/// An entry of the target's transaction log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LogEntry {
    /// When.
    pub zeit: String,
    /// Transaction.
    pub transaktion: String,
    /// Event.
    pub ereignis: String,
    /// Detail.
    #[serde(default)]
    pub einzelheit: String,
    /// Rule sheet in use.
    #[serde(default)]
    pub regel: Option<String>,
    /// Digest of the sheet.
    #[serde(default)]
    pub regelstand: Option<String>,
}

/// The log as fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// It was not fetched.
    NotFetched,
    /// It could not be read; why.
    Unreadable(String),
    /// Its entries.
    Entries(Vec<LogEntry>),
}

/// What was recorded of one case.
#[derive(Debug, Clone, Default)]
pub struct CaseView {
    /// How its steps ended.
    pub steps: BTreeMap<String, StepOutcome>,
    /// Own exchanges, by place in `RunView::exchanges`.
    pub own: Vec<usize>,
    /// Received exchanges, by place.
    pub received: Vec<usize>,
    /// Begin and end.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// What was recorded of a run.
#[derive(Debug)]
pub struct RunView {
    /// All exchanges.
    pub exchanges: Vec<Exchange>,
    /// Case by case.
    pub cases: HashMap<CaseId, CaseView>,
    /// Received deliveries that belong to no case.
    pub foreign: Vec<usize>,
    /// The log at the end.
    pub log: Log,
    /// Logs of cases with a target of their own.
    pub case_logs: HashMap<CaseId, Log>,
    /// The quiet time has passed.
    pub settled: bool,
    /// The target was lost.
    pub lost: bool,
    /// The evidence has its last line.
    pub complete: bool,
    /// Somebody broke it off.
    pub interrupted: bool,
    /// How many messages were answered with a transaction.
    pub transactions: HashMap<String, usize>,
    /// What people found.
    pub attestations: Vec<Attestation>,
}

impl RunView {
    /// Reads evidence.
    pub fn new(plan: &TestPlan, evidence: &Evidence) -> Self {
        Self::with_log(plan, evidence, None)
    }

    /// The same, of a target whose log has words of its own.
    pub fn with_log(plan: &TestPlan, evidence: &Evidence, log: Option<&LogMapping>) -> Self {
        let mut view = Self {
            exchanges: Vec::new(),
            cases: HashMap::new(),
            foreign: Vec::new(),
            log: Log::NotFetched,
            case_logs: HashMap::new(),
            settled: false,
            lost: false,
            complete: evidence.interrupted().is_some(),
            interrupted: evidence.interrupted() == Some(true),
            transactions: HashMap::new(),
            attestations: evidence.attestations().cloned().collect(),
        };
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut alone: Vec<(CaseId, u64, u64)> = Vec::new();
        for entry in &evidence.entries {
            match &entry.record {
                Record::CaseBegin { case, alone: is_alone } => {
                    let this = view.cases.entry(case.clone()).or_default();
                    this.span = Some((entry.time, entry.time));
                    if *is_alone {
                        alone.push((case.clone(), entry.seq, u64::MAX));
                    }
                }
                Record::CaseEnd { case } => {
                    if let Some(span) = view.cases.entry(case.clone()).or_default().span.as_mut() {
                        span.1 = entry.time;
                    }
                    if let Some(last) = alone.iter_mut().rfind(|(c, _, _)| c == case) {
                        last.2 = entry.seq;
                    }
                }
                Record::Step { case, step, outcome } => {
                    let this = view.cases.entry(case.clone()).or_default();
                    this.steps.insert(step.clone(), outcome.clone());
                }
                Record::Request {
                    exchange,
                    system,
                    direction,
                    protocol,
                    peer,
                    case,
                    step,
                    started,
                    payload,
                } => {
                    places.insert(*exchange, view.exchanges.len());
                    view.exchanges.push(Exchange {
                        number: *exchange,
                        system: system.clone(),
                        direction: *direction,
                        protocol: protocol.clone(),
                        peer: peer.clone(),
                        own: step.clone().map(|step| (case.clone(), step)),
                        time: entry.time,
                        started: *started,
                        request: evidence.bytes(payload).to_vec(),
                        answer: None,
                        failure: None,
                        seq: entry.seq,
                    });
                }
                Record::Answer { exchange, payload, failure } => {
                    if let Some(place) = places.get(exchange) {
                        let this = &mut view.exchanges[*place];
                        this.answer = Some(evidence.bytes(payload).to_vec());
                        this.failure.clone_from(failure);
                    }
                }
                Record::Target { event: TargetEvent::Lost, .. } => view.lost = true,
                Record::Settled { quiet_ms } => {
                    view.settled = *quiet_ms >= u64::from(plan.plan.settle_ms);
                }
                Record::Start { .. }
                | Record::Inputs { .. }
                | Record::Target { .. }
                | Record::Observation { .. }
                | Record::Attestation(_)
                | Record::End { .. } => {}
            }
        }
        view.attribute(plan, &alone, log);
        for exchange in view.exchanges.iter().filter(|e| e.own.is_some() && e.is_delivery()) {
            if let Some(transaction) = transaction_of(exchange) {
                *view.transactions.entry(transaction).or_insert(0) += 1;
            }
        }
        view
    }

    fn attribute(
        &mut self,
        plan: &TestPlan,
        alone: &[(CaseId, u64, u64)],
        mapping: Option<&LogMapping>,
    ) {
        let mut known: HashMap<&str, Vec<&CaseId>> = HashMap::new();
        for case in &plan.case {
            for correlator in &case.correlators {
                known.entry(correlator.as_str()).or_default().push(&case.id);
            }
        }
        for (place, exchange) in self.exchanges.iter().enumerate() {
            if let Some((case, step)) = &exchange.own {
                if step == "protokoll" {
                    let log = read_log(exchange, mapping);
                    match case {
                        Some(case) => {
                            self.case_logs.insert(case.clone(), log);
                        }
                        None => self.log = log,
                    }
                } else if let Some(case) = case {
                    self.cases.entry(case.clone()).or_default().own.push(place);
                }
                continue;
            }
            let mut cases: HashSet<&CaseId> = HashSet::new();
            for token in Correlator::candidates(&wire::legible(&exchange.request)) {
                cases.extend(known.get(token).into_iter().flatten());
            }
            // The same value in several cases: the one that ran alone at that time.
            let in_window = |case: &&CaseId| {
                alone
                    .iter()
                    .any(|(c, from, to)| c == *case && (*from..=*to).contains(&exchange.seq))
            };
            if cases.len() > 1 && cases.iter().any(&in_window) {
                cases.retain(|case| in_window(case));
            }
            if cases.is_empty() && exchange.system.as_str() == PLAYED_HUB {
                // Some targets give numbers by themselves: then it belongs to the case that ran alone.
                let here =
                    |(_, from, to): &&(CaseId, u64, u64)| (*from..=*to).contains(&exchange.seq);
                cases.extend(alone.iter().find(here).map(|(case, _, _)| case));
            }
            if cases.is_empty() && exchange.is_delivery() {
                self.foreign.push(place);
            }
            for case in cases {
                self.cases.entry(case.clone()).or_default().received.push(place);
            }
        }
    }

    /// What was recorded of a case; nothing for one that never began.
    pub fn case(&self, id: &CaseId) -> CaseView {
        self.cases.get(id).cloned().unwrap_or_default()
    }
}

/// The transaction that the answer to a message names.
fn transaction_of(exchange: &Exchange) -> Option<String> {
    let document = parse(&exchange.answer_body()).ok()?;
    document.root.child_text("Transaktion").filter(|t| !t.is_empty())
}

fn read_log(exchange: &Exchange, mapping: Option<&LogMapping>) -> Log {
    if exchange.failure.is_some() {
        return Log::NotFetched;
    }
    let body = exchange.answer_body();
    let entries = match mapping {
        None => serde_json::from_slice(&body).map_err(|error| error.to_string()),
        Some(mapping) => mapping.read(&body).and_then(|entries| {
            let entries = entries.into_iter().map(serde_json::Value::Object).collect();
            serde_json::from_value(serde_json::Value::Array(entries))
                .map_err(|error| error.to_string())
        }),
    };
    match entries {
        Ok(entries) => Log::Entries(entries),
        Err(why) => Log::Unreadable(why),
    }
}

/// A case with its evidence, as checkers see it.
pub struct Context<'a> {
    /// The plan.
    pub plan: &'a TestPlan,
    /// The case.
    pub case: &'a TestCase,
    /// The run.
    pub run: &'a RunView,
    /// What was recorded of the case.
    pub view: CaseView,
    /// Files of the rule depot, for hints.
    pub depot: &'a BTreeMap<String, Vec<u8>>,
    /// Runs rule sheets.
    pub engine: &'a dyn super::RuleEngine,
    /// Whether the target claims to keep a transaction log.
    pub log_claimed: bool,
}

impl Context<'_> {
    /// The own exchange of a step.
    pub fn sent(&self, step: &str) -> Option<&Exchange> {
        self.own(step).first().copied()
    }

    /// All own exchanges of a step.
    pub fn own(&self, step: &str) -> Vec<&Exchange> {
        self.view
            .own
            .iter()
            .map(|place| &self.run.exchanges[*place])
            .filter(|e| e.own.as_ref().is_some_and(|(_, s)| s == step))
            .collect()
    }

    /// The message of a step as it was sent.
    pub fn sent_root(&self, step: &str) -> Option<Element> {
        parse(&self.sent(step)?.message()).ok().map(|d| d.root)
    }

    /// Received deliveries of the case, in order.
    pub fn deliveries(&self) -> impl Iterator<Item = &Exchange> {
        self.received().filter(|e| e.is_delivery())
    }

    /// Everything that came to a fake for this case, questions too.
    pub fn received(&self) -> impl Iterator<Item = &Exchange> {
        self.view.received.iter().map(|place| &self.run.exchanges[*place])
    }

    /// Whether a delivery carries the message of a step.
    pub fn is_of(&self, exchange: &Exchange, step: &str) -> bool {
        let sends: Vec<(&str, u32)> = self
            .case
            .step
            .iter()
            .filter_map(|s| match s {
                Step::Send { name, message, .. } => Some((name.as_str(), message.number)),
                _ => None,
            })
            .collect();
        let body = exchange.message();
        let body = wire::legible(&body);
        let found: HashSet<&str> = Correlator::candidates(&body).collect();
        let carried: Vec<&str> = sends
            .iter()
            .filter(|(_, number)| found.contains(nachricht_of(&self.case.id, *number).as_str()))
            .map(|(name, _)| *name)
            .collect();
        if !carried.is_empty() {
            return carried.contains(&step);
        }
        sends.len() == 1 && sends[0].0 == step && !self.is_confirmation(exchange)
    }

    /// Whether a delivery is an Eingangsbestätigung.
    pub fn is_confirmation(&self, exchange: &Exchange) -> bool {
        let Ok(root) = exchange.carried().root() else { return false };
        self.plan.message.iter().any(|m| {
            m.kind == crate::concept::MessageKind::Bestaetigung
                && m.root == root.name
                && m.namespace == root.namespace
        })
    }

    /// Kind of a system.
    pub fn kind(&self, system: &SystemId) -> Option<ComponentKind> {
        self.plan.system.iter().find(|s| &s.id == system).map(|s| s.kind)
    }

    /// The deliveries of a step that a system took.
    pub fn taken_at(&self, step: &str, system: &SystemId) -> Vec<&Exchange> {
        self.deliveries()
            .filter(|e| &e.system == system && e.is_taken() && self.is_of(e, step))
            .collect()
    }

    /// Transaction of a step, as the target's answer names it.
    pub fn transaction(&self, step: &str) -> Option<String> {
        transaction_of(self.sent(step)?)
    }

    /// The log that speaks of this case.
    pub fn log(&self) -> &Log {
        self.run.case_logs.get(&self.case.id).unwrap_or(&self.run.log)
    }

    /// Log entries of a step.
    pub fn entries(&self, step: &str) -> Vec<&LogEntry> {
        let Some(transaction) = self.transaction(step) else { return vec![] };
        match self.log() {
            Log::Entries(all) => all.iter().filter(|e| e.transaktion == transaction).collect(),
            _ => vec![],
        }
    }
}
