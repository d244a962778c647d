//! Errors as problem documents (RFC 9457).

use serde_json::{Value, json};

use crate::channel::http::Reply;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub status: u16,
    /// Short name of its kind; becomes `type`.
    pub kind: &'static str,
    /// The same for every problem of this kind.
    pub title: &'static str,
    /// What happened this time.
    pub detail: String,
    /// Places in the document (RFC 6901) and what is wrong there.
    pub errors: Vec<(String, String)>,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Which rule was broken; goes into the observation, none where nothing was.
    pub clause: Option<&'static str>,
}

impl Problem {
    /// Boxed, since it travels as an error.
    pub fn new(
        status: u16,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Box<Self> {
        let (errors, headers, detail) = (Vec::new(), Vec::new(), detail.into());
        Box::new(Self { status, kind, title, detail, errors, headers, clause: None })
    }

    #[must_use]
    pub fn header(mut self: Box<Self>, name: &'static str, value: impl Into<String>) -> Box<Self> {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn breaks(mut self: Box<Self>, clause: &'static str) -> Box<Self> {
        self.clause = Some(clause);
        self
    }

    /// As an answer; `base` stands before the kind in `type`.
    pub fn reply(&self, base: &str, instance: &str) -> Reply {
        let mut body = json!({
            "type": format!("{base}{}", self.kind),
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
        });
        if !self.errors.is_empty() {
            let one = |(pointer, detail): &(String, String)| json!({ "pointer": format!("#{pointer}"), "detail": detail });
            body["errors"] = Value::Array(self.errors.iter().map(one).collect());
        }
        let mut reply =
            Reply::text(self.status, "application/problem+json", body.to_string().into_bytes());
        for (name, value) in &self.headers {
            reply = reply.with_header(name, value);
        }
        reply
    }
}
