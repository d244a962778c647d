//! How an exchange of a run is repeated by hand: a command line, and the body as a file.

use std::collections::BTreeMap;
use std::path::Path;

use super::secrets::is_secret;
use super::shell::shell_word;
use super::visible::visible;
use crate::evidence::Direction;
use crate::ids::SystemId;
use crate::verdict::{Exchange, smtp_data};
use crate::wire;

/// Longest body that stands in the line itself, bytes.
const INLINE: usize = 8 * 1024;

/// How to repeat an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repetition {
    /// Lines for people: the command, and what it cannot say.
    pub lines: Vec<String>,
    /// Name and bytes of the file that the command sends.
    pub file: Option<(String, Vec<u8>)>,
}

/// The command for an exchange that the harness sent; from where it came, for one that it received.
/// `save` is the folder that files will be in.
pub(super) fn repetition(
    exchange: &Exchange,
    addresses: &BTreeMap<SystemId, String>,
    save: Option<&Path>,
) -> Repetition {
    let mut out = Repetition { lines: vec![], file: None };
    let smtp = exchange.protocol == "smtp";
    if exchange.direction == Direction::Received {
        let at = addresses.get(&exchange.system).map_or("", String::as_str);
        let from = visible(&format!("Kam von {} an {} {at}", exchange.peer, exchange.system));
        out.lines.push(from.trim_end().to_owned());
        if smtp && at.starts_with("smtp://") {
            mail(&mut out, exchange, at, save);
        }
        return out;
    }
    if exchange.request.is_empty() {
        out.lines.push("Nicht gesendet: es kam keine Verbindung zustande.".into());
    } else if smtp {
        mail(&mut out, exchange, &exchange.peer, save);
    } else {
        http(&mut out, exchange, save);
    }
    out
}

/// A file that the command names, and its place.
fn keep(out: &mut Repetition, name: String, bytes: Vec<u8>, save: Option<&Path>) -> String {
    let place = match save {
        Some(folder) => folder.join(&name).display().to_string(),
        None => {
            out.lines.push(format!("(die Datei {name} schreibt --save ORDNER)"));
            name.clone()
        }
    };
    out.file = Some((name, bytes));
    place
}

fn http(out: &mut Repetition, exchange: &Exchange, save: Option<&Path>) {
    let Some((lines, start)) = wire::split_head(&exchange.request) else {
        out.lines.push("Nicht zu wiederholen: der Kopf der Anfrage ist nicht vollständig.".into());
        return;
    };
    let method = lines.first().and_then(|l| l.split(' ').next()).unwrap_or_default().to_owned();
    let fields: Vec<(&str, &str)> =
        lines.iter().skip(1).filter_map(|l| l.split_once(':')).map(trimmed).collect();
    let has = |name: &str| fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let chunked = fields.iter().any(|(n, v)| {
        n.eq_ignore_ascii_case("transfer-encoding") && v.eq_ignore_ascii_case("chunked")
    });
    let mut body = Vec::new();
    if chunked {
        let _ = wire::chunks(&exchange.request, start, |chunk| body.extend_from_slice(chunk));
    } else {
        body.extend_from_slice(&exchange.request[start..]);
    }
    let (url, userinfo) = without_userinfo(&exchange.peer);
    let mut words = vec!["curl".to_owned(), "-sS".into(), "-i".into()];
    match method.as_str() {
        "GET" if body.is_empty() => {}
        "HEAD" => words.push("-I".into()),
        method => words.extend(["-X".into(), shell_word(method)]),
    }
    // curl would read a meaning into these.
    if url.contains(['[', ']', '{', '}']) {
        words.push("--globoff".into());
    }
    if url.contains("/.") {
        words.push("--path-as-is".into());
    }
    words.push(address(&url));
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    for (name, value) in &fields {
        let computed = ["content-length", "transfer-encoding", "connection"];
        if computed.iter().any(|c| c.eq_ignore_ascii_case(name))
            || name.eq_ignore_ascii_case("host") && *value == host
        {
            continue;
        }
        if value.contains(['\0', '\u{fffd}']) || name.is_empty() || name.starts_with('@') {
            let text =
                format!("(ohne das Feld {name}: eine Befehlszeile kann es nicht genau so senden)");
            out.lines.push(visible(&text));
            continue;
        }
        words.push("-H".into());
        words.push(if is_secret(name) {
            let upper =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let variable: String = name.chars().map(upper).collect();
            // No variable begins with a digit.
            let variable = format!(
                "{}{variable}",
                if variable.starts_with(char::is_numeric) { "_" } else { "" }
            );
            out.lines.push(format!("(vorher {variable} setzen: der Wert steht nur im Nachweis)"));
            format!("{}\"${variable}\"", shell_word(&format!("{name}: ")))
        } else if value.is_empty() {
            // Without a value curl takes the field away; the semicolon keeps it.
            shell_word(&format!("{name};"))
        } else {
            shell_word(&format!("{name}: {value}"))
        });
    }
    // What curl adds by itself.
    for name in ["Accept", "User-Agent", "Expect"] {
        if !has(name) && (name != "Expect" || body.len() > 1024 * 1024) {
            words.extend(["-H".into(), format!("{name}:")]);
        }
    }
    if !has("content-type") && (!body.is_empty()) {
        words.extend(["-H".into(), "Content-Type:".into()]);
    }
    if !body.is_empty() || has("content-length") && method != "GET" && method != "HEAD" {
        words.push("--data-binary".into());
        let text = std::str::from_utf8(&body).ok().filter(|t| {
            save.is_none()
                && t.len() <= INLINE
                && !t.starts_with('@')
                && !t.contains(['\r', '\0'])
                && visible(t) == *t
        });
        words.push(match text {
            Some(text) => shell_word(text),
            None => {
                let name = format!("austausch-{}.body", exchange.number);
                shell_word(&format!("@{}", keep(out, name, body, save)))
            }
        });
    }
    if userinfo {
        out.lines.push("(Benutzer und Kennwort in der Adresse sind weggelassen)".into());
    }
    if url.starts_with("https://") {
        let text = "(TLS: --cacert mit [trust] authority aus inputs/export.toml des Laufs)";
        out.lines.push(text.into());
    }
    out.lines.push(words.join(" "));
}

fn trimmed<'a>((name, value): (&'a str, &'a str)) -> (&'a str, &'a str) {
    (name.trim(), value.trim())
}

/// The address as a word whose beginning can be replaced, since a started target listens on another
/// port each time: `"${ZIEL:-http://127.0.0.1:1234}"/eingang/portal`.
fn address(url: &str) -> String {
    let split = url.find("://").map(|at| at + 3);
    let split = split.and_then(|from| url[from..].find(['/', '?', '#']).map(|at| from + at));
    let (base, path) = url.split_at(split.unwrap_or(url.len()));
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/.-_[]".contains(c);
    if !base.chars().all(plain) {
        return shell_word(url);
    }
    let path = if path.is_empty() { String::new() } else { shell_word(path) };
    format!("\"${{ZIEL:-{base}}}\"{path}")
}

/// A URL without user and password, and whether it had them.
pub(super) fn without_userinfo(url: &str) -> (String, bool) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), false) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => (format!("{scheme}://{}", &rest[at + 1..]), true),
        None => (url.to_owned(), false),
    }
}

/// A mail, sent once more.
fn mail(out: &mut Repetition, exchange: &Exchange, server: &str, save: Option<&Path>) {
    let Some((from, to)) = envelope(&exchange.request) else { return };
    let message = smtp_data(&exchange.request);
    let name = format!("austausch-{}.eml", exchange.number);
    let place = keep(out, name, message, save);
    let (server, _) = without_userinfo(server);
    let server = if server.contains("://") { server } else { format!("smtp://{server}") };
    let mut words = vec!["curl".to_owned(), "-sS".into(), address(&server)];
    if place.contains(['[', ']', '{', '}']) {
        words.push("--globoff".into());
    }
    words.extend(["--mail-from".into(), shell_word(&from)]);
    for recipient in to {
        words.extend(["--mail-rcpt".into(), shell_word(&recipient)]);
    }
    words.extend(["--upload-file".into(), shell_word(&place)]);
    out.lines.push(format!("Dieselbe Mail noch einmal: {}", words.join(" ")));
}

/// Sender and recipients of the transaction that came to DATA.
fn envelope(raw: &[u8]) -> Option<(String, Vec<String>)> {
    let (mut from, mut to) = (String::new(), Vec::new());
    for line in raw.split(|b| *b == b'\n') {
        let line = std::str::from_utf8(line).ok()?.trim();
        let path = || {
            let inside = line.split_once('<')?.1;
            Some(inside.split_once('>')?.0.to_owned())
        };
        let begins =
            |word: &str| line.get(..word.len()).is_some_and(|l| l.eq_ignore_ascii_case(word));
        if begins("MAIL FROM:") {
            from = path().unwrap_or_default();
            to.clear();
        } else if begins("RCPT TO:") {
            to.extend(path());
        } else if line.eq_ignore_ascii_case("RSET") {
            to.clear();
        } else if line.eq_ignore_ascii_case("DATA") && !to.is_empty() {
            return Some((from, to));
        }
    }
    None
}
