//! The gate: yes for what a policy asks, and no for each reason by itself.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde_json::Value;

use crate::args;
use crate::support::{Done, json, pruefstand};
use crate::support_certificate::Passed;

struct Release {
    passed: Passed,
    certificate: PathBuf,
    trust: PathBuf,
    register: PathBuf,
    key: PathBuf,
}

const POLICY: &str = "format = \"pruefstand/policy/1\"\nbundles = [\"gewerbe\"]\n\
    components = [\"mailsystem\"]\nstage = 2\nmaximum_age_days = 30\ntwo_signatures = true\n\
    artifacts_required = true\n[[requirement]]\nid = \"GEW-30*\"\nverdicts = [\"passed\"]\n\
    [registry]\nrequired = [{ state = \"fachliche-freigabe\", role = \"komm24\" }]\n";

impl Release {
    fn new() -> Self {
        let passed = Passed::new();
        let (key, public) = passed.key("tester");
        let (decider, decider_public) = passed.key("decider");
        let trust = passed.together("trust.pem", &[&public, &decider_public]);
        let certificate = passed.certify("c", &key, "");
        let certificate = passed.countersign(&certificate, &decider, &trust);
        let register = passed.sandbox.path("register");
        let release = Self { passed, certificate, trust, register, key };
        release.enter("fachliche-freigabe", "komm24", &["--bundle", "gewerbe"]);
        let certificate = release.certificate.display().to_string();
        release.enter("admitted", "sakd", &["--certificate", &certificate]);
        release
    }

    fn enter(&self, state: &str, role: &str, more: &[&str]) {
        let base = args!["registry", "add", &self.register, "--trust", &self.trust];
        let what = args!["--key", &self.key, "--state", state, "--role", role, "--by", "P"];
        let more = more.iter().map(std::ffi::OsString::from);
        pruefstand(base.into_iter().chain(what).chain(more)).exits(0);
    }

    fn gate(&self, policy: &str, artifact: &Path, certificate: &Path, code: i32) -> Vec<String> {
        let policy = self.passed.sandbox.write("policy.toml", policy);
        let base = args!["gate", "--policy", policy, "--trust", &self.trust, "--format", "json"];
        let what = args!["--registry", &self.register, "--artifact", artifact, certificate];
        let done = pruefstand(base.into_iter().chain(what)).exits(code);
        let told: Value = serde_json::from_str(&done.stdout).unwrap();
        assert_eq!(told["allowed"], code == 0);
        let reasons = told["reasons"].as_array().unwrap();
        assert!(reasons.len() > 3, "{told}");
        let no = reasons.iter().filter(|r| r["ok"] == false);
        no.map(|r| format!("{}: {}", r["check"].as_str().unwrap(), r["text"].as_str().unwrap()))
            .collect()
    }
}

#[test]
fn what_the_policy_asks_for_is_released_and_each_lack_is_refused_alone() {
    let release = Release::new();
    let artifact = release.passed.artifact.clone();
    let yes = release.gate(POLICY, &artifact, &release.certificate, 0);
    assert!(yes.is_empty(), "{yes:?}");
    let with = |from: &str, to: &str| {
        assert!(POLICY.contains(from));
        POLICY.replacen(from, to, 1)
    };
    let before = "maximum_age_days = 30\n";
    for (policy, check) in [
        (with("\"gewerbe\"", "\"gewerbe\", \"hundehaltung\""), "bundle"),
        (with("[\"gewerbe\"]", "[\"hundehaltung\"]"), "bundle"),
        (with("\"mailsystem\"", "\"mailsystem\", \"dms\""), "component"),
        (with("stage = 2", "stage = 3"), "stage"),
        (with(before, "minimum_detection = 98\n"), "detection"),
        (with(before, &format!("{before}deciders = [\"{}\"]\n", "0".repeat(12))), "decision"),
        (with(before, &format!("{before}testers = [\"{}\"]\n", "0".repeat(12))), "tester"),
        (
            with("two_signatures = true\n", &format!("deciders = [\"{}\"]\n", "0".repeat(12))),
            "decision",
        ),
        (with("GEW-30*", "GEW-999"), "requirement"),
        (with("[\"passed\"]", "[\"failed\"]"), "requirement"),
        (
            with(
                "[[requirement]]",
                "[[product]]\nvendor = \"Prüfstand\"\nproduct = \"Attrappe\"\nversion = \"1\"\n\
                 [[requirement]]",
            ),
            "product",
        ),
        (with("role = \"komm24\"", "role = \"sakd\""), "entry"),
        (with("fachliche-freigabe\", role = \"komm24\"", "pilot\""), "entry"),
        (
            with(
                "[registry]\n",
                &format!("[registry]\nhead = {{ number = 9, digest = \"{}\" }}\n", "0".repeat(64)),
            ),
            "register",
        ),
        (
            with(
                "[registry]\n",
                "[registry]\nkey = [{ id = \"000000000000\", roles = [\"sakd\"] }]\n",
            ),
            "register",
        ),
    ] {
        let no = release.gate(&policy, &artifact, &release.certificate, 1);
        assert!(!no.is_empty(), "{policy}");
        let about = |reason: &String| reason.starts_with(&format!("{check}:"));
        // A bundle that nobody asks about is one reason and its own certificate another.
        assert!(no.iter().any(about), "{check}: {no:?}");
        assert!(no.iter().all(|r| about(r) || check == "bundle"), "{check}: {no:?}");
    }
    // Another version of the file, only one signature, a certificate that was changed.
    let other = release.passed.sandbox.write("other.bin", "Version 1\n");
    let no = release.gate(POLICY, &other, &release.certificate, 1);
    assert!(no.iter().any(|r| r.contains("is a file of no certificate")), "{no:?}");
    assert!(no.iter().any(|r| r.contains("was not handed in")), "{no:?}");
    let alone = release.passed.sandbox.path("c.dsse.json");
    let no = release.gate(POLICY, &artifact, &alone, 1);
    assert!(no.iter().any(|r| r.starts_with("decision:")), "{no:?}");
    assert!(no.iter().any(|r| r.contains("rests on another certificate")), "{no:?}");
    let text = std::fs::read_to_string(&release.certificate).unwrap();
    let changed = release.passed.sandbox.write("changed.json", &text.replacen("A", "B", 1));
    let no = release.gate(POLICY, &artifact, &changed, 1);
    assert!(no[0].starts_with("signature:"), "{no:?}");
}

#[test]
fn what_was_withdrawn_or_is_too_old_is_refused() {
    let release = Release::new();
    let artifact = release.passed.artifact.clone();
    let policy = release.passed.sandbox.write("policy.toml", POLICY);
    let at = |time: &str, code: i32| {
        let base = args!["gate", "--policy", &policy, "--trust", &release.trust, "--at", time];
        let what = args!["--registry", &release.register, "--artifact", &artifact];
        let all = base.into_iter().chain(what).chain(args![&release.certificate]);
        pruefstand(all).exits(code)
    };
    let old = at("2098-01-01T00:00:00Z", 1);
    assert!(old.stdout.contains("at most 30 are accepted"), "{}", old.stdout);
    assert!(at("2020-01-01T00:00:00Z", 1).stdout.contains("clock is wrong"));
    let certificate = release.certificate.display().to_string();
    release.enter("withdrawn", "sakd", &["--certificate", &certificate, "--note", "Fehler"]);
    let no = release.gate(POLICY, &artifact, &release.certificate, 1);
    assert!(no.iter().any(|r| r.contains("withdrawn since")), "{no:?}");
}

#[test]
fn a_policy_that_asks_for_nothing_or_is_wrong_is_refused_with_its_place() {
    let release = Release::new();
    let done = |policy: &str| -> Done {
        let policy = release.passed.sandbox.write("bad.toml", policy);
        let base = args!["gate", "--policy", policy, "--trust", &release.trust];
        pruefstand(base.into_iter().chain(args![&release.certificate])).exits(65)
    };
    for (from, to, why) in [
        ("[\"gewerbe\"]", "[]", "no bundle is named"),
        ("policy/1", "policy/2", "this version reads"),
        ("stage = 2", "stge = 2", "did you mean"),
        ("stage = 2", "minimum_detection = 101", "percentage"),
        ("[\"passed\"]", "[]", "no verdict would do"),
        ("[\"passed\"]", "[\"pased\"]", "passed"),
        ("stage = 2", "testers = [\"abc\"]", "no id of a key"),
    ] {
        let told = done(&POLICY.replacen(from, to, 1)).stderr;
        assert!(told.contains(why) && told.contains("bad.toml"), "{to}: {told}");
    }
    let base = args!["gate", "--policy", "x", "--trust", "y"];
    pruefstand(base).exits(64);
    // Registers are asked for and not there.
    let policy = release.passed.sandbox.write("policy.toml", POLICY);
    let base = args!["gate", "--policy", policy, "--trust", &release.trust];
    let all = base.into_iter().chain(args!["--artifact", &release.passed.artifact]);
    let no = pruefstand(all.chain(args![&release.certificate])).exits(1);
    assert!(no.stdout.contains("none was handed in"), "{}", no.stdout);
}

#[test]
fn other_tools_get_a_signed_verification_summary() {
    let release = Release::new();
    let out = release.passed.sandbox.path("summary.json");
    let run = |stage: &str, code: i32| -> Value {
        let policy = POLICY.replacen("stage = 2", stage, 1);
        let policy = release.passed.sandbox.write("policy.toml", &policy);
        let base = args!["gate", "--policy", policy, "--trust", &release.trust];
        let sign = args!["--summary", &out, "--key", &release.key];
        let what = args!["--registry", &release.register, "--artifact", &release.passed.artifact];
        let all = base.into_iter().chain(sign).chain(what).chain(args![&release.certificate]);
        pruefstand(all).exits(code);
        let envelope = json(&out);
        let payload = envelope["payload"].as_str().unwrap();
        let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
        serde_json::from_slice(&payload).unwrap()
    };
    let yes = run("stage = 2", 0);
    assert_eq!(yes["predicateType"], "https://slsa.dev/verification_summary/v1");
    assert_eq!(yes["predicate"]["verificationResult"], "PASSED");
    assert_eq!(yes["predicate"]["verifiedLevels"][0], "PRUEFSTAND_STUFE_2");
    assert_eq!(
        yes["subject"][0]["digest"]["sha256"],
        pruefstand::ids::Digest::of("Version 0\n").0.as_str()
    );
    let no = run("stage = 3", 1);
    assert_eq!(no["predicate"]["verificationResult"], "FAILED");
    // A certificate is no summary, and a summary no certificate.
    pruefstand(args!["verify", &out, "--trust", &release.trust]).exits(77);
}

/// Of what the register says, the last word counts, and for whom it was said.
#[test]
fn entries_count_for_whom_and_until_when_they_were_made() {
    let release = Release::new();
    let artifact = release.passed.artifact.clone();
    let certificate = release.certificate.display().to_string();
    let of = |more: &[&str]| -> Vec<String> {
        ["--certificate", &certificate].iter().chain(more).map(|s| (*s).to_owned()).collect()
    };
    let enter = |state: &str, role: &str, more: &[&str]| {
        let more = of(more);
        release.enter(state, role, &more.iter().map(String::as_str).collect::<Vec<_>>());
    };
    let asked = POLICY.replace(
        "required = [{ state = \"fachliche-freigabe\", role = \"komm24\" }]",
        "required = [{ state = \"produktionsfreigabe\" }]",
    );
    let at = |place: &str| {
        asked.replace("[registry]\n", &format!("[registry]\nauthority = \"{place}\"\n"))
    };
    let no = |policy: &str, why: &str| {
        let no = release.gate(policy, &artifact, &release.certificate, 1);
        assert!(no.iter().any(|r| r.contains(why)), "{why}: {no:?}");
    };
    enter("produktionsfreigabe", "komm24", &["--authority", "Stadt A"]);
    no(&asked, "produktionsfreigabe is missing");
    no(&at("Stadt B"), "produktionsfreigabe is missing");
    assert!(release.gate(&at("Stadt A"), &artifact, &release.certificate, 0).is_empty());
    // A later end is an end.
    enter("produktionsfreigabe", "komm24", &["--authority", "Stadt A", "--until", "2020-01-01"]);
    no(&at("Stadt A"), "has run out");
    // Toleration is no admission, and replaces the one before it.
    enter("tolerated", "sakd", &["--until", "2099-01-01", "--note", "Übergang"]);
    no(&asked, "only tolerated");
    let admitted = asked.replace("produktionsfreigabe", "admitted");
    no(&admitted, "was replaced");
    // What was withdrawn does not come back with the certificate from before.
    enter("withdrawn", "sakd", &["--note", "Fehler"]);
    enter("test-running", "sakd", &[]);
    let base = args!["registry", "add", &release.register, "--trust", &release.trust];
    let what = args!["--key", &release.key, "--state", "admitted", "--role", "sakd", "--by", "P"];
    let all = base.into_iter().chain(what).chain(args!["--certificate", &release.certificate]);
    let done = pruefstand(all).exits(1);
    assert!(done.stderr.contains("from before the withdrawal"), "{}", done.stderr);
    // A fachliche Freigabe is taken back for the whole Leistungsbündel.
    release.enter("withdrawn", "sakd", &["--bundle", "gewerbe", "--note", "neues Fachkonzept"]);
    no(POLICY, "was withdrawn");
}

#[test]
fn conditions_are_accepted_where_the_policy_says_so_and_until_they_are_due() {
    let passed = Passed::new();
    let (key, trust) = passed.key("tester");
    let said = "[[condition]]\ntext = \"Protokoll aufbewahren\"\ndue = \"2090-01-31\"\n";
    let file = passed.certify("c", &key, said);
    let gate = |allowed: bool, at: &str, code: i32| {
        let policy = passed.sandbox.write(
            "policy.toml",
            &format!(
                "format = \"pruefstand/policy/1\"\nbundles = [\"gewerbe\"]\n\
                 conditions_allowed = {allowed}\n"
            ),
        );
        let base = args!["gate", "--policy", policy, "--trust", &trust, "--at", at, &file];
        pruefstand(base).exits(code).stdout
    };
    assert!(gate(false, "2089-01-01T00:00:00Z", 1).contains("admitted with 1 conditions"));
    gate(true, "2089-01-01T00:00:00Z", 0);
    assert!(gate(true, "2091-01-01T00:00:00Z", 1).contains("was due on 2090-01-31"));
}

/// The register's folder may be the one that somebody stands in.
#[test]
fn a_register_can_be_called_by_a_dot() {
    let release = Release::new();
    let base = args!["registry", "add", ".", "--trust", &release.trust, "--key", &release.key];
    let what = args!["--state", "fachliche-freigabe", "--role", "komm24", "--by", "K"];
    let done = std::process::Command::new(crate::support::program())
        .args(base.into_iter().chain(what).chain(args!["--bundle", "hundehaltung"]))
        .current_dir(&release.register)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(release.register.join("000003.dsse.json").is_file());
}
