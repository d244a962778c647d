//! Answers that a Fachverfahren gives by itself, some time after it took a message: confirmation,
//! demand for documents, decision. What it sends is a file of the organisation with placeholders.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::ambient::{Clock, random_bytes};
use crate::channel::http::{ClientError, ClientRequest, send};
use crate::channel::{Observer, Shutdown};
use crate::ids::SystemId;
use crate::organisation::System;
use crate::xml::escape_text;

/// Longest time for one answer to be taken.
const SEND_LIMIT: Duration = Duration::from_secs(15);

/// One answer, ready to be filled.
#[derive(Debug, Clone)]
struct Prepared {
    after: Duration,
    to: String,
    text: String,
}

/// What a system sends by itself.
pub(super) struct Later {
    id: SystemId,
    answers: Vec<Prepared>,
    observer: Arc<dyn Observer>,
    clock: Clock,
    stop: Shutdown,
}

impl Later {
    /// The answers of a system.
    ///
    /// # Errors
    /// The file that cannot be read.
    pub fn of(
        system: &System,
        folder: &Path,
        observer: Arc<dyn Observer>,
        stop: Shutdown,
    ) -> Result<Self, (String, std::io::Error)> {
        let mut answers = Vec::new();
        for answer in &system.answer {
            let text = std::fs::read_to_string(folder.join(&answer.file))
                .map_err(|error| (answer.file.clone(), error))?;
            let after = Duration::from_millis(u64::from(answer.after_ms));
            answers.push(Prepared { after, to: answer.to.clone(), text });
        }
        Ok(Self { id: system.id.clone(), answers, observer, clock: Clock::system(), stop })
    }

    /// A message was taken: its answers go out when their time has come, unless the fakes stop first.
    pub fn taken(&self, vorgang: &str, aktenzeichen: &str) {
        for answer in &self.answers {
            let (id, observer, stop) = (self.id.clone(), self.observer.clone(), self.stop.clone());
            let (after, to, clock) = (answer.after, answer.to.clone(), self.clock.clone());
            let values = [("{vorgang}", vorgang), ("{aktenzeichen}", aktenzeichen)];
            let text = filled(&answer.text, &values);
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(after) => {}
                    () = stop.wait() => return,
                }
                // Both belong to the moment of sending.
                let (nachricht, now) = (uuid(), clock.now().to_string());
                let text = filled(&text, &[("{nachricht}", &nachricht), ("{zeitpunkt}", &now)]);
                let request = ClientRequest {
                    method: "POST",
                    url: to.clone(),
                    content_type: "application/xml".into(),
                    body: text.into_bytes(),
                    limit: SEND_LIMIT,
                };
                let (sent, answer, failure) = match send(request).await {
                    Ok(done) => (done.raw_request, done.raw_answer, None),
                    Err(ClientError::Broken { raw_request, raw_answer, reason }) => {
                        (raw_request, raw_answer, Some(reason))
                    }
                    Err(error) => (Vec::new(), Vec::new(), Some(error.to_string())),
                };
                let exchange = observer.request(&id, "http-out", &to, &sent);
                observer.answer(exchange, &answer, failure.as_deref());
            });
        }
    }
}

fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = text.to_owned();
    for (name, value) in values {
        let mut safe = String::new();
        escape_text(value, &mut safe);
        out = out.replace(name, &safe);
    }
    out
}

/// A random UUID (RFC 9562, version 4); all zeros where the system gives no randomness.
fn uuid() -> String {
    let mut b = random_bytes::<16>().unwrap_or_default();
    b[6] = (b[6] & 0x0F) | 0x40;
    b[8] = (b[8] & 0x3F) | 0x80;
    let h: String = b.iter().map(|x| format!("{x:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
}

#[cfg(test)]
mod tests {
    use super::{filled, uuid};

    #[test]
    fn values_stay_text_in_xml() {
        let text = filled("<a>{vorgang}</a><b>{vorgang}</b>", &[("{vorgang}", "<PS & 1>")]);
        assert_eq!(text, "<a>&lt;PS &amp; 1&gt;</a><b>&lt;PS &amp; 1&gt;</b>");
    }

    #[test]
    fn ids_have_the_form_of_a_uuid() {
        let (a, b) = (uuid(), uuid());
        assert_ne!(a, b);
        assert_eq!((a.len(), &a[14..15]), (36, "4"));
        assert!("89ab".contains(&a[19..20]), "{a}");
    }
}
