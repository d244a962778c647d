//! Speaking to the target: names, ports, TLS, credentials, paths, clocks.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::words::{of_status, of_tls};
use super::{Looked, Preflight, PreflightFinding};
use crate::channel::file::path_of_url;
use crate::channel::http::{ClientError, ClientExchange};
use crate::organisation::TestOrganisation;
use crate::target::{Question, Target, TargetError, explain, host_and_port};

/// Clocks may differ by this; the header field `Date` has whole seconds.
const SKEW: Duration = Duration::from_secs(5);

/// Looks at every address of the target file; adds what was found.
pub(super) async fn look(preflight: &Preflight<'_>, target: &Target, looked: &mut Looked) {
    let questions = target.questions();
    let mut hosts: BTreeMap<String, Result<Vec<IpAddr>, Fault>> = BTreeMap::new();
    for question in &questions {
        let Some((host, port)) = host_and_port(&question.url) else { continue };
        let place = format!("{host}:{port}");
        if let Entry::Vacant(free) = hosts.entry(place) {
            let limit = Duration::from_millis(u64::from(target.file.limits.connect_ms));
            free.insert(connect(&host, port, limit).await);
        }
    }
    let mut no_tls: BTreeSet<String> = BTreeSet::new();
    for question in &questions {
        let place = host_and_port(&question.url).map(|(host, port)| format!("{host}:{port}"));
        let host = place.as_ref().and_then(|place| hosts.get(place));
        if let Some(Err((check, problem, help))) = host {
            let same = |f: &&mut PreflightFinding| {
                &f.check == check && f.problem.starts_with(problem.as_str())
            };
            match looked.findings.iter_mut().find(same) {
                Some(finding) => {
                    finding.problem =
                        format!("{}, {}", finding.problem.trim_end_matches(')'), question.key)
                            + ")";
                }
                None => looked.findings.push(PreflightFinding::new(
                    check,
                    format!("{problem} (needed for {})", question.key),
                    help,
                )),
            }
            if question.first {
                let reason = problem.clone();
                lost(looked, question, reason);
            }
            continue;
        }
        // One fault of TLS is enough for all that lies behind it.
        let silent = place.as_ref().is_some_and(|place| no_tls.contains(place));
        if silent && question.url.starts_with("https://") {
            let check = format!("answer of {}", question.key);
            looked.findings.push(PreflightFinding::unchecked(&check, "there is no TLS with it"));
        } else if ask(preflight, target, question, looked).await.is_err() {
            no_tls.extend(place);
        }
    }
    let addresses: Vec<IpAddr> = hosts.values().flatten().flatten().copied().collect();
    if target.file.start.is_none() {
        listening(preflight.organisation, &addresses, is_of_this_machine, &mut looked.findings);
    }
    if looked.unreachable.is_some() {
        for check in ["authorities of the target", "clock of the target"] {
            looked.findings.push(PreflightFinding::unchecked(check, "the target does not answer"));
        }
    }
}

fn lost(looked: &mut Looked, question: &Question, reason: String) {
    let url = question.url.clone();
    looked.unreachable = Some(TargetError::Unreachable { what: "the target", url, reason });
}

type Fault = (String, String, String);

/// Resolves a name and opens a connection.
async fn connect(host: &str, port: u16, limit: Duration) -> Result<Vec<IpAddr>, Fault> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let fault = |check: &str, problem: String, help: &str| {
        Err((check.to_owned(), problem, help.to_owned()))
    };
    let found = match tokio::time::timeout(limit, tokio::net::lookup_host((bare, port))).await {
        Ok(Ok(found)) => found.collect::<Vec<_>>(),
        Ok(Err(error)) => {
            let problem = format!("the name {bare} does not resolve: {error}");
            let help = "correct the host in the target file, or add the name to DNS or /etc/hosts";
            return fault("names", problem, help);
        }
        Err(_) => {
            let problem = format!("the name {bare} does not resolve within {limit:?}");
            return fault("names", problem, "correct the host in the target file, or look at DNS");
        }
    };
    match tokio::time::timeout(limit, tokio::net::TcpStream::connect(found.as_slice())).await {
        Ok(Ok(_)) => Ok(found.iter().map(|address| address.ip()).collect()),
        Ok(Err(error)) => {
            let problem = format!("nothing listens at {host}:{port}: {error}");
            fault(
                "connection to the target",
                problem,
                "start it, or correct the address in the target file",
            )
        }
        Err(_) => {
            let problem = format!("no connection to {host}:{port} within {limit:?}");
            let help = "look at firewalls, correct the address in the target file, or raise limits.connect_ms there";
            fault("connection to the target", problem, help)
        }
    }
}

/// There is no TLS.
struct NoTls;

/// Asks one question and looks at its answer.
async fn ask(
    preflight: &Preflight<'_>,
    target: &Target,
    question: &Question,
    looked: &mut Looked,
) -> Result<(), NoTls> {
    if let Some(folder) = path_of_url(&question.url) {
        if !folder.is_dir() {
            let problem = format!("{}: there is no folder {}", question.key, folder.display());
            let help = format!("correct {} in the target file, or make the folder", question.key);
            looked.findings.push(PreflightFinding::new("connection to the target", problem, help));
            if question.first {
                lost(looked, question, "there is no such folder".into());
            }
        }
        return Ok(());
    }
    let Some(method) = question.method else { return Ok(()) };
    if target.caller().lacks(&question.url) {
        let check = format!("answer of {}", question.key);
        looked.findings.push(PreflightFinding::unchecked(&check, "credentials are missing"));
        return Ok(());
    }
    let before = preflight.clock.now();
    let sent = target.caller().send(method, &question.url, "", vec![]).await;
    let place = format!("{} ({})", question.url, question.key);
    match sent {
        Err(error) => {
            let (check, problem, help) = of_error(&error);
            if question.messages && check != "TLS" {
                // Not everybody knows OPTIONS, and a connection stood a moment ago.
                return Ok(());
            }
            looked.findings.push(PreflightFinding::new(check, format!("{place}: {problem}"), help));
            if question.first && check != "TLS" {
                lost(looked, question, explain(&error));
            } else if question.first {
                for check in ["authorities of the target", "clock of the target"] {
                    let since = "there is no TLS with the target";
                    looked.findings.push(PreflightFinding::unchecked(check, since));
                }
            }
            if check == "TLS" {
                return Err(NoTls);
            }
        }
        Ok(answer) => {
            clock_of(preflight, &answer, before, &place, &mut looked.findings);
            answered(preflight, target, question, &answer, looked);
        }
    }
    Ok(())
}

fn of_error(error: &ClientError) -> (&'static str, String, String) {
    match error {
        ClientError::Handshake { fault, reason, .. }
        | ClientError::TlsBroken { fault, reason, .. } => {
            let (problem, help) = of_tls(*fault);
            ("TLS", format!("{problem} ({reason})"), help.into())
        }
        // An alert is what servers with TLS answer to a request without it.
        ClientError::Broken { raw_answer, .. } if raw_answer.starts_with(&[0x15, 3]) => (
            "TLS",
            "what answers there speaks TLS only".into(),
            "write https:// in the target file, or correct the port".into(),
        ),
        ClientError::NoTrust(_) => (
            "TLS",
            "nothing is known that could be trusted".into(),
            "name credentials.authorities in the target file".into(),
        ),
        other => (
            "connection to the target",
            explain(other),
            "start it, or correct the address in the target file".into(),
        ),
    }
}

fn answered(
    preflight: &Preflight<'_>,
    target: &Target,
    question: &Question,
    answer: &ClientExchange,
    looked: &mut Looked,
) {
    let place = format!("{} ({})", question.url, question.key);
    let mut add = |check: &str, problem: String, help: String| {
        looked.findings.push(PreflightFinding::new(check, format!("{place}: {problem}"), help));
    };
    let status = answer.status;
    let words = String::from_utf8_lossy(&answer.body).to_ascii_lowercase();
    if status == 400 && question.url.starts_with("http://") && words.contains("https") {
        let problem = "what answers there speaks TLS only".to_owned();
        add("TLS", problem, "write https:// in the target file, or correct the port".into());
        return;
    }
    if question.messages {
        // Whether a path takes messages cannot be known without one: servers differ in what they say
        // to OPTIONS. Only what is plain counts.
        if matches!(status, 300..=399 | 401 | 403) {
            let (problem, help) = of_status(status, question.key);
            add(name_of(status), problem, help);
        } else if (200..300).contains(&status)
            && let Some(allow) = header(answer, "allow")
            && !allow.to_ascii_uppercase().contains("POST")
        {
            let help = format!("correct {} in the target file", question.key);
            add("paths", format!("it takes {allow}, and no POST"), help);
        }
        return;
    }
    if !(200..300).contains(&status) {
        let (problem, help) = of_status(status, question.key);
        add(name_of(status), problem, help);
        if question.first && status >= 500 && status != 501 {
            lost(looked, question, format!("it answers {status}"));
        }
        return;
    }
    if question.first {
        looked.says = String::from_utf8_lossy(&answer.body).into_owned();
    }
    if question.key == "endpoints.log" {
        log(preflight, target, answer, &place, &mut looked.findings);
    }
}

fn name_of(status: u16) -> &'static str {
    match status {
        401 | 403 => "credentials",
        500 | 502.. => "connection to the target",
        _ => "paths",
    }
}

fn header(answer: &ClientExchange, name: &str) -> Option<String> {
    crate::wire::header_of(crate::wire::final_answer(&answer.raw_answer), name)
}

const CLOCK_HELP: &str = "let both machines get their time from the same source (NTP): deadlines and the order of events are judged by it";

/// Holds the header field `Date` (RFC 9110, section 6.6.1) against our clock.
fn clock_of(
    preflight: &Preflight<'_>,
    answer: &ClientExchange,
    before: jiff::Timestamp,
    place: &str,
    out: &mut Vec<PreflightFinding>,
) {
    let date = header(answer, "date");
    let Some(date) = date.and_then(|d| jiff::fmt::rfc2822::parse(&d).ok()) else { return };
    let (theirs, after) = (date.timestamp(), preflight.clock.now());
    let off = apart(theirs, before, after);
    if off.unsigned_abs() > SKEW && !out.iter().any(|f| f.check == "clock of the target") {
        let problem = format!("{place}: its clock says {theirs}, ours {after}");
        out.push(PreflightFinding::new("clock of the target", problem, CLOCK_HELP));
    }
}

/// How far a time is from the span in which it was told.
fn apart(
    theirs: jiff::Timestamp,
    before: jiff::Timestamp,
    after: jiff::Timestamp,
) -> jiff::SignedDuration {
    if theirs < before {
        before.duration_since(theirs)
    } else if theirs > after {
        theirs.duration_since(after)
    } else {
        jiff::SignedDuration::ZERO
    }
}

/// Whether the log can be read as the target file says, and was not written in the future.
fn log(
    preflight: &Preflight<'_>,
    target: &Target,
    answer: &ClientExchange,
    place: &str,
    out: &mut Vec<PreflightFinding>,
) {
    let mapping = target.file.log.clone();
    let described = mapping.is_some();
    let entries = match mapping.unwrap_or_default().read(&answer.body) {
        Ok(entries) => entries,
        // Without a mapping it is the target that does not keep its word; that is judged.
        Err(_) if !described => return,
        Err(why) => {
            out.push(PreflightFinding::new(
                "transaction log",
                format!("{place}: it is not what [log] of the target file says: {why}"),
                "correct the keys in [log] of the target file",
            ));
            return;
        }
    };
    let now = preflight.clock.now();
    let time = |entry: &serde_json::Map<String, serde_json::Value>| {
        entry.get("zeit")?.as_str()?.parse::<jiff::Timestamp>().ok()
    };
    let latest = entries.iter().filter_map(time).max();
    if let Some(latest) = latest
        && latest > now
        && latest.duration_since(now).unsigned_abs() > SKEW
    {
        let problem =
            format!("{place}: its log has an entry of {latest}, and our clock says {now}");
        out.push(PreflightFinding::new("clock of the target", problem, CLOCK_HELP));
    }
}

/// Whether an address belongs to this machine: only then something can listen on it here.
fn is_of_this_machine(address: IpAddr) -> bool {
    address.is_loopback() || std::net::TcpListener::bind((address, 0)).is_ok()
}

/// A target on another machine cannot reach what listens on loopback here.
fn listening(
    organisation: &TestOrganisation,
    target: &[IpAddr],
    here: impl Fn(IpAddr) -> bool,
    out: &mut Vec<PreflightFinding>,
) {
    if target.is_empty() || target.iter().any(|address| here(*address)) {
        return;
    }
    let local = |listen: &str| {
        let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let hidden: Vec<&str> = organisation
        .file
        .system
        .iter()
        .filter(|system| system.listen.as_deref().is_none_or(local))
        .map(|system| system.id.as_str())
        .collect();
    if !hidden.is_empty() {
        out.push(PreflightFinding::new(
            "fakes as the target sees them",
            format!(
                "the target is on another machine, and these fakes listen on loopback only: {}",
                hidden.join(", ")
            ),
            "give each of them `listen = \"ADDRESS:PORT\"` in the organisation, with an address of this machine that the target can reach",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::{IpAddr, PreflightFinding, TestOrganisation, listening};

    #[test]
    fn fakes_on_loopback_do_not_serve_another_machine() {
        let organisation = TestOrganisation::embedded().unwrap();
        let (there, here): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "127.0.0.1".parse().unwrap());
        let of = |organisation: &TestOrganisation, target: &[IpAddr]| {
            let mut out: Vec<PreflightFinding> = Vec::new();
            listening(organisation, target, |address| address.is_loopback(), &mut out);
            out
        };
        let found = of(&organisation, &[there]);
        assert!(found[0].problem.contains("fv-attrappenburg"), "{found:?}");
        assert!(found[0].help.contains("listen"));
        assert!(of(&organisation, &[here]).is_empty() && of(&organisation, &[]).is_empty());
        let mut open = organisation;
        for system in &mut open.file.system {
            system.listen = Some("192.0.2.7:0".into());
        }
        assert!(of(&open, &[there]).is_empty());
    }
}
