//! The ways to a Fachverfahren, by the protocol of its system: XML over HTTP, web service, JSON,
//! transfer folder. Each says in its own way that something was taken, with which file number, that
//! it is not the time, or that it never will be taken.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::defect::Defect;
use super::deliver::{Attempt, aktenzeichen, http};
use super::journal::Accepted;
use super::json::{Faults, text_of};
use super::server::Hub;
use crate::ambient::random_bytes;
use crate::channel::file::{
    ACCEPTED, Answers, Given, INPUT, Outcome, hand_over, path_of_url, safe_name, take_out,
};
use crate::channel::http::{JsonAnswer, send_json};
use crate::channel::soap::{Addressed, Answer, Call, CallError, send_written};
use crate::organisation::ExportedSystem;
use crate::rules::{Rule, SoapNumber};
use crate::wire::{NOT_NOW, SoapVersion};
use crate::xml::parse;

/// Ending of the file that says that a folder is complete.
const MARKER: &str = ".fertig";
/// Pause between two looks into a folder.
const LOOK: Duration = Duration::from_millis(50);

fn unique() -> String {
    random_bytes::<12>().unwrap_or_default().iter().map(|b| format!("{b:02x}")).collect()
}

impl Hub {
    /// Hands a transformed message to a Fachverfahren.
    pub(super) async fn hand(
        &self,
        system: &ExportedSystem,
        message: &Accepted,
        body: &[u8],
    ) -> Attempt {
        let rule = self.rule(message, &system.receiver);
        match system.protocol.as_str() {
            "soap" => self.soap(system, rule, body).await,
            "rest-json" => self.json(system, message, body).await,
            "file" => self.folder(system, rule, message, body).await,
            _ => http(&self.reach, &system.url, body.to_vec()).await,
        }
    }

    fn rule(&self, message: &Accepted, receiver: &str) -> Option<Rule> {
        let rules = &self.depots[message.depot].runner.depot().file.rule;
        rules.iter().find(|r| r.receiver == receiver).cloned()
    }

    async fn soap(&self, system: &ExportedSystem, rule: Option<Rule>, body: &[u8]) -> Attempt {
        let Some((parts, used)) = rule.and_then(|r| Some((r.parts, r.soap?))) else {
            let reason = format!("no rule says how {} is called ([rule.soap])", system.receiver);
            return Attempt::Never(reason);
        };
        let payload = match parse(body) {
            Ok(document) => document.root,
            Err(error) => return Attempt::Never(error.to_string()),
        };
        let message_id = format!("urn:uuid:{}", uuid());
        let call = Call {
            url: system.url.clone(),
            version: match used.version {
                SoapNumber::One => SoapVersion::Soap11,
                SoapNumber::Two => SoapVersion::Soap12,
            },
            action: match self.has(Defect::WrongSoapAction) {
                true => "urn:pruefstand:andere:Ablegen".into(),
                false => used.action,
            },
            addressing: used.addressing.then_some(Addressed { message_id, relates_to: None }),
            headers: vec![],
            payload: Some(payload),
            parts,
            limit: self.reach.limit,
        };
        let mut written = match call.write(&unique()) {
            Ok(written) => written,
            Err(error) => return Attempt::Never(error.to_string()),
        };
        if call.parts.is_some() {
            self.spoil_parts(&mut written.body);
        }
        match send_written(&call, written, self.reach.tls.clone()).await {
            Ok(Answer::Payload(answer)) => Attempt::Done(aktenzeichen(&answer.to_xml())),
            Ok(Answer::Taken) => Attempt::Done(String::new()),
            Ok(Answer::Fault(fault)) => {
                let reason = format!("{} {}: {}", fault.code, fault.subcode, fault.reason);
                match fault.code.as_str() {
                    "Receiver" => Attempt::Later(reason),
                    _ => Attempt::Never(reason),
                }
            }
            Err(error @ CallError::Part(..)) => Attempt::Never(error.to_string()),
            Err(error) => Attempt::Later(error.to_string()),
        }
    }

    /// What the switched-on faults do to the parts of a message.
    fn spoil_parts(&self, body: &mut Vec<u8>) {
        let missing = self.has(Defect::MtomPartMissing);
        if !missing && !self.has(Defect::MtomEncodedTwice) {
            return;
        }
        let head = b"Content-Transfer-Encoding: binary\r\n";
        let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|w| w == what);
        let Some(line) = find(body, head) else { return };
        // The boundary is the first line, and stands nowhere in what it parts.
        let Some(end) = find(body, b"\r\n") else { return };
        let delimiter = [b"\r\n", &body[..end]].concat();
        let Some(begins) = find(&body[line..], b"\r\n\r\n").map(|at| line + at + 4) else { return };
        let Some(ends) = find(&body[begins..], &delimiter).map(|at| begins + at) else { return };
        if missing {
            let start = body[..line].windows(delimiter.len()).rposition(|w| w == delimiter);
            body.drain(start.unwrap_or(line)..ends);
        } else {
            let encoded = STANDARD.encode(&body[begins..ends]);
            body.splice(begins..ends, encoded.into_bytes());
        }
    }

    async fn json(&self, system: &ExportedSystem, message: &Accepted, body: &[u8]) -> Attempt {
        let faults = Faults {
            guesses_numbers: self.has(Defect::JsonGuessesNumbers),
            lonely_element: self.has(Defect::JsonLonelyElement),
        };
        let text = parse(body).map_err(|e| e.to_string()).and_then(|d| text_of(&d.root, faults));
        let text = match text {
            Ok(text) => text,
            Err(reason) => return Attempt::Never(reason),
        };
        let sent =
            send_json("POST", &system.url, Some(text), self.reach.limit, self.reach.tls.clone())
                .await;
        let number = |value: &serde_json::Value| {
            value["aktenzeichen"].as_str().unwrap_or_default().to_owned()
        };
        match sent {
            Ok(JsonAnswer::Good(value)) => Attempt::Done(number(&value)),
            // It has it from an attempt whose answer was lost.
            Ok(JsonAnswer::Problem { status: 409, detail }) => {
                let url = format!("{}/{}", system.url, message.vorgang);
                match send_json("GET", &url, None, self.reach.limit, self.reach.tls.clone()).await {
                    Ok(JsonAnswer::Good(value)) => Attempt::Done(number(&value)),
                    _ => Attempt::Later(detail),
                }
            }
            Ok(JsonAnswer::Problem { status, detail }) if (400..500).contains(&status) => {
                Attempt::Never(format!("{status}: {detail}"))
            }
            Ok(JsonAnswer::Problem { status, detail }) => {
                Attempt::Later(format!("{status}: {detail}"))
            }
            // It said yes; what else it said cannot be read.
            Ok(JsonAnswer::NoJson { .. }) => Attempt::Done(String::new()),
            Err(error) => Attempt::Later(error.to_string()),
        }
    }

    async fn folder(
        &self,
        system: &ExportedSystem,
        rule: Option<Rule>,
        message: &Accepted,
        body: &[u8],
    ) -> Attempt {
        let Some(input) = path_of_url(&system.url).filter(|p| p.ends_with(INPUT)) else {
            return Attempt::Never(format!("\"{}\" is no transfer folder", system.url));
        };
        let given = match rule.and_then(|r| r.parts) {
            None => Given::File(body.to_vec()),
            Some(name) => match self.with_files(body, name.as_str()) {
                Ok(given) => given,
                Err(reason) => return Attempt::Never(reason),
            },
        };
        let ending = if matches!(given, Given::File(_)) { ".xml" } else { "" };
        let base = safe_name(&message.nachricht);
        let folder = Folder::new(input, &base, ending);
        // What is there still, or was answered, or was handed over by an earlier attempt and is being
        // worked on, is not handed over again.
        let task = format!("uebergeben {}", folder.name);
        let handed = self.journal().is_done(&message.transaction, &task).is_some();
        if !handed && !folder.is_there() {
            let in_place = self.has(Defect::WritesInPlace);
            let giving = folder.clone();
            let given = tokio::task::spawn_blocking(move || giving.give(&given, in_place)).await;
            match given {
                Ok(Ok(())) => {}
                Ok(Err(reason)) => return Attempt::Later(reason),
                Err(error) => return Attempt::Later(error.to_string()),
            }
            if let Err(error) = self.journal().mark(&message.transaction, &task) {
                return Attempt::Later(error.to_string());
            }
        }
        let since = Instant::now();
        while since.elapsed() < self.reach.limit {
            if let Some(end) = folder.outcome() {
                return end;
            }
            tokio::time::sleep(LOOK).await;
        }
        Attempt::Later(format!("no receipt for \"{}\" within {:?}", folder.name, self.reach.limit))
    }

    /// A message with its documents as files beside it; where one stood, its name stands.
    fn with_files(&self, body: &[u8], name: &str) -> Result<Given, String> {
        let mut root = parse(body).map_err(|e| e.to_string())?.root;
        let mut files = take_out(&mut root, name, "name")?;
        files.insert(0, ("nachricht.xml".to_owned(), root.to_xml().into_bytes()));
        let marker = (!self.has(Defect::NoMarker)).then(|| MARKER.to_owned());
        Ok(Given::Folder { files, marker })
    }
}

fn uuid() -> String {
    let mut b = random_bytes::<16>().unwrap_or_default();
    b[6] = (b[6] & 0x0F) | 0x40;
    b[8] = (b[8] & 0x3F) | 0x80;
    let h: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

/// One message on its way through a transfer folder.
#[derive(Clone)]
struct Folder {
    input: PathBuf,
    /// The name under which it is handed over: a refusal keeps its name for itself.
    name: String,
}

impl Folder {
    fn new(input: PathBuf, base: &str, ending: &str) -> Self {
        let mut folder = Self { input, name: String::new() };
        let mut number = 1;
        loop {
            folder.name = format!("{base}-{number}{ending}");
            if !Answers::default().refusal_of(&folder.input, &folder.name).exists() {
                return folder;
            }
            number += 1;
        }
    }

    fn beside(&self, folder: &str, name: &str) -> PathBuf {
        self.input.parent().unwrap_or(Path::new("/")).join(folder).join(name)
    }

    /// Whether it lies there already, or was taken.
    fn is_there(&self) -> bool {
        let lies = |folder| self.beside(folder, &self.name).exists();
        Answers::default().receipt_of(&self.input, &self.name).exists()
            || lies(INPUT)
            || lies(ACCEPTED)
    }

    /// What became of it; none where nobody said so yet.
    fn outcome(&self) -> Option<Attempt> {
        Some(match Answers::default().outcome(&self.input, &self.name)? {
            Outcome::Accepted(receipt) => {
                Attempt::Done(aktenzeichen(&String::from_utf8_lossy(&receipt)))
            }
            Outcome::Refused(reason) if reason.starts_with(NOT_NOW) => Attempt::Later(reason),
            Outcome::Refused(reason) => Attempt::Never(reason),
        })
    }

    fn give(&self, given: &Given, in_place: bool) -> Result<(), String> {
        match given {
            Given::File(content) if in_place => self.in_place(content),
            _ => hand_over(&self.input, &self.name, given).map(|_| ()).map_err(|e| e.to_string()),
        }
    }

    /// Only with a switched-on fault: half of a file can be seen under its name.
    fn in_place(&self, content: &[u8]) -> Result<(), String> {
        let place = self.input.join(&self.name);
        let (first, second) = content.split_at(content.len() / 2);
        std::fs::write(&place, first).map_err(|e| e.to_string())?;
        std::thread::sleep(Duration::from_secs(4));
        let file = std::fs::OpenOptions::new().append(true).create(true).open(&place);
        let written = file.and_then(|mut f| std::io::Write::write_all(&mut f, second));
        written.map_err(|e| e.to_string())
    }
}
