//! An organisation that is taken anew when it changes. By content, not by time or by events of the
//! file system, so that it works alike with every editor, on shared folders and in containers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pruefstand::diagnostic::Diagnostics;
use pruefstand::fake_system::Reloaded;
use pruefstand::ids::{Digest, SystemId};
use pruefstand::organisation::TestOrganisation;

use super::output;

/// Time between two looks.
pub const PAUSE: Duration = Duration::from_millis(500);

/// A file that is looked at again and again, with the files that it names.
pub struct Watched {
    path: PathBuf,
    /// Files that the last good version names, relative to it.
    names: Vec<String>,
    /// What was there when it was last taken.
    taken: Digest,
    /// What was there at the last look.
    seen: Digest,
}

impl Watched {
    /// Takes what is there now as known.
    pub fn new(path: &Path) -> Self {
        let path = path.to_owned();
        let names = TestOrganisation::load(&path).map(|o| names(&o)).unwrap_or_default();
        let now = content(&path, &names);
        Self { path, names, taken: now.clone(), seen: now }
    }

    /// The organisation, or what is wrong with it, once after each change.
    pub fn changed(&mut self) -> Option<Result<TestOrganisation, Diagnostics>> {
        let now = content(&self.path, &self.names);
        // An editor may be in the middle of writing: a change counts when it lasts for two looks.
        let settled = now == self.seen;
        self.seen = now.clone();
        if !settled || now == self.taken {
            return None;
        }
        let loaded = TestOrganisation::load(&self.path);
        if let Ok(organisation) = &loaded {
            self.names = names(organisation);
        }
        self.taken = content(&self.path, &self.names);
        self.seen = self.taken.clone();
        Some(loaded)
    }
}

fn names(organisation: &TestOrganisation) -> Vec<String> {
    let systems = organisation.file.system.iter();
    systems.flat_map(|s| s.files().map(str::to_owned)).collect()
}

/// Everything that is there; a file that is not has a content of its own.
fn content(path: &Path, names: &[String]) -> Digest {
    let folder = path.parent().unwrap_or(Path::new("."));
    let files = std::iter::once(path.to_owned()).chain(names.iter().map(|n| folder.join(n)));
    let mut all = String::new();
    for file in files {
        let text = std::fs::read(file).map_or("missing".to_owned(), |b| Digest::of(b).to_string());
        all.push_str(&text);
        all.push('\n');
    }
    Digest::of(all)
}

/// Tells people what a reload did.
pub fn say(done: &Reloaded) {
    let list = |what: &str, ids: &[SystemId]| {
        let ids: Vec<&str> = ids.iter().map(SystemId::as_str).collect();
        (!ids.is_empty()).then(|| format!("{what} {}", ids.join(", ")))
    };
    let parts = [
        list("started", &done.started),
        list("restarted", &done.restarted),
        list("ended", &done.ended),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => output::say("the organisation changed, but no system did"),
        false => output::say(&format!("the organisation changed: {}", parts.join("; "))),
    }
}
