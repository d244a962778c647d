//! XSD validation: a set of unmodified schema files, resolved offline through an OASIS catalogue,
//! compiled once and shared between threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::ffi::{self, Doc, EngineMessage, Files};
use super::parse::{parse, parse_schema_file};
use super::tree::Element;

const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Most folders above that of the main file that a set reaches into.
const MOST_ABOVE: usize = 16;
const CATALOG: &str = "urn:oasis:names:tc:entity:xmlns:xml:catalog";

/// Where a schema file is asked for: file, line, and the address as written.
type Asking = (String, u32, String);

/// Why a schema cannot be used. Never the fault of a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct SchemaError {
    /// The schema or catalogue file.
    pub file: String,
    /// Line, from 1; 0 where unknown.
    pub line: u32,
    /// What is wrong and what to do.
    pub message: String,
}

impl SchemaError {
    fn new(file: impl Into<String>, line: u32, message: impl Into<String>) -> Self {
        Self { file: file.into(), line, message: message.into() }
    }
}

/// A violation of the schema by a message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// Line in the message, from 1.
    pub line: u32,
    /// The validator's text.
    pub text: String,
    /// libxml2's error number (`xmlParserErrors`); 0 where another part of the program found it.
    #[serde(skip)]
    pub code: i32,
}

/// All files of a schema, by the URL under which the validator asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaSet {
    /// URL of the main file.
    pub main: String,
    /// Contents by URL.
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
}

impl SchemaSet {
    /// A set of one file.
    pub fn single(text: &str) -> Self {
        let main = "schema:///main.xsd".to_owned();
        let files = BTreeMap::from([(main.clone(), Arc::new(text.as_bytes().to_vec()))]);
        Self { main, files }
    }

    /// Reads the main file and everything it includes, imports or redefines. Network addresses are
    /// answered by the catalogue (OASIS XML Catalogs 1.1: `system`, `uri`) or refused.
    ///
    /// # Errors
    /// With the file that refers to something that cannot be had.
    pub fn load(main: &Path, catalogue: Option<&Path>) -> Result<Self, SchemaError> {
        let catalogue = match catalogue {
            Some(path) => read_catalogue(path)?,
            None => BTreeMap::new(),
        };
        // Files beside the folder of the main file (`../`) need its name in the URLs; most do not.
        let mut above = 0;
        loop {
            match Self::load_below(main, &catalogue, above)? {
                Some(set) => return Ok(set),
                None => above += 1,
            }
        }
    }

    /// Loads with this many folder names in the URL of the main file; none when a reference leads
    /// above them.
    fn load_below(
        main: &Path,
        catalogue: &BTreeMap<String, PathBuf>,
        above: usize,
    ) -> Result<Option<Self>, SchemaError> {
        let mut base = main.parent().unwrap_or(Path::new(".")).to_owned();
        if above > 0 {
            base = base.canonicalize().unwrap_or(base);
        }
        let mut name = main.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for _ in 0..above {
            let folder = base.file_name().unwrap_or_default().to_string_lossy();
            // At the top of the file system `..` leads nowhere else.
            name = format!("{}/{name}", if folder.is_empty() { "_" } else { &folder });
            base = base.parent().map_or(base.clone(), Path::to_owned);
        }
        let main_url = format!("schema:///{name}");
        let mut set = Self { main: main_url.clone(), files: BTreeMap::new() };
        // Each with the place that asks for it.
        let mut todo: Vec<(String, PathBuf, Option<Asking>)> =
            vec![(main_url, main.to_owned(), None)];
        while let Some((url, path, from)) = todo.pop() {
            if set.files.contains_key(&url) {
                continue;
            }
            let shown = path.display().to_string();
            let bytes = std::fs::read(&path).map_err(|e| match &from {
                None => SchemaError::new(&shown, 0, format!("cannot be read: {e}")),
                Some((file, line, location)) => {
                    let text = format!("\"{location}\" ({shown}) cannot be read: {e}");
                    SchemaError::new(file, *line, text)
                }
            })?;
            let document = parse_schema_file(&bytes)
                .map_err(|e| SchemaError::new(&shown, e.line, e.message))?;
            for (line, location) in locations(&document.root) {
                if above < MOST_ABOVE && climbs(&url, &location) {
                    return Ok(None);
                }
                let wanted = join(&url, &location);
                let local = match catalogue.get(&wanted).or_else(|| catalogue.get(&location)) {
                    Some(local) => local.clone(),
                    None if wanted.starts_with("schema:///") => base.join(&wanted[10..]),
                    None if !has_scheme(&location) => {
                        path.parent().unwrap_or(Path::new(".")).join(&location)
                    }
                    None => {
                        return Err(SchemaError::new(
                            &shown,
                            line,
                            format!(
                                "\"{location}\" is a network address and not in the catalogue; \
                                 add <system systemId=\"{location}\" uri=\"…\"/> (nothing is ever \
                                 fetched)"
                            ),
                        ));
                    }
                };
                todo.push((wanted, local, Some((shown.clone(), line, location))));
            }
            set.files.insert(url, Arc::new(bytes));
        }
        Ok(Some(set))
    }

    /// The URL that a reference in a file of the set means; the key in `files`.
    pub fn resolve(base: &str, reference: &str) -> String {
        join(base, reference.trim())
    }

    /// Compiles the set.
    ///
    /// # Errors
    /// The first error of the schema parser, with file and line.
    pub fn compile(&self) -> Result<Validator, SchemaError> {
        // libxml2 initialises its built-in types without a lock of its own.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let files: Arc<Files> = Arc::new(self.files.clone());
        let ((schema, messages), asked) =
            ffi::with_files(&files, || ffi::Schema::compile(&self.main));
        let missing: Vec<_> = asked.into_iter().filter(|u| !u.contains("/etc/xml/")).collect();
        match schema {
            Some(schema) if missing.is_empty() => Ok(Validator { schema, files }),
            _ => {
                let worst = messages.iter().find(|m| m.level >= 2).or_else(|| messages.first());
                Err(match (worst, missing.first()) {
                    (_, Some(url)) => SchemaError::new(
                        &self.main,
                        0,
                        format!("the schema asks for {url}, which is not in the set"),
                    ),
                    (Some(m), None) => SchemaError::new(
                        if m.file.is_empty() { &self.main } else { &m.file },
                        m.line,
                        m.text.clone(),
                    ),
                    (None, None) => SchemaError::new(&self.main, 0, "the schema does not compile"),
                })
            }
        }
    }
}

fn locations(root: &Element) -> Vec<(u32, String)> {
    root.elements()
        .filter(|e| {
            e.namespace == XSD && matches!(e.name.as_str(), "include" | "import" | "redefine")
        })
        .filter_map(|e| Some((e.line, e.attribute("schemaLocation")?.trim().to_owned())))
        .collect()
}

fn read_catalogue(path: &Path) -> Result<BTreeMap<String, PathBuf>, SchemaError> {
    let shown = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|e| SchemaError::new(&shown, 0, format!("cannot be read: {e}")))?;
    let document =
        parse(&bytes).map_err(|e| SchemaError::new(&shown, e.line, e.message.clone()))?;
    let base = path.parent().unwrap_or(Path::new("."));
    let mut map = BTreeMap::new();
    for entry in document.root.elements().filter(|e| e.namespace == CATALOG) {
        let key = match entry.name.as_str() {
            "system" => entry.attribute("systemId"),
            "uri" => entry.attribute("name"),
            "public" => continue,
            other => {
                return Err(SchemaError::new(
                    &shown,
                    entry.line,
                    format!("catalogue entry <{other}> is not supported; use <system> or <uri>"),
                ));
            }
        };
        let (Some(key), Some(uri)) = (key, entry.attribute("uri")) else {
            return Err(SchemaError::new(
                &shown,
                entry.line,
                "entry without systemId, name or uri",
            ));
        };
        map.insert(key.trim().to_owned(), base.join(uri.trim()));
    }
    Ok(map)
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// True when a relative reference leads above the root of a file of the set.
fn climbs(base: &str, reference: &str) -> bool {
    let Some(path) = base.strip_prefix("schema:///") else { return false };
    if has_scheme(reference) || reference.starts_with('/') {
        return false;
    }
    let mut depth = path.matches('/').count();
    for part in reference.split('/') {
        match part {
            "." | "" => {}
            ".." if depth == 0 => return true,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    false
}

/// Resolves a reference against a base URL (RFC 3986 section 5.2, hierarchical URLs only).
fn join(base: &str, reference: &str) -> String {
    if has_scheme(reference) {
        return reference.to_owned();
    }
    let path_start = base
        .find("://")
        .map_or(0, |i| base[i + 3..].find('/').map_or(base.len(), |slash| i + 3 + slash));
    let (authority, path) = base.split_at(path_start);
    let joined = if reference.starts_with('/') {
        reference.to_owned()
    } else {
        format!("{}/{reference}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    format!("{authority}/{}", parts.join("/"))
}

/// A compiled schema, ready for many messages and threads.
pub struct Validator {
    schema: ffi::Schema,
    files: Arc<Files>,
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Validator").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl Validator {
    /// All violations, in the order the validator found them; empty means valid. Schema hints in
    /// the message are not followed: nothing but the set can be opened.
    ///
    /// # Errors
    /// When the validator itself failed: the message was not evaluated.
    pub fn validate(&self, bytes: &[u8]) -> Result<Vec<Violation>, SchemaError> {
        // The tree reader is stricter about encodings and refuses a DOCTYPE.
        if let Err(error) = parse(bytes) {
            return Ok(vec![Violation { line: error.line, text: error.message, code: 0 }]);
        }
        // An empty set: what a message names itself can not be read either.
        let nothing: Arc<Files> = Arc::new(Files::new());
        let (outcome, _) = ffi::with_files(&nothing, || {
            let (doc, messages) = Doc::parse(bytes, "message.xml");
            match doc {
                None => (1, messages),
                Some(doc) => self.schema.validate(&doc),
            }
        });
        let (result, messages) = outcome;
        if result < 0 {
            let text = messages.first().map_or("no message", |m| m.text.as_str()).to_owned();
            return Err(SchemaError::new("validator", 0, text));
        }
        let mut out: Vec<Violation> = Vec::new();
        for EngineMessage { level, line, text, code, .. } in messages {
            // libxml2 says this of identity constraints over a value that is wrong already.
            if level >= 2 && !text.contains("No precomputed value available") {
                out.push(Violation { line, text, code });
            }
        }
        if result > 0 && out.is_empty() {
            out.push(Violation {
                line: 0,
                text: "invalid; the validator gave no reason".into(),
                code: 0,
            });
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{climbs, join};

    #[test]
    fn references_above_the_main_folder_are_noticed() {
        assert!(climbs("schema:///b.xsd", "../c.xsd"));
        assert!(climbs("schema:///a/b.xsd", "../../c.xsd"));
        assert!(!climbs("schema:///a/b.xsd", "../c.xsd"));
        assert!(!climbs("schema:///b.xsd", "d/../c.xsd"));
        assert!(!climbs("schema:///b.xsd", "http://h/../c.xsd"));
    }

    #[test]
    fn references_resolve_against_their_file() {
        assert_eq!(join("schema:///a/b.xsd", "c.xsd"), "schema:///a/c.xsd");
        assert_eq!(join("schema:///a/b.xsd", "../c.xsd"), "schema:///c.xsd");
        assert_eq!(join("schema:///b.xsd", "./d/c.xsd"), "schema:///d/c.xsd");
        assert_eq!(join("http://h/x/y.xsd", "/z.xsd"), "http://h/z.xsd");
        assert_eq!(join("http://h/x/y.xsd", "urn:a:b"), "urn:a:b");
    }
}
