//! Commands about rule depots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pruefstand::diagnostic::Diagnostics;
use pruefstand::judged::WorkerEngine;
use pruefstand::organisation::export;
use pruefstand::plan::{self, TestPlan};
use pruefstand::report;
use pruefstand::rule_trial::{Example, Outputs, Second, Trial, inputs};
use pruefstand::rules::{Depot, DepotError, Weight, Workers, check, complete_export};
use pruefstand::verdict::CaseOutcome;

use super::args::{Format, RulesCommand, RulesTestArgs};
use super::authored::organisation_of;
use super::exit::{CliError, Exit};
use super::output;
use super::runs::embedded_plan;
use super::servers::{engines, fresh};

/// Folder of a depot in which examples lie, by format.
const EXAMPLES: &str = "beispiele";
/// How the file is called that says what must come of an example.
const EXPECTED: &str = ".erwartet.xml";

pub fn rules(command: RulesCommand, format: Format) -> Result<Exit, CliError> {
    match command {
        RulesCommand::Check { rules, organisation } => {
            check_depot(&rules, organisation.as_deref(), format)
        }
        RulesCommand::Test(args) => test(&args, format),
    }
}

fn load(folder: &Path) -> Result<Depot, CliError> {
    Depot::load(".", folder).map_err(|error| match error {
        DepotError::File(findings) => CliError::from(findings),
        error => Diagnostics::whole(&folder.display().to_string(), error.to_string(), "").into(),
    })
}

/// A folder for worker processes, which goes with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self, CliError> {
        let path =
            fresh(&std::env::temp_dir().join(format!("pruefstand-regeln-{}", std::process::id())));
        std::fs::create_dir_all(&path)
            .map_err(|e| CliError::CannotWrite(path.display().to_string(), e))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn check_depot(
    folder: &Path,
    organisation: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let depot = load(folder)?;
    let scratch = Scratch::new()?;
    let workers = Workers::new(&engines()?, &scratch.0, 1);
    let mut exported = match organisation {
        None => None,
        Some(path) => Some(export(&organisation_of(Some(path))?, &BTreeMap::new())),
    };
    let findings = check(&depot, exported.as_ref(), &workers);
    if let Some(export) = &mut exported {
        complete_export(export, std::slice::from_ref(&depot), &BTreeMap::new());
    }
    let id = &depot.file.depot.id;
    let own = |d: &&pruefstand::organisation::ExportedDelivery| {
        d.rule.as_ref().is_some_and(|r| r.starts_with(&format!("{id}/")))
    };
    let deliveries: Vec<_> = exported.iter().flat_map(|e| &e.delivery).filter(own).collect();
    match format {
        Format::Json => output::json(&serde_json::json!({
            "depot": id,
            "version": depot.file.depot.version,
            "digest": depot.digest(),
            "findings": findings,
            "organisation_rules": deliveries,
        })),
        Format::Text => {
            for f in &findings {
                let weight = format!("{:?}", f.weight).to_lowercase();
                let line = if f.line > 0 { format!(":{}", f.line) } else { String::new() };
                output::result(&format!(
                    "{weight}: {}{line}: {}\n  help: {}",
                    f.file, f.problem, f.help
                ));
            }
            for d in &deliveries {
                let digest: String = d.digest.iter().flat_map(|d| d.chars()).take(12).collect();
                output::result(&format!(
                    "{} {} -> {} ({}): {} {digest}",
                    d.ags,
                    d.leika,
                    d.system,
                    d.receiver,
                    d.rule.as_deref().unwrap_or("-"),
                ));
            }
        }
    }
    let has = |weight| findings.iter().any(|f| f.weight == weight);
    output::say(&format!(
        "depot {id} {} ({}): {}",
        depot.file.depot.version,
        depot.digest().short(),
        if findings.is_empty() {
            "no findings".to_owned()
        } else {
            format!("{} finding(s)", findings.len())
        }
    ));
    Ok(match (has(Weight::Error), has(Weight::Open)) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Inconclusive,
        (false, false) => Exit::Passed,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|e| CliError::BadInput(format!("{}: {e}", path.display())))
}

/// The examples that lie in a depot, and those that were named; a named one goes to every rule, or to
/// the formats that were named.
fn examples(depot: &Depot, args: &RulesTestArgs) -> Result<Vec<Example>, CliError> {
    let mut out = Vec::new();
    let known: Vec<&str> = depot.file.rule.iter().map(|r| r.receiver.as_str()).collect();
    for name in &args.receiver {
        if !known.contains(&name.as_str()) {
            return Err(CliError::Usage(format!(
                "--receiver {name}: the depot has no such rule; known: {}",
                known.join(", ")
            )));
        }
    }
    if !args.receiver.is_empty() && args.input.is_empty() {
        return Err(CliError::Usage("--receiver says where an --input goes; there is none".into()));
    }
    for (path, bytes) in &depot.files {
        let Some((receiver, name)) =
            path.strip_prefix(&format!("{EXAMPLES}/")).and_then(|p| p.split_once('/'))
        else {
            continue;
        };
        if let Some(stem) = name.strip_suffix(EXPECTED) {
            let example = format!("{EXAMPLES}/{receiver}/{stem}.xml");
            if !depot.files.contains_key(&example) {
                return Err(CliError::BadInput(format!(
                    "{path} says what must come of {example}, which is not there"
                )));
            }
            continue;
        }
        let expected = format!("{EXAMPLES}/{receiver}/{}{EXPECTED}", name.trim_end_matches(".xml"));
        out.push(Example {
            name: path.clone(),
            receiver: receiver.to_owned(),
            message: bytes.clone(),
            expected: depot.files.get(&expected).cloned(),
        });
    }
    for path in &args.input {
        let message = read(path)?;
        for rule in &depot.file.rule {
            if args.receiver.is_empty() || args.receiver.contains(&rule.receiver) {
                out.push(Example {
                    name: path.display().to_string(),
                    receiver: rule.receiver.clone(),
                    message: message.clone(),
                    expected: None,
                });
            }
        }
    }
    Ok(out)
}

/// The plan that was named, or the embedded one, where the depot recognises its messages and nothing
/// else is there to try.
fn plan_for(
    depot: &Depot,
    args: &RulesTestArgs,
    examples: &[Example],
) -> Result<Option<TestPlan>, CliError> {
    if let Some(path) = &args.plan {
        let plan = plan::load(path)?;
        if inputs(&plan, depot).inputs.is_empty() {
            return Err(CliError::Usage(format!(
                "--plan {}: none of its messages goes through a rule of this depot",
                path.display()
            )));
        }
        return Ok(Some(plan));
    }
    if !examples.is_empty() {
        return Ok(None);
    }
    let plan = embedded_plan()?;
    Ok(Some(plan).filter(|plan| !inputs(plan, depot).inputs.is_empty()))
}

fn test(args: &RulesTestArgs, format: Format) -> Result<Exit, CliError> {
    let depot = load(&args.rules)?;
    let examples = examples(&depot, args)?;
    let plan = plan_for(&depot, args, &examples)?;
    let scratch = Scratch::new()?;
    let engines = engines()?;
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    let workers = Workers::new(&engines, &scratch.0, threads);
    let parameters: BTreeMap<String, String> = args.param.iter().cloned().collect();
    let outputs = Outputs::new(workers.clone()).with(parameters.clone());
    let second = match args.second_engine {
        false => None,
        true => {
            let workers = Workers::only_saxon(&engines, &scratch.0, threads).ok_or_else(|| {
                CliError::Usage(
                    "--second-engine: Saxon was not found; install the Python package saxonche, or \
                     name its Python in PRUEFSTAND_SAXON"
                        .into(),
                )
            })?;
            Some(Outputs::new(workers).with(parameters))
        }
    };
    let engine = WorkerEngine::new(&engines);
    let trial = Trial {
        depot: &depot,
        plan: plan.as_ref(),
        examples: &examples,
        twins: !args.no_twins,
        coverage: !args.no_coverage,
        outputs: &outputs,
        engine: &engine,
        second: second.as_ref().map(|outputs| Second { name: "Saxon".into(), outputs }),
    };
    let tested = trial.test();
    match format {
        Format::Json => {
            let mut value =
                serde_json::to_value(&tested).map_err(|e| CliError::Fault(e.to_string()))?;
            value["engines"] = serde_json::json!(workers.used());
            output::json(&value);
        }
        Format::Text => {
            output::result(&report::rule_test_text(&tested));
            for (engine, open) in workers.used() {
                let open =
                    if open.is_empty() { String::new() } else { format!(" ({})", open.join("; ")) };
                output::say(&format!("engine: {engine}{open}"));
            }
        }
    }
    if tested.cases.is_empty() {
        output::say(&format!(
            "nothing was tried: name a plan (--plan) or messages (--input), or put examples into \
             {EXAMPLES}/<format>/ of the depot"
        ));
    }
    Ok(match tested.overall {
        CaseOutcome::Passed => Exit::Passed,
        CaseOutcome::Failed => Exit::Failed,
        _ => Exit::Inconclusive,
    })
}
