//! What is wrong with a target file, beyond its shape.

use super::doing::Doing;
use super::file::{Credentials, FORMAT, Interface, Limits, Protocol, TargetFile};
use crate::diagnostic::{Authored, Diagnostic, Path};
use crate::ids::ComponentKind;

/// All findings about a target file.
pub(super) fn check(authored: &Authored<TargetFile>) -> Vec<Diagnostic> {
    let file = &authored.value;
    let root = Path::default();
    let mut list = Vec::new();
    let mut error = |at: Path, message: String, help: &str| {
        list.push(Diagnostic::error(authored.span(&at), message, help));
    };
    if file.format != FORMAT {
        let text = format!("this version reads \"{FORMAT}\", not \"{}\"", file.format);
        error(root.at("format"), text, "convert the file");
    }
    let own_address = file.interface.as_ref().and_then(|i| i.url.as_ref()).is_some();
    if let Some(url) = &file.target.url
        && !is_http(url)
    {
        let text = format!("\"{url}\" is no address that can be spoken to");
        let help = "write it like \"http://127.0.0.1:8080\" or \"https://…\"";
        error(root.at("target").at("url"), text, help);
    }
    // An Antragsassistent may do nothing but send.
    let sends = file.target.kind == ComponentKind::Antragsassistent;
    if file.target.url.is_none() && file.start.is_none() && !own_address && !sends {
        let text = "there is neither an address nor a command".to_owned();
        error(root.at("target"), text, "add url = \"http://…\" or [start] command = […]");
    }
    for address in file.addresses() {
        let authority =
            address.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next());
        if authority.is_some_and(|a| a.contains('@')) {
            let help = "remove it, and name variables of the environment in [credentials]";
            error(root.at("target"), "an address holds a name or a password".into(), help);
        }
    }
    credentials(file.credentials.as_ref(), &root.at("credentials"), &mut error);
    let hub = file.target.kind == ComponentKind::Integrationsserver;
    match (hub, &file.endpoints, &file.interface) {
        (true, None, _) => error(
            root.at("target").at("kind"),
            "an integrationsserver needs [endpoints]".into(),
            "add portal, fachverfahren, ready and log",
        ),
        (true, _, Some(_)) => error(
            root.at("interface"),
            "an integrationsserver has [endpoints], no [interface]".into(),
            "remove the table, or correct kind",
        ),
        (false, Some(_), _) => error(
            root.at("endpoints"),
            format!("only an integrationsserver has [endpoints], this is {:?}", file.target.kind),
            "describe it in [interface], or correct kind",
        ),
        (false, _, None) => error(
            root.at("target").at("kind"),
            format!("a target of kind {:?} needs [interface]", file.target.kind),
            "add system = \"…\": the system of the organisation in whose place it stands",
        ),
        _ => {}
    }
    if let Some(it) = &file.interface {
        interface(it, &root.at("interface"), &mut error);
    }
    if file.start.as_ref().is_some_and(|s| s.command.is_empty()) {
        error(root.at("start").at("command"), "the command is empty".into(), "name a program");
    }
    let prepare = file.prepare.iter().enumerate().map(|(n, d)| (root.at("prepare").at(n), d));
    let action =
        file.action.iter().enumerate().map(|(n, a)| (root.at("action").at(n).at("do"), &a.doing));
    let reconfigure = file.reconfigure.iter().map(|d| (root.at("reconfigure"), d));
    for (at, doing) in prepare.chain(action).chain(reconfigure) {
        if matches!(doing, Doing::Command { command, .. } if command.is_empty()) {
            error(at.at("command"), "the command is empty".into(), "name a program");
        }
        if let Doing::Call { method, .. } = doing
            && !super::METHODS.contains(&method.to_ascii_uppercase().as_str())
        {
            let help = format!("use one of {}", super::METHODS.join(", "));
            error(at.at("method"), format!("\"{method}\" is no method of HTTP"), &help);
        }
    }
    limits(&file.limits, &root.at("limits"), &mut error);
    list
}

/// Keys that the protocol has no use for would be ignored without a word.
fn interface(it: &Interface, at: &Path, error: &mut impl FnMut(Path, String, &str)) {
    let soap = it.protocol.is_some_and(Protocol::is_soap);
    let file = it.protocol == Some(Protocol::File);
    let json = it.protocol == Some(Protocol::RestJson);
    let xdomea = it.protocol == Some(Protocol::Xdomea);
    let keys = [
        ("soap_action", it.soap_action.is_some(), soap, "soap-1.1 or soap-1.2"),
        ("addressing", it.addressing.is_some(), soap, "soap-1.1 or soap-1.2"),
        ("parts", it.parts.is_some(), soap || file, "soap-1.1, soap-1.2 or file"),
        ("marker", it.marker.is_some(), file, "file"),
        ("receipt", it.receipt.is_some(), file, "file"),
        ("refusal", it.refusal.is_some(), file, "file"),
        ("sends", it.sends.is_some(), file, "file"),
        ("lists", !it.lists.is_empty(), json, "rest-json"),
        ("numbers", !it.numbers.is_empty(), json, "rest-json"),
        ("truth_values", !it.truth_values.is_empty(), json, "rest-json"),
        ("xdomea_version", it.xdomea_version.is_some(), xdomea, "xdomea"),
    ];
    for (key, _, _, protocols) in keys.iter().filter(|(_, there, fits, _)| *there && !fits) {
        let text = match it.protocol {
            Some(_) => format!("{key} has no meaning for this protocol"),
            None => format!("{key} needs protocol beside it"),
        };
        error(at.at(key), text, &format!("it belongs to protocol {protocols}"));
    }
    if soap && it.soap_action.is_none() {
        let text = "a web service needs soap_action, since calls say what they mean";
        let help = "it stands in the contract (soapAction, wsam:Action); \"\" where it has none";
        error(at.at("protocol"), text.into(), help);
    }
    if it.marker.is_some() && it.parts.is_none() {
        let text =
            "a marker says that a folder is complete, and without parts each message is a file";
        error(at.at("marker"), text.into(), "add parts = \"…\", or remove it");
    }
    for (key, pattern) in [("receipt", &it.receipt), ("refusal", &it.refusal)] {
        if pattern.as_ref().is_some_and(|p| !p.contains("{name}")) {
            let text = format!("{key} is the same place for everything that is handed over");
            error(at.at(key), text, "put {name} into it: the name of what was handed over");
        }
    }
}

fn credentials(
    credentials: Option<&Credentials>,
    at: &Path,
    error: &mut impl FnMut(Path, String, &str),
) {
    let Some(it) = credentials else { return };
    let pairs = [
        (("user_env", &it.user_env), ("password_env", &it.password_env)),
        (("certificate", &it.certificate), ("key_env", &it.key_env)),
    ];
    for ((one, a), (other, b)) in pairs {
        let (there, missing) = match (a, b) {
            (Some(_), None) => (one, other),
            (None, Some(_)) => (other, one),
            _ => continue,
        };
        error(at.at(there), format!("{there} needs {missing}"), "add it, or remove both");
    }
    if it.user_env.is_some() && it.token_env.is_some() {
        let text =
            "a request has one Authorization header, and both user_env and token_env want it";
        error(at.at("token_env"), text.into(), "remove one of them");
    }
}

fn limits(limits: &Limits, at: &Path, error: &mut impl FnMut(Path, String, &str)) {
    let zero = [
        ("parallel", limits.parallel == Some(0)),
        ("per_second", limits.per_second == Some(0)),
        ("connect_ms", limits.connect_ms == 0),
        ("answer_ms", limits.answer_ms == 0),
        ("answer_bytes", limits.answer_bytes == 0),
        ("start_ms", limits.start_ms == 0),
    ];
    for (key, _) in zero.iter().filter(|(_, zero)| *zero) {
        error(
            at.at(key),
            format!("{key} = 0 would let nothing through"),
            "leave it out, or raise it",
        );
    }
}

/// An address that is spoken to by HTTP.
pub(super) fn is_http(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}
