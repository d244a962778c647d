//! WS-Addressing 1.0, core and SOAP binding: honoured where a request uses it.

use super::envelope::Envelope;
use super::fault::Fault;
use crate::wire::Notes;
use crate::xml::{Element, escape_text};

/// The namespace; older ones are header blocks like any other.
pub(crate) const NAMESPACE: &str = "http://www.w3.org/2005/08/addressing";
const CLAUSE: &str = "WS-Addressing 1.0 SOAP binding, 6.4";
/// Properties that may stand once (core, section 3.2), as far as they play a part here.
const ONCE: [&str; 6] = ["To", "From", "ReplyTo", "FaultTo", "Action", "MessageID"];

/// What a request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Addressing {
    pub action: String,
    pub message_id: String,
    /// Nobody wants the answer.
    pub no_answer: bool,
    /// Nobody wants to hear of faults.
    pub no_fault: bool,
}

/// Whether a header block is read here.
pub(crate) fn understood(block: &Element) -> bool {
    block.namespace == NAMESPACE
        && (ONCE.contains(&block.name.as_str()) || block.name == "RelatesTo")
}

/// What a request says; none where it does not use it.
///
/// # Errors
/// The faults of the SOAP binding, section 6.4.
pub(crate) fn read(envelope: &Envelope, notes: &mut Notes) -> Result<Option<Addressing>, Fault> {
    let mine: Vec<&Element> = envelope.mine().filter(|b| b.namespace == NAMESPACE).collect();
    if mine.is_empty() {
        return Ok(None);
    }
    let invalid = |why: &str, reason: String| {
        Fault::sender(CLAUSE, reason).sub(NAMESPACE, "InvalidAddressingHeader").sub(NAMESPACE, why)
    };
    for name in ONCE {
        if mine.iter().filter(|b| b.name == name).count() > 1 {
            return Err(invalid("InvalidCardinality", format!("wsa:{name} stands twice")));
        }
    }
    let find = |name: &str| mine.iter().find(|b| b.name == name);
    let text =
        |name: &str| find(name).map(|b| b.text().trim().to_owned()).filter(|t| !t.is_empty());
    let required = |name: &str| {
        Fault::sender(CLAUSE, format!("wsa:{name} is missing"))
            .sub(NAMESPACE, "MessageAddressingHeaderRequired")
    };
    let action = match text("Action") {
        Some(action) => action,
        None => {
            notes.deviation(required("Action"))?;
            String::new()
        }
    };
    let message_id = match text("MessageID") {
        Some(id) => id,
        // An answer must say what it is the answer to.
        None => {
            notes.deviation(required("MessageID"))?;
            String::new()
        }
    };
    // None where the field is missing; then faults go where answers go (core, section 3.4).
    let (mut reply_none, mut fault_none) = (None, None);
    for name in ["ReplyTo", "FaultTo"] {
        let Some(block) = find(name) else { continue };
        let address = block.elements().find(|e| e.namespace == NAMESPACE && e.name == "Address");
        let address = address.map(|a| a.text().trim().to_owned()).unwrap_or_default();
        match address.strip_prefix(NAMESPACE) {
            Some(kind @ ("/anonymous" | "/none")) => {
                let none = if name == "ReplyTo" { &mut reply_none } else { &mut fault_none };
                *none = Some(kind == "/none");
            }
            _ if address.is_empty() => {
                let reason = format!("wsa:{name} has no Address");
                return Err(invalid("MissingAddressInEPR", reason));
            }
            _ => {
                let reason =
                    format!("answers go back on the connection alone, not to wsa:{name} {address}");
                notes.deviation(invalid("OnlyAnonymousAddressSupported", reason))?;
            }
        }
    }
    let no_answer = reply_none.unwrap_or(false);
    let no_fault = fault_none.unwrap_or(no_answer);
    Ok(Some(Addressing { action, message_id, no_answer, no_fault }))
}

/// Whether the actions of message, addressing and transport are one (SOAP binding, section 4.2).
///
/// # Errors
/// `ActionNotSupported`, `ActionMismatch`, or a plain fault without WS-Addressing.
pub(crate) fn check_action(
    expected: &str,
    transport: Option<&str>,
    addressing: Option<&Addressing>,
    notes: &mut Notes,
) -> Result<(), Fault> {
    if let Some(addressing) = addressing {
        if addressing.action != expected {
            let reason =
                format!("wsa:Action {} is not that of this message, {expected}", addressing.action);
            notes.deviation(Fault::sender(CLAUSE, reason).sub(NAMESPACE, "ActionNotSupported"))?;
        }
        if let Some(transport) = transport.filter(|t| !t.is_empty())
            && transport != addressing.action
        {
            let reason =
                format!("the transport says {transport}, wsa:Action {}", addressing.action);
            let fault = Fault::sender("WS-Addressing 1.0 SOAP binding, 4.2", reason)
                .sub(NAMESPACE, "InvalidAddressingHeader")
                .sub(NAMESPACE, "ActionMismatch");
            notes.deviation(fault)?;
        }
        return Ok(());
    }
    match transport {
        Some(transport) if transport != expected => {
            let reason = format!("action \"{transport}\", the message wants \"{expected}\"");
            notes.deviation(Fault::sender("WS-I Basic Profile 1.1, R2744", reason))
        }
        _ => Ok(()),
    }
}

/// The header blocks of an answer (core, section 3.4).
pub(crate) fn of_answer(request: &Addressing, action: &str, id: &str) -> String {
    let mut out = format!("<a:Action xmlns:a=\"{NAMESPACE}\">");
    escape_text(action, &mut out);
    out.push_str(&format!(
        "</a:Action><a:MessageID xmlns:a=\"{NAMESPACE}\">urn:uuid:{id}</a:MessageID>"
    ));
    if !request.message_id.is_empty() {
        out.push_str(&format!("<a:RelatesTo xmlns:a=\"{NAMESPACE}\">"));
        escape_text(&request.message_id, &mut out);
        out.push_str("</a:RelatesTo>");
    }
    out
}

/// The action of a fault (SOAP binding, section 6).
pub(crate) fn fault_action(fault: &Fault) -> String {
    match fault.sub.first() {
        Some((namespace, _)) if namespace == NAMESPACE => format!("{NAMESPACE}/fault"),
        _ => format!("{NAMESPACE}/soap/fault"),
    }
}
