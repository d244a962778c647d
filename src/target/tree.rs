//! A command with everything it starts, seen from the harness.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStdout, Command};

use super::guard::{KILL, TERM};

/// Longest time in which everything must be gone after it was killed.
const GONE: Duration = Duration::from_secs(10);

/// The tree. Whoever drops it ends everything in it.
#[derive(Debug)]
pub(super) struct Tree {
    child: Child,
    /// The socket to the guard; without one only the process group can be ended.
    guard: Option<BufReader<UnixStream>>,
    group: Option<Pid>,
}

/// How a command ended; none for 0.
pub(super) type Failure = Option<String>;

impl Tree {
    /// Starts a command, under a guard where there is a program that can be one.
    pub fn start(
        guard: Option<&Path>,
        command: &[String],
        stdout: Stdio,
        stderr: Stdio,
    ) -> std::io::Result<Self> {
        let (program, arguments) =
            command.split_first().ok_or_else(|| std::io::Error::other("it is empty"))?;
        let (mut process, socket) = match guard {
            None => {
                let mut process = Command::new(program);
                process.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
                (process, None)
            }
            Some(guard) => {
                let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
                ours.set_nonblocking(true)?;
                let mut process = Command::new(guard);
                process.args(["target-guard", "--"]).args(command);
                process.stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs)));
                (process, Some(BufReader::new(UnixStream::from_std(ours)?)))
            }
        };
        let child = process.stdout(stdout).stderr(stderr).process_group(0).spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        Ok(Self { child, guard: socket, group })
    }

    /// The output of the command, where it was piped.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until the command itself ends.
    pub async fn ended(&mut self) -> Failure {
        let Some(guard) = &mut self.guard else {
            return match self.child.wait().await {
                Ok(status) if status.success() => None,
                Ok(status) => Some(status.to_string()),
                Err(error) => Some(error.to_string()),
            };
        };
        let mut line = String::new();
        let read = guard.read_line(&mut line).await;
        match (read, line.trim_end().split_once(' ')) {
            (Ok(_), Some(("exit", "0"))) => None,
            (Ok(_), Some(("exit", code))) => Some(format!("exit status: {code}")),
            (Ok(_), Some(("signal", number))) => Some(format!("signal: {number}")),
            (Ok(_), Some(("error", reason))) => Some(reason.to_owned()),
            _ => Some("nobody knows how it ended: its guard is gone".into()),
        }
    }

    /// Whether something of it may still be running.
    pub fn lives(&mut self) -> bool {
        match &self.guard {
            Some(_) => matches!(self.child.try_wait(), Ok(None)),
            None => self.group.is_some_and(|group| test_kill_process_group(group).is_ok()),
        }
    }

    /// Tells everything to end, waits, kills what is left.
    pub async fn stop(mut self, grace: Duration) {
        match &mut self.guard {
            Some(guard) => drop(guard.get_mut().write_all(&[TERM]).await),
            None => self.signal(Signal::TERM),
        }
        let _ = tokio::time::timeout(grace, self.child.wait()).await;
        self.kill().await;
    }

    /// Kills everything at once and waits until it is gone.
    pub async fn kill(mut self) {
        match &mut self.guard {
            Some(guard) => {
                drop(guard.get_mut().write_all(&[KILL]).await);
                let _ = tokio::time::timeout(GONE, self.child.wait()).await;
            }
            None => {
                self.signal(Signal::KILL);
                let _ = self.child.wait().await;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // A guard kills when its socket is closed, which happens now.
        if self.guard.is_none() && (self.child.id().is_some() || self.lives()) {
            self.signal(Signal::KILL);
        }
    }
}
