//! Writing reports into a run's folder.

use std::path::Path;

use pruefstand::judged::Judged;
use pruefstand::particulars::Particulars;
use pruefstand::report::{self, ATTACHMENTS, Language, Material, VARL};
use pruefstand::verdict::RunView;

use super::exit::CliError;
use super::runs::write;

/// What a run writes by itself.
pub const USUAL: [&str; 2] = ["html", "junit"];
/// Everything that can be written.
pub const KINDS: [&str; 8] = ["html", "junit", "json", "markdown", "pdf", "sarif", "earl", "varl"];

/// How reports are written.
pub struct How<'a> {
    /// Language.
    pub language: Language,
    /// Before the paths of attachments in JUnit.
    pub prefix: &'a str,
    /// What people said about the test.
    pub particulars: &'a Particulars,
}

impl Default for How<'_> {
    fn default() -> Self {
        static NONE: std::sync::LazyLock<Particulars> = std::sync::LazyLock::new(Particulars::none);
        Self { language: Language::De, prefix: "", particulars: &NONE }
    }
}

pub fn material(judged: &Judged) -> Material<'_> {
    let Judged { manifest, plan, evidence, verdict, score } = judged;
    Material { manifest, plan, verdict, evidence, score: score.as_ref() }
}

/// Writes reports of these kinds; names the files that people open.
pub fn write_reports<S: AsRef<str>>(
    dir: &Path,
    judged: &Judged,
    how: &How<'_>,
    kinds: &[S],
) -> Result<(), CliError> {
    // Before anything is written.
    if let Some(other) = kinds.iter().find(|k| !KINDS.contains(&k.as_ref())) {
        let text = format!("--to {}: known are {}", other.as_ref(), KINDS.join(", "));
        return Err(CliError::Usage(text));
    }
    let material = material(judged);
    let fault = |e: report::ReportError| CliError::Fault(e.to_string());
    for kind in kinds {
        match kind.as_ref() {
            "html" => {
                let page = report::html(&material, how.language).map_err(fault)?;
                write(&dir.join("report.html"), page.as_bytes())?;
            }
            "junit" => junit(dir, &material, how.prefix)?,
            "json" => {
                let text = report::report_json(&material).map_err(fault)?;
                write(&dir.join("report.json"), text.as_bytes())?;
            }
            "markdown" => {
                let text = report::markdown(&material, how.language);
                write(&dir.join("report.md"), text.as_bytes())?;
            }
            "pdf" => {
                let bytes = report::pdf(&material, how.particulars, how.language).map_err(fault)?;
                write(&dir.join("report.pdf"), &bytes)?;
            }
            "sarif" => {
                let text = report::sarif(&material).map_err(fault)?;
                write(&dir.join("report.sarif"), text.as_bytes())?;
            }
            "earl" => {
                let text = report::earl(&material).map_err(fault)?;
                write(&dir.join("report.earl.jsonld"), text.as_bytes())?;
            }
            _ => {
                empty(&dir.join(VARL))?;
                for (name, text) in report::varl(&material) {
                    write(&dir.join(name), text.as_bytes())?;
                }
            }
        }
    }
    Ok(())
}

/// A folder of ours without what an earlier report left in it.
fn empty(folder: &Path) -> Result<(), CliError> {
    let cannot = |e| CliError::CannotWrite(folder.display().to_string(), e);
    if folder.is_dir() {
        std::fs::remove_dir_all(folder).map_err(cannot)?;
    }
    std::fs::create_dir_all(folder).map_err(cannot)
}

fn junit(dir: &Path, material: &Material<'_>, prefix: &str) -> Result<(), CliError> {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Parts of an earlier, longer report.
        if name.strip_prefix("junit-").is_some_and(|rest| rest.ends_with(".xml")) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    for (at, xml) in report::junit(material, prefix).enumerate() {
        let xml = xml.map_err(|e| CliError::Fault(e.to_string()))?;
        let name = if at == 0 { "junit.xml".to_owned() } else { format!("junit-{}.xml", at + 1) };
        write(&dir.join(name), xml.as_bytes())?;
    }
    let open =
        || material.verdict.cases.iter().filter_map(|c| Some((c, report::attachment_of(c)?)));
    if open().next().is_none() {
        if dir.join(ATTACHMENTS).is_dir() {
            empty(&dir.join(ATTACHMENTS))?;
        }
        return Ok(());
    }
    empty(&dir.join(ATTACHMENTS))?;
    let view = RunView::new(material.plan, material.evidence);
    for (case, name) in open() {
        write(&dir.join(name), report::attachment(&view, case).as_bytes())?;
    }
    Ok(())
}
