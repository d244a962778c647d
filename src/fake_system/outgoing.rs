//! What fakes send by themselves over HTTP, recorded like everything else.

use std::time::Duration;

use bytes::Bytes;

use crate::channel::Observer;
use crate::channel::http::{ClientError, ClientRequest, send};
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
    let request = ClientRequest {
        method: "POST",
        url: to.to_owned(),
        content_type: content_type.to_owned(),
        body: body.into_bytes(),
        limit: SEND_LIMIT,
    };
    let (sent, answer, result) = match send(request).await {
        Ok(done) => (done.raw_request, done.raw_answer, Ok((done.status, done.body))),
        Err(ClientError::Broken { raw_request, raw_answer, reason }) => {
            (raw_request, raw_answer, Err(Unanswered::Lost(reason)))
        }
        Err(ClientError::TimedOut { raw_request, limit }) => {
            let reason = format!("no answer within {limit:?}");
            (raw_request, Vec::new(), Err(Unanswered::Lost(reason)))
        }
        Err(error) => (Vec::new(), Vec::new(), Err(Unanswered::NotSent(error.to_string()))),
    };
    let failure = match &result {
        Ok(_) => None,
        Err(Unanswered::NotSent(reason) | Unanswered::Lost(reason)) => Some(reason.as_str()),
    };
    let exchange = observer.request(system, "http-out", to, &sent);
    observer.answer(exchange, &answer, failure);
    result
}
