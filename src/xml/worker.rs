//! The process that runs XSLT: reads jobs on standard input, answers on standard output.
//!
//! A stylesheet is code from outside. It runs in a process of its own, with a memory limit, an
//! empty environment and an engine that can open nothing but the files of the job; when it dies,
//! only a job is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ffi::{self, Doc, EndState, Files, Stylesheet};
use super::parse::parse;
use super::tree::{Attribute, Element};

const XSL: &str = "http://www.w3.org/1999/XSL/Transform";
/// What stands before the name of something that a sheet wanted to write.
const WRITE: &str = "write:";
/// Largest frame that is read, bytes.
const MAX_FRAME: usize = 256 * 1024 * 1024;

/// A request; `Load` is followed by one frame per file, `Apply` by the input document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    Load { set: String, urls: Vec<String> },
    Apply { set: String, sheet: String, params: BTreeMap<String, String> },
}

/// How a transformation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransformEnd {
    /// Ran to its end and wrote something.
    Output,
    /// Ran to its end and wrote nothing, or only an XML declaration.
    NoOutput,
    /// The stylesheet does not compile.
    BadStylesheet,
    /// The stylesheet is written for a newer XSLT than the engine knows.
    EngineTooOld {
        /// The version the stylesheet asks for.
        wanted: String,
    },
    /// The input is not well-formed.
    BadInput,
    /// Stopped with an error, or by `xsl:message terminate="yes"`; output, if any, is partial.
    Aborted,
    /// The worker process died.
    Died,
    /// The worker did not answer in time and was killed.
    TimedOut,
}

/// What a transformation gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transformed {
    /// How it ended.
    pub end: TransformEnd,
    /// Messages of engine and stylesheet, in order.
    pub messages: Vec<String>,
    /// URLs the stylesheet wanted to read and could not.
    pub refused: Vec<String>,
    /// Files the stylesheet wanted to write.
    #[serde(default)]
    pub wrote: Vec<String>,
    /// The serialised output; partial unless `end` is `Output`.
    #[serde(skip)]
    pub output: Vec<u8>,
}

impl Transformed {
    pub(super) fn failed(end: TransformEnd, message: impl Into<String>) -> Self {
        Self { end, messages: vec![message.into()], refused: vec![], wrote: vec![], output: vec![] }
    }
}

pub(super) fn write_frame(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    let size = u32::try_from(bytes.len()).map_err(|_| std::io::ErrorKind::InvalidInput)?;
    to.write_all(&size.to_be_bytes())?;
    to.write_all(bytes)
}

pub(super) fn read_frame(from: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut size = [0; 4];
    from.read_exact(&mut size)?;
    let size = u32::from_be_bytes(size) as usize;
    if size > MAX_FRAME {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Serves jobs until standard input ends.
///
/// # Errors
/// When a pipe breaks or a frame cannot be understood.
pub fn serve(mut input: impl Read, mut output: impl Write) -> std::io::Result<()> {
    let mut sets: HashMap<String, Arc<Files>> = HashMap::new();
    let mut sheets: HashMap<(String, String), Stylesheet> = HashMap::new();
    loop {
        let frame = match read_frame(&mut input) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        };
        match serde_json::from_slice(&frame)? {
            Request::Load { set, urls } => {
                let mut files = Files::new();
                for url in urls {
                    files.insert(url, Arc::new(read_frame(&mut input)?));
                }
                sets.insert(set, Arc::new(files));
            }
            Request::Apply { set, sheet, params } => {
                let doc = read_frame(&mut input)?;
                let files = sets.entry(set.clone()).or_default().clone();
                let key = (set, sheet);
                let done = apply(&mut sheets, &key, &files, &doc, &params);
                write_frame(&mut output, &serde_json::to_vec(&done)?)?;
                write_frame(&mut output, &done.output)?;
                output.flush()?;
            }
        }
    }
}

fn apply(
    sheets: &mut HashMap<(String, String), Stylesheet>,
    key: &(String, String),
    files: &Arc<Files>,
    input: &[u8],
    params: &BTreeMap<String, String>,
) -> Transformed {
    if let Err(error) = parse(input) {
        return Transformed::failed(TransformEnd::BadInput, error.to_string());
    }
    if !sheets.contains_key(key) {
        match compile(&key.1, files) {
            Ok(sheet) => {
                sheets.insert(key.clone(), sheet);
            }
            Err(failed) => return failed,
        }
    }
    let sheet = &sheets[key];
    let ((end, output, messages), refused) = ffi::with_files(files, || {
        let (doc, messages) = Doc::parse(input, "input.xml");
        match doc {
            Some(doc) => sheet.apply(&doc, params),
            None => (EndState::Error, None, messages),
        }
    });
    let mut text = Vec::new();
    for message in messages {
        match message.line {
            0 => text.push(message.text),
            line => text.push(format!("{}:{line}: {}", message.file, message.text)),
        }
    }
    let output = output.unwrap_or_default();
    let end = match end {
        EndState::Finished if is_blank(&output) => TransformEnd::NoOutput,
        EndState::Finished => TransformEnd::Output,
        EndState::Error | EndState::Stopped => TransformEnd::Aborted,
    };
    let (wrote, refused): (Vec<_>, Vec<_>) =
        refused.into_iter().partition(|url| url.starts_with(WRITE));
    let mut wrote: Vec<String> =
        wrote.into_iter().map(|url| url.trim_start_matches(WRITE).to_owned()).collect();
    wrote.dedup();
    let mut refused = refused;
    refused.dedup();
    Transformed { end, messages: text, refused, wrote, output }
}

fn is_blank(output: &[u8]) -> bool {
    let text = String::from_utf8_lossy(output);
    let text = text.trim();
    // Declarations, comments and instructions are nothing to anybody.
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let (open, close) = match rest {
            rest if rest.starts_with("<?") => ("<?", "?>"),
            rest if rest.starts_with("<!--") => ("<!--", "-->"),
            rest => return rest.is_empty(),
        };
        rest = rest[open.len()..].split_once(close).map_or("", |(_, behind)| behind);
    }
}

fn compile(url: &str, files: &Arc<Files>) -> Result<Stylesheet, Transformed> {
    let Some(bytes) = files.get(url) else {
        return Err(Transformed::failed(
            TransformEnd::BadStylesheet,
            format!("{url} is not in the depot"),
        ));
    };
    // Checked before the engine sees them: every file that the sheet names, or one of those.
    let used = closure(files, url);
    for (name, bytes) in files.iter() {
        let sheet = match parse(bytes) {
            Ok(document) => document.root,
            Err(error) if name == url => {
                return Err(Transformed::failed(
                    TransformEnd::BadStylesheet,
                    format!("{name}:{error}"),
                ));
            }
            Err(_) => continue,
        };
        if let Some(wanted) = newer_version(&sheet).filter(|_| used.contains(name.as_str())) {
            return Err(Transformed::failed(
                TransformEnd::EngineTooOld { wanted: wanted.clone() },
                format!(
                    "{name} is written for XSLT {wanted}; libxslt {} knows XSLT 1.0 only",
                    ffi::engine_versions().1
                ),
            ));
        }
    }
    let ((sheet, messages), refused) = ffi::with_files(files, || {
        let (doc, mut messages) = Doc::parse(bytes, url);
        match doc {
            Some(doc) => {
                let (sheet, more) = Stylesheet::compile(doc);
                messages.extend(more);
                (sheet, messages)
            }
            None => (None, messages),
        }
    });
    match sheet {
        Some(sheet) if refused.is_empty() => Ok(sheet),
        _ => Err(Transformed {
            end: TransformEnd::BadStylesheet,
            messages: messages
                .into_iter()
                .map(|m| {
                    format!(
                        "{}:{}: {}",
                        if m.file.is_empty() { url } else { &m.file },
                        m.line,
                        m.text
                    )
                })
                .collect(),
            refused,
            wrote: vec![],
            output: vec![],
        }),
    }
}

/// The version of XSLT that a sheet is written for, where it is newer than 1.0: the attribute of its root,
/// or of its literal result element (XSLT 1.0, section 2.3).
pub fn newer_version(sheet: &Element) -> Option<String> {
    let of_xslt = sheet.namespace == XSL;
    let mut all = sheet.attributes.iter();
    let own = |a: &&Attribute| match of_xslt {
        true => a.namespace.is_empty(),
        false => a.namespace == XSL,
    };
    let version = all.find(|a| a.name == "version" && own(a))?.value.trim();
    (!matches!(version, "" | "1.0" | "1.1")).then(|| version.to_owned())
}

/// A sheet with all files that it, or a file that it names, may use.
fn closure<'a>(files: &'a Files, url: &'a str) -> BTreeSet<&'a str> {
    let mut out = BTreeSet::from([url]);
    let mut open = vec![url];
    while let Some(sheet) = open.pop() {
        for name in files.keys() {
            if !out.contains(name.as_str()) && is_used_by(bytes_of(files, sheet), name) {
                out.insert(name);
                open.push(name);
            }
        }
    }
    out
}

fn bytes_of<'a>(files: &'a Files, url: &str) -> &'a [u8] {
    files.get(url).map_or(&[], |b| b.as_slice())
}

/// Whether a stylesheet names a file by its last path segment.
fn is_used_by(sheet: &[u8], url: &str) -> bool {
    let name = url.rsplit('/').next().unwrap_or(url);
    String::from_utf8_lossy(sheet).contains(name)
}
