//! Handing over to a component as a hub does, in the protocol of that component: what stands in the
//! message is the plan's, what a call needs beyond it is the target file's.

use std::path::Path;
use std::time::{Duration, Instant};

use super::drive::Drive;
use super::recorder::OwnExchange;
use super::steps::Asked;
use crate::ambient::random_bytes;
use crate::channel::file::{Answers, Given, Outcome, hand_over, path_of_url, safe_name, take_out};
use crate::channel::soap::{Addressed, Call, Written};
use crate::evidence::StepOutcome;
use crate::ids::SystemId;
use crate::message::{HubValues, Prepared, build_for, damage_text, damage_tree, prepare_for};
use crate::plan::{Damage, MessageUse, TestCase};
use crate::target::{Interface, Protocol};
use crate::wire::{
    Json, JsonKinds, REFUSED, SoapVersion, folder_bytes, inner_xml, json_of, without_declaration,
};
use crate::xml::Element;

/// Pause between two looks into a folder.
const LOOK: Duration = Duration::from_millis(50);

/// A step that hands over.
pub(super) struct Handing<'a> {
    pub case: &'a TestCase,
    pub step: &'a str,
    pub to: &'a SystemId,
    pub message: &'a MessageUse,
    pub hub: HubValues,
}

/// How it ended, and what was answered, raw.
pub(super) type Handed = (StepOutcome, Option<Vec<u8>>);

/// What is sent over HTTP.
#[derive(Debug)]
struct Request {
    protocol: &'static str,
    content_type: String,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Drive<'_> {
    /// Hands a message over; see [`Interface`] for what a call needs.
    pub(super) async fn hand(&self, handing: &Handing<'_>) -> Handed {
        let Handing { case, to, message, hub, .. } = handing;
        let (url, interface) = {
            let target = self.target.read().await;
            (target.interface_url(), target.file.interface.clone())
        };
        let Some(interface) = interface else {
            return impossible("the target file has no [interface]".into());
        };
        if self.protocol == Some(Protocol::XmlHttp) {
            let built = match build_for(self.plan, case, message, to, hub) {
                Ok(built) => built.bytes,
                Err(error) => return impossible(error.to_string()),
            };
            return self.post(handing, url, xml(built)).await;
        }
        let prepared = match prepare_for(self.plan, case, message, to, hub) {
            Ok(prepared) => prepared,
            Err(error) => return impossible(error.to_string()),
        };
        let request = match self.protocol {
            Some(Protocol::Soap11) => soap(&url, SoapVersion::Soap11, &interface, prepared),
            Some(Protocol::Soap12) => soap(&url, SoapVersion::Soap12, &interface, prepared),
            Some(Protocol::RestJson) => json(&interface, prepared),
            Some(Protocol::File) => {
                return self.put_in_folder(handing, &url, &interface, prepared).await;
            }
            other => Err(format!("{other:?} is not spoken to a target of this kind")),
        };
        match request {
            Ok(request) => self.post(handing, url, request).await,
            Err(reason) => impossible(reason),
        }
    }

    async fn post(&self, handing: &Handing<'_>, url: String, request: Request) -> Handed {
        let Request { protocol, content_type, fields, body } = request;
        let content_type = content_type.as_str();
        let asked = Asked { method: "POST", url, content_type, fields, protocol, body };
        let (outcome, sent) = self.ask(handing.case, handing.step, handing.to, asked).await;
        (outcome, sent.map(|done| done.raw_answer))
    }

    /// Hands over in a transfer folder, and waits for the receipt or the refusal.
    async fn put_in_folder(
        &self,
        handing: &Handing<'_>,
        url: &str,
        interface: &Interface,
        prepared: Prepared,
    ) -> Handed {
        let Some(input) = path_of_url(url) else {
            return impossible(format!("\"{url}\" is no folder (file:///…)"));
        };
        // Receipts of an earlier run may lie there still.
        let random: String =
            random_bytes::<4>().unwrap_or_default().iter().map(|b| format!("{b:02x}")).collect();
        let base = format!("{}-{}-{random}", safe_name(&prepared.nachricht), handing.step);
        let (name, given) = match written(interface, prepared) {
            Ok(given @ Given::File(_)) => (format!("{base}.xml"), given),
            Ok(given) => (base, given),
            Err(reason) => return impossible(reason),
        };
        let raw = match &given {
            Given::File(content) => content.clone(),
            Given::Folder { files, .. } => {
                folder_bytes(files.iter().map(|(name, content)| (name.as_str(), &content[..])))
            }
        };
        let usual = Answers::default();
        let answers = Answers {
            receipt: interface.receipt.clone().unwrap_or(usual.receipt),
            refusal: interface.refusal.clone().unwrap_or(usual.refusal),
        };
        let limit = {
            let target = self.target.read().await;
            Duration::from_millis(u64::from(target.file.limits.answer_ms))
        };
        self.target.read().await.caller().pace().await;
        let started = self.clock.now();
        let (folder, called) = (input.clone(), name.clone());
        let done = tokio::task::spawn_blocking(move || hand_over(&folder, &called, &given)).await;
        match done {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                self.check_lost().await;
                return (StepOutcome::Unreachable { reason: error.to_string() }, None);
            }
            Err(error) => return impossible(error.to_string()),
        }
        let answer = answered(&answers, &input, &name, limit).await;
        let failure = answer.is_none().then(|| {
            format!(
                "neither {} nor {} within {limit:?}; limits.answer_ms in the target file says how long is waited",
                answers.receipt_of(&input, &name).display(),
                answers.refusal_of(&input, &name).display()
            )
        });
        self.recorder.own(&OwnExchange {
            system: handing.to,
            protocol: "file",
            case: Some(&handing.case.id),
            step: handing.step,
            peer: &input.join(&name).display().to_string(),
            started,
            request: &raw,
            answer: answer.as_deref().unwrap_or_default(),
            failure,
        });
        (StepOutcome::Done, answer)
    }
}

fn impossible(reason: String) -> Handed {
    (StepOutcome::Impossible { reason }, None)
}

/// The receipt, or the refusal as it is recorded. Whoever writes in place is seen half: an answer counts
/// once it has stayed the same for a look.
async fn answered(answers: &Answers, input: &Path, name: &str, limit: Duration) -> Option<Vec<u8>> {
    let since = Instant::now();
    let mut before: Option<Outcome> = None;
    while since.elapsed() < limit {
        let now = answers.outcome(input, name);
        match now {
            Some(Outcome::Accepted(receipt))
                if before.as_ref().is_some_and(
                    |b| matches!(b, Outcome::Accepted(other) if *other == receipt),
                ) =>
            {
                return Some(receipt);
            }
            Some(Outcome::Refused(reason))
                if before
                    .as_ref()
                    .is_some_and(|b| matches!(b, Outcome::Refused(other) if *other == reason)) =>
            {
                return Some(format!("{REFUSED}{reason}").into_bytes());
            }
            now => before = now,
        }
        tokio::time::sleep(LOOK).await;
    }
    None
}

/// A tree with a damage, as a document.
fn document(mut root: Element, damage: Option<Damage>) -> Vec<u8> {
    match damage.and_then(|damage| damage_tree(&mut root, damage)) {
        None => root.to_xml().into_bytes(),
        Some(left) => damage_text(&root.to_xml(), left),
    }
}

fn xml(body: Vec<u8>) -> Request {
    Request {
        protocol: "http",
        content_type: "application/xml; charset=UTF-8".into(),
        fields: vec![],
        body,
    }
}

/// An envelope. What is wrong with a message is wrong with its payload where that has a name or a
/// namespace, and with the whole document where it is its text.
fn soap(
    url: &str,
    version: SoapVersion,
    interface: &Interface,
    prepared: Prepared,
) -> Result<Request, String> {
    let mut payload = prepared.root;
    let damage = prepared.damage.and_then(|damage| damage_tree(&mut payload, damage));
    // The same message has the same id, also when it is handed over again.
    let message_id = format!("urn:uuid:{}", prepared.nachricht);
    let call = Call {
        url: url.to_owned(),
        version,
        action: interface.soap_action.clone().unwrap_or_default(),
        addressing: interface
            .addressing
            .unwrap_or(false)
            .then_some(Addressed { message_id, relates_to: None }),
        payload: Some(payload),
        headers: vec![],
        parts: interface.parts.clone(),
        limit: Duration::ZERO,
    };
    let inner = |payload: Element| match damage {
        Some(damage @ (Damage::Prefixed | Damage::Nil)) => {
            let text = damage_text(&payload.to_xml(), damage);
            without_declaration(&String::from_utf8_lossy(&text)).to_owned()
        }
        _ => inner_xml(&payload),
    };
    let around = |text: String| match damage {
        // Processing instructions may not stand in a message (SOAP 1.1, 3; 1.2 part 1, 5); a comment
        // before it may.
        Some(Damage::Prolog) => {
            text.replacen("?>\n", "?>\n<!-- vom Integrationsserver -->\n", 1).into_bytes()
        }
        None | Some(Damage::Prefixed | Damage::Nil) => text.into_bytes(),
        Some(damage) => damage_text(&text, damage),
    };
    let unique = prepared.nachricht.replace('-', "");
    let written = call.write_with(&unique, inner, around).map_err(|e| e.to_string())?;
    let Written { content_type, mut fields, body } = written;
    let takes = match call.parts {
        Some(_) => format!("{}, multipart/related", version.media_type()),
        None => version.media_type().to_owned(),
    };
    fields.push(("Accept", takes));
    Ok(Request { protocol: "soap", content_type, fields, body })
}

/// JSON. What only XML can have wrong is no case of such a system, see `plan`.
fn json(interface: &Interface, prepared: Prepared) -> Result<Request, String> {
    let kinds = JsonKinds {
        lists: interface.lists.clone(),
        numbers: interface.numbers.clone(),
        truth_values: interface.truth_values.clone(),
    };
    let name = prepared.root.name.clone();
    let mut value = json_of(&prepared.root, &kinds);
    if prepared.damage == Some(Damage::WrongRoot) {
        // There is no root that could be another: everything stands where nobody expects it.
        value = Json::Object(vec![(format!("{name}Unbekannt"), value)]);
    }
    let mut text = String::new();
    value.write(&mut text);
    let body = match prepared.damage {
        None | Some(Damage::WrongRoot) => text.into_bytes(),
        Some(Damage::Empty) => Vec::new(),
        Some(Damage::NotWellFormed) => {
            text.pop();
            text.into_bytes()
        }
        Some(Damage::Latin1DeclaredUtf8) => latin1(&text),
        Some(other) => return Err(format!("JSON has no {other:?}")),
    };
    let fields = vec![("Accept", "application/json, application/problem+json".to_owned())];
    Ok(Request { protocol: "json", content_type: "application/json".into(), fields, body })
}

/// JSON in ISO-8859-1; what that does not have is escaped, so that only the encoding is wrong.
fn latin1(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(byte) => out.push(byte),
            Err(_) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.extend(format!("\\u{unit:04x}").bytes());
                }
            }
        }
    }
    out
}

/// What lies in a transfer folder: one file, or a folder with the documents as files beside the message.
fn written(interface: &Interface, prepared: Prepared) -> Result<Given, String> {
    let Prepared { mut root, damage, place, .. } = prepared;
    let Some(parts) = &interface.parts else { return Ok(Given::File(document(root, damage))) };
    let told = place.map(|p| p.name).unwrap_or_default();
    let mut files = take_out(&mut root, parts, &told)?;
    files.insert(0, ("nachricht.xml".to_owned(), document(root, damage)));
    Ok(Given::Folder { files, marker: interface.marker.clone() })
}
