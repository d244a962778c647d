//! The release decision.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use jiff::Timestamp;
use pruefstand::ambient::Clock;
use pruefstand::certificate::TrustedKeys;
use pruefstand::gate::{Asked, Policy, decide, summary};
use pruefstand::report::visible;
use pruefstand::signing::Envelope;

use super::args::Format;
use super::certs::load_key;
use super::exit::{CliError, Exit};
use super::output;
use super::runs::write;

#[derive(Debug, ClapArgs)]
pub struct GateArgs {
    /// What a release needs (TOML).
    #[arg(long)]
    policy: PathBuf,
    /// Public keys and authorities that are trusted, PEM.
    #[arg(long)]
    trust: PathBuf,
    /// A file that goes into production; may be given several times.
    #[arg(long)]
    artifact: Vec<PathBuf>,
    /// Folder of the register.
    #[arg(long)]
    registry: Option<PathBuf>,
    /// As of this time (RFC 3339); now where absent.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Write the decision as a signed SLSA verification summary.
    #[arg(long, requires = "key", conflicts_with = "at")]
    summary: Option<PathBuf>,
    /// Private key that signs the summary.
    #[arg(long)]
    key: Option<PathBuf>,
    /// Certificates.
    #[arg(required = true)]
    certificate: Vec<PathBuf>,
}

pub fn gate(args: &GateArgs, format: Format) -> Result<Exit, CliError> {
    let (policy, digest) = Policy::load(&args.policy)?;
    let trust = TrustedKeys::load(&args.trust)?;
    let key = args.key.as_deref().map(load_key).transpose()?;
    let decision = decide(&Asked {
        policy: &policy,
        trust: &trust,
        certificates: &args.certificate,
        artifacts: &args.artifact,
        registry: args.registry.as_deref(),
        now: args.at.unwrap_or_else(|| Clock::system().now()),
    });
    if let (Some(path), Some(key)) = (&args.summary, key) {
        let envelope = Envelope::seal(&summary(&decision, &policy, &digest), &key);
        write(path, envelope.to_text().as_bytes())?;
    }
    match format {
        Format::Json => output::json(&decision),
        Format::Text => {
            let mut text = String::from(if decision.allowed { "yes" } else { "no" });
            if args.at.is_some() {
                text.push_str(&format!(" (as of {})", decision.at));
            }
            text.push('\n');
            // What speaks against it first: that is what somebody has to do something about.
            for ok in [false, true] {
                for r in decision.reasons.iter().filter(|r| r.ok == ok) {
                    let sign = if ok { "+" } else { "-" };
                    let (about, said) = (visible(&r.about), visible(&r.text));
                    text.push_str(&format!("  {sign} {:11} {about}: {said}\n", r.check));
                }
            }
            output::result(&text);
        }
    }
    Ok(if decision.allowed { Exit::Passed } else { Exit::Failed })
}
