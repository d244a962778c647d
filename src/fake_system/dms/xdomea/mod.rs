//! xdomea 2.4.0, 3.0.0 and 3.1.0, the messages of the group "Fachverfahrensdaten austauschen" that a
//! Fachverfahren sends to a DMS: FVDaten.SGOErstellen.0604, SGOAblegen.0605, SGOSuchen.0608,
//! MetadatenAnlegen.0609, SystemstatusAbfragen.0625, PrimaerdokumentExportieren.0631, and the two
//! confirmations EmpfangBestaetigen.0629 and ImportBestaetigen.0630.
//!
//! The standard leaves the transport open. Here a container is posted to `xdomea` below the
//! repository, and the answer is a container too:
//!
//! | request | answer |
//! | --- | --- |
//! | `POST …/xdomea`, `application/zip`, name in Content-Disposition, `Slug` or `?name=` | 200 with the container of the 0630, else of the 0629; 204 where none is wanted; 4xx with a reason (RFC 9457) |
//! | `GET …/xdomea` | names of messages taken and answers given |
//! | `GET …/xdomea/<name>` | one of them |
//!
//! Both confirmations in one answer do not fit into one container, so that the 0629 is then linked
//! (`Link`, RFC 8288) and fetched. What the standard has a code for is said by an
//! ImportBestaetigen, if one is wanted; all else by the status.
//!
//! | file | what lives there |
//! | --- | --- |
//! | `archive`, `entry_name` | ZIP files |
//! | `names`, `rules`, `shape`, `schemas` | what a message must keep |
//! | `message`, `version` | the message |
//! | `work`, `filing`, `record`, `metadata`, `search`, `status`, `export` | what it does to the repository |
//! | `ids` | UUIDs of objects |
//! | `answer`, `text` | the confirmations |
//! | `memory` | what was taken before |

mod answer;
mod archive;
mod entry_name;
mod export;
mod fault;
mod filing;
mod ids;
mod memory;
mod message;
mod metadata;
mod names;
mod record;
mod rules;
mod schemas;
mod search;
mod shape;
mod status;
mod text;
mod version;
mod work;

use std::sync::{Mutex, PoisonError};

use serde_json::json;

use self::answer::{Answers, Outgoing};
use self::archive::{Limits, unpack};
use self::fault::{Checked, Code, Fault, deviation, note_once};
use self::ids::Ids;
use self::memory::{Memory, Taken};
use self::message::{Message, invalid, open};
use self::schemas::Schemas;
use self::version::Kind;
use self::work::{Outcome, Work};
use super::Dms;
use super::browser::disposition;
use super::errors::Caller;
use crate::channel::http::{Reply, Request};
use crate::fake_system::scripted::Refusal;
use crate::organisation::{System, TestOrganisation};

/// Where it is, below the repository.
pub(super) const PATH: &str = "/xdomea";

/// What a DMS needs to speak xdomea.
#[derive(Debug, Default)]
pub(in crate::fake_system) struct Desk {
    schemas: Schemas,
    /// AGS of the authorities that this DMS serves.
    authorities: Vec<String>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ids: Ids,
    memory: Memory,
}

impl Desk {
    /// The desk of a system: the authorities that it serves, and the schemas that it names.
    ///
    /// # Errors
    /// With the folder of schemas and why it cannot be used.
    pub fn of(system: &System, organisation: &TestOrganisation) -> Result<Self, (String, String)> {
        let served =
            organisation.file.authority.iter().filter(|a| a.dms.as_ref() == Some(&system.id));
        let schemas = match &system.xdomea_schemas {
            None => Schemas::default(),
            Some(folder) => Schemas::load(&organisation.folder.join(folder))
                .map_err(|reason| (folder.clone(), reason))?,
        };
        let authorities = served.map(|a| a.ags.clone()).collect();
        Ok(Self { schemas, authorities, state: Mutex::default() })
    }
}

/// Answers a request; `inside` is the path below [`PATH`].
pub(super) fn answer(
    dms: &Dms,
    request: &Request,
    inside: &str,
    caller: &mut Caller,
    keep: bool,
) -> Reply {
    let name = inside.trim_start_matches('/');
    match (request.method.as_str(), name) {
        ("POST", "") => post(dms, request, caller, keep),
        ("GET" | "HEAD", _) => get(dms, name),
        (other, _) => problem(
            &Fault::new("RFC 9110 15.5.6", format!("{other} is not offered")).with_status(405),
        )
        .with_header("allow", if name.is_empty() { "GET, HEAD, POST" } else { "GET, HEAD" }),
    }
}

fn get(dms: &Dms, name: &str) -> Reply {
    let state = dms.desk.state.lock().unwrap_or_else(PoisonError::into_inner);
    if name.is_empty() {
        let names = json!(state.memory.names()).to_string();
        return Reply::text(200, "application/json; charset=UTF-8", names);
    }
    match state.memory.fetch(name) {
        Some((kind, bytes)) => Reply::text(200, kind, bytes.to_vec())
            .with_header("content-disposition", &disposition("attachment", name)),
        None => problem(
            &Fault::new("RFC 9110 15.5.5", "there is nothing of this name").with_status(404),
        ),
    }
}

fn post(dms: &Dms, request: &Request, caller: &mut Caller, keep: bool) -> Reply {
    let opened = media_type(request, caller)
        .and_then(|()| unpack(&request.body, &Limits::default(), caller))
        .and_then(|files| open(files, caller));
    let message = match opened {
        Ok(message) => message,
        Err(fault) => {
            note_once(caller, &fault);
            return problem(&fault);
        }
    };
    let container = container_name(request);
    // Held to the end, so that of two equal messages at once one is the second.
    let mut state = dms.desk.state.lock().unwrap_or_else(PoisonError::into_inner);
    let answers = Answers { message: &message, now: now(dms) };
    match take(dms, &mut state, &message, container.as_deref(), caller, keep, &answers) {
        Ok(reply) => reply,
        Err(fault) => {
            note_once(caller, &fault);
            refused(dms, &answers, &fault)
        }
    }
}

/// Checks and works on a message that could be read.
fn take(
    dms: &Dms,
    state: &mut State,
    message: &Message,
    container: Option<&str>,
    caller: &mut Caller,
    keep: bool,
    answers: &Answers<'_>,
) -> Checked<Reply> {
    let process = rules::process(message, caller)?;
    rules::names(message, container, caller)?;
    rules::serialised(message, caller)?;
    let Some(kind) = message.kind else {
        let reason = format!("{} is not spoken here", message.root.name);
        return Err(Fault::new("xdomea: messages", reason).with_code(Code::UNKNOWN));
    };
    structure(dms, message, kind, caller)?;
    rules::header(message, kind, &dms.desk.authorities, caller)?;
    if let Some(before) = state.memory.of(&process, kind) {
        let reason = format!("{} of the process {process} was taken before", kind.root());
        let fault = Fault::new("xdomea: ProzessID (3.0.0 section 2.4.4)", reason);
        deviation(caller, fault.with_status(409).with_code(Code::DONE_BEFORE))?;
        // Whoever is lenient says again what was said, and does nothing twice.
        return Ok(reply(dms, &before.answers));
    }
    rules::batch(message, kind, caller)?;
    rules::files(message, kind, caller)?;
    confirms(state, message, kind, &process, caller)?;
    let outcome = run(dms, state, message, kind, caller, keep);
    let out = confirmations(answers, kind, &outcome, caller);
    if keep && (outcome.done || outcome.fault.is_none()) {
        let sender = message.header.sender.key.as_ref().map(|k| k.code.clone());
        let stem = message.stem();
        let message = (format!("{stem}.xml"), message.bytes.clone());
        state.memory.keep(Taken { process, kind, sender, message, answers: out.clone() });
    }
    match outcome.fault {
        Some(fault) if !(message.header.wants_import || kind.asks()) => Err(fault),
        _ => Ok(reply(dms, &out)),
    }
}

/// By the schema where there is one, else by hand.
fn structure(dms: &Dms, message: &Message, kind: Kind, caller: &mut Caller) -> Checked<()> {
    const CLAUSE: &str = "xdomea: schema";
    let found: Vec<String> = match dms.desk.schemas.check(message.version, &message.bytes) {
        Some(all) => all.iter().map(|v| format!("line {}: {}", v.line, v.text.trim())).collect(),
        None => shape::check(&message.root, message.version, kind),
    };
    if found.is_empty() {
        return Ok(());
    }
    let more = if found.len() > 3 { format!("; {} more", found.len() - 3) } else { String::new() };
    let first: Vec<&str> = found.iter().take(3).map(String::as_str).collect();
    deviation(caller, invalid(CLAUSE, format!("{}{more}", first.join("; "))))
}

/// A confirmation belongs to a process that this system knows, and comes from who is in it.
fn confirms(
    state: &State,
    message: &Message,
    kind: Kind,
    process: &str,
    caller: &mut Caller,
) -> Checked<()> {
    let before = state.memory.process(process);
    if kind.is_confirmation() && before.is_none() {
        let reason = format!("nothing of the process {process} awaits a {}", kind.root());
        deviation(caller, Fault::new("xdomea: ProzessID (3.0.0 section 2.4.4)", reason))?;
    }
    let sender = message.header.sender.key.as_ref().map(|k| &k.code);
    let known = before.and_then(|b| b.sender.as_ref());
    if let (Some(sender), Some(known)) = (sender, known)
        && sender != known
    {
        let reason =
            format!("the process {process} is one of {known}, and {sender} goes on with it");
        let fault = Fault::new("xdomea: Behoerdenkennung", reason);
        deviation(caller, fault.with_code(Code::General("0000006")))?;
    }
    Ok(())
}

fn run(
    dms: &Dms,
    state: &mut State,
    message: &Message,
    kind: Kind,
    caller: &mut Caller,
    keep: bool,
) -> Outcome {
    let mut store = dms.locked();
    let before = (!keep).then(|| store.clone());
    let work =
        Work { store: &mut store, ids: &mut state.ids, message, caller, system: dms.id.as_str() };
    let outcome = { work }.run(kind);
    if let Some(before) = before {
        store.forget_since(before);
    }
    outcome
}

/// The confirmations that are wanted, the telling one first.
fn confirmations(
    answers: &Answers<'_>,
    kind: Kind,
    outcome: &Outcome,
    caller: &mut Caller,
) -> Vec<Outgoing> {
    let head = &answers.message.header;
    if kind.is_confirmation() {
        return Vec::new();
    }
    if kind.asks() && !head.wants_import {
        let detail = format!(
            "{} asks for what only an ImportBestaetigen can carry, and wants none",
            kind.root()
        );
        caller.note("xdomea: Importbestaetigung", detail);
    }
    let imported = (head.wants_import || kind.asks()).then(|| {
        let fault = outcome.fault.as_ref();
        let code = fault.map_or(Code::DONE, |f| f.code.unwrap_or(Code::UNKNOWN));
        let reason = fault.map(|f| f.reason.as_str());
        answers.imported(code, reason, &outcome.items, outcome.files.clone())
    });
    let received = head.wants_receipt.then(|| answers.received());
    [imported, received].into_iter().flatten().flatten().collect()
}

/// The answer to a message that is not taken.
fn refused(dms: &Dms, answers: &Answers<'_>, fault: &Fault) -> Reply {
    let Message { header, kind, .. } = answers.message;
    let says = header.wants_import && !kind.is_some_and(Kind::is_confirmation);
    let process = names::is_uuid(&header.process);
    let code = fault.code.filter(|_| says && process);
    let message = code.and_then(|c| answers.imported(c, Some(&fault.reason), &[], Vec::new()));
    match message {
        Some(message) => reply(dms, &[message]),
        None => problem(fault),
    }
}

fn reply(dms: &Dms, answers: &[Outgoing]) -> Reply {
    let Some((first, others)) = answers.split_first() else {
        return Reply::text(204, "application/zip", Vec::new());
    };
    let mut reply = Reply::text(200, "application/zip", first.zip.to_vec())
        .with_header("content-disposition", &disposition("attachment", &first.name));
    for other in others {
        let link = format!(
            "<{}{PATH}/{}>; rel=\"related\"; type=\"application/zip\"",
            dms.url, other.name
        );
        reply = reply.with_header("link", &link);
    }
    reply
}

/// The answer of a DMS that was told not to take anything.
pub(super) fn refusal(why: Refusal) -> Reply {
    let (clause, reason, status) = match why {
        Refusal::NotNow => ("RFC 9110 15.6.4", "zurzeit nicht verfügbar", 503),
        Refusal::NoSpace => ("RFC 4918 11.5", "kein Speicherplatz", 507),
    };
    problem(&Fault::new(clause, reason).with_status(status))
}

/// The reason as a problem detail (RFC 9457).
fn problem(fault: &Fault) -> Reply {
    let mut body = json!({ "title": fault.clause, "status": fault.status, "detail": fault.reason });
    if let (Some(code), Some(map)) = (fault.code, body.as_object_mut()) {
        map.insert("code".into(), json!(code.digits()));
    }
    Reply::text(fault.status, "application/problem+json", body.to_string())
}

fn media_type(request: &Request, caller: &mut Caller) -> Checked<()> {
    let kind =
        request.content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/zip" => Ok(()),
        other => {
            let reason = format!("the body is \"{other}\" instead of application/zip");
            deviation(caller, Fault::new("RFC 9110 15.5.16", reason).with_status(415))
        }
    }
}

/// The name of the container as the request gives it.
fn container_name(request: &Request) -> Option<String> {
    let pairs = request.query.split('&').filter_map(|p| p.split_once('='));
    let query = pairs.filter(|(n, _)| *n == "name").find_map(|(_, v)| names::percent_decoded(v));
    let slug = || request.header("slug").and_then(names::percent_decoded);
    let disposition = request.header("content-disposition").and_then(names::of_disposition);
    disposition.or_else(slug).or(query)
}

fn now(dms: &Dms) -> String {
    let at = jiff::Timestamp::from_millisecond(dms.locked().now()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
