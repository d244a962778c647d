//! What is done to a target before the first message, and what of it stands in the evidence.

use super::recorder::{OwnExchange, Recorder};
use crate::ambient::Clock;
use crate::channel::Observer as _;
use crate::evidence::{Record, TargetEvent};
use crate::target::{DoingError, Surroundings, Target, explain};

/// Does everything that the target file says under `[[prepare]]`, in order.
///
/// # Errors
/// The first thing that could not be done; nothing after it is tried.
pub(super) async fn prepare(
    target: &Target,
    around: &Surroundings,
    recorder: &Recorder,
    clock: &Clock,
) -> Result<(), DoingError> {
    for (number, doing) in target.file.prepare.iter().enumerate() {
        let started = clock.now();
        let step = format!("prepare-{}", number + 1);
        let own = |peer: &str, request: &[u8], answer: &[u8], failure: Option<String>| {
            recorder.own(&OwnExchange {
                protocol: "http",
                system: &"harness".into(),
                case: None,
                step: &step,
                peer,
                started,
                request,
                answer,
                failure,
            });
        };
        let done = target.perform(doing, around, &[]).await;
        let how = match &done {
            Ok(done) => {
                if let Some(call) = &done.call {
                    own(&call.url, &call.exchange.raw_request, &call.exchange.raw_answer, None);
                }
                format!("{}: done", done.what)
            }
            Err(error) => {
                match error {
                    DoingError::Call { url, error, .. } => {
                        let (request, answer) = error.passed();
                        own(url, request, answer, Some(explain(error)));
                    }
                    DoingError::Refused { called, .. } => {
                        let exchange = &called.exchange;
                        own(&called.url, &exchange.raw_request, &exchange.raw_answer, None);
                    }
                    DoingError::Command { .. }
                    | DoingError::File { .. }
                    | DoingError::NobodyThere { .. } => {}
                }
                error.to_string()
            }
        };
        let detail = format!("{step}: {how}");
        recorder.append(&Record::Target { event: TargetEvent::Prepared, detail });
        done?;
    }
    Ok(())
}

/// Says that something is hidden in what is recorded, where something is.
pub(super) fn note_hidden(target: &Target, recorder: &Recorder) {
    if target.caller().hides() {
        recorder.observation(
            &"harness".into(),
            None,
            "credentials",
            "requests to the target carry an Authorization header; its value is recorded as ***, here and wherever it stands in an answer, so that these bytes differ from those of the wire",
        );
    }
}
