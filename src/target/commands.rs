//! Commands that are run once, each in a process group of its own. What they leave running is
//! remembered and ended.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Command;

/// The groups of commands that were run.
#[derive(Debug, Default)]
pub(super) struct Commands(Mutex<Vec<Pid>>);

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CommandError(pub String);

impl Commands {
    /// Runs a command to its end; its output goes to `log`.
    pub async fn run(
        &self,
        command: &[String],
        log: &Path,
        limit: Duration,
    ) -> Result<(), CommandError> {
        let failed = |reason: String| CommandError(reason);
        let Some((program, arguments)) = command.split_first() else {
            return Err(failed("it is empty".into()));
        };
        let open = std::fs::File::options().create(true).append(true).open(log);
        let output = open.map_err(|e| failed(format!("{}: {e}", log.display())))?;
        let errors = output.try_clone().map_err(|e| failed(e.to_string()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let mut unfinished = Unfinished(group);
        let ended = tokio::time::timeout(limit, child.wait()).await;
        match ended {
            Err(_) => {
                drop(unfinished);
                let _ = child.wait().await;
                Err(failed(format!("it did not end within {limit:?}, and was ended")))
            }
            Ok(Err(error)) => Err(failed(error.to_string())),
            Ok(Ok(status)) if !status.success() => Err(failed(status.to_string())),
            Ok(Ok(_)) => {
                if let Some(group) = unfinished.0.take()
                    && test_kill_process_group(group).is_ok()
                {
                    self.0.lock().unwrap_or_else(PoisonError::into_inner).push(group);
                }
                Ok(())
            }
        }
    }

    /// Ends what was left running.
    pub fn end(&self) {
        let left = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for group in left {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Commands {
    fn drop(&mut self) {
        self.end();
    }
}

/// A group that is ended unless it is taken out.
struct Unfinished(Option<Pid>);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
