//! The small worlds in other protocols: what the Fachverfahren of the canaries gets and answers, from a
//! hub or from the harness, what it holds and what it sends, as a web service, as JSON, as a transfer
//! folder. Every reading that a checker depends on is so proven
//! alive in each judgement, with the same faults in each protocol.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::evidence::{Payload, Record};
use crate::ids::PLAYED_HUB;
use crate::plan::{Step, TestPlan};
use crate::wire::{
    HttpMessage, JSON_ROOT, REFUSED, SoapVersion, UNFORESEEN, envelope_text, folder_bytes,
    inner_xml, xop,
};
use crate::xml::{Element, Node, parse};

/// The protocols in which the Fachverfahren of the small world can speak.
/// "xdomea" is for the DMS: its Fachverfahren speaks plain HTTP.
pub(super) const PROTOCOLS: [&str; 5] = ["http", "soap", "json", "file", XDOMEA];
/// What its DMS can speak besides CMIS.
pub(super) const XDOMEA: &str = "xdomea";
/// Its id.
const SYSTEM: &str = "fv";
/// The element of its format whose base64 travels as a part.
const CONTENT: &str = "Daten";

/// The world as it would be recorded if the Fachverfahren spoke this protocol.
pub(super) fn spoken(
    protocol: &str,
    plan: &TestPlan,
    records: &[(Timestamp, Record)],
) -> (TestPlan, Vec<(Timestamp, Record)>) {
    let (mut plan, mut records) = (plan.clone(), records.to_vec());
    pack_containers(&mut records);
    if protocol == "http" || protocol == XDOMEA {
        return (plan, records);
    }
    if protocol == "json" {
        for receiver in plan.receiver.iter_mut().filter(|r| r.id == SYSTEM) {
            (receiver.root, receiver.namespace) = (Some(JSON_ROOT.into()), None);
        }
    }
    let mut mine = Vec::new();
    let mut astray = Vec::new();
    let (mut looks, mut sent) = (Vec::new(), Vec::new());
    let delivers: Vec<&str> = plan
        .case
        .iter()
        .flat_map(|c| &c.step)
        .filter(|s| matches!(s, Step::Deliver { .. }))
        .map(Step::name)
        .collect();
    let asks: Vec<&str> = plan
        .case
        .iter()
        .flat_map(|c| &c.step)
        .filter(|s| matches!(s, Step::Look { .. }))
        .map(Step::name)
        .collect();
    for (_, record) in &records {
        if let Record::Request { exchange, system, step, .. } = record {
            let own = step.as_deref().unwrap_or_default();
            if system.as_str() == SYSTEM || delivers.contains(&own) {
                mine.push(*exchange);
            } else if asks.contains(&own) {
                looks.push(*exchange);
            } else if system.as_str() == PLAYED_HUB {
                sent.push(*exchange);
            }
        }
        if let Record::Answer { exchange, payload, .. } = record
            && text_of(payload).to_ascii_lowercase().contains(UNFORESEEN.0)
        {
            astray.push(*exchange);
        }
    }
    for (_, record) in &mut records {
        match record {
            Record::Request { exchange, protocol: spoken, payload, .. }
                if mine.contains(exchange) =>
            {
                // A folder has no address outside its interface; what lies there is something else.
                let other = protocol == "file" && astray.contains(exchange);
                protocol.clone_into(spoken);
                *payload = Payload::inline(&request(protocol, &body_of(payload), other));
            }
            Record::Answer { exchange, payload, .. }
                if mine.contains(exchange)
                    && (protocol == "file" || !astray.contains(exchange)) =>
            {
                *payload = Payload::inline(&answer(protocol, payload));
            }
            Record::Request { exchange, protocol: spoken, payload, .. }
                if sent.contains(exchange) =>
            {
                protocol.clone_into(spoken);
                *payload = Payload::inline(&outgoing(protocol, &body_of(payload)));
            }
            Record::Answer { exchange, payload, .. } if sent.contains(exchange) => {
                *payload = Payload::inline(&answer(protocol, payload));
            }
            Record::Answer { exchange, payload, .. } if looks.contains(exchange) => {
                *payload = Payload::inline(&holding(protocol, text_of(payload)));
            }
            _ => {}
        }
    }
    (plan, records)
}

/// Puts what a DMS answered over xdomea into containers; in the small world they are texts, so that
/// canaries can change them.
fn pack_containers(records: &mut [(Timestamp, Record)]) {
    let mut mine = Vec::new();
    for (_, record) in records {
        match record {
            Record::Request { exchange, protocol, .. } if protocol == XDOMEA => {
                mine.push(*exchange);
            }
            Record::Answer { exchange, payload, .. } if mine.contains(exchange) => {
                *payload = Payload::inline(&super::archive_message::packed(text_of(payload)));
            }
            _ => {}
        }
    }
}

fn text_of(payload: &Payload) -> &str {
    payload.text.as_deref().unwrap_or_default()
}

fn body_of(payload: &Payload) -> Vec<u8> {
    HttpMessage::read(text_of(payload).as_bytes()).map(|m| m.body).unwrap_or_default()
}

fn post(kind: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST /x HTTP/1.1\r\nContent-Type: {kind}\r\n\r\n").as_bytes(), body].concat()
}

fn request(protocol: &str, body: &[u8], other: bool) -> Vec<u8> {
    let Ok(document) = parse(body) else { return post("text/xml", body) };
    let mut root = document.root;
    if other {
        root.name = "Fehl".into();
    }
    match protocol {
        "soap" => {
            let mut parts = Vec::new();
            move_out(&mut root, &mut parts, &mut |id| {
                let mut include = Element::new(xop::NAMESPACE, "Include");
                include.set_attribute("href", &format!("cid:{id}"));
                Node::Element(include)
            });
            let version = SoapVersion::Soap12;
            let text = envelope_text(version, "", &inner_xml(&root));
            let (kind, body) = xop::package(&text, version.media_type(), &parts, "kanarie");
            post(&kind, &body)
        }
        "json" => post("application/json", json(&root).to_string().as_bytes()),
        _ => {
            let mut parts = Vec::new();
            move_out(&mut root, &mut parts, &mut |id| Node::Text(id.to_owned()));
            let text = root.to_xml();
            let files = [("nachricht.xml", text.as_bytes())].into_iter();
            folder_bytes(files.chain(parts.iter().map(|(n, b)| (n.as_str(), &b[..]))))
        }
    }
}

/// What the Fachverfahren sends to the played hub.
fn outgoing(protocol: &str, body: &[u8]) -> Vec<u8> {
    let Ok(document) = parse(body) else { return post("text/xml", body) };
    match protocol {
        "json" => {
            let message = json(&document.root);
            let named = serde_json::json!({ document.root.name: message });
            post("application/json", named.to_string().as_bytes())
        }
        "soap" => request(protocol, body, false),
        // One file; there is nothing beside it.
        _ => body.to_vec(),
    }
}

/// What it says that it holds, in its own form, with what it holds apart.
fn holding(protocol: &str, answer: &str) -> Vec<u8> {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return answer.into() };
    let listed: Vec<Vec<u8>> = match serde_json::from_str::<Value>(body) {
        Ok(listing) => listing["nachrichten"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| STANDARD.decode(one["inhalt"].as_str()?).ok())
            .collect(),
        Err(_) if body.is_empty() => return answer.into(),
        Err(_) => vec![body.as_bytes().to_vec()],
    };
    let all: Vec<Value> = listed.iter().map(|content| held(protocol, content)).collect();
    let listing = serde_json::json!({ "format": "pruefstand/bestand/1", "nachrichten": all });
    format!("{head}\r\n\r\n{listing}").into_bytes()
}

fn held(protocol: &str, content: &[u8]) -> Value {
    let code = |bytes: &[u8]| STANDARD.encode(bytes);
    let Ok(document) = parse(content) else {
        return serde_json::json!({ "name": "F", "inhalt": code(content) });
    };
    let mut root = document.root;
    match protocol {
        "json" => {
            let text = json(&root).to_string();
            serde_json::json!({
                "name": "F", "medientyp": "application/json", "inhalt": code(text.as_bytes()),
            })
        }
        "soap" => {
            let text = envelope_text(SoapVersion::Soap12, "", &inner_xml(&root));
            serde_json::json!({
                "name": "F", "medientyp": "application/soap+xml", "inhalt": code(text.as_bytes()),
            })
        }
        _ => {
            let mut parts = Vec::new();
            move_out(&mut root, &mut parts, &mut |id| Node::Text(id.to_owned()));
            let apart: Vec<Value> = parts
                .iter()
                .map(|(name, bytes)| serde_json::json!({ "name": name, "inhalt": code(bytes) }))
                .collect();
            serde_json::json!({
                "name": "F", "inhalt": code(root.to_xml().as_bytes()), "anlagen": apart,
            })
        }
    }
}

/// Takes contents out of a message and leaves what stands for them.
fn move_out(
    element: &mut Element,
    parts: &mut Vec<(String, Vec<u8>)>,
    stands: &mut impl FnMut(&str) -> Node,
) {
    if element.name == CONTENT
        && let Ok(bytes) = STANDARD.decode(element.text())
    {
        let id = format!("teil-{}", parts.len() + 1);
        element.children = vec![Node::Text(String::new()), stands(&id)];
        parts.push((id, bytes));
    }
    for child in &mut element.children {
        if let Node::Element(child) = child {
            move_out(child, parts, stands);
        }
    }
}

fn json(element: &Element) -> Value {
    if element.is_leaf() {
        return Value::from(element.text());
    }
    let mut out = Map::new();
    for child in element.elements() {
        let all = out.entry(child.name.clone()).or_insert_with(|| Value::Array(vec![]));
        if let Value::Array(list) = all {
            list.push(json(child));
        }
    }
    Value::Object(out)
}

/// An answer; what says no says so with a good status where the protocol can.
fn answer(protocol: &str, payload: &Payload) -> Vec<u8> {
    let good = crate::wire::is_taken("http", text_of(payload).as_bytes());
    let for_good = crate::wire::is_refused("http", text_of(payload).as_bytes());
    let body = String::from_utf8_lossy(&body_of(payload)).into_owned();
    let http =
        |kind: &str, body: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n{body}");
    let text = match (protocol, good) {
        ("soap", true) => {
            http("application/soap+xml", &envelope_text(SoapVersion::Soap12, "", &body))
        }
        ("soap", false) => {
            let code = if for_good { "Sender" } else { "Receiver" };
            let fault = format!(
                "<S:Fault><S:Code><S:Value>S:{code}</S:Value></S:Code><S:Reason><S:Text xml:lang=\"de\">nein</S:Text></S:Reason></S:Fault>"
            );
            http("application/soap+xml", &envelope_text(SoapVersion::Soap12, "", &fault))
        }
        ("json", true) => {
            let number = crate::wire::file_number("http", text_of(payload).as_bytes());
            let told = number.map(|n| serde_json::json!({ "aktenzeichen": n }));
            http("application/json", &told.unwrap_or_else(|| serde_json::json!({})).to_string())
        }
        ("json", false) => {
            let status = if for_good { 409 } else { 503 };
            http("application/problem+json", &format!("{{\"status\":{status}}}"))
        }
        (_, true) => body,
        (_, false) => format!("{REFUSED}{}nein", if for_good { "" } else { "zurzeit " }),
    };
    text.into_bytes()
}
