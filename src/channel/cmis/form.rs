//! Forms as the browser binding takes them (CMIS 1.1, section 5.4.4): URL-encoded, or in parts where
//! there is content.

use super::{Content, Properties};
use crate::wire::percent_encoded;

/// Percent-encodes a text.
pub(super) fn percent(text: &str) -> String {
    percent_encoded(text.as_bytes())
}

/// The fields of properties: `propertyId[n]`, `propertyValue[n]`, with a second index for several
/// values (section 5.4.4.3.2).
pub(super) fn of_properties(properties: &Properties) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (at, (id, values)) in properties.iter().enumerate() {
        out.push((format!("propertyId[{at}]"), id.clone()));
        match values.as_slice() {
            [one] => out.push((format!("propertyValue[{at}]"), one.clone())),
            many => out.extend(
                many.iter()
                    .enumerate()
                    .map(|(n, v)| (format!("propertyValue[{at}][{n}]"), v.clone())),
            ),
        }
    }
    out
}

/// Content type and body of a form.
pub(super) fn form(fields: &[(String, String)], content: Option<&Content>) -> (String, Vec<u8>) {
    match content {
        None => {
            let pairs = fields.iter().map(|(n, v)| format!("{}={}", percent(n), percent(v)));
            let body = pairs.collect::<Vec<_>>().join("&").into_bytes();
            ("application/x-www-form-urlencoded; charset=UTF-8".into(), body)
        }
        Some(content) => parts(fields, content),
    }
}

fn parts(fields: &[(String, String)], content: &Content) -> (String, Vec<u8>) {
    // Content that holds the boundary of its own digest cannot be made.
    let boundary = format!("teil-{}", crate::ids::Digest::of(&content.bytes).short());
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\
             Content-Type: text/plain; charset=UTF-8\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(head.as_bytes());
    }
    // As browsers write it (HTML, multipart/form-data): these three escaped, the rest UTF-8.
    let name = content.name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"content\"; filename=\"{name}\"\r\n\
         Content-Type: {}\r\n\r\n",
        content.media_type
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&content.bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
