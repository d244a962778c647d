//! Commands about plans and messages.

use std::path::Path;

use pruefstand::ambient::Clock;
use pruefstand::certificate::{self, TrustedKeys};
use pruefstand::concept::{SystemConcept, xsd_of};
use pruefstand::ids::{ComponentKind, Digest, RequirementId};
use pruefstand::message;
use pruefstand::plan::{self, CaseChange, Catalogue, PlanDiff, PlanKind, Scope, TestPlan};
use pruefstand::report;

use super::args::{Format, PlanCommand, PlanSource};
use super::attest::sheets;
use super::authored::organisation_of;
use super::exit::{CliError, Exit};
use super::output;

/// A component kind by its name in files.
fn component(name: &str) -> Result<ComponentKind, CliError> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|e| CliError::Usage(format!("--component {name}: {e}")))
}

/// Derives a plan.
pub fn derive(source: &PlanSource) -> Result<TestPlan, CliError> {
    let concept = SystemConcept::load(&source.concept)?;
    let mut organisation = organisation_of(source.organisation.as_deref())?;
    let kind = match &source.funktionstest {
        None => PlanKind::Zulassung,
        Some(id) => {
            organisation.file.authority.retain(|a| &a.id == id);
            if organisation.file.authority.is_empty() {
                let text = format!("--funktionstest {id}: there is no such authority");
                return Err(CliError::Usage(text));
            }
            PlanKind::Funktionstest
        }
    };
    let catalogue = match &source.catalogue {
        None => Catalogue::embedded()?,
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|e| CliError::BadInput(format!("{name}: {e}")))?;
            Catalogue::from_text(&name, &text)?
        }
    };
    let stage =
        source.stage.or_else(|| concept.file.concept.stages.iter().max().copied()).unwrap_or(1);
    if !concept.file.concept.stages.contains(&stage) {
        let known = &concept.file.concept.stages;
        return Err(CliError::Usage(format!("--stage {stage}: the concept covers {known:?}")));
    }
    let scope = Scope { stage, component: component(&source.component)?, kind };
    Ok(plan::derive(&concept, &organisation, &catalogue, scope)?)
}

/// The text of a plan.
pub fn text_of(plan: &TestPlan) -> Result<String, CliError> {
    plan.to_text().map_err(|e| CliError::Fault(e.to_string()))
}

fn write(path: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(path, text).map_err(|e| CliError::CannotWrite(path.display().to_string(), e))
}

pub fn plan(command: PlanCommand, format: Format) -> Result<Exit, CliError> {
    match command {
        PlanCommand::Derive { source, o } => {
            let plan = derive(&source)?;
            let text = text_of(&plan)?;
            match o {
                Some(path) => {
                    write(&path, &text)?;
                    output::say(&format!("{} cases in {}", plan.case.len(), path.display()));
                }
                None => output::result(&text),
            }
            Ok(Exit::Passed)
        }
        PlanCommand::Coverage { plan, out } => {
            let plan = plan::load(&plan)?;
            if let Some(out) = out {
                let page = report::coverage_page(&plan);
                write(&out, &page.map_err(|e| CliError::Fault(e.to_string()))?)?;
                output::say(&format!("coverage: {}", out.display()));
                return Ok(Exit::Passed);
            }
            coverage(&plan, format);
            Ok(Exit::Passed)
        }
        PlanCommand::Sheet { plan, case, out } => {
            sheets(&plan::load(&plan)?, case.as_deref(), out.as_deref(), format)
        }
        PlanCommand::Diff { old, new, certificate, trust, change_request } => {
            let (before, after) = (plan::load(&old)?, plan::load(&new)?);
            let mut diff = plan::diff(&before, &after);
            diff.change_request = change_request;
            if let (Some(certificate), Some(trust)) = (certificate, trust) {
                bound_to(&certificate, &trust, &old)?;
                diff.certificate = Some(diff.standing(&before, &after));
            }
            Ok(show(&diff, format))
        }
        PlanCommand::Check { plan, source } => {
            let committed = std::fs::read_to_string(&plan)
                .map_err(|e| CliError::BadInput(format!("{}: {e}", plan.display())))?;
            let derived = derive(&source)?;
            if committed == text_of(&derived)? {
                output::say("the plan is what would be derived");
                return Ok(Exit::Passed);
            }
            match plan::load(&plan) {
                Ok(committed) => {
                    show(&plan::diff(&committed, &derived), format);
                }
                Err(findings) => output::say(&findings.render(output::colour())),
            }
            output::say("the plan is not what would be derived; derive it again");
            Ok(Exit::Failed)
        }
    }
}

/// Most lines about one thing that text output shows.
const MOST_LISTED: usize = 12;

fn coverage(plan: &TestPlan, format: Format) {
    let coverage = plan::coverage(plan);
    if format == Format::Json {
        output::json(&coverage);
        return;
    }
    let mut out = format!("{} cases\n\n", coverage.cases);
    for (technique, count) in &coverage.techniques {
        out.push_str(&format!("{count:6}  {}\n", technique.name()));
    }
    out.push('\n');
    for (name, share) in coverage.facts.iter().filter(|(_, share)| share.possible > 0) {
        let (covered, possible) = (share.covered, share.possible);
        out.push_str(&format!("{covered:6}  of {possible} {name}\n"));
        for missing in share.missing.iter().take(MOST_LISTED) {
            out.push_str(&format!("        not: {missing}\n"));
        }
        if share.missing.len() > MOST_LISTED {
            let more = share.missing.len() - MOST_LISTED;
            out.push_str(&format!("        and {more} more\n"));
        }
    }
    for p in &plan.pairs {
        let (covered, possible) = (p.covered, p.possible);
        out.push_str(&format!("{covered:6}  of {possible} pairs in {}\n", p.message));
    }
    for left in &plan.left_out {
        out.push_str(&format!("{:6}  left out by the limit of {}\n", left.cases, left.by));
    }
    for missing in plan.not_made.iter().take(MOST_LISTED) {
        out.push_str(&format!("not made: {} ({})\n", missing.case, missing.reason));
    }
    if plan.not_made.len() > MOST_LISTED {
        let more = plan.not_made.len() - MOST_LISTED;
        out.push_str(&format!("not made: {more} more, see the plan\n"));
    }
    for waiver in &plan.waiver {
        let (case, until, by) = (&waiver.case, &waiver.until, &waiver.by);
        out.push_str(&format!("waived until {until} by {by}: {case} ({})\n", waiver.reason));
    }
    out.push('\n');
    for r in &coverage.requirements {
        let level = format!("{:?}", r.level).to_uppercase();
        out.push_str(&format!("{} {level:5} {:4} cases  {}\n", r.id, r.cases.len(), r.title));
        if let Some(reason) = &r.not_tested {
            out.push_str(&format!("               not tested: {reason}\n"));
        }
    }
    output::result(&out);
}

/// A certificate that is trusted and was issued over this very plan.
fn bound_to(certificate: &Path, trust: &Path, plan: &Path) -> Result<(), CliError> {
    let trust = TrustedKeys::load(trust)?;
    let verified = certificate::verify(certificate, &trust, Clock::system().now())?;
    let bytes =
        std::fs::read(plan).map_err(|e| CliError::BadInput(format!("{}: {e}", plan.display())))?;
    let digest = Digest::of(&bytes);
    let bound =
        verified.subjects.iter().any(|s| s.name == "plan.toml" && s.digest.sha256 == digest);
    if bound {
        return Ok(());
    }
    let text = format!(
        "{} was not issued over {}; name the plan that lies in the certified run's folder",
        certificate.display(),
        plan.display()
    );
    Err(CliError::BadInput(text))
}

fn show(diff: &PlanDiff, format: Format) -> Exit {
    if format == Format::Json {
        output::json(diff);
    } else {
        let mut out = String::new();
        for (id, (change, why)) in &diff.cases {
            let sign = match change {
                CaseChange::New => '+',
                CaseChange::Gone => '-',
                CaseChange::Changed => '~',
                CaseChange::Untouched => continue,
            };
            out.push_str(&format!("{sign} {id}  ({why})\n"));
        }
        let requirements: Vec<&str> = diff.requirements.iter().map(|r| r.as_str()).collect();
        out.push_str(&format!(
            "{} new, {} gone, {} changed, {} untouched; requirements: {}",
            diff.count(CaseChange::New),
            diff.count(CaseChange::Gone),
            diff.count(CaseChange::Changed),
            diff.count(CaseChange::Untouched),
            if requirements.is_empty() { "none".to_owned() } else { requirements.join(", ") }
        ));
        if let Some(number) = &diff.change_request {
            out.push_str(&format!("\nchange request: {number}"));
        }
        if let Some(standing) = &diff.certificate {
            let list = |ids: &std::collections::BTreeSet<RequirementId>| {
                let ids: Vec<&str> = ids.iter().map(RequirementId::as_str).collect();
                if ids.is_empty() { "nothing".to_owned() } else { ids.join(", ") }
            };
            let word = if standing.stands { "still stands" } else { "stands no longer as a whole" };
            out.push_str(&format!("\ncertificate: {word}; for: {}", list(&standing.stands_for)));
            if !standing.not_for.is_empty() {
                out.push_str(&format!("; to be tested again: {}", list(&standing.not_for)));
            }
            if let Some(reason) = &standing.reason {
                out.push_str(&format!(" ({reason})"));
            }
        }
        output::result(&out);
    }
    let same =
        diff.count(CaseChange::Untouched) == diff.cases.len() && diff.requirements.is_empty();
    if same { Exit::Passed } else { Exit::Failed }
}

pub fn schema(concept: &Path, out: &Path) -> Result<Exit, CliError> {
    let concept = SystemConcept::load(concept)?;
    std::fs::create_dir_all(out)
        .map_err(|e| CliError::CannotWrite(out.display().to_string(), e))?;
    for message in &concept.file.message {
        if let Some(text) = xsd_of(&concept, message) {
            write(&out.join(format!("{}.xsd", message.id)), &text)?;
        } else {
            output::say(&format!("{} has a schema of its own", message.id));
        }
    }
    Ok(Exit::Passed)
}

pub fn messages(
    plan: &Path,
    organisation: Option<&Path>,
    out: &Path,
    format: Format,
) -> Result<Exit, CliError> {
    let plan = plan::load(plan)?;
    if let Some(path) = organisation
        && organisation_of(Some(path))?.digest != plan.plan.organisation_digest
    {
        let text = "the plan was derived for another organisation; derive it again";
        return Err(CliError::BadInput(format!("{}: {text}", path.display())));
    }
    message::prove(&plan).map_err(|e| CliError::BadInput(e.to_string()))?;
    let index = message::export(&plan, out).map_err(|e| {
        CliError::CannotWrite(out.display().to_string(), std::io::Error::other(e.to_string()))
    })?;
    match format {
        Format::Json => output::json(&index),
        Format::Text => output::say(&format!("{} messages in {}", index.len(), out.display())),
    }
    Ok(Exit::Passed)
}
