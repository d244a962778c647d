//! Our own fakes in the place of a component, as targets.

use std::collections::BTreeSet;
use std::path::Path;

use crate::ids::{ComponentKind, SystemId};
use crate::organisation::FakeKind;
use crate::plan::{Step, TestPlan};
use crate::target::TargetFile;

/// How a fake Fachverfahren is told to send something.
const SENDS: &str = r#"[[action]]
message = "*"
do = { by = "call", url = "{act}", body = '{"nachricht": "{nachricht}", "vorgang": "{vorgang}", "aktenzeichen": "{aktenzeichen}"}' }
"#;
/// How a fake portal is filled in.
const FILLS: &str = r#"[[action]]
message = "*"
do = { by = "call", url = "{act}", body = "@{datenblatt}" }
"#;

/// The systems in whose place a target of a plan can stand.
pub(super) fn systems(plan: &TestPlan) -> BTreeSet<SystemId> {
    plan.case.iter().flat_map(|c| &c.step).filter_map(Step::addresses).cloned().collect()
}

/// A fake of this program as the target in the place of a system; `organisation` is its file.
pub(super) fn fake(
    program: &Path,
    organisation: Option<&Path>,
    system: &SystemId,
    (kind, fake): (ComponentKind, FakeKind),
) -> Result<TargetFile, String> {
    let mut command = vec![program.display().to_string()];
    command.extend(["fake", "up"].map(str::to_owned));
    if let Some(path) = organisation {
        command.extend(["--organisation".into(), path.display().to_string()]);
    }
    command.extend(["--system".into(), system.to_string()]);
    command.extend(["--hub", "{hub}", "--format", "json"].map(str::to_owned));
    let (protocol, actions) = match fake {
        FakeKind::FachverfahrenSoap
        | FakeKind::FachverfahrenJson
        | FakeKind::FachverfahrenAblage => {
            // What their contracts say beyond the protocol belongs into a target file.
            return Err(format!("{system} needs a target file that says how it is called"));
        }
        FakeKind::Antragsportal => ("", FILLS),
        _ => match kind {
            ComponentKind::Dms => ("protocol = \"cmis-browser\"\n", ""),
            ComponentKind::Mailsystem => ("protocol = \"smtp\"\n", ""),
            _ => ("", SENDS),
        },
    };
    let kind = serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_owned));
    let text = format!(
        "format = \"pruefstand/target/1\"\n[target]\nkind = \"{}\"\nvendor = \"Prüfstand\"\n\
         product = \"Attrappe\"\nversion = \"{}\"\n[interface]\nsystem = \"{system}\"\n{protocol}\
         [start]\ncommand = {command:?}\n{actions}",
        kind.unwrap_or_default(),
        env!("CARGO_PKG_VERSION"),
    );
    TargetFile::from_text("target.toml", &text).map_err(|e| e.to_string())
}
