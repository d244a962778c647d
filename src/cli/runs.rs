//! Commands about runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pruefstand::ambient::Clock;
use pruefstand::certificate;
use pruefstand::channel::Shutdown;
use pruefstand::concept::SystemConcept;
use pruefstand::ids::{CaseId, ComponentKind};
use pruefstand::judged::{self, Judged};
use pruefstand::organisation::{Export, TestOrganisation};
use pruefstand::particulars::Particulars;
use pruefstand::plan::{self, Catalogue, PlanKind, Scope, TestPlan};
use pruefstand::report::{self, Language};
use pruefstand::run::{self, INPUTS, Preflight, RunConfig, RunEnd, execute};
use pruefstand::target::{Surroundings, Target, TargetFile};
use pruefstand::verdict::Verdict;

use super::args::{Format, Lang, ReportArgs, RunArgs};
use super::authored::organisation_of;
use super::certs::{certify, particulars_of};
use super::exit::{CliError, Exit};
use super::reports::{How, USUAL, material, write_reports};
use super::servers::{defects, engines, fresh, on_signal, program, runtime};
use super::{output, person, plans};

const CONCEPT: &str = include_str!("../../testplans/gewerbe/concept.toml");

/// Reads and judges a run's folder. Nothing but the folder is looked at.
pub fn judge_folder(dir: &Path) -> Result<Judged, CliError> {
    Ok(judged::judge_folder(dir, &engines()?)?)
}

pub fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|e| CliError::CannotWrite(path.display().to_string(), e))
}

pub fn write_verdict(dir: &Path, verdict: &Verdict) -> Result<(), CliError> {
    let mut json =
        serde_json::to_vec_pretty(verdict).map_err(|e| CliError::Fault(e.to_string()))?;
    json.push(b'\n');
    write(&dir.join("verdict.json"), &json)
}

/// Drives, judges, reports.
fn drive(config: RunConfig, format: Format) -> Result<(Judged, Exit), CliError> {
    let out = config.out.clone();
    let runtime = runtime()?;
    let (end, signalled) = runtime.block_on(async {
        let stop = Shutdown::default();
        let which = on_signal(&stop);
        let bar = output::Bar::new();
        let end = execute(config, &|progress| bar.on(progress), stop).await;
        bar.finish();
        (end, which.get().copied())
    });
    let end = match end {
        Err(run::RunError::Interrupted) => {
            output::say("broken off before the first message");
            return Err(CliError::Stopped(signalled.unwrap_or(Exit::Interrupted)));
        }
        other => other?,
    };
    let judged = judge_folder(&out)?;
    write_verdict(&out, &judged.verdict)?;
    write_reports(&out, &judged, &How::default(), &USUAL)?;
    match format {
        Format::Json => output::json(&judged.verdict),
        Format::Text => output::result(&report::summary(&judged.verdict)),
    }
    output::say(&format!("Bericht: {}", out.join("report.html").display()));
    let exit = match end {
        RunEnd::Interrupted => signalled.unwrap_or(Exit::Interrupted),
        RunEnd::Complete | RunEnd::TargetLost => Exit::from(&judged.verdict),
    };
    Ok((judged, exit))
}

/// The plan of the embedded concept for a hub.
pub fn embedded_plan() -> Result<TestPlan, CliError> {
    let concept = SystemConcept::from_text("concept.toml (embedded)", CONCEPT, Path::new("."))?;
    let organisation = TestOrganisation::embedded()?;
    let scope =
        Scope { stage: 2, component: ComponentKind::Integrationsserver, kind: PlanKind::Zulassung };
    Ok(plan::derive(&concept, &organisation, &Catalogue::embedded()?, scope)?)
}

pub fn demo(out: Option<PathBuf>, names: &[String], format: Format) -> Result<Exit, CliError> {
    defects(names)?;
    let (plan, organisation) = (embedded_plan()?, TestOrganisation::embedded()?);
    let out = out.unwrap_or_else(|| fresh(Path::new("pruefstand-demo")));
    let target = TargetFile::reference_hub(&program()?, &organisation.folder, names);
    let config = RunConfig {
        plan_text: plans::text_of(&plan)?,
        plan,
        organisation,
        target,
        out: out.clone(),
        jobs: 16,
        chosen: None,
        program: program()?,
        clock: Clock::system(),
        person: person::at_the_terminal(),
        vain_waits: run::VAIN_WAITS,
        detection: None,
    };
    let (judged, exit) = drive(config, format)?;
    if exit == Exit::Passed {
        // A key for this demonstration only: its private part is forgotten at once.
        let (private, public) =
            certificate::generate().map_err(|e| CliError::Fault(e.to_string()))?;
        let key = certificate::SigningKey::from_secret("demo key", &private)?;
        let issued = certify(&judged, &out, &Particulars::none(), &key)?;
        let text = issued.to_text();
        write(&out.join("certificate.dsse.json"), text.as_bytes())?;
        write(&out.join("trust.pem"), public.as_bytes())?;
        let trust = certificate::TrustedKeys::from_pem("trust.pem", &public)?;
        let now = Clock::system().now();
        let verified =
            certificate::verify_bytes("certificate.dsse.json", text.as_bytes(), &trust, now)?;
        let page = certificate::certificate_page(&verified, "de");
        let page = page.map_err(|e| CliError::Fault(e.to_string()))?;
        write(&out.join("certificate.html"), page.as_bytes())?;
        output::say(&format!("Zertifikat: {}", out.join("certificate.dsse.json").display()));
    }
    Ok(exit)
}

fn choose(plan: &TestPlan, args: &RunArgs) -> Result<Option<Vec<CaseId>>, CliError> {
    if args.case.is_empty() && args.requirement.is_empty() && args.technique.is_empty() {
        return Ok(None);
    }
    let known = |what: &str, name: &String, found: bool| {
        if found {
            Ok(())
        } else {
            Err(CliError::Usage(format!("--{what} {name}: the plan has no such {what}")))
        }
    };
    for name in &args.case {
        known("case", name, plan.case.iter().any(|c| c.id.as_str() == name))?;
    }
    for name in &args.requirement {
        known("requirement", name, plan.requirement.iter().any(|r| r.id.as_str() == name))?;
    }
    for name in &args.technique {
        known("technique", name, plan.case.iter().any(|c| c.technique.name() == name))?;
    }
    let chosen: Vec<CaseId> = plan
        .case
        .iter()
        .filter(|c| args.case.is_empty() || args.case.iter().any(|n| n == c.id.as_str()))
        .filter(|c| {
            args.requirement.is_empty()
                || c.requirements.iter().any(|r| args.requirement.iter().any(|n| n == r.as_str()))
        })
        .filter(|c| {
            args.technique.is_empty() || args.technique.iter().any(|n| n == c.technique.name())
        })
        .map(|c| c.id.clone())
        .collect();
    if chosen.is_empty() {
        return Err(CliError::Usage("no case fits all filters; nothing would be tested".into()));
    }
    Ok(Some(chosen))
}

pub fn run(args: RunArgs, format: Format) -> Result<Exit, CliError> {
    let plan = plan::load(&args.plan)?;
    let plan_text = std::fs::read_to_string(&args.plan)
        .map_err(|e| CliError::BadInput(format!("{}: {e}", args.plan.display())))?;
    let organisation = organisation_of(args.organisation.as_deref())?;
    let target = match &args.target {
        Some(path) => TargetFile::load(path)?,
        None => {
            let base = organisation.folder.canonicalize().unwrap_or(organisation.folder.clone());
            TargetFile::reference_hub(&program()?, &base, &[])
        }
    };
    let chosen = choose(&plan, &args)?;
    let detection = match &args.detection {
        None => None,
        Some(path) => {
            let bad = |e: String| CliError::BadInput(format!("{}: {e}", path.display()));
            let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
            judged::Score::read(&text, plan_text.as_bytes()).map_err(bad)?;
            Some(text)
        }
    };
    let config = RunConfig {
        plan,
        plan_text,
        organisation,
        target,
        out: args.out,
        jobs: args.jobs,
        chosen,
        program: program()?,
        clock: Clock::system(),
        person: person::at_the_terminal(),
        vain_waits: run::VAIN_WAITS,
        detection,
    };
    drive(config, format).map(|(_, exit)| exit)
}

pub fn preflight(
    target: &Path,
    organisation: Option<&Path>,
    plan: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let file = TargetFile::load(target)?;
    let organisation = organisation_of(organisation)?;
    let plan = plan.map(plan::load).transpose()?;
    let folder = fresh(&std::env::temp_dir().join("pruefstand-preflight"));
    let made = std::fs::create_dir_all(&folder);
    made.map_err(|e| CliError::CannotWrite(folder.display().to_string(), e))?;
    let clock = Clock::system();
    let preflight = Preflight { plan: plan.as_ref(), organisation: &organisation, clock: &clock };
    let guard = program()?;
    let looked = runtime()?.block_on(async {
        let export = pruefstand::organisation::export(&organisation, &BTreeMap::new());
        let path = folder.join("export.toml");
        let _ = std::fs::write(&path, toml::to_string(&export).unwrap_or_default());
        let mut target = Target::new(file, &folder).guarded_by(&guard);
        let around = Surroundings { export: path, hub: String::new() };
        let looked = preflight.look(&mut target, &around).await;
        target.stop().await;
        looked
    });
    let _ = std::fs::remove_dir_all(&folder);
    match format {
        Format::Json => output::json(&looked.findings),
        Format::Text => {
            for f in &looked.findings {
                output::result(&format!("{}: {}\n  help: {}", f.check, f.problem, f.help));
            }
        }
    }
    match (looked.unreachable, looked.findings.is_empty()) {
        (Some(error), _) => Err(error.into()),
        (None, true) => {
            output::say("preflight found nothing");
            Ok(Exit::Passed)
        }
        (None, false) => Ok(Exit::BadInput),
    }
}

pub fn judge(dir: &Path, format: Format) -> Result<Exit, CliError> {
    let judged = judge_folder(dir)?;
    write_verdict(dir, &judged.verdict)?;
    match format {
        Format::Json => output::json(&judged.verdict),
        Format::Text => output::result(&report::summary(&judged.verdict)),
    }
    Ok(Exit::from(&judged.verdict))
}

pub fn report(args: &ReportArgs) -> Result<Exit, CliError> {
    let judged = judge_folder(&args.dir)?;
    let particulars = particulars_of(args.particulars.as_deref())?;
    let how = How {
        language: match args.lang {
            Lang::De => Language::De,
            Lang::En => Language::En,
        },
        prefix: &args.attachment_prefix,
        particulars: &particulars,
    };
    write_reports(&args.dir, &judged, &how, &args.to)?;
    output::say(&format!("Bericht: {} ({})", args.dir.display(), args.to.join(", ")));
    Ok(Exit::Passed)
}

/// Both are judged anew; what lies around as their verdict does not count.
pub fn compare_runs(old: &Path, new: &Path, format: Format) -> Result<Exit, CliError> {
    // Which of the two folders a fault is in must be said.
    let judged = |dir: &Path| {
        judge_folder(dir).map_err(|error| match error {
            CliError::BadInput(text) => CliError::BadInput(format!("{}: {text}", dir.display())),
            other => other,
        })
    };
    let (old, new) = (judged(old)?, judged(new)?);
    let comparison = report::compare_runs(&material(&old), &material(&new))
        .map_err(|e| CliError::BadInput(e.to_string()))?;
    match format {
        Format::Json => output::json(&comparison),
        Format::Text => output::result(&comparison.to_text()),
    }
    Ok(if comparison.worse { Exit::Failed } else { Exit::Passed })
}

pub fn explain(dir: &Path, case: &str, save: Option<PathBuf>) -> Result<Exit, CliError> {
    let judged = judge_folder(dir)?;
    let Some(verdict) = judged.verdict.cases.iter().find(|c| c.id.as_str() == case) else {
        let known = judged.verdict.cases.iter().map(|c| c.id.as_str());
        let help = pruefstand::diagnostic::nearest(case, known)
            .map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
        return Err(CliError::Usage(format!("the run has no case \"{case}\"{help}")));
    };
    let export = dir.join(INPUTS).join("export.toml");
    let name = export.display().to_string();
    let text =
        std::fs::read_to_string(&export).map_err(|e| CliError::BadInput(format!("{name}: {e}")))?;
    let export = pruefstand::diagnostic::read::<Export>(&name, &text)?.value;
    let addresses = export.system.into_iter().map(|s| (s.id, s.url)).collect();
    let surroundings = report::Whereabouts { addresses, save };
    let explained = report::explain(&material(&judged), verdict, &surroundings);
    if let Some(folder) = &surroundings.save {
        let cannot = |path: &Path, e| CliError::CannotWrite(path.display().to_string(), e);
        std::fs::create_dir_all(folder).map_err(|e| cannot(folder, e))?;
        for (name, bytes) in &explained.files {
            let path = folder.join(name);
            if std::fs::read(&path).is_ok_and(|there| there == *bytes) {
                continue;
            }
            let written = std::fs::File::create_new(&path)
                .and_then(|mut file| std::io::Write::write_all(&mut file, bytes));
            written.map_err(|e| cannot(&path, e))?;
        }
    }
    output::result(&explained.text);
    Ok(Exit::Passed)
}
