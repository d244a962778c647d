//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::certs::{CertifyArgs, CountersignArgs, VerifyArgs};
use super::gate::GateArgs;
use super::registry::RegistryCommand;

/// Test bench for municipal e-government: from a Systemkonzept to a signed certificate.
#[derive(Debug, Parser)]
#[command(name = "pruefstand", version, max_term_width = 100)]
pub struct Args {
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For machines.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// German.
    De,
    /// English.
    En,
}

impl Lang {
    /// Its code (ISO 639-1).
    pub const fn name(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Answer {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Could not be told.
    Inconclusive,
    /// Does not apply to this target.
    NotApplicable,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole chain on the embedded bundle and organisation against the reference hub.
    Demo {
        /// Folder of the run.
        #[arg(long)]
        out: Option<PathBuf>,
        /// Switch on a fault of the hub (see `hub defects`).
        #[arg(long)]
        defect: Vec<String>,
    },
    /// A commented concept, organisation and target to start from.
    Init {
        /// Folder to write to; nothing in it is overwritten.
        dir: PathBuf,
    },
    /// All findings about authored files: concept, organisation, target, plan, catalogue.
    Check {
        /// Files, or folders that hold them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
        /// Also write the findings as SARIF, for editors and code hosts.
        #[arg(long)]
        sarif: Option<PathBuf>,
    },
    /// Derive, check, compare plans.
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Write an XSD for each message of a concept.
    Schema {
        /// The concept.
        #[arg(long)]
        concept: PathBuf,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Write every test message of a plan, with an index.
    Messages {
        /// The plan.
        #[arg(long)]
        plan: PathBuf,
        /// The organisation (the plan holds all that is needed of it).
        #[arg(long)]
        organisation: Option<PathBuf>,
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// What the person who configures a hub needs.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// The rule depot.
    #[command(subcommand)]
    Rules(RulesCommand),
    /// How good a plan is at finding faults: switchable faults, mutants of rules and configuration,
    /// faulty components.
    Measure(MeasureArgs),
    /// The fake systems alone.
    #[command(subcommand)]
    Fake(FakeCommand),
    /// The reference hub.
    #[command(subcommand)]
    Hub(HubCommand),
    /// Configuration faults before the first message.
    Preflight {
        /// The target.
        #[arg(long)]
        target: PathBuf,
        /// The organisation; the embedded one where absent.
        #[arg(long)]
        organisation: Option<PathBuf>,
        /// The plan.
        #[arg(long)]
        plan: Option<PathBuf>,
    },
    /// Drive a plan, judge it, report.
    Run(RunArgs),
    /// Judge a run again, from its folder alone.
    Judge {
        /// The run's folder.
        dir: PathBuf,
    },
    /// Write the reports of a run again.
    Report(ReportArgs),
    /// Everything about one case of a run.
    Explain {
        /// The run's folder.
        dir: PathBuf,
        /// The case.
        case: String,
        /// Folder for the bodies of its exchanges, which the printed command lines then send.
        #[arg(long)]
        save: Option<PathBuf>,
    },
    /// Enter what a person found into the evidence of a run, signed.
    Attest {
        /// The run's folder.
        dir: PathBuf,
        /// The case.
        #[arg(long)]
        case: String,
        /// What was found.
        #[arg(long, value_enum)]
        verdict: Answer,
        /// Who found it.
        #[arg(long)]
        by: String,
        /// File with what was seen, in words.
        #[arg(long)]
        note: PathBuf,
        /// Private key, PEM; your own one where absent, made at the first use.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Issue a signed certificate for a run that passed.
    Certify(CertifyArgs),
    /// Sign a certificate as whoever decides.
    Countersign(CountersignArgs),
    /// Verify a certificate, offline.
    Verify(VerifyArgs),
    /// May it go into production? A policy, certificates, files and the register (0 yes, 1 no).
    Gate(Box<GateArgs>),
    /// What became of a product: admission, pilot, release, withdrawal.
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Semantic difference of two XML files.
    Compare {
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Two runs of the same plan: what got better or worse, case by case (1 if anything got worse).
    CompareRuns {
        /// Folder of the old run.
        old: PathBuf,
        /// Folder of the new run.
        new: PathBuf,
    },
    /// Write the JSON Schema of every authored file, for editors.
    FileSchemas {
        /// Folder to write to.
        #[arg(long)]
        out: PathBuf,
    },
    /// Runs XSLT for a parent process.
    #[command(hide = true)]
    XsltWorker,
    /// Runs a command of a target for a parent process, and ends all of it with that one.
    #[command(hide = true)]
    TargetGuard {
        /// Program and arguments.
        #[arg(last = true)]
        command: Vec<String>,
    },
}

#[derive(Debug, ClapArgs)]
pub struct ReportArgs {
    /// The run's folder.
    pub dir: PathBuf,
    /// Language.
    #[arg(long, value_enum, default_value_t = Lang::De)]
    pub lang: Lang,
    /// Which: html, junit, json, markdown, pdf, sarif, earl, varl.
    #[arg(long, value_delimiter = ',', default_value = "html,junit")]
    pub to: Vec<String>,
    /// Who tested, for whom, on what terms (TOML), for the PDF.
    #[arg(long)]
    pub particulars: Option<PathBuf>,
    /// Before the paths of attachments in JUnit, such as the run's folder as a CI server sees it.
    #[arg(long, default_value = "")]
    pub attachment_prefix: String,
}

#[derive(Debug, ClapArgs)]
pub struct MeasureArgs {
    /// The plan.
    #[arg(long)]
    pub plan: PathBuf,
    /// The organisation; the embedded one where absent.
    #[arg(long)]
    pub organisation: Option<PathBuf>,
    /// Folder for detection.json, its page, and runs that somebody has to look at.
    #[arg(long)]
    pub out: PathBuf,
    /// Mutants of rules at most; the same ones each time.
    #[arg(long, default_value_t = 200)]
    pub mutants: usize,
    /// Mutants of the depot's own file at most; the same ones each time.
    #[arg(long, default_value_t = 60)]
    pub configurations: usize,
    /// Only faults whose name contains this; may be given several times.
    #[arg(long)]
    pub only: Vec<String>,
    /// Runs at once.
    #[arg(long, default_value_t = 4, value_parser = jobs)]
    pub parallel: usize,
    /// Target file of a fake of this program, for a plan of a component whose systems need more than
    /// their protocol; may be given several times.
    #[arg(long)]
    pub target: Vec<PathBuf>,
    /// Share of the faults that must be noticed, percent.
    #[arg(long, default_value_t = 98.0)]
    pub minimum: f64,
}

#[derive(Debug, Subcommand)]
pub enum PlanCommand {
    /// Derive a plan.
    Derive {
        #[command(flatten)]
        source: PlanSource,
        /// File to write; standard output where absent.
        #[arg(short)]
        o: Option<PathBuf>,
    },
    /// Traceability: requirement, cases, techniques.
    Coverage {
        /// The plan.
        plan: PathBuf,
        /// HTML page to write.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Data sheets: what a person enters by hand, and what the message must then contain.
    Sheet {
        /// The plan.
        plan: PathBuf,
        /// Only this case.
        #[arg(long)]
        case: Option<String>,
        /// Folder to write to: a page for each case, and the documents to add.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// What must be tested again, and why.
    Diff {
        /// The old plan.
        old: PathBuf,
        /// The new plan.
        new: PathBuf,
        /// A certificate over the old plan: does it still stand, and for what?
        #[arg(long, requires = "trust")]
        certificate: Option<PathBuf>,
        /// Trusted public keys (PEM) for the certificate.
        #[arg(long)]
        trust: Option<PathBuf>,
        /// Number of the change request behind the difference.
        #[arg(long)]
        change_request: Option<String>,
    },
    /// Is a plan still what would be derived?
    Check {
        /// The plan.
        plan: PathBuf,
        #[command(flatten)]
        source: PlanSource,
    },
}

#[derive(Debug, ClapArgs)]
pub struct PlanSource {
    /// The concept.
    #[arg(long)]
    pub concept: PathBuf,
    /// Highest Umsetzungsstufe; the concept's where absent.
    #[arg(long)]
    pub stage: Option<u8>,
    /// Component under test.
    #[arg(long, default_value = "integrationsserver")]
    pub component: String,
    /// The organisation; the embedded one where absent.
    #[arg(long)]
    pub organisation: Option<PathBuf>,
    /// Only a Funktionstest: a few harmless messages, marked as tests, to this authority.
    #[arg(long, value_name = "AUTHORITY")]
    pub funktionstest: Option<String>,
    /// The catalogue; the embedded one where absent.
    #[arg(long)]
    pub catalogue: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum OrganisationCommand {
    /// Authorities, keys, systems, addresses and rules: TOML, with `--format json` JSON.
    Export {
        /// The organisation; the embedded one where absent.
        #[arg(long)]
        organisation: Option<PathBuf>,
        /// A concept whose titles of services are shown; may be given several times.
        #[arg(long)]
        concept: Vec<PathBuf>,
        /// File to write: a page to print (.html), .toml or .json; standard output where absent.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Findings about a depot: its file, schemas and sheets.
    Check {
        /// The depot's folder.
        #[arg(long)]
        rules: PathBuf,
        /// The organisation whose configuration makes organisation-specific rules of them.
        #[arg(long)]
        organisation: Option<PathBuf>,
    },
    /// Rules alone, without a hub: every message of a plan, every example, and their twins.
    Test(RulesTestArgs),
}

#[derive(Debug, ClapArgs)]
pub struct RulesTestArgs {
    /// The depot's folder.
    #[arg(long)]
    pub rules: PathBuf,
    /// A plan whose messages go through the rules; the embedded one where nothing else is there to try.
    #[arg(long)]
    pub plan: Option<PathBuf>,
    /// A message; may be given several times. Nothing is known of what must come of it.
    #[arg(long)]
    pub input: Vec<PathBuf>,
    /// The format that these messages go into; every rule's where absent.
    #[arg(long)]
    pub receiver: Vec<String>,
    /// A parameter of the rules, `name=value`; may be given several times.
    #[arg(long, value_parser = parameter)]
    pub param: Vec<(String, String)>,
    /// Do not try twins of each message.
    #[arg(long)]
    pub no_twins: bool,
    /// Do not look which parts of the sheets are reached.
    #[arg(long)]
    pub no_coverage: bool,
    /// Ask Saxon as well: where it makes something else of a message, the result is open.
    #[arg(long)]
    pub second_engine: bool,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is written name=value")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, Subcommand)]
pub enum FakeCommand {
    /// Start the fake systems of an organisation until Ctrl-C, with a page that shows them.
    Up {
        /// The organisation, taken anew whenever it changes; the embedded one where absent.
        #[arg(long)]
        organisation: Option<PathBuf>,
        /// Address of the hub under test, `http://host:port`: systems that send by themselves send
        /// there, whatever the organisation says before the path.
        #[arg(long)]
        hub: Option<String>,
        /// Port of the page on loopback; a free one where absent.
        #[arg(long)]
        page: Option<u16>,
        /// Only this system, such as a target to try the test bench on: with `--format json` the line
        /// then has its address as `url`, and as `held` where it tells what it holds about a case.
        #[arg(long)]
        system: Option<String>,
        /// Switch on a fault (see `fake defects`).
        #[arg(long)]
        defect: Vec<String>,
    },
    /// Switchable faults of the fake systems.
    Defects,
}

#[derive(Debug, Subcommand)]
pub enum HubCommand {
    /// Start the reference hub until Ctrl-C.
    Up {
        /// The organisation; the embedded one where absent.
        #[arg(long)]
        organisation: Option<PathBuf>,
        /// Switch on a fault.
        #[arg(long)]
        defect: Vec<String>,
        /// Export with the addresses of running systems.
        #[arg(long, hide = true)]
        endpoints: Option<PathBuf>,
        /// Folder for its journal.
        #[arg(long, hide = true)]
        state: Option<PathBuf>,
        /// Folder the names of depots are relative to.
        #[arg(long, hide = true)]
        base: Option<PathBuf>,
        /// What a measurement changes about its rules and configuration.
        #[arg(long, hide = true)]
        changed: Option<PathBuf>,
    },
    /// Its switchable faults.
    Defects,
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=256).contains(&count) => Ok(count),
        _ => Err("a number from 1 to 256".into()),
    }
}

#[derive(Debug, ClapArgs)]
pub struct RunArgs {
    /// The plan.
    #[arg(long)]
    pub plan: PathBuf,
    /// The organisation; the embedded one where absent.
    #[arg(long)]
    pub organisation: Option<PathBuf>,
    /// The target; the reference hub where absent.
    #[arg(long)]
    pub target: Option<PathBuf>,
    /// Folder of the run.
    #[arg(long)]
    pub out: PathBuf,
    /// How many cases at once.
    #[arg(long, default_value_t = 16, value_parser = jobs)]
    pub jobs: usize,
    /// Only these cases.
    #[arg(long)]
    pub case: Vec<String>,
    /// Only cases that test these requirements.
    #[arg(long)]
    pub requirement: Vec<String>,
    /// Only cases of these techniques.
    #[arg(long)]
    pub technique: Vec<String>,
    /// The detection.json of this plan (see `measure`): its score stands in reports and certificate.
    #[arg(long)]
    pub detection: Option<PathBuf>,
}
