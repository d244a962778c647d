//! Commands that are run once. What they leave running is remembered and ended.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::tree::Tree;

/// The commands that were run and left something running.
#[derive(Debug, Default)]
pub(super) struct Commands {
    /// The program under whose guard they run.
    pub guard: Option<PathBuf>,
    left: Mutex<Vec<Tree>>,
}

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CommandError(pub String);

impl Commands {
    /// Runs a command to its end; its output goes to `log`. Whoever drops the future ends it.
    pub async fn run(
        &self,
        command: &[String],
        log: &Path,
        limit: Duration,
    ) -> Result<(), CommandError> {
        let failed = |reason: String| CommandError(reason);
        let open = std::fs::File::options().create(true).append(true).open(log);
        let output = open.map_err(|e| failed(format!("{}: {e}", log.display())))?;
        let errors = output.try_clone().map_err(|e| failed(e.to_string()))?;
        let (output, errors) = (Stdio::from(output), Stdio::from(errors));
        let mut tree = Tree::start(self.guard.as_deref(), command, output, errors)
            .map_err(|e| failed(e.to_string()))?;
        match tokio::time::timeout(limit, tree.ended()).await {
            Err(_) => {
                tree.kill().await;
                Err(failed(format!("it did not end within {limit:?}, and was ended")))
            }
            Ok(Some(reason)) => {
                tree.kill().await;
                Err(failed(reason))
            }
            Ok(None) => {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                left.push(tree);
                left.retain_mut(Tree::lives);
                Ok(())
            }
        }
    }

    /// Ends what was left running.
    pub async fn end(&self) {
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for tree in left {
            tree.kill().await;
        }
    }
}
