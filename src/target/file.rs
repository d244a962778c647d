//! The target file.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Authored, Diagnostic, Diagnostics, Path as Place, read, read_text};
use crate::ids::ComponentKind;

/// The format this version reads.
const FORMAT: &str = "pruefstand/target/1";

/// The whole file.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// Always `pruefstand/target/1`.
    pub format: String,
    /// What it is.
    pub target: TargetHead,
    /// Where it is reached.
    pub endpoints: Endpoints,
    /// How it is started, where the harness does that.
    pub start: Option<Start>,
}

/// Identity of a target.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetHead {
    /// Component kind it claims to be.
    pub kind: ComponentKind,
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// Base address; absent where its command says it.
    pub url: Option<String>,
}

/// Where a target is reached: paths below its base address, or full addresses.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoints {
    /// Takes messages of the Antragsportal.
    pub portal: String,
    /// Takes messages of Fachverfahren.
    pub fachverfahren: String,
    /// Answers 2xx when it is ready.
    pub ready: String,
    /// Gives the transaction log as JSON.
    pub log: String,
}

/// How a target is started.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Program and arguments; `{endpoints}` stands for the file with the organisation's export,
    /// `{state}` for a folder of its own. When it is ready it prints a line with `{"url": "…"}`.
    pub command: Vec<String>,
}

impl TargetFile {
    /// Reads and checks a target file.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn load(path: &Path) -> Result<Self, Diagnostics> {
        let (name, text) = read_text(path)?;
        Self::from_text(&name, &text)
    }

    /// Reads and checks the text of a target file.
    ///
    /// # Errors
    /// Every finding at once, with its place.
    pub fn from_text(name: &str, text: &str) -> Result<Self, Diagnostics> {
        let authored: Authored<Self> = read(name, text)?;
        let root = Place::default();
        let mut list = Vec::new();
        let mut error = |at: &Place, message: String, help: &str| {
            list.push(Diagnostic::error(authored.span(at), message, help));
        };
        let file = &authored.value;
        if file.format != FORMAT {
            error(
                &root.at("format"),
                format!("this version reads \"{FORMAT}\", not \"{}\"", file.format),
                "convert the file",
            );
        }
        match (&file.target.url, &file.start) {
            (None, None) => error(
                &root.at("target"),
                "there is neither an address nor a command".into(),
                "add url = \"http://…\" or [start] command = […]",
            ),
            (Some(url), _) if !url.starts_with("http://") => error(
                &root.at("target").at("url"),
                format!("\"{url}\" is no address that can be spoken to"),
                "write it like \"http://127.0.0.1:8080\"",
            ),
            _ => {}
        }
        if file.start.as_ref().is_some_and(|s| s.command.is_empty()) {
            error(&root.at("start").at("command"), "the command is empty".into(), "name a program");
        }
        if list.is_empty() {
            Ok(authored.value)
        } else {
            Err(Diagnostics::new(authored.source, list))
        }
    }

    /// The reference hub, started by this program like any other target.
    pub fn reference_hub(program: &Path, base: &Path, defects: &[String]) -> Self {
        let mut command = vec![
            program.display().to_string(),
            "hub".into(),
            "up".into(),
            "--endpoints".into(),
            "{endpoints}".into(),
            "--state".into(),
            "{state}".into(),
            "--base".into(),
            base.display().to_string(),
            "--format".into(),
            "json".into(),
        ];
        for defect in defects {
            command.extend(["--defect".into(), defect.clone()]);
        }
        Self {
            format: FORMAT.into(),
            target: TargetHead {
                kind: ComponentKind::Integrationsserver,
                vendor: "Prüfstand".into(),
                product: "Referenz-Datendrehscheibe".into(),
                version: env!("CARGO_PKG_VERSION").into(),
                url: None,
            },
            endpoints: Endpoints {
                portal: "/eingang/portal".into(),
                fachverfahren: "/eingang/fachverfahren".into(),
                ready: "/bereit".into(),
                log: "/protokoll".into(),
            },
            start: Some(Start { command }),
        }
    }
}
