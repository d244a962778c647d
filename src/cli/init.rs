//! A folder to start from: concept, organisation, target, and the depot of the reference hub.

use std::io::Write as _;
use std::path::Path;

use super::exit::{CliError, Exit};
use super::output;

/// The files of a new folder. A test keeps them working.
const FILES: [(&str, &str); 9] = [
    ("README.md", include_str!("../../fixtures/init/README.md")),
    ("concept.toml", include_str!("../../fixtures/init/concept.toml")),
    ("organisation.toml", include_str!("../../fixtures/init/organisation.toml")),
    ("target.toml", include_str!("../../fixtures/init/target.toml")),
    ("particulars.toml", include_str!("../../fixtures/init/particulars.toml")),
    ("policy.toml", include_str!("../../fixtures/init/policy.toml")),
    ("depot/depot.toml", include_str!("../../fixtures/init/depot/depot.toml")),
    (
        "depot/rules/fachverfahren-b.xsl",
        include_str!("../../fixtures/init/depot/rules/fachverfahren-b.xsl"),
    ),
    (
        "depot/schemas/bestellung.einreichen.xsd",
        include_str!("../../fixtures/init/depot/schemas/bestellung.einreichen.xsd"),
    ),
];

/// Writes them, or nothing where one is there already.
pub fn init(folder: &Path) -> Result<Exit, CliError> {
    let cannot = |path: &Path, error| CliError::CannotWrite(path.display().to_string(), error);
    for (name, _) in FILES {
        let path = folder.join(name);
        if path.symlink_metadata().is_ok() {
            let there = "it is there already; nothing was written, choose another folder";
            return Err(cannot(&path, std::io::Error::other(there)));
        }
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| cannot(parent, e))?;
        }
        // Somebody else may have made it since.
        let mut file = std::fs::File::create_new(&path).map_err(|e| cannot(&path, e))?;
        file.write_all(text.as_bytes()).map_err(|e| cannot(&path, e))?;
        output::result(&path.display().to_string());
    }
    output::say(&format!("go on with {}", folder.join("README.md").display()));
    Ok(Exit::Passed)
}
