//! The client side of the XSLT worker process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::ffi::Files;
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
}

/// A warm XSLT worker process, started again when it died.
pub struct Worker {
    program: PathBuf,
    folder: PathBuf,
    limit: Duration,
    process: Option<Process>,
}

impl Worker {
    /// A worker that runs `program xslt-worker` in `folder`; each job may take `limit`.
    pub fn new(program: &Path, folder: &Path, limit: Duration) -> Self {
        Self { program: program.into(), folder: folder.into(), limit, process: None }
    }

    fn start(&mut self) -> std::io::Result<&mut Process> {
        if self.process.is_none() {
            let mut child = Command::new(&self.program)
                .arg("xslt-worker")
                .current_dir(&self.folder)
                .env_clear()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
            let stdin = child.stdin.take().ok_or_else(broken)?;
            let mut stdout = child.stdout.take().ok_or_else(broken)?;
            let (send, replies) = channel();
            std::thread::spawn(move || {
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
            self.process = Some(Process { child, stdin, replies, loaded: BTreeSet::new() });
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
            if process.loaded.insert(set.id.clone()) {
                let urls = set.files.keys().cloned().collect();
                let load = Request::Load { set: set.id.clone(), urls };
                write_frame(&mut process.stdin, &serde_json::to_vec(&load)?)?;
                for bytes in set.files.values() {
                    write_frame(&mut process.stdin, bytes)?;
                }
            }
            let apply = Request::Apply {
                set: set.id.clone(),
                sheet: sheet.to_owned(),
                params: params.clone(),
            };
            write_frame(&mut process.stdin, &serde_json::to_vec(&apply)?)?;
            write_frame(&mut process.stdin, input)
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
