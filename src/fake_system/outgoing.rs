//! What fakes send by themselves over HTTP, recorded like everything else.

use std::time::Duration;

use bytes::Bytes;

use crate::channel::Observer;
use crate::channel::http::{ClientRequest, Manner, send_with};
use crate::ids::SystemId;

/// Longest time for one message to be taken.
const SEND_LIMIT: Duration = Duration::from_secs(15);

/// Why nobody answered.
pub(super) enum Unanswered {
    /// Nothing was sent.
    NotSent(String),
    /// It was sent, at least in part; whether it was taken is not known.
    Lost(String),
}

/// Sends a message; returns status and body of the answer.
pub(super) async fn post(
    observer: &dyn Observer,
    system: &SystemId,
    to: &str,
    content_type: &str,
    body: String,
) -> Result<(u16, Bytes), Unanswered> {
    post_with(observer, system, to, (content_type, vec![]), body).await
}

/// The same with further header fields.
pub(super) async fn post_with(
    observer: &dyn Observer,
    system: &SystemId,
    to: &str,
    (content_type, fields): (&str, Vec<(&'static str, String)>),
    body: String,
) -> Result<(u16, Bytes), Unanswered> {
    let request = ClientRequest {
        method: "POST",
        url: to.to_owned(),
        content_type: content_type.to_owned(),
        body: body.into_bytes(),
        limit: SEND_LIMIT,
    };
    let (sent, answer, result) =
        match send_with(request, &Manner { fields, ..Manner::default() }).await {
            Ok(done) => (done.raw_request, done.raw_answer, Ok((done.status, done.body))),
            Err(error) => {
                let (sent, answer) = error.passed();
                let (sent, answer) = (sent.to_vec(), answer.to_vec());
                let why = match error.was_sent() {
                    true => Unanswered::Lost(error.to_string()),
                    false => Unanswered::NotSent(error.to_string()),
                };
                (sent, answer, Err(why))
            }
        };
    let failure = match &result {
        Ok(_) => None,
        Err(Unanswered::NotSent(reason) | Unanswered::Lost(reason)) => Some(reason.as_str()),
    };
    let exchange = observer.request(system, "http-out", to, &sent);
    observer.answer(exchange, &answer, failure);
    result
}
