//! The register: who may say what, and that nothing in it can be changed or removed unnoticed.

use std::path::{Path, PathBuf};

use pruefstand::certificate::TrustedKeys;
use pruefstand::registry::Registry;
use serde_json::Value;

use crate::args;
use crate::support::{Done, copy, pruefstand};
use crate::support_certificate::Passed;

/// A register with a life from the fachliche Freigabe to the Produktionsfreigabe.
struct Life {
    passed: Passed,
    register: PathBuf,
    certificate: PathBuf,
    trust: PathBuf,
    sakd: PathBuf,
    komm24: PathBuf,
}

impl Life {
    fn new() -> Self {
        let passed = Passed::new();
        let (sakd, sakd_public) = passed.key("sakd");
        let (komm24, komm24_public) = passed.key("komm24");
        let trust = passed.together("trust.pem", &[&sakd_public, &komm24_public]);
        let certificate = passed.certify("c", &sakd, "");
        let register = passed.sandbox.path("register");
        Self { passed, register, certificate, trust, sakd, komm24 }
    }

    fn add(&self, key: &Path, state: &str, role: &str, more: &[&str]) -> Done {
        let base = args!["registry", "add", &self.register, "--trust", &self.trust, "--key", key];
        let what = args!["--state", state, "--role", role, "--by", "Petra Prüfer"];
        let more = more.iter().map(std::ffi::OsString::from);
        pruefstand(base.into_iter().chain(what).chain(more))
    }

    /// About the certified product.
    fn about(&self, key: &Path, state: &str, role: &str, more: &[&str]) -> Done {
        let certificate = self.certificate.display().to_string();
        let all: Vec<&str> = ["--certificate", &certificate].iter().chain(more).copied().collect();
        self.add(key, state, role, &all)
    }

    fn live(&self) {
        self.add(&self.komm24, "fachliche-freigabe", "komm24", &["--bundle", "gewerbe"]).exits(0);
        self.about(&self.sakd, "test-running", "sakd", &[]).exits(0);
        self.about(&self.sakd, "admitted", "sakd", &["--change-request", "CR-17"]).exits(0);
        self.about(&self.komm24, "produktionsfreigabe", "komm24", &["--authority", "14999010"])
            .exits(0);
    }

    fn read(&self, command: &str, more: &[&str]) -> Done {
        let base = args!["registry", command, &self.register];
        let more: Vec<_> = more.iter().map(std::ffi::OsString::from).collect();
        let trust = args!["--trust", &self.trust, "--format", "json"];
        pruefstand(base.into_iter().chain(more).chain(trust))
    }
}

fn value(done: &Done) -> Value {
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn a_life_is_entered_shown_and_exported() {
    let life = Life::new();
    // What nobody may say, or not yet, is not entered.
    for (done, why) in [
        (life.about(&life.komm24, "admitted", "komm24", &[]), "not for the role"),
        (life.about(&life.komm24, "produktionsfreigabe", "komm24", &[]), "needs an admission"),
        (life.about(&life.sakd, "ended", "sakd", &[]), "nothing about it"),
        (life.about(&life.sakd, "tolerated", "sakd", &[]), "a last day and a reason"),
        (life.add(&life.sakd, "admitted", "sakd", &["--bundle", "gewerbe"]), "name a product"),
        (
            life.about(&life.sakd, "admitted", "sakd", &["--condition", "x"]),
            "admitted-with-conditions",
        ),
    ] {
        let done = done.exits(1);
        assert!(done.stderr.contains(why), "{why}: {}", done.stderr);
    }
    assert!(std::fs::read_dir(&life.register).unwrap().next().is_none());
    life.live();
    let list = value(&life.read("list", &[]).exits(0));
    assert_eq!(list["products"].as_array().unwrap().len(), 2, "{list}");
    assert_eq!(list["products"][1]["mayBeUsed"], true);
    let shown = value(&life.read("show", &["attrappe"]).exits(0));
    assert_eq!(shown[1]["changeRequest"], "CR-17", "{shown}");
    life.read("show", &["nobody"]).exits(64);
    let portal = value(&life.read("export", &["--for", "konfigurationsportal"]).exits(0));
    let product = &portal["products"][1];
    assert_eq!(product["releasedFor"][0]["authority"], "14999010", "{portal}");
    assert!(product["certificate"].is_string() && portal["head"]["number"] == 4);
    life.about(&life.sakd, "withdrawn", "sakd", &["--note", "Fehler im Betrieb"]).exits(0);
    let portal = value(&life.read("export", &["--for", "konfigurationsportal"]).exits(0));
    assert_eq!(portal["products"][1]["releasedFor"], serde_json::json!([]), "{portal}");
    let public = value(&life.read("export", &["--for", "public"]).exits(0));
    let product = &public["products"][1];
    assert_eq!((&product["state"], &product["mayBeUsed"]), (&"withdrawn".into(), &false.into()));
    assert!(!public.to_string().contains("14999010"), "who uses it is not for everybody");
    let again = life.about(&life.sakd, "admitted", "sakd", &[]).exits(1);
    assert!(again.stderr.contains("it was withdrawn"), "{}", again.stderr);
    life.about(&life.sakd, "test-running", "sakd", &[]).exits(0);
    let old = life.about(&life.sakd, "admitted", "sakd", &[]).exits(1);
    assert!(old.stderr.contains("from before the withdrawal"), "{}", old.stderr);
    // Tested again, it gets another certificate.
    let again = life.passed.certify("again", &life.sakd, "number = \"PB-2\"\n");
    let again = again.display().to_string();
    life.add(&life.sakd, "admitted", "sakd", &["--certificate", &again]).exits(0);
}

#[test]
fn a_key_speaks_in_its_roles_only() {
    let life = Life::new();
    life.live();
    let id = |key: &Path| pruefstand::signing::SigningKey::load(key, None).unwrap().id();
    let roles = |komm24: &str| {
        let text = format!(
            "format = \"pruefstand/roles/1\"\n[[key]]\nid = \"{}\"\nroles = [\"sakd\"]\n\
             [[key]]\nid = \"{}\"\nroles = [\"{komm24}\"]\n",
            id(&life.sakd),
            &id(&life.komm24)[..12]
        );
        life.passed.sandbox.write("roles.toml", &text).display().to_string()
    };
    life.read("verify", &["--roles", &roles("komm24")]).exits(0);
    let wrong = life.read("verify", &["--roles", &roles("betreiber")]).exits(77);
    assert!(wrong.stderr.contains("does not speak in the role komm24"), "{}", wrong.stderr);
    // A key that nobody trusts cannot enter anything.
    let (stranger, _) = life.passed.key("stranger");
    let done = life.about(&stranger, "test-running", "sakd", &[]).exits(1);
    assert!(done.stderr.contains("would not be believed"), "{}", done.stderr);
}

#[test]
fn no_entry_is_changed_removed_or_put_in_between_unnoticed() {
    let life = Life::new();
    life.live();
    // Texts of an entry cannot look like further entries, nor tell a terminal anything.
    life.about(
        &life.sakd,
        "test-running",
        "sakd",
        &["--note", "x\n   9  2030-01-01  admitted \u{1b}[2J"],
    )
    .exits(0);
    let base = args!["registry", "show", &life.register, "5", "--trust", &life.trust];
    let shown = pruefstand(base).exits(0).stdout;
    assert!(shown.lines().count() <= 4 && !shown.contains('\u{1b}'), "{shown:?}");
    std::fs::remove_file(life.register.join("000005.dsse.json")).unwrap();
    let known = life.passed.sandbox.write("known.json", &life.read("list", &[]).exits(0).stdout);
    let known = known.display().to_string();
    life.read("verify", &["--known", &known]).exits(0);
    let trust = TrustedKeys::load(&life.trust).unwrap();
    let now = pruefstand::ambient::Clock::system().now();
    let whole = Registry::read(&life.register, &trust, now).unwrap();
    assert_eq!(whole.entries.len(), 4);
    let folder = life.passed.sandbox.path("copy");
    copy(&life.register, &folder);
    let read = || Registry::read(&folder, &trust, now);
    for number in 1..=4 {
        let path = folder.join(format!("{number:06}.dsse.json"));
        let bytes = std::fs::read(&path).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= if at % 2 == 0 { 1 } else { 0x20 };
            std::fs::write(&path, changed).unwrap();
            assert!(read().is_err(), "entry {number}, byte {at}");
        }
        std::fs::remove_file(&path).unwrap();
        if number < 4 {
            assert!(read().is_err(), "without entry {number}");
        } else {
            // What was cut off the end shows against what somebody kept.
            assert_eq!(read().unwrap().entries.len(), 3);
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    read().unwrap();
    let last = folder.join("000004.dsse.json");
    std::fs::copy(&last, folder.join("000005.dsse.json")).unwrap();
    assert!(read().unwrap_err().to_string().contains("says that it is entry 4"));
    std::fs::remove_file(folder.join("000005.dsse.json")).unwrap();
    std::fs::write(folder.join("note.txt"), "foreign").unwrap();
    assert!(read().unwrap_err().to_string().contains("note.txt is no entry"));
    // A history without its end, and one that somebody with a key wrote anew.
    std::fs::remove_file(life.register.join("000004.dsse.json")).unwrap();
    let cut = life.read("verify", &["--known", &known]).exits(77);
    assert!(cut.stderr.contains("entries were removed"), "{}", cut.stderr);
    life.about(&life.komm24, "produktionsfreigabe", "komm24", &["--authority", "14999020"])
        .exits(0);
    let other = life.read("verify", &["--known", &known]).exits(77);
    assert!(other.stderr.contains("another one than the known"), "{}", other.stderr);
}
