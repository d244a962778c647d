//! What the types of an organisation cannot say.

use std::collections::BTreeSet;

use super::{FORMAT, FakeKind, OUTPUT, OrganisationFile};
use crate::diagnostic::{Authored, Diagnostic, Path, nearest};

/// All findings about an organisation that has the right shape.
pub(super) fn check(authored: &Authored<OrganisationFile>) -> Vec<Diagnostic> {
    let file = &authored.value;
    let mut out = Vec::new();
    let mut error = |at: &Path, message: String, help: String| {
        out.push(Diagnostic::error(authored.span(at), message, help));
    };
    let root = Path::default();
    if file.format != FORMAT {
        error(
            &root.at("format"),
            format!("this version reads \"{FORMAT}\", not \"{}\"", file.format),
            "convert the file, or use the version of the program that wrote it".into(),
        );
    }
    let real = file.organisation.pilot;
    if !real && !file.organisation.title.contains("fiktiv") {
        error(
            &root.at("organisation").at("title"),
            "a test organisation must be recognisable as one".into(),
            "put \"(fiktiv)\" into its title; pilot = true is for a Funktionstest at a real authority".into(),
        );
    }
    if !file.organisation.aktenzeichen.contains("{nummer}") {
        error(
            &root.at("organisation").at("aktenzeichen"),
            "all cases would get the same file number".into(),
            "put {nummer} into it, such as \"GEW {nummer}/{jahr}\"".into(),
        );
    }
    let lists: [(&str, Vec<&str>); 4] = [
        ("system", file.system.iter().map(|s| s.id.as_str()).collect()),
        ("authority", file.authority.iter().map(|a| a.id.as_str()).collect()),
        ("person", file.person.iter().map(|p| p.id.as_str()).collect()),
        ("business", file.business.iter().map(|b| b.id.as_str()).collect()),
    ];
    for (list, ids) in &lists {
        let mut seen = BTreeSet::new();
        for (index, id) in ids.iter().enumerate() {
            if !seen.insert(*id) {
                error(
                    &root.at(list).at(index).at("id"),
                    format!("{list} \"{id}\" exists twice"),
                    "rename one".into(),
                );
            }
        }
    }
    let systems = &lists[0].1;
    let mut keys = BTreeSet::new();
    for (index, authority) in file.authority.iter().enumerate() {
        let at = root.at("authority").at(index);
        let digits = authority.ags.len() == 8 && authority.ags.bytes().all(|b| b.is_ascii_digit());
        let land = authority.ags.get(..2).and_then(|l| l.parse::<u8>().ok()).unwrap_or(0);
        if !digits || !(1..=16).contains(&land) {
            error(
                &at.at("ags"),
                format!("\"{}\" is no Amtlicher Gemeindeschlüssel", authority.ags),
                "8 digits in quotes, the first two from 01 to 16".into(),
            );
        }
        if !keys.insert(&authority.ags) {
            error(
                &at.at("ags"),
                format!("key {} belongs to two authorities", authority.ags),
                "routing would be ambiguous; change one".into(),
            );
        }
        if !real && !authority.name.contains("fiktiv") {
            error(
                &at.at("name"),
                "a test authority must be recognisable as one".into(),
                "put \"(fiktiv)\" into its name".into(),
            );
        }
        let uses = [
            ("fachverfahren", &authority.fachverfahren),
            ("dms", &authority.dms),
            ("mailbox", &authority.mailbox),
        ];
        for (key, system) in uses {
            let Some(system) = system else { continue };
            if !systems.contains(&system.as_str()) {
                let help = nearest(system.as_str(), systems.iter().copied()).map_or_else(
                    || format!("known: {}", systems.join(", ")),
                    |near| format!("did you mean \"{near}\"?"),
                );
                error(&at.at(key), format!("system \"{system}\" does not exist"), help);
            }
        }
        if authority.receiver().is_none() {
            error(
                &at,
                format!("authority \"{}\" has neither fachverfahren nor mailbox", authority.id),
                "nothing could be delivered; add one".into(),
            );
        }
        if authority.mailbox.is_some() && authority.mail_address.is_none() {
            error(&at, "a mailbox needs mail_address".into(), "add mail_address = \"…\"".into());
        }
    }
    for (index, system) in file.system.iter().enumerate() {
        if let Some(listen) = &system.listen
            && listen.parse::<std::net::SocketAddr>().is_err()
        {
            error(
                &root.at("system").at(index).at("listen"),
                format!("\"{listen}\" is no address with port"),
                "write it like \"127.0.0.1:18080\"".into(),
            );
        }
    }
    let mut folders = BTreeSet::new();
    for (index, system) in file.system.iter().enumerate() {
        let at = root.at("system").at(index);
        let is_folder = system.fake == FakeKind::FachverfahrenAblage;
        if let Some(folder) = &system.folder {
            if !is_folder {
                error(
                    &at.at("folder"),
                    format!("system \"{}\" has no transfer folder", system.id),
                    "leave it out, or choose fake = \"fachverfahren-ablage\"".into(),
                );
            }
            if !folders.insert(folder.trim_end_matches('/')) {
                error(
                    &at.at("folder"),
                    format!("\"{folder}\" is the folder of two systems"),
                    "each would take what is meant for the other; choose another".into(),
                );
            }
        }
        if is_folder && system.listen.is_some() {
            error(
                &at.at("listen"),
                "a transfer folder listens nowhere".into(),
                "leave it out; `folder` says where it lies".into(),
            );
        }
        for (number, answer) in system.answer.iter().enumerate() {
            let known = ["http://", "file:///"].iter().any(|start| answer.to.starts_with(start));
            let own = is_folder && answer.to == OUTPUT;
            if !known && !own {
                error(
                    &at.at("answer").at(number).at("to"),
                    format!("nothing can be sent to \"{}\"", answer.to),
                    format!("http://…, file:///…, or \"{OUTPUT}\" for a transfer folder"),
                );
            }
        }
    }
    out.extend(applications(authored));
    let mut error = |at: &Path, message: String, help: String| {
        out.push(Diagnostic::error(authored.span(at), message, help));
    };
    if file.authority.is_empty() {
        error(
            &root,
            "an organisation without authority takes nothing".into(),
            "add [[authority]]".into(),
        );
    }
    out
}

/// Findings about what portals can send.
fn applications(authored: &Authored<OrganisationFile>) -> Vec<Diagnostic> {
    let file = &authored.value;
    let mut out = Vec::new();
    for (index, system) in file.system.iter().enumerate() {
        let mut seen = BTreeSet::new();
        for (number, application) in system.application.iter().enumerate() {
            let at = Path::default().at("system").at(index).at("application").at(number);
            let mut error = |at: &Path, message: String, help: String| {
                out.push(Diagnostic::error(authored.span(at), message, help));
            };
            if system.fake != FakeKind::Antragsportal {
                let message =
                    format!("system \"{}\" is no portal and sends no applications", system.id);
                error(&at, message, "move it to one with fake = \"antragsportal\"".into());
            }
            if !seen.insert(application.name()) {
                let message = format!("application \"{}\" exists twice", application.name());
                error(&at.at("id"), message, "rename one".into());
            }
            if application.to.as_ref().is_some_and(|to| !to.starts_with("http://")) {
                let message = "a hub takes applications at an http:// address".into();
                error(
                    &at.at("to"),
                    message,
                    "such as \"http://127.0.0.1:8080/eingang/portal\"".into(),
                );
            }
            let people: Vec<&str> = file.person.iter().map(|p| p.id.as_str()).collect();
            let businesses: Vec<&str> = file.business.iter().map(|b| b.id.as_str()).collect();
            let who = [
                ("person", &application.person, people),
                ("business", &application.business, businesses),
            ];
            for (key, id, known) in who {
                if let Some(id) = id.as_deref().filter(|id| !known.contains(id)) {
                    let help = nearest(id, known.iter().copied()).map_or_else(
                        || format!("known: {}", known.join(", ")),
                        |near| format!("did you mean \"{near}\"?"),
                    );
                    error(&at.at(key), format!("{key} \"{id}\" does not exist"), help);
                }
            }
        }
    }
    out
}
