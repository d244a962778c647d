//! Doing something to a target: running a command, making a call, telling a person.

use std::path::Path;
use std::time::Duration;

use super::commands::CommandError;
use super::doing::Doing;
use super::fill::{Values, Written};
use super::person::Said;
use super::{Surroundings, Target};
use crate::channel::http::{ClientError, ClientExchange};

/// What was done.
#[derive(Debug, Clone)]
pub struct Performed {
    /// What it was, for the record; without anything secret.
    pub what: String,
    /// The exchange, where it was a call.
    pub call: Option<Called>,
}

/// A call that was made.
#[derive(Debug, Clone)]
pub struct Called {
    /// Where to.
    pub url: String,
    /// What was sent and what came back.
    pub exchange: ClientExchange,
}

/// Why something could not be done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DoingError {
    /// A command failed.
    #[error("the command {command:?} failed: {reason}; its output is in {log}")]
    Command {
        /// Program and arguments.
        command: Vec<String>,
        /// Why.
        reason: String,
        /// Where its output is.
        log: String,
    },
    /// A call came to no answer.
    #[error("{method} {url}: {error}")]
    Call {
        /// Method.
        method: String,
        /// Where to.
        url: String,
        /// Why; with the bytes that passed.
        error: Box<ClientError>,
    },
    /// A call was answered with something else than 2xx.
    #[error("{method} {} is answered with {}, which is not 2xx", called.url, called.exchange.status)]
    Refused {
        /// Method.
        method: String,
        /// The call.
        called: Box<Called>,
    },
    /// What is to be sent cannot be read.
    #[error("{file} cannot be read: {reason}")]
    File {
        /// The file.
        file: String,
        /// Why.
        reason: String,
    },
    /// A person is needed, and there is no terminal at which one could answer.
    #[error(
        "a person is needed (\"{instruction}\"), and there is no terminal at which one could answer; start it on a terminal, or describe a command or a call in the target file"
    )]
    NobodyThere {
        /// What was to be done.
        instruction: String,
    },
}

impl Target {
    /// Does something to the target. `more` are further placeholders with their values, such as
    /// `vorgang`. A command's output goes to `target.log`; what it leaves running ends with the
    /// target. Who drops the future ends a command that is still running.
    ///
    /// # Errors
    /// When a command does not end with 0 in its time, a call is not answered with 2xx, or nobody can
    /// be told. See [`DoingError`].
    pub async fn perform(
        &self,
        doing: &Doing,
        around: &Surroundings,
        more: &[(&str, String)],
    ) -> Result<Performed, DoingError> {
        let values = self.values(around, more);
        match doing {
            Doing::Command { command, within_ms } => {
                let command: Vec<String> =
                    command.iter().map(|part| values.fill(part, Written::Plain)).collect();
                let log = self.folder.join("target.log");
                let limit = Duration::from_millis(u64::from(*within_ms));
                let what = format!("command {command:?}");
                match self.commands.run(&command, &log, limit).await {
                    Ok(()) => Ok(Performed { what, call: None }),
                    Err(CommandError(reason)) => {
                        Err(DoingError::Command { command, reason, log: log.display().to_string() })
                    }
                }
            }
            Doing::Call { method, url, content_type, body } => {
                self.call(&values, method, url, content_type, body).await
            }
            Doing::Person { instruction } => {
                let instruction = values.fill(instruction, Written::Plain);
                match self.person.tell(&instruction).await {
                    Said::Done => {
                        Ok(Performed { what: format!("person: {instruction}"), call: None })
                    }
                    Said::NobodyThere => Err(DoingError::NobodyThere { instruction }),
                }
            }
        }
    }

    async fn call(
        &self,
        values: &Values,
        method: &str,
        url: &str,
        content_type: &str,
        body: &str,
    ) -> Result<Performed, DoingError> {
        let url = self.url(&values.fill(url, Written::Url));
        let file = body.trim().strip_prefix("@{").and_then(|b| b.strip_suffix('}'));
        let body = match file.and_then(|name| values.get(name)) {
            Some(path) => std::fs::read(Path::new(path)).map_err(|error| DoingError::File {
                file: path.to_owned(),
                reason: error.to_string(),
            })?,
            None => values.fill(body, written_in(content_type)).into_bytes(),
        };
        let method = method.to_ascii_uppercase();
        match self.caller().send(&method, &url, content_type, body).await {
            Err(error) => Err(DoingError::Call { method, url, error: Box::new(error) }),
            Ok(exchange) => {
                let good = (200..300).contains(&exchange.status);
                let what = format!("call {method} {url}");
                let called = Called { url, exchange };
                match good {
                    true => Ok(Performed { what, call: Some(called) }),
                    false => Err(DoingError::Refused { method, called: Box::new(called) }),
                }
            }
        }
    }

    /// What stands for the placeholders.
    pub(super) fn values(&self, around: &Surroundings, more: &[(&str, String)]) -> Values {
        let values = Values::default()
            .with("url", self.base.trim_end_matches('/'))
            .with("endpoints", around.export.display().to_string())
            .with("hub", around.hub.trim_end_matches('/'))
            .with("state", self.state().display().to_string())
            .with("here", self.file.here().display().to_string());
        more.iter().fold(values, |values, (name, value)| values.with(name, value))
    }
}

fn written_in(content_type: &str) -> Written {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => Written::Json,
        "application/xml" | "text/xml" => Written::Xml,
        "application/x-www-form-urlencoded" => Written::Url,
        other if other.ends_with("+json") => Written::Json,
        other if other.ends_with("+xml") => Written::Xml,
        _ => Written::Plain,
    }
}
