//! The client side of the XSLT worker process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::ffi::Files;
use super::parse::parse;
use super::worker::{Request, TransformEnd, Transformed, read_frame, write_frame};

/// The stylesheets and data files a rule may read, by URL `file:///depot/…`.
#[derive(Debug, Clone, Default)]
pub struct SheetSet {
    /// Digest or other unique name of the set.
    pub id: String,
    /// Contents by URL.
    pub files: Files,
}

struct Process {
    child: Child,
    stdin: ChildStdin,
    replies: Receiver<Option<(Vec<u8>, Vec<u8>)>>,
    loaded: BTreeSet<String>,
    /// Its folder, where it has one of its own.
    _own: Option<OwnFolder>,
    hello: Arc<OnceLock<Hello>>,
}

/// A folder that goes with its worker.
struct OwnFolder(PathBuf);

impl OwnFolder {
    fn new(below: &Path) -> std::io::Result<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path = below.join(format!("regelprozess-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path.canonicalize()?))
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What runs in a worker process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// libxslt, for XSLT 1.0: `program xslt-worker`.
    Libxslt(PathBuf),
    /// SaxonC-HE, for XSLT 2.0 and 3.0: a Python that has the package `saxonche`.
    Saxon(PathBuf),
}

/// The worker that runs Saxon.
const SAXON: &str = include_str!("saxon_worker.py");
/// Most memory for it, bytes.
const SAXON_MEMORY: u64 = 2 * 1024 * 1024 * 1024;

impl Engine {
    /// Saxon, where it can be found: in the Python that `named` says, or else the first `python3` on the
    /// path, if it has the package.
    pub fn find_saxon(named: Option<&Path>) -> Option<Self> {
        let python = match named {
            Some(path) => path.to_owned(),
            None => std::env::split_paths(&std::env::var_os("PATH")?)
                .map(|folder| folder.join("python3"))
                .find(|path| path.is_file())?,
        };
        let there = Command::new(&python)
            .args(["-I", "-c", "import saxonche"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        there.is_ok_and(|status| status.success()).then_some(Self::Saxon(python))
    }

    fn command(&self) -> Command {
        match self {
            Self::Libxslt(program) => {
                let mut command = Command::new(program);
                command.arg("xslt-worker");
                command
            }
            Self::Saxon(python) => {
                let mut command = Command::new(python);
                command.args(["-I", "-c", SAXON]).arg(SAXON_MEMORY.to_string());
                command
            }
        }
    }
}

/// What an engine says about itself when it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Hello {
    /// Its name and version.
    pub engine: String,
    /// What it could not be kept from; nothing where it is shut in.
    pub isolation: Vec<String>,
}

/// A warm XSLT worker process, started again when it died.
pub struct Worker {
    engine: Engine,
    folder: PathBuf,
    limit: Duration,
    process: Option<Process>,
}

impl Worker {
    /// A worker that runs `program xslt-worker` in `folder`; each job may take `limit`.
    pub fn new(program: &Path, folder: &Path, limit: Duration) -> Self {
        Self::of(Engine::Libxslt(program.into()), folder, limit)
    }

    /// A worker of an engine, in `folder` or, where it needs one of its own, in one below; each job may
    /// take `limit`.
    pub fn of(engine: Engine, folder: &Path, limit: Duration) -> Self {
        Self { engine, folder: folder.into(), limit, process: None }
    }

    /// What the engine says about itself; none before its first job, or where it says nothing.
    pub fn hello(&self) -> Option<Hello> {
        self.process.as_ref()?.hello.get().cloned()
    }

    fn start(&mut self) -> std::io::Result<&mut Process> {
        if self.process.is_none() {
            let greets = matches!(self.engine, Engine::Saxon(_));
            let own = greets.then(|| OwnFolder::new(&self.folder)).transpose()?;
            let mut child = self
                .engine
                .command()
                .current_dir(own.as_ref().map_or(&self.folder, |own| &own.0))
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
            let stdin = child.stdin.take().ok_or_else(broken)?;
            let mut stdout = BufReader::new(child.stdout.take().ok_or_else(broken)?);
            let (send, replies) = channel();
            let hello: Arc<OnceLock<Hello>> = Arc::default();
            let said = hello.clone();
            std::thread::spawn(move || {
                if greets
                    && let Ok(frame) = read_frame(&mut stdout)
                    && let Ok(greeting) = serde_json::from_slice(&frame)
                {
                    let _ = said.set(greeting);
                }
                loop {
                    let reply = read_frame(&mut stdout)
                        .and_then(|head| Ok((head, read_frame(&mut stdout)?)))
                        .ok();
                    let ended = reply.is_none();
                    if send.send(reply).is_err() || ended {
                        return;
                    }
                }
            });
            self.process =
                Some(Process { child, stdin, replies, loaded: BTreeSet::new(), _own: own, hello });
        }
        self.process.as_mut().ok_or_else(|| std::io::ErrorKind::BrokenPipe.into())
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }

    /// Runs one stylesheet of the set over a document. Never fails: what went wrong is in the
    /// result.
    pub fn transform(
        &mut self,
        set: &SheetSet,
        sheet: &str,
        input: &[u8],
        params: &BTreeMap<String, String>,
    ) -> Transformed {
        let done = self.transform_all(set, &[Job { sheet, input, params }]).pop();
        done.unwrap_or_else(|| Transformed::failed(TransformEnd::Died, "nothing was done"))
    }

    /// Runs jobs one after the other, and hands over the next ones while one is worked on, so that
    /// worker and caller do not wait for each other's pipes. Each has its own limit; where one fails for
    /// good, those after it go to a new worker. One result for each, in order.
    pub fn transform_all(&mut self, set: &SheetSet, jobs: &[Job<'_>]) -> Vec<Transformed> {
        let mut done: Vec<Transformed> = Vec::with_capacity(jobs.len());
        while done.len() < jobs.len() {
            let begun = done.len();
            let Err(end) = self.try_all(set, jobs, &mut done) else { continue };
            self.stop();
            let message = match end {
                TransformEnd::TimedOut => format!("no answer within {:?}; killed", self.limit),
                _ => "the XSLT worker process ended while it worked".to_owned(),
            };
            // The one that was worked on; what waited behind it is handed over again.
            debug_assert!(done.len() >= begun);
            done.push(Transformed::failed(end, message));
        }
        done
    }

    fn try_all(
        &mut self,
        set: &SheetSet,
        jobs: &[Job<'_>],
        done: &mut Vec<Transformed>,
    ) -> Result<(), TransformEnd> {
        let limit = self.limit;
        // Saxon reads messages more leniently than anybody here.
        let strict = matches!(self.engine, Engine::Saxon(_));
        let refused = |job: &Job<'_>| {
            let error = strict.then(|| parse(job.input).err()).flatten()?;
            Some(Transformed::failed(TransformEnd::BadInput, error.to_string()))
        };
        let process = self.start().map_err(|_| TransformEnd::Died)?;
        let mut waiting: VecDeque<Waiting> = VecDeque::new();
        let mut ahead = 0;
        let mut next = done.len();
        while done.len() < jobs.len() {
            while let Some(job) = jobs.get(next) {
                if let Some(result) = refused(job) {
                    waiting.push_back(Waiting::Refused(Box::new(result)));
                    next += 1;
                    continue;
                }
                let frames = process.frames(set, job).map_err(|_| TransformEnd::Died)?;
                // What does not fit into the pipe would wait for the worker, and then nobody looks at
                // the clock.
                if ahead > 0 && ahead + frames.len() > AHEAD {
                    break;
                }
                process.stdin.write_all(&frames).map_err(|_| TransformEnd::Died)?;
                process.loaded.insert(set.id.clone());
                ahead += frames.len();
                waiting.push_back(Waiting::Sent(frames.len()));
                next += 1;
            }
            match waiting.pop_front() {
                Some(Waiting::Refused(result)) => done.push(*result),
                Some(Waiting::Sent(bytes)) => {
                    ahead -= bytes;
                    done.push(process.reply(limit)?);
                }
                None => break,
            }
        }
        Ok(())
    }
}

/// One stylesheet of a set over one document.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// URL of the stylesheet.
    pub sheet: &'a str,
    /// The document.
    pub input: &'a [u8],
    /// Parameters of the stylesheet.
    pub params: &'a BTreeMap<String, String>,
}

/// Most bytes that are handed over before they are asked for: less than a pipe holds (64 KiB, pipe(7)).
const AHEAD: usize = 48 * 1024;

/// A job that was handed over and has no result yet.
enum Waiting {
    /// It is with the worker: this many bytes.
    Sent(usize),
    /// The worker never sees it.
    Refused(Box<Transformed>),
}

impl Process {
    /// A job as bytes, in one piece: each part by itself would wake the worker for nothing.
    fn frames(&self, set: &SheetSet, job: &Job<'_>) -> std::io::Result<Vec<u8>> {
        let mut whole = Vec::with_capacity(job.input.len() + 1024);
        if !self.loaded.contains(&set.id) {
            let urls = set.files.keys().cloned().collect();
            let load = Request::Load { set: set.id.clone(), urls };
            write_frame(&mut whole, &serde_json::to_vec(&load)?)?;
            for bytes in set.files.values() {
                write_frame(&mut whole, bytes)?;
            }
        }
        let apply = Request::Apply {
            set: set.id.clone(),
            sheet: job.sheet.to_owned(),
            params: job.params.clone(),
        };
        write_frame(&mut whole, &serde_json::to_vec(&apply)?)?;
        write_frame(&mut whole, job.input)?;
        Ok(whole)
    }

    /// The next answer.
    fn reply(&self, limit: Duration) -> Result<Transformed, TransformEnd> {
        match self.replies.recv_timeout(limit) {
            Ok(Some((head, output))) => {
                let mut done: Transformed =
                    serde_json::from_slice(&head).map_err(|_| TransformEnd::Died)?;
                done.output = output;
                Ok(done)
            }
            Ok(None) | Err(RecvTimeoutError::Disconnected) => Err(TransformEnd::Died),
            Err(RecvTimeoutError::Timeout) => Err(TransformEnd::TimedOut),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}
