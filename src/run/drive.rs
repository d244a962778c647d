//! Driving a plan.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{RwLock, Semaphore};

use super::folder::{INPUTS, Manifest, TargetSummary, write_inputs, write_manifest};
use super::preflight::{PreflightFinding, preflight};
use super::recorder::{OwnExchange, Recorder};
use crate::ambient::Clock;
use crate::channel::http::{ClientError, ClientRequest, send};
use crate::channel::{Observer, Shutdown};
use crate::evidence::{Record, StepOutcome, TargetEvent, Writer};
use crate::fake_system::{Behaviour, Running, StartError};
use crate::ids::{CaseId, ComponentKind, Digest, SystemId};
use crate::message::build;
use crate::organisation::{TestOrganisation, export};
use crate::plan::{MessageUse, Step, TestCase, TestPlan};
use crate::rules::Depot;
use crate::target::{Target, TargetError, TargetFile};
use crate::xml::engine_versions;

/// Longest time for one message to the target.
const SEND_LIMIT: Duration = Duration::from_secs(15);
/// After so many waits in vain for the same thing at the same place, with none that succeeded in
/// between, later waits for it are short: the plan's deadlines have been missed often enough, and the
/// verdict looks at arrival times anyway.
const VAIN_WAITS: usize = 6;
/// A short wait.
const SHORT_WAIT: Duration = Duration::from_millis(700);
/// Longest time until the traffic has settled.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

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
    /// Configuration faults.
    #[error("{} configuration fault(s) before the first message", .0.len())]
    Preflight(Vec<PreflightFinding>),
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

struct Drive<'a> {
    plan: &'a TestPlan,
    clock: Clock,
    recorder: Arc<Recorder>,
    fakes: &'a Running,
    target: RwLock<Target>,
    export_path: PathBuf,
    lost: AtomicBool,
    vain: Mutex<HashMap<(SystemId, String), usize>>,
    stop: Shutdown,
    stopped: AtomicBool,
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
    let fakes = Running::start(&config.organisation, observer).await?;
    let exported = export(&config.organisation, &fakes.urls);
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
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    // Absolute, since a started target has a folder of its own.
    let folder = out.canonicalize().map_err(cannot)?;
    let export_path = folder.join(INPUTS).join("export.toml");
    let mut target = Target::new(config.target.clone(), &folder);
    progress(Progress::Phase("Prüfgegenstand erreichen"));
    let says = match reach(&mut target, &export_path).await {
        Ok(says) => says,
        Err(error) => {
            target.stop().await;
            fakes.stop().await;
            return Err(error.into());
        }
    };
    progress(Progress::Phase("Vorprüfung"));
    let findings = preflight(&config.plan, &config.organisation, &says);
    if !findings.is_empty() {
        target.stop().await;
        fakes.stop().await;
        return Err(RunError::Preflight(findings));
    }
    let mut manifest = manifest(&config, inputs, says);
    write_manifest(out, &manifest).map_err(cannot)?;
    recorder.append(&Record::Target { event: TargetEvent::Started, detail: target.url("") });
    let drive = Drive {
        plan: &config.plan,
        clock: config.clock.clone(),
        recorder: recorder.clone(),
        fakes: &fakes,
        target: RwLock::new(target),
        export_path,
        lost: AtomicBool::new(false),
        vain: Mutex::default(),
        stop,
        stopped: AtomicBool::new(false),
    };
    let cases: Vec<&TestCase> = config
        .plan
        .case
        .iter()
        .filter(|c| config.chosen.as_ref().is_none_or(|chosen| chosen.contains(&c.id)))
        .collect();
    drive.all(&cases, config.jobs, progress).await;
    let end = drive.finish(progress).await;
    let target = drive.target.into_inner();
    let mut target = target;
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

async fn reach(target: &mut Target, export_path: &Path) -> Result<String, TargetError> {
    target.start(export_path, false).await?;
    target.ready().await
}

/// The journal folders of a started target are not evidence.
fn clean_state(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("zustand-") {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
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
    fn halted(&self) -> bool {
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
            for case in cases.iter().filter(|c| c.exclusive) {
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
        if case.fresh_state && !self.fresh().await {
            return;
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
    }

    /// Gives a target without history; where the harness cannot do that, the case goes on as it is.
    async fn fresh(&self) -> bool {
        let mut target = self.target.write().await;
        if !target.can_restart() {
            return true;
        }
        target.stop().await;
        match target.start(&self.export_path, true).await {
            Ok(()) => true,
            Err(error) => {
                self.lose(&error.to_string());
                false
            }
        }
    }

    fn lose(&self, reason: &str) {
        if !self.lost.swap(true, Ordering::SeqCst) {
            self.recorder
                .append(&Record::Target { event: TargetEvent::Lost, detail: reason.to_owned() });
        }
    }

    async fn step(&self, case: &TestCase, step: &Step, since: u64) -> StepOutcome {
        match step {
            Step::Send { name, from, message } => self.send(case, name, from, message).await,
            Step::Await { at, contains, times, within_ms, .. } => {
                let limit = Duration::from_millis(u64::from(*within_ms));
                self.wait(case, (at, contains, *times), since, limit).await
            }
            Step::Fake { system, behaviour, .. } => {
                let behaviour = match behaviour {
                    crate::plan::Behaviour::Answer => Behaviour::Answer,
                    crate::plan::Behaviour::Reset => Behaviour::Reset,
                    crate::plan::Behaviour::Refuse => Behaviour::Refuse,
                };
                for correlator in &case.correlators {
                    self.fakes.scripts.set(system, correlator.as_str(), behaviour);
                }
                StepOutcome::Done
            }
            Step::Restart { .. } => self.restart().await,
            Step::ReadBack { name, system, folder } => {
                self.read_back(case, name, system, folder).await
            }
        }
    }

    async fn send(
        &self,
        case: &TestCase,
        name: &str,
        from: &SystemId,
        message: &MessageUse,
    ) -> StepOutcome {
        let built = match build(self.plan, case, message) {
            Ok(built) => built,
            Err(error) => return StepOutcome::Impossible { reason: error.to_string() },
        };
        let url = {
            let target = self.target.read().await;
            let kind = self.plan.system.iter().find(|s| &s.id == from).map(|s| s.kind);
            let endpoints = &target.file.endpoints;
            match kind {
                Some(ComponentKind::Fachverfahren) => target.url(&endpoints.fachverfahren),
                _ => target.url(&endpoints.portal),
            }
        };
        let started = self.clock.now();
        let request = ClientRequest {
            method: "POST",
            url: url.clone(),
            content_type: "application/xml".into(),
            body: built.bytes,
            limit: SEND_LIMIT,
        };
        let own = |request: &[u8], answer: &[u8], failure| {
            self.recorder.own(&OwnExchange {
                system: from,
                case: Some(&case.id),
                step: name,
                peer: &url,
                started,
                request,
                answer,
                failure,
            });
        };
        match send(request).await {
            Ok(done) => {
                own(&done.raw_request, &done.raw_answer, None);
                StepOutcome::Done
            }
            Err(ClientError::Broken { raw_request, raw_answer, reason }) => {
                own(&raw_request, &raw_answer, Some(reason));
                self.check_lost().await;
                StepOutcome::Done
            }
            Err(ClientError::TimedOut { raw_request, limit }) => {
                own(&raw_request, &[], Some(format!("no answer within {limit:?}")));
                StepOutcome::Done
            }
            Err(error @ (ClientError::Unreachable { .. } | ClientError::Url(_))) => {
                self.check_lost().await;
                StepOutcome::Unreachable { reason: error.to_string() }
            }
        }
    }

    /// A target that does not answer three times in a row is lost.
    async fn check_lost(&self) {
        for _ in 0..3 {
            if self.target.read().await.ready().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.lose("the target no longer answers");
    }

    async fn wait(
        &self,
        case: &TestCase,
        (at, contains, times): (&SystemId, &str, u32),
        since: u64,
        limit: Duration,
    ) -> StepOutcome {
        let correlators: Vec<String> = case.correlators.iter().map(|c| c.0.clone()).collect();
        let mut change = self.recorder.subscribe();
        let seen = async {
            while self.recorder.count(at, &correlators, contains, since) < times {
                if change.changed().await.is_err() {
                    return;
                }
            }
        };
        let key = (at.clone(), contains.to_owned());
        let vain = |change: fn(usize) -> usize| {
            let mut map = self.vain.lock().unwrap_or_else(PoisonError::into_inner);
            let count = map.entry(key.clone()).or_default();
            *count = change(*count);
            *count
        };
        let patient = vain(|n| n) < VAIN_WAITS;
        let limit = if patient { limit } else { limit.min(SHORT_WAIT) };
        if tokio::time::timeout(limit, seen).await.is_ok() {
            vain(|_| 0);
            return StepOutcome::Done;
        }
        if vain(|n| n + 1) == VAIN_WAITS {
            let detail = format!(
                "\"{contains}\" at {at}: many waits in vain, later ones are short until one succeeds"
            );
            self.recorder.observation(&"harness".into(), None, "waiting", &detail);
        }
        StepOutcome::TimedOut
    }

    async fn restart(&self) -> StepOutcome {
        let mut target = self.target.write().await;
        if !target.can_restart() {
            let reason = "the target file has no [start] command, so the harness cannot kill it";
            return StepOutcome::Impossible { reason: reason.into() };
        }
        target.kill().await;
        self.recorder.append(&Record::Target { event: TargetEvent::Killed, detail: String::new() });
        match target.start(&self.export_path, false).await {
            Ok(()) => {
                let detail = target.url("");
                self.recorder.append(&Record::Target { event: TargetEvent::Started, detail });
                StepOutcome::Done
            }
            Err(error) => {
                self.lose(&error.to_string());
                StepOutcome::Unreachable { reason: error.to_string() }
            }
        }
    }

    async fn read_back(
        &self,
        case: &TestCase,
        name: &str,
        system: &SystemId,
        folder: &str,
    ) -> StepOutcome {
        let base = format!("{}/root", self.fakes.urls.get(system).cloned().unwrap_or_default());
        let object = format!("{base}{folder}?cmisselector=object&succinct=true");
        let children = format!("{base}{folder}?cmisselector=children&succinct=true");
        let Some(_) = self.read(case, name, &object).await else {
            let reason = format!("{system} could not be read");
            return StepOutcome::Impossible { reason };
        };
        let Some(list) = self.read(case, name, &children).await else { return StepOutcome::Done };
        let list: serde_json::Value = serde_json::from_slice(&list).unwrap_or_default();
        for child in list["objects"].as_array().into_iter().flatten() {
            let id = child["object"]["succinctProperties"]["cmis:objectId"].as_str();
            if let Some(id) = id {
                self.read(case, name, &format!("{base}?objectId={id}&cmisselector=content")).await;
            }
        }
        StepOutcome::Done
    }

    async fn read(&self, case: &TestCase, step: &str, url: &str) -> Option<Vec<u8>> {
        let started = self.clock.now();
        let request = ClientRequest {
            method: "GET",
            url: url.to_owned(),
            content_type: String::new(),
            body: vec![],
            limit: SEND_LIMIT,
        };
        let done = send(request).await.ok()?;
        self.recorder.own(&OwnExchange {
            system: &"harness".into(),
            case: Some(&case.id),
            step,
            peer: url,
            started,
            request: &done.raw_request,
            answer: &done.raw_answer,
            failure: None,
        });
        Some(done.body.to_vec())
    }

    async fn settle(&self) {
        let quiet = Duration::from_millis(u64::from(self.plan.plan.settle_ms));
        let begun = std::time::Instant::now();
        while self.recorder.quiet() < quiet && begun.elapsed() < SETTLE_LIMIT {
            let left = quiet.saturating_sub(self.recorder.quiet());
            tokio::time::sleep(left.max(Duration::from_millis(5))).await;
        }
    }

    async fn fetch_log(&self, case: Option<&CaseId>) {
        let url = {
            let target = self.target.read().await;
            target.url(&target.file.endpoints.log)
        };
        let started = self.clock.now();
        let request = ClientRequest {
            method: "GET",
            url: url.clone(),
            content_type: String::new(),
            body: vec![],
            limit: SEND_LIMIT,
        };
        let (sent, answer, failure) = match send(request).await {
            Ok(done) => (done.raw_request, done.raw_answer, None),
            Err(error) => (vec![], vec![], Some(error.to_string())),
        };
        self.recorder.own(&OwnExchange {
            system: &"harness".into(),
            case,
            step: "protokoll",
            peer: &url,
            started,
            request: &sent,
            answer: &answer,
            failure,
        });
    }

    async fn finish(&self, progress: &(dyn Fn(Progress) + Sync)) -> RunEnd {
        if self.stopped.load(Ordering::SeqCst) {
            return RunEnd::Interrupted;
        }
        progress(Progress::Phase("Nachlauf abwarten"));
        self.settle().await;
        self.recorder.append(&Record::Settled {
            quiet_ms: u64::try_from(self.recorder.quiet().as_millis()).unwrap_or(u64::MAX),
        });
        if self.lost.load(Ordering::SeqCst) {
            return RunEnd::TargetLost;
        }
        progress(Progress::Phase("Transaktionsprotokoll holen"));
        self.fetch_log(None).await;
        RunEnd::Complete
    }
}
