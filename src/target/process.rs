//! A target as a child process, in a process group of its own.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{Surroundings, TargetError};

/// Time a target has to end by itself.
const GRACE: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
}

/// What a started target says when it is ready.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Says {
    /// Its base address.
    pub url: String,
    /// Where it tells what it holds, where that is not known before.
    pub held: Option<String>,
    /// Further addresses by protocol, where it speaks several.
    #[serde(default)]
    pub urls: BTreeMap<String, String>,
}

impl Process {
    /// Starts a command and waits for its ready line.
    pub async fn start(
        command: &[String],
        around: &Surroundings,
        (state, log): (&Path, &Path),
        limit: Duration,
    ) -> Result<(Self, Says), TargetError> {
        let filled: Vec<String> = command
            .iter()
            .map(|part| around.fill(part).replace("{state}", &state.display().to_string()))
            .collect();
        let failed = |reason: String| TargetError::Command {
            command: filled.clone(),
            reason,
            log: log.display().to_string(),
        };
        let open = std::fs::File::options().create(true).append(true).open(log);
        let output = open.map_err(|e| failed(format!("{}: {e}", log.display())))?;
        let mut child = Command::new(&filled[0])
            .args(&filled[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(output)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| failed(e.to_string()))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let stdout = child.stdout.take().ok_or_else(|| failed("no output".into()))?;
        let process = Self { child, group };
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(says) = serde_json::from_str::<Says>(&line) {
                    return Some(says);
                }
            }
            None
        };
        match tokio::time::timeout(limit, ready).await {
            Ok(Some(says)) => {
                // The rest of its output must not fill the pipe.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                Ok((process, says))
            }
            Ok(None) => {
                process.kill().await;
                Err(failed("it ended before it was ready".into()))
            }
            Err(_) => {
                process.kill().await;
                Err(failed(format!("it was not ready within {limit:?}")))
            }
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills the whole group at once.
    pub async fn kill(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait().await;
    }

    /// TERM, a grace period, then KILL for the whole group.
    pub async fn stop(mut self) {
        self.signal(Signal::TERM);
        let _ = tokio::time::timeout(GRACE, self.child.wait()).await;
        self.signal(Signal::KILL);
        let _ = self.child.wait().await;
    }
}
