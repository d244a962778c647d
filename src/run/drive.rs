//! Driving a plan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore};

use super::component::Numbers;
use super::folder::{
    DETECTION, INPUTS, MANIFEST, Manifest, ManifestInput, PLAN, TargetSummary, bound_by_evidence,
    write_inputs, write_manifest,
};
use super::outgoing;
use super::preflight::{Preflight, PreflightFinding};
use super::prepare::{note_hidden, prepare};
use super::recorder::Recorder;
use crate::ambient::Clock;
use crate::channel::{Observer, Shutdown};
use crate::evidence::{BLOBS, FILE, Record, StepOutcome, TargetEvent, Writer};
use crate::fake_system::{Running, StartError};
use crate::ids::{CaseId, Digest, SystemId};
use crate::organisation::{TestOrganisation, export, protocol};
use crate::plan::{Applicability, InPlaceOf, PlanKind, Step, TestCase, TestPlan};
use crate::rules::Depot;
use crate::target::{
    DoingError, Person, Protocol, STATE, Surroundings, Target, TargetError, TargetFile,
};
use crate::xml::engine_versions;

/// Longest time until the traffic has settled.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// The same between cases, once a target did not come to rest: it hardly will now.
const RESTLESS_LIMIT: Duration = Duration::from_secs(4);

/// What to run, and with what.
#[derive(Debug)]
pub struct RunConfig {
    /// The plan.
    pub plan: TestPlan,
    /// Its text, kept as it is.
    pub plan_text: String,
    /// The organisation.
    pub organisation: TestOrganisation,
    /// The target.
    pub target: TargetFile,
    /// The run's folder; must not hold a run already.
    pub out: PathBuf,
    /// How many cases at once.
    pub jobs: usize,
    /// Only these cases.
    pub chosen: Option<Vec<CaseId>>,
    /// The harness program.
    pub program: PathBuf,
    /// Clock.
    pub clock: Clock,
    /// Who can be told what only a person can do.
    pub person: Person,
    /// After how many waits in vain for the same thing later ones are short; [`VAIN_WAITS`](super::VAIN_WAITS) usually, and
    /// fewer where a target is known to be faulty and only that it fails is of interest.
    pub vain_waits: usize,
    /// How good the plan was measured to be at finding faults: the text of a `detection.json`.
    pub detection: Option<String>,
}

/// What happens while a run goes on.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A phase begins.
    Phase(&'static str),
    /// So many of so many cases are done.
    Cases {
        /// Done.
        done: usize,
        /// All.
        all: usize,
    },
}

/// Why there was no run, or none that can be judged.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The folder cannot be written.
    #[error("{0}: {1}")]
    CannotWrite(String, std::io::Error),
    /// A fake system did not start.
    #[error(transparent)]
    Fake(#[from] StartError),
    /// The target cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The target cannot be reached, and what else is wrong.
    #[error("{error}")]
    Unreachable {
        /// Why not.
        error: Box<TargetError>,
        /// All faults, this one among them.
        findings: Vec<PreflightFinding>,
    },
    /// The target could not be prepared.
    #[error("the target could not be prepared: {0}")]
    Prepare(Box<DoingError>),
    /// Configuration faults.
    #[error("{} configuration fault(s) before the first message", .0.len())]
    Preflight(Vec<PreflightFinding>),
    /// Somebody broke it off before anything was sent.
    #[error("broken off before the first message")]
    Interrupted,
    /// Evidence was lost.
    #[error("{0}")]
    Evidence(String),
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Every chosen case was driven.
    Complete,
    /// The target was lost on the way.
    TargetLost,
    /// Somebody broke it off.
    Interrupted,
}

pub(super) struct Drive<'a> {
    pub(super) plan: &'a TestPlan,
    pub(super) clock: Clock,
    pub(super) recorder: Arc<Recorder>,
    pub(super) fakes: &'a Running,
    pub(super) target: RwLock<Target>,
    pub(super) around: Surroundings,
    pub(super) lost: AtomicBool,
    pub(super) vain: Mutex<HashMap<(SystemId, String), usize>>,
    pub(super) vain_waits: usize,
    pub(super) stop: Shutdown,
    pub(super) stopped: AtomicBool,
    pub(super) fresh_used: AtomicBool,
    /// The target did not come to rest once.
    pub(super) restless: AtomicBool,
    /// What the target is told about the world now.
    pub(super) configured: tokio::sync::Mutex<Surroundings>,
    /// The run's folder, absolute.
    pub(super) folder: PathBuf,
    /// What the target speaks, where it is no hub.
    pub(super) protocol: Option<Protocol>,
    /// File numbers that the target gave.
    pub(super) numbers: Numbers,
    /// Whoever has it may tell the person something.
    pub(super) person_turn: tokio::sync::Mutex<()>,
    /// What lay in the mailbox of the target before the first letter.
    pub(super) lay_before: Mutex<Option<HashSet<String>>>,
}

/// Drives a plan. Evidence is complete on the disk when this returns `Ok`.
///
/// # Errors
/// See [`RunError`]; everything but `Evidence` is found before the first message.
pub async fn execute(
    config: RunConfig,
    progress: &(dyn Fn(Progress) + Sync),
    stop: Shutdown,
) -> Result<RunEnd, RunError> {
    let out = config.out.clone();
    for name in [FILE, MANIFEST, PLAN, BLOBS, INPUTS] {
        if out.join(name).symlink_metadata().is_ok() {
            let why =
                format!("holds {name} already; choose another folder, nothing in it is touched");
            return Err(RunError::CannotWrite(
                out.display().to_string(),
                std::io::Error::other(why),
            ));
        }
    }
    let there = out.is_dir();
    for entry in std::fs::read_dir(&out).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(STATE) {
            let why = format!("holds {name}, a name of this program's own; choose another folder");
            let error = std::io::Error::other(why);
            return Err(RunError::CannotWrite(out.display().to_string(), error));
        }
    }
    let result = tokio::select! {
        result = drive(config, progress, stop.clone()) => result,
        () = never_before_sending(&out, &stop) => Err(RunError::Interrupted),
    };
    if result.as_ref().is_err_and(|e| !matches!(e, RunError::Evidence(_))) {
        // Nothing was sent, and all of this was made just now: the same folder must serve the next
        // attempt.
        for name in [FILE, MANIFEST, PLAN] {
            let _ = std::fs::remove_file(out.join(name));
        }
        for name in [BLOBS, INPUTS] {
            let _ = std::fs::remove_dir_all(out.join(name));
        }
        clean_state(&out);
        if !there {
            let _ = std::fs::remove_dir(&out);
        }
    }
    result
}

/// Ends when somebody stops the run before anything was sent; the manifest is written right before
/// the first message. Later on the run ends by itself, with its evidence.
async fn never_before_sending(out: &Path, stop: &Shutdown) {
    stop.wait().await;
    if out.join(MANIFEST).exists() {
        std::future::pending::<()>().await;
    }
}

async fn drive(
    config: RunConfig,
    progress: &(dyn Fn(Progress) + Sync),
    stop: Shutdown,
) -> Result<RunEnd, RunError> {
    let out = &config.out;
    let cannot = |error| RunError::CannotWrite(out.display().to_string(), error);
    std::fs::create_dir_all(out).map_err(cannot)?;
    let writer = Writer::create(out, config.clock.clone()).map_err(|error| {
        let hint = if error.kind() == std::io::ErrorKind::AlreadyExists {
            std::io::Error::other("holds the evidence of a run already; choose another folder")
        } else {
            error
        };
        RunError::CannotWrite(out.display().to_string(), hint)
    })?;
    let correlators: HashSet<String> =
        config.plan.case.iter().flat_map(|c| &c.correlators).map(|c| c.0.clone()).collect();
    let recorder = Arc::new(Recorder::new(writer, correlators));
    progress(Progress::Phase("Attrappen starten"));
    let observer: Arc<dyn Observer> = recorder.clone();
    // A component is tested alone: the harness plays the hub, and nobody else is there.
    let mut surrounding = config.organisation.clone();
    // At a real authority its own systems are there.
    let real = config.plan.plan.kind == PlanKind::Funktionstest;
    if config.target.interface.is_some() || real {
        surrounding.file.system.clear();
    }
    let mut fakes = Running::start(&surrounding, observer).await?;
    let hub = match &config.target.interface {
        Some(interface) => {
            let listening = fakes.play_hub(interface.hub_listen.as_deref()).await?;
            interface.hub_url.clone().unwrap_or(listening)
        }
        None => String::new(),
    };
    let mut exported = export(&config.organisation, &fakes.urls);
    exported.trust = fakes.trust.clone();
    let depots = depot_files(&config);
    let mut inputs = write_inputs(
        out,
        &config.plan_text,
        &config.organisation,
        &exported,
        &config.target,
        &depots,
    )
    .map_err(cannot)?;
    if let Some(text) = &config.detection {
        let name = format!("{INPUTS}/{DETECTION}");
        std::fs::write(out.join(&name), text).map_err(cannot)?;
        inputs.push(ManifestInput { name, sha256: Digest::of(text) });
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    // Absolute, since a started target has a folder of its own.
    let folder = out.canonicalize().map_err(cannot)?;
    let around = Surroundings { export: folder.join(INPUTS).join("export.toml"), hub };
    let mut target = Target::new(config.target.clone(), &folder)
        .with_person(config.person.clone())
        .guarded_by(&config.program);
    progress(Progress::Phase("Prüfgegenstand erreichen, Vorprüfung"));
    let says = match ready_to_go(&config, &mut target, &around, &recorder, progress).await {
        Ok(says) => says,
        Err(error) => {
            target.stop().await;
            fakes.stop().await;
            return Err(error);
        }
    };
    let mut manifest = manifest(&config, inputs, says);
    write_manifest(out, &manifest).map_err(cannot)?;
    recorder.append(&Record::Inputs {
        digests: bound_by_evidence(&manifest),
        chosen: config.chosen.clone(),
    });
    let looking = outgoing::look(&target, recorder.clone());
    let drive = Drive {
        plan: &config.plan,
        clock: config.clock.clone(),
        recorder: recorder.clone(),
        fakes: &fakes,
        target: RwLock::new(target),
        around: around.clone(),
        lost: AtomicBool::new(false),
        vain: Mutex::default(),
        vain_waits: config.vain_waits,
        stop,
        stopped: AtomicBool::new(false),
        fresh_used: AtomicBool::new(false),
        restless: AtomicBool::new(false),
        configured: tokio::sync::Mutex::new(around.clone()),
        folder: folder.clone(),
        protocol: protocol_of(&config),
        numbers: Numbers::default(),
        person_turn: tokio::sync::Mutex::default(),
        lay_before: Mutex::default(),
    };
    let xdomea = config.target.xdomea();
    let stands_for = config.target.stands_for().map(|s| InPlaceOf::new(s.clone(), xdomea));
    let cases: Vec<&TestCase> = config
        .plan
        .case
        .iter()
        .filter(|c| config.chosen.as_ref().is_none_or(|chosen| chosen.contains(&c.id)))
        .filter(|c| {
            let standing = config.plan.applicability(c, &config.target.claims, stands_for.as_ref());
            matches!(standing, Applicability::Applies(_))
        })
        .collect();
    let most = config.target.limits.parallel.and_then(|n| usize::try_from(n).ok());
    drive.all(&cases, config.jobs.min(most.unwrap_or(usize::MAX)), progress).await;
    let end = drive.finish(progress).await;
    drop(looking);
    let mut target = drive.target.into_inner();
    target.stop().await;
    recorder.append(&Record::Target { event: TargetEvent::Stopped, detail: String::new() });
    fakes.stop().await;
    let interrupted = end == RunEnd::Interrupted;
    recorder.writer.close(interrupted).map_err(|e| RunError::Evidence(e.to_string()))?;
    if let Some(why) = recorder.writer.broken() {
        return Err(RunError::Evidence(why));
    }
    manifest.ended = Some(config.clock.now().to_string());
    manifest.interrupted = interrupted;
    write_manifest(out, &manifest).map_err(cannot)?;
    clean_state(&folder);
    Ok(end)
}

/// Starts and reaches the target, looks for faults of the configuration, and prepares it. Gives back
/// what it says about itself.
async fn ready_to_go(
    config: &RunConfig,
    target: &mut Target,
    around: &Surroundings,
    recorder: &Recorder,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<String, RunError> {
    let preflight = Preflight {
        plan: Some(&config.plan),
        organisation: &config.organisation,
        clock: &config.clock,
    };
    let looked = preflight.look(target, around).await;
    match (looked.unreachable, looked.findings) {
        (Some(error), findings) => {
            return Err(RunError::Unreachable { error: Box::new(error), findings });
        }
        (None, findings) if !findings.is_empty() => return Err(RunError::Preflight(findings)),
        _ => {}
    }
    let detail = target.url("");
    recorder.append(&Record::Target { event: TargetEvent::Started, detail });
    note_hidden(target, recorder);
    if target.file.prepare.is_empty() {
        return Ok(looked.says);
    }
    progress(Progress::Phase("Prüfgegenstand vorbereiten"));
    prepare(target, around, recorder, &config.clock)
        .await
        .map_err(|error| RunError::Prepare(Box::new(error)))?;
    let says = target.ready().await?;
    let findings = preflight.authorities(&says);
    if findings.is_empty() { Ok(says) } else { Err(RunError::Preflight(findings)) }
}

/// The journal folders of a started target are not evidence.
fn clean_state(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(STATE) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// What a component speaks: what its target file says, or else what the fake speaks in whose place it
/// stands.
fn protocol_of(config: &RunConfig) -> Option<Protocol> {
    let interface = config.target.interface.as_ref()?;
    let system = config.organisation.system(&interface.system)?;
    interface.protocol.or_else(|| Protocol::by_name(protocol(system.fake)))
}

fn depot_files(config: &RunConfig) -> BTreeMap<String, Vec<u8>> {
    let mut out = BTreeMap::new();
    for name in &config.organisation.file.organisation.depots {
        if let Ok(depot) = Depot::load(name, &config.organisation.folder) {
            for (path, bytes) in depot.files {
                out.insert(format!("{}/{path}", depot.file.depot.id), bytes);
            }
        }
    }
    out
}

fn manifest(config: &RunConfig, inputs: Vec<super::ManifestInput>, says: String) -> Manifest {
    let (libxml2, libxslt) = engine_versions();
    let head = &config.target.target;
    Manifest {
        format: "pruefstand/run/1".into(),
        harness: format!("pruefstand {}", env!("CARGO_PKG_VERSION")),
        harness_sha256: Digest::of(std::fs::read(&config.program).unwrap_or_default()),
        engines: BTreeMap::from([("libxml2".into(), libxml2), ("libxslt".into(), libxslt)]),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        target: TargetSummary {
            kind: format!("{:?}", head.kind).to_lowercase(),
            vendor: head.vendor.clone(),
            product: head.product.clone(),
            version: head.version.clone(),
            files: head.file.clone(),
        },
        target_says: says,
        inputs,
        chosen: config.chosen.clone(),
        started: config.clock.now().to_string(),
        ended: None,
        interrupted: false,
    }
}

impl Drive<'_> {
    pub(super) fn halted(&self) -> bool {
        self.lost.load(Ordering::SeqCst) || self.stopped.load(Ordering::SeqCst)
    }

    async fn all(&self, cases: &[&TestCase], jobs: usize, progress: &(dyn Fn(Progress) + Sync)) {
        progress(Progress::Phase("Testfälle"));
        let done = AtomicUsize::new(0);
        let all = cases.len();
        let report = || {
            let done = done.fetch_add(1, Ordering::SeqCst) + 1;
            progress(Progress::Cases { done, all });
        };
        let work = async {
            let limit = Semaphore::new(jobs.max(1));
            let parallel = cases.iter().filter(|c| !c.exclusive).map(|case| async {
                let _permit = limit.acquire().await;
                if !self.halted() {
                    self.case(case).await;
                    report();
                }
            });
            futures_util::future::join_all(parallel).await;
            let alone = |fresh| cases.iter().filter(move |c| c.exclusive && c.fresh_state == fresh);
            let others = cases.iter().any(|c| !c.fresh_state);
            for case in alone(false).chain(alone(true)) {
                if case.fresh_state && !self.fresh_used.swap(true, Ordering::SeqCst) && others {
                    // This hub will be gone: what it did is settled and asked for first.
                    self.settle().await;
                    self.fetch_log(None).await;
                }
                if self.halted() {
                    break;
                }
                self.case(case).await;
                report();
            }
        };
        tokio::select! {
            () = work => {}
            () = self.stop.wait() => self.stopped.store(true, Ordering::SeqCst),
        }
    }

    async fn case(&self, case: &TestCase) {
        if case.fresh_state
            && let Err(reason) = self.fresh().await
        {
            for step in &case.step {
                let (case, step) = (case.id.clone(), step.name().to_owned());
                let outcome = StepOutcome::Impossible { reason: reason.clone() };
                self.recorder.append(&Record::Step { case, step, outcome });
            }
            return;
        }
        if case.step.iter().any(|s| matches!(s, Step::Restart { .. } | Step::Reconfigure { .. })) {
            // Nobody can tell whether a target had the time to note an answer that it got right
            // before it was killed. What it does twice in this case shall be its own doing.
            self.settle().await;
        }
        self.recorder.append(&Record::CaseBegin { case: case.id.clone(), alone: case.exclusive });
        let since = self.recorder.writer.next_exchange();
        for step in &case.step {
            if self.halted() {
                break;
            }
            let outcome = self.step(case, step, since).await;
            self.recorder.append(&Record::Step {
                case: case.id.clone(),
                step: step.name().to_owned(),
                outcome,
            });
        }
        if case.fresh_state && !self.halted() {
            self.settle().await;
            self.fetch_log(Some(&case.id)).await;
        }
        self.recorder.append(&Record::CaseEnd { case: case.id.clone() });
        self.restore(case).await;
    }

    /// Gives a target without history.
    async fn fresh(&self) -> Result<(), String> {
        let mut target = self.target.write().await;
        if !target.can_restart() {
            return Err("the case needs a target without history, and the target file has no [start] command".into());
        }
        target.stop().await;
        target.start(&self.around, true).await.map_err(|error| {
            self.lose(&error.to_string());
            error.to_string()
        })
    }

    pub(super) fn lose(&self, reason: &str) {
        if !self.lost.swap(true, Ordering::SeqCst) {
            self.recorder
                .append(&Record::Target { event: TargetEvent::Lost, detail: reason.to_owned() });
        }
    }

    /// Waits between cases until the traffic has settled.
    pub(super) async fn settle(&self) {
        let restless = self.restless.load(Ordering::SeqCst);
        self.settle_within(if restless { RESTLESS_LIMIT } else { SETTLE_LIMIT }).await;
    }

    async fn settle_within(&self, limit: Duration) {
        let quiet = Duration::from_millis(u64::from(self.plan.plan.settle_ms));
        let begun = std::time::Instant::now();
        while self.recorder.quiet() < quiet {
            if begun.elapsed() >= limit {
                self.restless.store(true, Ordering::SeqCst);
                return;
            }
            let left = quiet.saturating_sub(self.recorder.quiet());
            tokio::time::sleep(left.max(Duration::from_millis(5))).await;
        }
    }

    async fn finish(&self, progress: &(dyn Fn(Progress) + Sync)) -> RunEnd {
        if self.stopped.load(Ordering::SeqCst) {
            return RunEnd::Interrupted;
        }
        progress(Progress::Phase("Nachlauf abwarten"));
        tokio::select! {
            () = self.settle_within(SETTLE_LIMIT) => {}
            () = self.stop.wait() => {
                self.stopped.store(true, Ordering::SeqCst);
                return RunEnd::Interrupted;
            }
        }
        self.recorder.append(&Record::Settled {
            quiet_ms: u64::try_from(self.recorder.quiet().as_millis()).unwrap_or(u64::MAX),
        });
        if self.lost.load(Ordering::SeqCst) {
            return RunEnd::TargetLost;
        }
        if !self.fresh_used.load(Ordering::SeqCst) {
            progress(Progress::Phase("Transaktionsprotokoll holen"));
            self.fetch_log(None).await;
        }
        if self.lost.load(Ordering::SeqCst) { RunEnd::TargetLost } else { RunEnd::Complete }
    }
}
