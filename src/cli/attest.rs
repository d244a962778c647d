//! What people do and find: data sheets and attestations.

use std::path::{Path, PathBuf};

use pruefstand::ambient::Clock;
use pruefstand::certificate::SigningKey;
use pruefstand::diagnostic::nearest;
use pruefstand::evidence::{self, Attested, NewAttestation};
use pruefstand::message::{self, Sheet};
use pruefstand::plan::{Expectation, TestPlan, document_bytes};
use pruefstand::report;
use pruefstand::signing;

use super::args::{Answer, Format};
use super::exit::{CliError, Exit};
use super::output;
use super::reports::{How, USUAL, write_reports};
use super::runs::{judge_folder, write_verdict};

/// Enters a person's result, judges the run again, writes its reports again.
pub fn attest(
    dir: &Path,
    case: &str,
    verdict: Answer,
    by: &str,
    note: &Path,
    key: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let note_text = std::fs::read_to_string(note)
        .map_err(|e| CliError::BadInput(format!("{}: {e}", note.display())))?;
    for (what, text) in [("--by", by), ("the note", note_text.as_str())] {
        if text.trim().is_empty() {
            let text = format!("{what} is empty; an attestation says who saw what");
            return Err(CliError::BadInput(text));
        }
    }
    let judged = judge_folder(dir)?;
    let asked = |e: &Expectation| matches!(e, Expectation::Attested { .. });
    let found = judged.plan.case.iter().find(|c| c.id.as_str() == case);
    if !found.is_some_and(|c| c.expect.iter().any(asked)) {
        let open = judged.plan.case.iter().filter(|c| c.expect.iter().any(asked));
        let names: Vec<&str> = open.map(|c| c.id.as_str()).collect();
        let help = match nearest(case, names.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if names.is_empty() => "this plan has no case for a person".to_owned(),
            None => format!("cases for a person: {}", names.join(", ")),
        };
        let why = if found.is_some() { "is judged by machine" } else { "is not in the plan" };
        return Err(CliError::BadInput(format!("case \"{case}\" {why}; {help}")));
    }
    let key = match key {
        Some(path) => super::certs::load_key(path)?,
        None => own_key()?,
    };
    let new = NewAttestation {
        case: case.into(),
        verdict: match verdict {
            Answer::Passed => Attested::Passed,
            Answer::Failed => Attested::Failed,
            Answer::Inconclusive => Attested::Inconclusive,
            Answer::NotApplicable => Attested::NotApplicable,
        },
        by: by.trim().to_owned(),
        note: note_text.trim().to_owned(),
        at: Clock::system().now(),
    };
    evidence::attest(dir, new, &key).map_err(|error| match error {
        evidence::AttestError::Io(name, error) => CliError::CannotWrite(name, error),
        other => CliError::BadInput(other.to_string()),
    })?;
    let judged = judge_folder(dir)?;
    write_verdict(dir, &judged.verdict)?;
    write_reports(dir, &judged, &How::default(), &USUAL)?;
    match format {
        Format::Json => output::json(&judged.verdict),
        Format::Text => output::result(&report::summary(&judged.verdict)),
    }
    output::say(&format!("signed with key {}", &key.id()[..12]));
    Ok(Exit::Passed)
}

/// The key of whoever sits here, made at the first use.
fn own_key() -> Result<SigningKey, CliError> {
    let home = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
    let Some(home) = home else {
        let text = "there is no HOME for a key of your own; name one with --key FILE";
        return Err(CliError::Usage(text.into()));
    };
    let folder = home.join("pruefstand");
    let path = folder.join("attest.pem");
    if !path.exists() {
        let cannot = |e| CliError::CannotWrite(path.display().to_string(), e);
        std::fs::create_dir_all(&folder).map_err(cannot)?;
        let (private, public) = signing::generate().map_err(|e| CliError::Fault(e.to_string()))?;
        private_file(&path, private.reveal()).map_err(cannot)?;
        std::fs::write(folder.join("attest.pub.pem"), public).map_err(cannot)?;
        output::say(&format!("a key of your own was made: {}", path.display()));
    }
    Ok(SigningKey::load(&path, None)?)
}

/// Writes a file that only its owner can read.
fn private_file(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Shows or writes data sheets.
pub fn sheets(
    plan: &TestPlan,
    case: Option<&str>,
    out: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let all = message::sheets(plan).map_err(|e| CliError::BadInput(e.to_string()))?;
    let wanted: Vec<&Sheet> =
        all.iter().filter(|s| case.is_none_or(|id| s.case.as_str() == id)).collect();
    if wanted.is_empty() {
        let known: Vec<&str> = all.iter().map(|s| s.case.as_str()).collect();
        let text = if known.is_empty() {
            "the plan has no case in which a person does something; derive one with --component antragsassistent".to_owned()
        } else {
            format!("no such case for a person; there are: {}", known.join(", "))
        };
        return Err(CliError::BadInput(text));
    }
    let Some(out) = out else {
        match format {
            Format::Json => output::json(&wanted),
            Format::Text => {
                for sheet in wanted {
                    output::result(&report::sheet_text(sheet));
                }
            }
        }
        return Ok(Exit::Passed);
    };
    let cannot = |path: &Path, e| CliError::CannotWrite(path.display().to_string(), e);
    std::fs::create_dir_all(out).map_err(|e| cannot(out, e))?;
    for sheet in &wanted {
        let page = report::sheet_page(plan, sheet).map_err(|e| CliError::Fault(e.to_string()))?;
        let name = message::file_name(sheet.case.as_str(), "html");
        let path = out.join(name);
        std::fs::write(&path, page).map_err(|e| cannot(&path, e))?;
        for document in &sheet.documents {
            // Names of documents come from the plan, which may be anybody's.
            let name = Path::new(&document.name).file_name().unwrap_or_default();
            let path = out.join(name);
            std::fs::write(&path, document_bytes(document)).map_err(|e| cannot(&path, e))?;
        }
    }
    output::say(&format!("{} data sheet(s) in {}", wanted.len(), out.display()));
    Ok(Exit::Passed)
}
