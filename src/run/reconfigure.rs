//! Giving the target another configuration in the middle of a run, and its own one back afterwards.

use super::drive::Drive;
use super::steps::Asked;
use crate::evidence::{Record, StepOutcome, TargetEvent};
use crate::ids::Digest;
use crate::organisation::Export;
use crate::plan::{ConfigurationChange, Step, TestCase};
use crate::target::{STATE, Surroundings};

impl Drive<'_> {
    /// Gives the target another configuration; what it says about itself is asked before and after.
    pub(super) async fn reconfigure(
        &self,
        case: &TestCase,
        name: &str,
        changes: &[ConfigurationChange],
    ) -> StepOutcome {
        let impossible = |reason: String| StepOutcome::Impossible { reason };
        let export = match self.changed_export(case, changes) {
            Ok(export) => export,
            Err(reason) => return impossible(reason),
        };
        let asked = self.ask_ready(case, name).await;
        if asked != StepOutcome::Done {
            return asked;
        }
        if let Err(reason) = self.configure(&export).await {
            return impossible(reason);
        }
        self.ask_ready(case, name).await
    }

    /// Gives it back its own configuration after a case that changed it.
    pub(super) async fn restore(&self, case: &TestCase) {
        if !case.step.iter().any(|s| matches!(s, Step::Reconfigure { .. })) || self.halted() {
            return;
        }
        self.settle().await;
        let own = self.around.clone();
        if let Err(reason) = self.configure(&own).await {
            self.lose(&format!("its own configuration could not be given back: {reason}"));
        }
    }

    async fn ask_ready(&self, case: &TestCase, name: &str) -> StepOutcome {
        let url = {
            let target = self.target.read().await;
            let ready = target.file.endpoints.as_ref().map(|e| target.url(&e.ready));
            ready.unwrap_or_default()
        };
        self.ask(case, name, &"harness".into(), Asked::question(url)).await.0
    }

    async fn configure(&self, around: &Surroundings) -> Result<(), String> {
        let mut target = self.target.write().await;
        match target.file.reconfigure.clone() {
            Some(doing) => {
                target.perform(&doing, around, &[]).await.map_err(|e| e.to_string())?;
                target.ready().await.map_err(|e| e.to_string())?;
            }
            None if target.can_restart() => {
                target.stop().await;
                target.start(around, false).await.map_err(|e| e.to_string())?;
            }
            None => {
                return Err(
                    "the target file says neither under [reconfigure] nor by [start] how the target gets another configuration; say it, or do not claim the role \"umkonfiguration\""
                        .into(),
                );
            }
        }
        let digest = Digest::of(std::fs::read(&around.export).unwrap_or_default());
        self.recorder.append(&Record::Target {
            event: TargetEvent::Reconfigured,
            detail: format!("export {digest}"),
        });
        *self.configured.lock().await = around.clone();
        Ok(())
    }

    /// The export with the changes, as a file of its own.
    fn changed_export(
        &self,
        case: &TestCase,
        changes: &[ConfigurationChange],
    ) -> Result<Surroundings, String> {
        let text = std::fs::read_to_string(&self.around.export)
            .map_err(|e| format!("{}: {e}", self.around.export.display()))?;
        let mut export: Export = toml::from_str(&text).map_err(|e| e.to_string())?;
        for change in changes {
            apply(&mut export, change);
        }
        let folder = self.folder.join(format!("{STATE}konfiguration"));
        let path = folder.join(format!("{}.toml", Digest::of(case.id.as_str()).short()));
        let text = toml::to_string(&export).map_err(|e| e.to_string())?;
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Surroundings { export: path, ..self.around.clone() })
    }
}

fn apply(export: &mut Export, change: &ConfigurationChange) {
    match change {
        ConfigurationChange::Fachverfahren { authority, system } => {
            for one in export.authority.iter_mut().filter(|a| &a.id == authority) {
                one.fachverfahren = Some(system.clone());
                one.mailbox = None;
            }
        }
        ConfigurationChange::Service { leistung, from, to } => {
            for one in &mut export.authority {
                if &one.id == from {
                    one.services.retain(|s| s != leistung);
                }
                if &one.id == to && !one.services.contains(leistung) {
                    one.services.push(leistung.clone());
                }
            }
        }
    }
}
