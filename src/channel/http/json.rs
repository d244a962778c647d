//! JSON over HTTP, the side that calls (RFC 8259; errors as problem documents, RFC 9457).

use std::time::Duration;

use serde_json::Value;

use super::client::{ClientError, ClientRequest, Manner, send_with};
use crate::channel::tls::ClientSettings;
use crate::wire::HttpMessage;

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonAnswer {
    /// A good status; with its body, `null` where there is none.
    Good(Value),
    /// Another status; with what a problem document says, or the beginning of whatever came.
    Problem {
        /// Status of HTTP.
        status: u16,
        /// What is wrong, for people.
        detail: String,
    },
    /// A good status with something that is no JSON, such as the page of a proxy.
    NoJson {
        /// Status of HTTP.
        status: u16,
        /// Why, and how it begins.
        detail: String,
    },
}

/// Sends JSON, or asks for it where there is no body, and reads what comes back.
///
/// # Errors
/// See [`ClientError`].
pub async fn send_json(
    method: &'static str,
    url: &str,
    body: Option<String>,
    limit: Duration,
    tls: Option<ClientSettings>,
) -> Result<JsonAnswer, ClientError> {
    let kind = if body.is_some() { "application/json" } else { "" };
    let body = body.unwrap_or_default().into_bytes();
    let (url, content_type) = (url.to_owned(), kind.to_owned());
    let request = ClientRequest { method, url, content_type, body, limit };
    let accept = ("Accept", "application/json, application/problem+json".to_owned());
    let done =
        send_with(request, &Manner { fields: vec![accept], tls, ..Manner::default() }).await?;
    Ok(read_json_answer(&done.raw_answer))
}

/// Reads an answer, raw.
pub fn read_json_answer(raw: &[u8]) -> JsonAnswer {
    let message = HttpMessage::read(raw).unwrap_or_default();
    let status = message.status().unwrap_or(0);
    let kind = message.media_type().map(|m| m.essence).unwrap_or_default();
    let begins = || String::from_utf8_lossy(&message.body).chars().take(120).collect::<String>();
    let read: Result<Value, _> = serde_json::from_slice(&message.body);
    let problem = kind == "application/problem+json";
    if !(200..300).contains(&status) || problem {
        let said = read.ok().and_then(|v| {
            let text = |key: &str| v[key].as_str().map(str::to_owned);
            Some(format!("{}: {}", text("title")?, text("detail").unwrap_or_default()))
        });
        return JsonAnswer::Problem { status, detail: said.unwrap_or_else(begins) };
    }
    match read {
        Ok(value) => JsonAnswer::Good(value),
        Err(_) if message.body.is_empty() => JsonAnswer::Good(Value::Null),
        Err(error) => {
            let detail = format!("{error} ({kind}); it begins with \"{}\"", begins());
            JsonAnswer::NoJson { status, detail }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonAnswer, read_json_answer};

    #[test]
    fn good_answers_problems_and_pages_are_told_apart() {
        let read = |status: &str, kind: &str, body: &str| {
            read_json_answer(
                format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n\r\n{body}").as_bytes(),
            )
        };
        assert_eq!(
            read("201 Created", "application/json", "{\"a\":1}"),
            JsonAnswer::Good(serde_json::json!({"a": 1}))
        );
        assert_eq!(read("204 No Content", "", ""), JsonAnswer::Good(serde_json::Value::Null));
        let problem = "{\"title\":\"Zu groß\",\"detail\":\"9 Bytes\"}";
        for status in ["413 X", "200 OK"] {
            let answer = read(status, "application/problem+json", problem);
            assert!(
                matches!(&answer, JsonAnswer::Problem { detail, .. } if detail == "Zu groß: 9 Bytes"),
                "{answer:?}"
            );
        }
        let page = read("200 OK", "text/html", "<html>Anmeldung</html>");
        assert!(
            matches!(&page, JsonAnswer::NoJson { status: 200, detail } if detail.contains("<html>")),
            "{page:?}"
        );
        let gone = read("502 X", "text/html", "<html>");
        assert!(matches!(gone, JsonAnswer::Problem { status: 502, .. }), "{gone:?}");
    }
}
