//! Commands about authored files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pruefstand::concept::SystemConcept;
use pruefstand::diagnostic::{Diagnostic, Diagnostics, Source};
use pruefstand::gate::Policy;
use pruefstand::organisation::{TestOrganisation, export};
use pruefstand::particulars::Particulars;
use pruefstand::plan::{self, Catalogue};
use pruefstand::registry::Roles;
use pruefstand::rules::{Depot, DepotError, complete_export};
use pruefstand::target::TargetFile;
use pruefstand::{report, xdatenfelder, xml, xsd};

use super::args::{Format, OrganisationCommand};
use super::exit::{CliError, Exit};
use super::output;
use super::runs::write;

/// The organisation in a file, or the embedded one.
pub fn organisation_of(path: Option<&Path>) -> Result<TestOrganisation, CliError> {
    Ok(match path {
        Some(path) => TestOrganisation::load(path)?,
        None => TestOrganisation::embedded()?,
    })
}

pub fn check(paths: &[PathBuf], sarif: Option<&Path>, format: Format) -> Result<Exit, CliError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            collect(path, &mut files);
            if files.len() == before {
                // Nothing else there: then its schemas are meant.
                schemas(path, &mut files);
            }
        } else {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        return Err(CliError::BadInput("no authored file there; name a .toml file".into()));
    }
    let mut bad = Vec::new();
    let mut good = 0;
    for file in &files {
        match check_one(file) {
            Ok(()) => good += 1,
            Err(findings) => bad.push(findings),
        }
    }
    if let Some(path) = sarif {
        let text = report::sarif_of_files(&bad).map_err(|e| CliError::Fault(e.to_string()))?;
        write(path, text.as_bytes())?;
    }
    if format == Format::Json {
        let all: Vec<_> = bad.iter().map(Diagnostics::to_json).collect();
        let flat: Vec<_> = all.iter().filter_map(|v| v.as_array()).flatten().collect();
        output::json(&flat);
    }
    if bad.is_empty() {
        output::say(&format!("{good} file(s) without findings"));
        return Ok(Exit::Passed);
    }
    Err(CliError::Files(bad))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        // A link could lead round in a circle.
        let is_link = path.symlink_metadata().is_ok_and(|m| m.file_type().is_symlink());
        if path.is_dir() && !is_link {
            collect(&path, files);
        } else if path.is_file() {
            let is = |extension: &str| path.extension().is_some_and(|e| e == extension);
            if is("toml") && format_of(&path).is_some()
                || is("xml")
                    && std::fs::read(&path).is_ok_and(|b| xdatenfelder::is_xdatenfelder(&b))
            {
                files.push(path);
            }
        }
    }
}

/// The schemas directly in a folder.
fn schemas(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    files.extend(entries.filter(|p| p.is_file() && p.extension().is_some_and(|e| e == "xsd")));
    files.sort();
}

/// A file of XDatenfelder: what stops it is an error, what is merely odd is said.
fn data_schema(name: &str, bytes: &[u8]) -> Result<(), Diagnostics> {
    let schema = xdatenfelder::read(name, bytes)?;
    if !schema.warnings.is_empty() {
        let text = xml::decode(bytes).map(|d| d.text).unwrap_or_default();
        let source = Source { name: name.to_owned(), text };
        let warnings = Diagnostics::new(source, schema.warnings);
        output::say(&warnings.render(output::colour()));
    }
    Ok(())
}

/// A concept, with the schemas of its standards.
fn concept(name: &str, path: &Path) -> Result<(), Diagnostics> {
    let unusable = SystemConcept::load(path)?.unusable_schemas();
    if unusable.is_empty() {
        return Ok(());
    }
    let help = "the cases of these messages would stay open; mend the schema or its catalogue";
    let list = unusable.iter().map(|e| Diagnostic::error(0..0, e.to_string(), help)).collect();
    Err(Diagnostics::new(Source { name: name.to_owned(), text: String::new() }, list))
}

/// An XML Schema: everything that it refers to is there, and its content models are deterministic.
fn xml_schema(name: &str, path: &Path) -> Result<(), Diagnostics> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let text = xml::decode(&bytes).map(|d| d.text).unwrap_or_default();
    let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let whole = |errors: Vec<xml::SchemaError>, help: &'static str| {
        let list = errors.iter().map(|e| {
            // Faults of other files of the schema keep their place in their text.
            let here = e.file.rsplit('/').next() == Some(own.as_str()) && e.line > 0;
            if here {
                Diagnostic::error(line_span(&text, e.line), e.message.clone(), help)
            } else {
                Diagnostic::error(0..0, e.to_string(), help)
            }
        });
        let list = list.collect();
        Diagnostics::new(Source { name: name.to_owned(), text: text.clone() }, list)
    };
    let broken = "mend the file, or the one it refers to";
    let set = xml::SchemaSet::load(path, None).map_err(|e| whole(vec![e], broken))?;
    let model = xsd::SchemaModel::read(&set).map_err(|e| whole(e, broken))?;
    let unclear = model.determinism();
    if unclear.is_empty() {
        return Ok(());
    }
    Err(whole(unclear, "engines disagree about such a schema; mend it before it is used"))
}

/// The bytes of a line, from 1.
fn line_span(text: &str, line: u32) -> std::ops::Range<usize> {
    let mut start = 0;
    for (number, content) in (1u32..).zip(text.split_inclusive('\n')) {
        if number == line {
            let end = start + content.trim_end().len();
            return start + (content.len() - content.trim_start().len()).min(end - start)..end;
        }
        start += content.len();
    }
    0..0
}

/// The `format` of a file, even where the rest of it cannot be read.
fn format_of(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines()
        .find_map(|line| line.trim().strip_prefix("format"))
        .and_then(|rest| {
            // A comment may follow the value.
            let value = rest.trim().strip_prefix('=')?.trim();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            Some(value[1..].split(quote).next()?.to_owned())
        })
        .filter(|f| f.starts_with("pruefstand/"))
}

fn check_one(path: &Path) -> Result<(), Diagnostics> {
    let name = path.display().to_string();
    // A pipe or device would never end.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(Diagnostics::whole(&name, "is no regular file", "name a .toml file"));
    }
    if path.extension().is_some_and(|e| e == "xsd") {
        return xml_schema(&name, path);
    }
    if let Ok(bytes) = std::fs::read(path)
        && xdatenfelder::is_xdatenfelder(&bytes)
    {
        return data_schema(&name, &bytes);
    }
    let format = format_of(path).unwrap_or_default();
    let kind = format.split('/').nth(1).unwrap_or_default();
    if format.split('/').nth(2).is_some_and(|version| version != "1") {
        let text = format!("\"{format}\" is of another version than this program reads");
        return Err(Diagnostics::whole(&name, text, format!("it reads pruefstand/{kind}/1")));
    }
    match kind {
        "concept" => concept(&name, path),
        "organisation" => TestOrganisation::load(path).map(|_| ()),
        "target" => TargetFile::load(path).map(|_| ()),
        "plan" => plan::load(path).map(|_| ()),
        "catalogue" => {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            Catalogue::from_text(&name, &text).map(|_| ())
        }
        "depot" => depot(pruefstand::diagnostic::folder_of(path)),
        "particulars" => Particulars::load(path).map(|_| ()),
        "policy" => Policy::load(path).map(|_| ()),
        "roles" => Roles::load(path).map(|_| ()),
        "fake-system" | "organisation-export" => Ok(()),
        _ => Err(Diagnostics::whole(
            &name,
            match std::fs::read_to_string(path) {
                Ok(text) => {
                    // Broken TOML says where it is broken, whatever it was meant to be.
                    pruefstand::diagnostic::read::<serde_json::Value>(&name, &text)?;
                    "this is no file of Prüfstand: its first key must be `format`".to_owned()
                }
                Err(error) => format!("cannot be read: {error}"),
            },
            "known: files of XDatenfelder, pruefstand/concept/1, organisation/1, target/1, plan/1, catalogue/1, depot/1, particulars/1, policy/1, roles/1",
        )),
    }
}

fn depot(folder: &Path) -> Result<(), Diagnostics> {
    match Depot::load(".", folder) {
        Ok(_) => Ok(()),
        Err(DepotError::File(findings)) => Err(findings),
        Err(error) => Err(Diagnostics::whole(&folder.display().to_string(), error.to_string(), "")),
    }
}

pub fn organisation(command: OrganisationCommand, format: Format) -> Result<Exit, CliError> {
    let OrganisationCommand::Export { organisation, concept, out } = command;
    let organisation = organisation_of(organisation.as_deref())?;
    let mut titles = BTreeMap::new();
    for path in &concept {
        let services = SystemConcept::load(path)?.file.service;
        titles.extend(services.into_iter().map(|s| (s.leika, s.title)));
    }
    let mut depots = Vec::new();
    for name in &organisation.file.organisation.depots {
        // Authorities and systems can be told all the same.
        match Depot::load(name, &organisation.folder) {
            Ok(depot) => depots.push(depot),
            Err(error) => output::say(&format!(
                "warning: depot \"{name}\" cannot be read, so its rules are left out: {error}"
            )),
        }
    }
    let mut exported = export(&organisation, &pruefstand::fake_system::fixed_urls(&organisation));
    complete_export(&mut exported, &depots, &titles);
    let fault = |e: String| CliError::Fault(e);
    let toml = || toml::to_string(&exported).map_err(|e| fault(e.to_string()));
    let Some(out) = out else {
        match format {
            Format::Json => output::json(&exported),
            Format::Text => output::result(&toml()?),
        }
        return Ok(Exit::Passed);
    };
    let text = match out.extension().and_then(|e| e.to_str()) {
        Some("html") => {
            let title = &organisation.file.organisation.title;
            report::configuration_page(title, &exported).map_err(|e| fault(e.to_string()))?
        }
        Some("toml") => toml()?,
        Some("json") => {
            serde_json::to_string_pretty(&exported).map_err(|e| fault(e.to_string()))? + "\n"
        }
        _ => {
            let text = format!("--out {}: the name ends in .html, .toml or .json", out.display());
            return Err(CliError::Usage(text));
        }
    };
    std::fs::write(&out, text).map_err(|e| CliError::CannotWrite(out.display().to_string(), e))?;
    output::say(&format!("{}", out.display()));
    Ok(Exit::Passed)
}

pub fn compare_files(a: &Path, b: &Path, format: Format) -> Result<Exit, CliError> {
    let read = |path: &Path| {
        let name = path.display();
        let bytes = std::fs::read(path).map_err(|e| CliError::BadInput(format!("{name}: {e}")))?;
        xml::parse(&bytes).map_err(|e| CliError::BadInput(format!("{name}: {e}")))
    };
    let differences = xml::compare(&read(a)?.root, &read(b)?.root);
    match format {
        Format::Json => {
            let list: Vec<_> = differences
                .iter()
                .map(|d| {
                    serde_json::json!({
                        "place": d.place, "expected": d.expected, "actual": d.actual,
                        "names": d.names,
                    })
                })
                .collect();
            output::json(&list);
        }
        Format::Text => {
            for d in &differences {
                let shown = |v: &Option<String>| v.clone().unwrap_or_else(|| "(nothing)".into());
                output::result(&format!(
                    "{}\n  - {}\n  + {}",
                    d.place,
                    shown(&d.expected),
                    shown(&d.actual)
                ));
                if let Some((a, b)) = &d.names {
                    output::result(&format!("  a prefix is involved; as names: {a} and {b}"));
                }
            }
        }
    }
    Ok(if differences.is_empty() { Exit::Passed } else { Exit::Failed })
}

pub fn file_schemas(out: &Path) -> Result<Exit, CliError> {
    use pruefstand::diagnostic::schema_of;
    let cannot = |e| CliError::CannotWrite(out.display().to_string(), e);
    std::fs::create_dir_all(out).map_err(cannot)?;
    for (name, schema) in [
        ("concept", schema_of::<pruefstand::concept::ConceptFile>()),
        ("organisation", schema_of::<pruefstand::organisation::OrganisationFile>()),
        ("target", schema_of::<TargetFile>()),
        ("plan", schema_of::<plan::TestPlan>()),
        ("catalogue", schema_of::<plan::CatalogueFile>()),
        ("depot", schema_of::<pruefstand::rules::DepotFile>()),
        ("particulars", schema_of::<Particulars>()),
        ("policy", schema_of::<Policy>()),
        ("roles", schema_of::<Roles>()),
        ("report", schema_of::<report::ReportFile<'_>>()),
        ("verdict", schema_of::<pruefstand::verdict::Verdict>()),
    ] {
        let mut text =
            serde_json::to_string_pretty(&schema).map_err(|e| CliError::Fault(e.to_string()))?;
        text.push('\n');
        std::fs::write(out.join(format!("{name}.schema.json")), text).map_err(cannot)?;
    }
    Ok(Exit::Passed)
}
