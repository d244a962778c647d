//! Documents: size and number at their bounds, every media type, and one that is not accepted.

use super::{Wrong, authority_in_turn, flow, negative, send_in_context};
use crate::concept::{Aspect, Fault, Message};
use crate::plan::builder::valid;
use crate::plan::catalogue::Method;
use crate::plan::derive::Derivation;
use crate::plan::values::a_document;
use crate::plan::{Change, DocumentUse};

/// All documents of all messages.
pub(super) fn documents(d: &mut Derivation<'_>, method: &Method) {
    let messages: Vec<&Message> =
        d.concept.file.message.iter().filter(|m| m.schema.is_none()).collect();
    for message in messages {
        for part in &message.documents {
            let Some(document) = d.concept.document(&part.document) else { continue };
            let (id, first) = (&document.id, &document.media_types[0]);
            for media_type in &document.media_types {
                let variant = media_type.replace('/', "-");
                let what = format!("{} als {media_type}", document.title);
                good(d, method, message, id, &variant, what, a_document(id, media_type, 0, 900));
            }
            let size = document.max_bytes;
            good(
                d,
                method,
                message,
                id,
                "groesse-max",
                format!("{}: {size} Bytes", document.title),
                a_document(id, first, 0, size),
            );
            let mut bad = |variant: &str, what: String, documents: Vec<DocumentUse>| {
                let wrong = Wrong {
                    variant: variant.into(),
                    what,
                    aspect: Aspect::Documents,
                    fault: Fault::Document,
                    change: vec![Change::Documents { documents }],
                    violates: format!("{id} {variant}"),
                };
                negative(d, method, message, id, "minimal", wrong);
            };
            bad(
                "groesse-max-plus-1",
                format!("{}: {} Bytes", document.title, size + 1),
                vec![a_document(id, first, 0, size + 1)],
            );
            bad(
                "medientyp",
                format!("{} als text/html", document.title),
                vec![a_document(id, "text/html", 0, 900)],
            );
            let many = (0..=part.max as usize).map(|n| a_document(id, first, n, 300)).collect();
            bad(
                "max-plus-1",
                format!("{}: {} statt höchstens {}", document.title, part.max + 1, part.max),
                many,
            );
            if part.min > 0 {
                bad("fehlt", format!("{}: fehlt", document.title), vec![]);
            }
        }
    }
}

fn good(
    d: &mut Derivation<'_>,
    method: &Method,
    message: &Message,
    id: &str,
    variant: &str,
    what: String,
    document: DocumentUse,
) {
    let Some(authority) = authority_in_turn(d, message) else { return };
    let case_id = format!("{}/{id}/{variant}", message.id);
    let Some(mut case) = d.case(method, case_id, what, Aspect::Documents) else { return };
    let mut subject = valid(message, "minimal", 1, authority);
    subject.change = vec![Change::Documents { documents: vec![document] }];
    let Some(step) = send_in_context(d, &mut case, message, authority, subject) else { return };
    flow::wait_for(d, &mut case, message, authority);
    case.accepted(d, step, None);
    if let Some(system) = super::destination(d, message, authority) {
        case.delivered(d, step, &system, (None, None));
        case.documents(d, step, &system, None);
    }
    if let Some(dms) = authority
        .dms
        .as_ref()
        .filter(|_| step == "pruefling" && message.kind == crate::concept::MessageKind::Antrag)
    {
        case.filed(d, step, dms, None);
    }
    d.push(case);
}
