//! Where a hub is, told from outside: `fake up --hub URL`.

use super::{FakeKind, OUTPUT, TestOrganisation};

/// Where the reference hub takes applications, for those that name no address themselves.
const PORTAL_PATH: &str = "/eingang/portal";

impl TestOrganisation {
    /// The same organisation with its hub there: in the address of everything that its systems send
    /// by themselves, what stands before the path is replaced.
    #[must_use]
    pub fn with_hub(mut self, hub: &str) -> Self {
        let base = hub.trim_end_matches('/');
        for system in &mut self.file.system {
            // What goes into a folder does not go to an address of the hub.
            let away = |to: &str| to != OUTPUT && !to.starts_with("file:");
            for answer in system.answer.iter_mut().filter(|a| away(&a.to)) {
                answer.to = moved(base, path_of(&answer.to));
            }
            if system.fake == FakeKind::Antragsportal {
                for application in &mut system.application {
                    let path = application.to.as_deref().map_or(PORTAL_PATH, path_of);
                    application.to = Some(moved(base, path));
                }
            }
        }
        self
    }
}

/// The path of a URL with what follows it.
fn path_of(url: &str) -> &str {
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    after.find('/').map_or("", |at| &after[at..])
}

/// Somebody may name the whole address just as well.
fn moved(base: &str, path: &str) -> String {
    if base.ends_with(path) { base.to_owned() } else { format!("{base}{path}") }
}

#[cfg(test)]
mod tests {
    use super::{moved, path_of};

    #[test]
    fn paths_stay_and_the_rest_moves() {
        assert_eq!(path_of("http://127.0.0.1:80/eingang/portal?x=1"), "/eingang/portal?x=1");
        assert_eq!((path_of("http://h"), path_of("http://h/")), ("", "/"));
        assert_eq!(moved("http://h:1", "/eingang/portal"), "http://h:1/eingang/portal");
        assert_eq!(moved("http://h:1/hub", "/e"), "http://h:1/hub/e");
        assert_eq!(
            moved("http://h:1/eingang/portal", "/eingang/portal"),
            "http://h:1/eingang/portal"
        );
    }
}
