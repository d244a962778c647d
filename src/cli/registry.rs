//! Commands about the register.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use pruefstand::ambient::{Clock, day};
use pruefstand::certificate::{self, TrustedKeys};
use pruefstand::gate::product_of;
use pruefstand::ids::Digest;
use pruefstand::registry::{
    AddError, Audience, Entry, Head, NewEntry, Product, Registry, Role, Roles, State, Where, add,
    export, standing,
};
use pruefstand::report::visible;
use serde_json::json;

use super::args::Format;
use super::certs::load_key;
use super::exit::{CliError, Exit};
use super::output;

#[derive(Debug, Subcommand)]
pub enum RegistryCommand {
    /// Enter what has happened.
    Add(Box<AddArgs>),
    /// Every product with where it stands.
    List {
        #[command(flatten)]
        which: Which,
    },
    /// Every entry about a product, or one entry by its number.
    Show {
        #[command(flatten)]
        which: Which,
        /// Number of the entry, or a part of vendor, product or version.
        what: String,
    },
    /// For others: a Konfigurationsportal, or a public list (JSON).
    Export {
        #[command(flatten)]
        which: Which,
        /// For whom.
        #[arg(long = "for", value_enum)]
        audience: For,
    },
    /// Prove it from the first entry to the last.
    Verify {
        #[command(flatten)]
        which: Which,
        /// Which key speaks in which role (TOML).
        #[arg(long)]
        roles: Option<PathBuf>,
        /// An earlier export, or another file with a `head`: the register must go on from there.
        #[arg(long)]
        known: Option<PathBuf>,
    },
}

#[derive(Debug, ClapArgs)]
pub struct Which {
    /// Folder of the register.
    dir: PathBuf,
    /// Public keys and authorities that are trusted, PEM.
    #[arg(long)]
    trust: PathBuf,
    /// As of this time (RFC 3339); now where absent.
    #[arg(long)]
    at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum For {
    /// A Konfigurationsportal.
    Konfigurationsportal,
    /// Everybody.
    Public,
}

#[derive(Debug, ClapArgs)]
pub struct AddArgs {
    /// Folder of the register; made where there is none.
    dir: PathBuf,
    /// Private key of whoever makes the entry.
    #[arg(long)]
    key: PathBuf,
    /// Public keys and authorities that are trusted, PEM; that of the entry among them.
    #[arg(long)]
    trust: PathBuf,
    /// What has happened.
    #[arg(long, value_parser = PossibleValuesParser::new(State::ALL.map(State::name)))]
    state: String,
    /// In which role it is said.
    #[arg(long, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::name)))]
    role: String,
    /// Who says it.
    #[arg(long)]
    by: String,
    /// Certificate it rests on; it also says which product.
    #[arg(long)]
    certificate: Option<PathBuf>,
    /// Vendor, where no certificate says it.
    #[arg(long, conflicts_with = "certificate", requires = "product")]
    vendor: Option<String>,
    /// Product.
    #[arg(long, conflicts_with = "certificate", requires = "product_version")]
    product: Option<String>,
    /// Version.
    #[arg(long, conflicts_with = "certificate", requires = "bundle")]
    product_version: Option<String>,
    /// Leistungsbündel; with Umsetzungsstufe, as plans are called, where a product is named. Alone for a
    /// fachliche Freigabe.
    #[arg(long, conflicts_with = "certificate")]
    bundle: Option<String>,
    /// An Auflage; may be given several times. Those of the certificate are taken over.
    #[arg(long)]
    condition: Vec<String>,
    /// Number of the change request that led to it.
    #[arg(long)]
    change_request: Option<String>,
    /// Last day on which it counts.
    #[arg(long)]
    until: Option<Date>,
    /// The version that takes its place.
    #[arg(long)]
    successor: Option<String>,
    /// Kommune or zuständige Stelle for which alone it counts.
    #[arg(long)]
    authority: Option<String>,
    /// Remark.
    #[arg(long)]
    note: Option<String>,
}

pub fn registry(command: RegistryCommand, format: Format) -> Result<Exit, CliError> {
    match command {
        RegistryCommand::Add(args) => add_entry(*args, format),
        RegistryCommand::List { which } => list(&which, format),
        RegistryCommand::Show { which, what } => show(&which, &what, format),
        RegistryCommand::Export { which, audience } => {
            let (registry, now) = read(&which)?;
            let audience = match audience {
                For::Konfigurationsportal => Audience::Konfigurationsportal,
                For::Public => Audience::Public,
            };
            output::json(&export(&registry, audience, day(now)));
            Ok(Exit::Passed)
        }
        RegistryCommand::Verify { which, roles, known } => {
            verify(&which, roles.as_deref(), known.as_deref(), format)
        }
    }
}

fn read(which: &Which) -> Result<(Registry, Timestamp), CliError> {
    let trust = TrustedKeys::load(&which.trust)?;
    let now = which.at.unwrap_or_else(|| Clock::system().now());
    Ok((Registry::read(&which.dir, &trust, now)?, now))
}

fn add_entry(args: AddArgs, format: Format) -> Result<Exit, CliError> {
    let key = load_key(&args.key)?;
    let trust = TrustedKeys::load(&args.trust)?;
    let now = Clock::system().now();
    let usage = |text: &str| CliError::Usage(text.into());
    let state = State::ALL.into_iter().find(|s| s.name() == args.state);
    let state = state.ok_or_else(|| usage("--state is not known"))?;
    let role = Role::ALL.into_iter().find(|r| r.name() == args.role);
    let role = role.ok_or_else(|| usage("--role is not known"))?;
    let mut conditions = args.condition;
    let (product, stage, certificate) = match &args.certificate {
        Some(path) => {
            let verified = certificate::verify(path, &trust, now)?;
            let p = &verified.predicate;
            conditions.splice(0..0, p.conditions.iter().map(|c| c.finding.clone()));
            (product_of(&verified), Some(p.plan.stage), Some(verified.digest.clone()))
        }
        None => {
            let all = (args.vendor, args.product, args.product_version, args.bundle);
            let product = match all {
                (Some(vendor), Some(product), Some(version), Some(bundle)) => {
                    Product { vendor, product, version, bundle }
                }
                (None, None, None, Some(bundle)) => Product::bundle(bundle),
                _ => {
                    let text = "say what it is about: --certificate FILE, or --vendor, --product, \
                                --product-version and --bundle, or --bundle alone";
                    return Err(usage(text));
                }
            };
            (product, None, None)
        }
    };
    let new = NewEntry {
        state,
        role,
        by: args.by,
        product,
        stage,
        certificate,
        conditions,
        change_request: args.change_request,
        until: args.until,
        successor: args.successor,
        authority: args.authority,
        note: args.note,
    };
    let head = add(&args.dir, new, &key, &trust, now)?;
    print_head(&head, format);
    Ok(Exit::Passed)
}

fn print_head(head: &Head, format: Format) {
    match format {
        Format::Json => output::json(&json!({ "head": head })),
        Format::Text => {
            output::result(&format!("entry {} (keep: {})", head.number, head.digest.0));
        }
    }
}

fn line(entry: &Entry) -> String {
    visible(&told(entry)).replace('\r', "\\r")
}

fn told(entry: &Entry) -> String {
    let mut out = format!(
        "{:>4}  {}  {:24} {}  ({}, {})",
        entry.number,
        day(entry.at),
        entry.state.name(),
        one_line(&entry.product.to_string()),
        entry.role.name(),
        one_line(&entry.by)
    );
    for (what, value) in [
        ("until", entry.until.map(|d| d.to_string())),
        ("for", entry.authority.clone()),
        ("successor", entry.successor.clone()),
        ("change request", entry.change_request.clone()),
        ("note", entry.note.clone()),
        ("certificate", entry.certificate.as_ref().map(|d| d.short().to_owned())),
    ] {
        if let Some(value) = value {
            out.push_str(&format!("\n        {what}: {}", one_line(&value)));
        }
    }
    for condition in &entry.conditions {
        out.push_str(&format!("\n        condition: {}", one_line(condition)));
    }
    out
}

/// A text that cannot look like two lines.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).collect::<Vec<_>>().join("⏎")
}

fn list(which: &Which, format: Format) -> Result<Exit, CliError> {
    let (registry, now) = read(which)?;
    let entries = || registry.entries.iter().map(|r| &r.entry);
    let mut products: Vec<&Product> = entries().map(|e| &e.product).collect();
    products.sort();
    products.dedup();
    let rows: Vec<(&Product, &Entry, bool)> = products
        .into_iter()
        .filter_map(|p| {
            let last = entries().rfind(|e| e.product == *p)?;
            Some((p, last, standing(entries(), p, Some(day(now)), Where::Everywhere).is_some()))
        })
        .collect();
    match format {
        Format::Json => {
            let one = |(product, last, stands): &(&Product, &Entry, bool)| json!({ "product": product, "state": last.state, "entry": last.number, "mayBeUsed": stands });
            output::json(
                &json!({ "head": registry.head(), "products": rows.iter().map(one).collect::<Vec<_>>() }),
            );
        }
        Format::Text => {
            let one = |(product, last, stands): &(&Product, &Entry, bool)| {
                let use_ = if *stands { "may be used" } else { "may not be used" };
                let product = visible(&one_line(&product.to_string()));
                format!("{:24} {use_:15} {product}", last.state.name())
            };
            output::result(&rows.iter().map(one).collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(Exit::Passed)
}

fn show(which: &Which, what: &str, format: Format) -> Result<Exit, CliError> {
    let (registry, _) = read(which)?;
    let number = what.parse::<u64>().ok();
    let fits = |e: &Entry| match number {
        Some(number) => e.number == number,
        None => e.product.to_string().to_lowercase().contains(&what.to_lowercase()),
    };
    let found: Vec<&Entry> =
        registry.entries.iter().map(|r| &r.entry).filter(|e| fits(e)).collect();
    if found.is_empty() {
        return Err(CliError::Usage(format!("the register has no entry for \"{what}\"")));
    }
    match format {
        Format::Json => output::json(&found),
        Format::Text => {
            output::result(&found.into_iter().map(line).collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(Exit::Passed)
}

fn verify(
    which: &Which,
    roles: Option<&Path>,
    known: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let (registry, _) = read(which)?;
    let (mut proven, mut open) = (Vec::new(), Vec::new());
    proven.push(format!("{} entries, unbroken, every signature trusted", registry.entries.len()));
    match roles {
        Some(path) => {
            registry.spoken_in_roles(&Roles::load(path)?.key)?;
            proven.push("every key spoke in a role that it has".into());
        }
        None => open.push("whether keys spoke in their roles (use --roles)"),
    }
    match known {
        Some(path) => {
            let head = head_in(path)?;
            registry.goes_on_from(&head)?;
            proven.push(format!("goes on from entry {}", head.number));
        }
        None => {
            open.push("whether entries were cut off the end (use --known with an earlier export)")
        }
    }
    match format {
        Format::Json => {
            output::json(&json!({ "head": registry.head(), "proven": proven, "notProven": open }));
        }
        Format::Text => {
            let mut lines = proven;
            lines.extend(open.iter().map(|o| format!("not looked at: {o}")));
            if let Some(head) = registry.head() {
                lines.push(format!("head: entry {} {}", head.number, head.digest.0));
            }
            output::result(&lines.join("\n"));
        }
    }
    Ok(Exit::Passed)
}

/// The head in a file that an earlier command wrote.
fn head_in(path: &Path) -> Result<Head, CliError> {
    let bad = |e: String| CliError::BadInput(format!("{}: {e}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| bad(e.to_string()))?;
    let head = &value["head"];
    match (head["number"].as_u64(), head["digest"].as_str()) {
        (Some(number), Some(digest)) => Ok(Head { number, digest: Digest(digest.to_owned()) }),
        _ => Err(bad("there is no head with number and digest in it".into())),
    }
}

impl From<AddError> for CliError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Registry(error) => error.into(),
            AddError::Refused(text) => Self::Refused(text),
            AddError::Io(name, error) => Self::CannotWrite(name, error),
        }
    }
}
