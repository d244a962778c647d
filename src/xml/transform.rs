//! The client side of the XSLT worker process.

use std::collections::{BTreeMap, BTreeSet};
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
        // Saxon reads messages more leniently than anybody here.
        if matches!(self.engine, Engine::Saxon(_))
            && let Err(error) = parse(input)
        {
            return Transformed::failed(TransformEnd::BadInput, error.to_string());
        }
        let limit = self.limit;
        let result = self.try_transform(set, sheet, input, params, limit);
        match result {
            Ok(done) => done,
            Err(end) => {
                self.stop();
                let message = match end {
                    TransformEnd::TimedOut => format!("no answer within {limit:?}; killed"),
                    _ => "the XSLT worker process ended while it worked".to_owned(),
                };
                Transformed::failed(end, message)
            }
        }
    }

    fn try_transform(
        &mut self,
        set: &SheetSet,
        sheet: &str,
        input: &[u8],
        params: &BTreeMap<String, String>,
        limit: Duration,
    ) -> Result<Transformed, TransformEnd> {
        let process = self.start().map_err(|_| TransformEnd::Died)?;
        let send = |process: &mut Process| -> std::io::Result<()> {
            // One piece: each part by itself would wake the worker for nothing.
            let mut whole = Vec::with_capacity(input.len() + 1024);
            if process.loaded.insert(set.id.clone()) {
                let urls = set.files.keys().cloned().collect();
                let load = Request::Load { set: set.id.clone(), urls };
                write_frame(&mut whole, &serde_json::to_vec(&load)?)?;
                for bytes in set.files.values() {
                    write_frame(&mut whole, bytes)?;
                }
            }
            let apply = Request::Apply {
                set: set.id.clone(),
                sheet: sheet.to_owned(),
                params: params.clone(),
            };
            write_frame(&mut whole, &serde_json::to_vec(&apply)?)?;
            write_frame(&mut whole, input)?;
            process.stdin.write_all(&whole)
        };
        send(process).map_err(|_| TransformEnd::Died)?;
        match process.replies.recv_timeout(limit) {
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
