//! The whole measurement.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::stream::{StreamExt as _, iter};

use super::component::{fake, systems};
use super::concerns::{Unconcerned, lacking};
use super::drive::{Faulty, Trials};
use super::export::mistakes;
use super::mutate::{FileMutant, Hints, depot_mutants, rule_mutants, sample};
use super::result::{About, Detection, Kind, Measured, Mutant};
use super::rules::{RANDOM, Subject, try_rule};
use crate::ambient::Clock;
use crate::channel::Shutdown;
use crate::fake_system::FAKE_DEFECTS;
use crate::ids::{ComponentKind, Digest, SystemId};
use crate::organisation::TestOrganisation;
use crate::plan::TestPlan;
use crate::reference_hub::{Changed, DEFECTS, DefectInfo};
use crate::rules::{Depot, Engines};
use crate::target::TargetFile;
use crate::verdict::Overall;

/// What to measure.
pub struct MeasureConfig {
    /// The plan.
    pub plan: TestPlan,
    /// Its text.
    pub plan_text: String,
    /// The organisation.
    pub organisation: TestOrganisation,
    /// The harness program, and what else runs XSLT.
    pub engines: Engines,
    /// Folder for runs that have to be looked at.
    pub folder: PathBuf,
    /// How many mutants of rules at most; the same ones each time.
    pub mutants: usize,
    /// How many mutants of the configuration at most.
    pub configurations: usize,
    /// Only faults whose name contains one of these; all of them where there is none.
    pub only: Vec<String>,
    /// How many runs at once.
    pub parallel: usize,
    /// The organisation's file, for fakes that are started as targets; the embedded one where absent.
    pub organisation_file: Option<PathBuf>,
    /// Target files of our own fakes, for a plan that is not for a hub and whose systems need more than
    /// their protocol; the other systems get one by themselves.
    pub targets: Vec<TargetFile>,
    /// Clock.
    pub clock: Clock,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The intact target does not pass: whatever fails says nothing about faults.
    #[error("the intact target does not pass the plan ({0}); nothing was measured")]
    Intact(String),
    /// A folder cannot be written.
    #[error("{0}: {1}")]
    CannotWrite(String, std::io::Error),
    /// Somebody broke it off.
    #[error("broken off")]
    Interrupted,
    /// No fault was left to try.
    #[error("{0}")]
    Nothing(String),
}

impl MeasureConfig {
    fn is_wanted(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|o| id.contains(o))
    }
}

/// Measures; `progress` is told how many faults of how many are done, and what became of the last one.
///
/// # Errors
/// When nothing could be measured.
pub async fn measure(
    config: MeasureConfig,
    progress: &(dyn Fn(usize, usize, &Measured) + Sync),
    stop: Shutdown,
) -> Result<Detection, MeasureError> {
    let begun = Instant::now();
    let runs = config.folder.join("laeufe");
    std::fs::create_dir_all(&runs)
        .map_err(|e| MeasureError::CannotWrite(runs.display().to_string(), e))?;
    let trials = Trials {
        plan: &config.plan,
        plan_text: &config.plan_text,
        organisation: &config.organisation,
        engines: &config.engines,
        folder: runs,
        clock: config.clock.clone(),
        stop: stop.clone(),
    };
    let components = targets(&config)?;
    let intact_seconds = intact(&trials, &components).await?;
    let (whole, rules) = faults(&trials, &config, &components).await?;
    let not_concerned = match is_hub(&config.plan) {
        true => tried_defects(&config.plan)
            .filter(|d| config.is_wanted(d.id))
            .filter_map(|d| {
                let lacks = lacking(d, &config.plan)?;
                Some(Unconcerned { id: d.id.into(), what: d.title.into(), lacks })
            })
            .collect(),
        false => vec![],
    };
    let all = whole.len() + rules.len();
    if all == 0 {
        return Err(MeasureError::Nothing("no fault fits; nothing was measured".into()));
    }
    let done = AtomicUsize::new(0);
    let report = |begun: Instant, mut measured: Measured| {
        measured.seconds = begun.elapsed().as_secs_f64();
        progress(done.fetch_add(1, Ordering::SeqCst) + 1, all, &measured);
        measured
    };
    let report = &report;
    let work = async {
        let parallel = config.parallel.max(1);
        let trials = &trials;
        // Those that take long must not keep the others waiting; what comes out stays in order.
        let whole = iter(whole.into_iter().enumerate()).map(|(at, faulty)| async move {
            let begun = Instant::now();
            (at, report(begun, trials.try_whole(faulty).await))
        });
        let mut measured: Vec<(usize, Measured)> = whole.buffer_unordered(parallel).collect().await;
        let rules = iter((measured.len()..).zip(rules)).map(|(at, (subject, mutant))| async move {
            let begun = Instant::now();
            (at, report(begun, try_rule(trials, subject, mutant).await))
        });
        measured.extend(rules.buffer_unordered(parallel).collect::<Vec<_>>().await);
        measured.sort_by_key(|(at, _)| *at);
        measured.into_iter().map(|(_, measured)| measured).collect::<Vec<_>>()
    };
    let measured = tokio::select! {
        measured = work => measured,
        () = stop.wait() => return Err(MeasureError::Interrupted),
    };
    let about = About {
        plan: &config.plan,
        plan_digest: Digest::of(&config.plan_text),
        date: config.clock.now().to_string(),
        seconds: begun.elapsed().as_secs(),
        intact_seconds,
        not_concerned,
    };
    Ok(Detection::of(&about, measured))
}

/// The intact target must pass, or no failure means anything. How long its run took, seconds.
async fn intact(
    trials: &Trials<'_>,
    components: &[(SystemId, TargetFile)],
) -> Result<f64, MeasureError> {
    let begun = Instant::now();
    let targets: Vec<(String, TargetFile)> = match is_hub(trials.plan) {
        true => vec![("unveraendert".into(), trials.hub("unveraendert", &[], None))],
        false => components
            .iter()
            .map(|(system, target)| (format!("unveraendert-{system}"), target.clone()))
            .collect(),
    };
    if targets.is_empty() {
        let kind = trials.plan.plan.component;
        return Err(MeasureError::Nothing(format!("there is no target for a plan for {kind:?}")));
    }
    for (name, target) in targets {
        let verdict = trials.run(&name, target, None).await;
        let verdict = verdict.map_err(|e| MeasureError::Intact(e.to_string()))?;
        if verdict.overall != Overall::Passed {
            let open = verdict.cases.iter().find(|c| {
                use crate::verdict::CaseOutcome::{Failed, Inconclusive};
                matches!(c.verdict, Failed | Inconclusive)
            });
            let why = open.map_or_else(|| format!("{:?}", verdict.overall), |c| c.id.to_string());
            return Err(MeasureError::Intact(format!("{name}: {why}")));
        }
        let _ = std::fs::remove_dir_all(trials.folder.join(&name));
    }
    Ok(begun.elapsed().as_secs_f64())
}

fn is_hub(plan: &TestPlan) -> bool {
    plan.plan.component == ComponentKind::Integrationsserver
}

type Rules = Vec<(Arc<Subject>, FileMutant)>;

/// All faults that are tried: on the whole plan, and mutants of rules.
async fn faults(
    trials: &Trials<'_>,
    config: &MeasureConfig,
    components: &[(SystemId, TargetFile)],
) -> Result<(Vec<Faulty>, Rules), MeasureError> {
    let wanted = |id: &str| config.is_wanted(id);
    if !is_hub(&config.plan) {
        let mut out = faulty_components(config, components);
        out.retain(|f| wanted(&f.mutant.id));
        return Ok((out, vec![]));
    }
    let mut whole = hub_defects(trials);
    let mut rules = Vec::new();
    let mut configurations = Vec::new();
    for name in &config.organisation.file.organisation.depots {
        let Ok(depot) = Depot::load(name, &config.organisation.folder) else { continue };
        let recognises =
            |m: &crate::plan::PlanMessage| depot.recognise(&m.root, &m.namespace).is_some();
        if !config.plan.message.iter().any(recognises) {
            continue;
        }
        let (plan, engines) = (config.plan.clone(), config.engines.clone());
        let (folder, named) = (trials.folder.clone(), name.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            Subject::new(&plan, &named, depot, &engines, &folder, RANDOM)
        });
        let subject = match prepared.await {
            Ok(Ok(subject)) => Arc::new(subject),
            Ok(Err(reason)) => return Err(MeasureError::Intact(reason)),
            Err(error) => return Err(MeasureError::Intact(error.to_string())),
        };
        let depot = subject.depot();
        configurations.extend(depot_mutants(depot).into_iter().map(|m| (name.clone(), m)));
        if subject.inputs() > 0 {
            rules.extend(
                rule_mutants(depot, &Hints::of(&config.plan))
                    .into_iter()
                    .map(|m| (subject.clone(), m)),
            );
        }
    }
    let picked = sample(rules.iter().map(|(_, m)| m.clone()).collect(), config.mutants);
    rules.retain(|(_, m)| wanted(&m.id) && picked.iter().any(|p| p.id == m.id));
    whole.extend(configuration(trials, config, configurations));
    whole.retain(|f| wanted(&f.mutant.id));
    Ok((whole, rules))
}

/// Whether a fault belongs to the bundle of this plan.
fn is_own(defect: &DefectInfo, plan: &TestPlan) -> bool {
    plan.plan.id.starts_with(defect.bundle)
}

/// The hub's own faults: those of the plan's bundle, or all of the first bundle where it has none of its
/// own.
fn tried_defects(plan: &TestPlan) -> impl Iterator<Item = &'static DefectInfo> {
    let own = DEFECTS.iter().any(|d| is_own(d, plan));
    DEFECTS.iter().filter(move |d| match own {
        false => d.bundle == "gewerbe",
        true => is_own(d, plan),
    })
}

/// Those that have something to act on. Only in their own bundle is it known who has to notice.
fn hub_defects(trials: &Trials<'_>) -> Vec<Faulty> {
    let concerned = tried_defects(trials.plan).filter(|d| lacking(d, trials.plan).is_none());
    let faulty = concerned.map(|d| Faulty {
        mutant: Mutant {
            id: d.id.into(),
            kind: Kind::HubDefect,
            operator: serde_json::to_value(d.area)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default(),
            place: "Referenz-Datendrehscheibe".into(),
            what: d.title.into(),
            requirement: is_own(d, trials.plan).then(|| d.requirement.into()),
            technique: is_own(d, trials.plan).then(|| d.technique.into()),
        },
        target: trials.hub(d.id, &[d.id.to_owned()], None),
    });
    faulty.collect()
}

fn configuration(
    trials: &Trials<'_>,
    config: &MeasureConfig,
    depots: Vec<(String, FileMutant)>,
) -> Vec<Faulty> {
    let mut out = Vec::new();
    let picked = sample(depots.iter().map(|(_, m)| m.clone()).collect(), config.configurations);
    for (name, mutant) in depots.into_iter().filter(|(_, m)| picked.iter().any(|p| p.id == m.id)) {
        let target = trials.hub(&mutant.id, &[], Some(&mutant.told(&name)));
        out.push(Faulty { target, mutant: mutant.described(Kind::Configuration) });
    }
    for mistake in mistakes(trials.plan, trials.organisation) {
        let id = format!("{}-{}", mistake.kind(), Digest::of(mistake.what()).short());
        let changed = Changed { configuration: Some(mistake.clone()), ..Changed::default() };
        out.push(Faulty {
            target: trials.hub(&id, &[], Some(&changed)),
            mutant: Mutant {
                id,
                kind: Kind::Configuration,
                operator: mistake.kind().into(),
                place: "Konfiguration der Testorganisation".into(),
                what: mistake.what(),
                requirement: None,
                technique: None,
            },
        });
    }
    out
}

/// The intact fakes in the place of the component; none for a hub.
fn targets(config: &MeasureConfig) -> Result<Vec<(SystemId, TargetFile)>, MeasureError> {
    let mut out = Vec::new();
    if is_hub(&config.plan) {
        return Ok(out);
    }
    let kind = config.plan.plan.component;
    for id in systems(&config.plan) {
        let given = config.targets.iter().find(|t| t.stands_for() == Some(&id));
        let Some(system) = config.organisation.system(&id) else { continue };
        let target = match given {
            Some(target) => target.clone(),
            None => {
                let file = config.organisation_file.as_deref();
                let made = fake(&config.engines.program, file, &id, (kind, system.fake));
                made.map_err(MeasureError::Nothing)?
            }
        };
        out.push((id, target));
    }
    Ok(out)
}

/// Faulty fakes in the place of the component.
fn faulty_components(config: &MeasureConfig, components: &[(SystemId, TargetFile)]) -> Vec<Faulty> {
    let mut out = Vec::new();
    let kind = config.plan.plan.component;
    for (system, target) in components {
        let Some(known) = config.organisation.system(system) else { continue };
        for defect in FAKE_DEFECTS.iter().filter(|d| d.kind == kind && d.fits(known.fake)) {
            let mut target = target.clone();
            if let Some(start) = &mut target.start {
                start.command.extend(["--defect".into(), defect.id.into()]);
            }
            out.push(Faulty {
                mutant: Mutant {
                    id: format!("{}-{system}", defect.id),
                    kind: Kind::ComponentDefect,
                    operator: format!("{:?}", defect.kind).to_lowercase(),
                    place: format!("Attrappe {system}"),
                    what: defect.title.into(),
                    requirement: None,
                    technique: None,
                },
                target,
            });
        }
    }
    out
}
