//! A target that the harness starts.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

use super::TargetError;
use super::tree::Tree;

/// Time a target has to end by itself.
const GRACE: Duration = Duration::from_secs(3);
/// Longest line that is read as one, bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Process(Tree);

/// What a started target says when it is ready.
#[derive(Debug, serde::Deserialize)]
pub(super) struct Says {
    /// Its base address.
    pub url: String,
    /// Where it tells what it holds, where that is not known before.
    pub held: Option<String>,
    /// Where it is told to send something, where that is not known before: `{act}`.
    pub act: Option<String>,
    /// Further addresses by protocol, where it speaks several.
    #[serde(default)]
    pub urls: BTreeMap<String, String>,
}

impl Process {
    /// Starts a command and waits for its ready line.
    pub async fn start(
        command: Vec<String>,
        guard: Option<&Path>,
        log: &Path,
        limit: Duration,
    ) -> Result<(Self, Says), TargetError> {
        let failed = |reason: String| TargetError::Command {
            command: command.clone(),
            reason,
            log: log.display().to_string(),
        };
        let open = std::fs::File::options().create(true).append(true).open(log);
        let output = open.map_err(|e| failed(format!("{}: {e}", log.display())))?;
        let mut tree = Tree::start(guard, &command, Stdio::piped(), Stdio::from(output))
            .map_err(|e| failed(e.to_string()))?;
        let stdout = tree.take_stdout().ok_or_else(|| failed("no output".into()))?;
        let mut output = BufReader::new(stdout);
        let said = async {
            let mut line = Vec::new();
            // A line that is longer than any address is none for us.
            while (&mut output)
                .take(LONGEST)
                .read_until(b'\n', &mut line)
                .await
                .is_ok_and(|n| n > 0)
            {
                if let Ok(says) = serde_json::from_slice::<Says>(&line) {
                    return Ok(says);
                }
                line.clear();
            }
            Err("it ended before it was ready".to_owned())
        };
        let ready = async {
            tokio::pin!(said);
            tokio::select! {
                said = &mut said => said,
                ended = tree.ended() => match ended {
                    Some(reason) => Err(format!("it ended before it was ready: {reason}")),
                    // What it left running may still say that it is ready.
                    None => said.await,
                },
            }
        };
        match tokio::time::timeout(limit, ready).await {
            Ok(Ok(says)) => {
                // The rest of its output must not fill the pipe.
                tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut output, &mut tokio::io::sink()).await;
                });
                Ok((Self(tree), says))
            }
            Ok(Err(reason)) => {
                tree.kill().await;
                Err(failed(reason))
            }
            Err(_) => {
                tree.kill().await;
                Err(failed(format!("it was not ready within {limit:?}")))
            }
        }
    }

    /// Kills it at once, with everything it started.
    pub async fn kill(self) {
        self.0.kill().await;
    }

    /// TERM, a grace period, then KILL for all that is left.
    pub async fn stop(self) {
        self.0.stop(GRACE).await;
    }
}
