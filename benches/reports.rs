//! Reports and certificates in figures: how fast reports on many cases are written and in how much
//! memory, how large a page is for each passed case, how soon it is painted, and what verifying costs.
//! Only ratios within one run are compared; the figures beside them are for people.
//!
//! `cargo bench --bench reports` prints all and fails when a figure is out of bounds. Chromium, Allure
//! and openssl are measured where they are; otherwise their comparisons are said to be skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on must fail loudly, and it prints its figures"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pruefstand::evidence::Evidence;
use pruefstand::ids::Digest;
use pruefstand::plan::TestPlan;
use pruefstand::report::{Language, Material, earl, html, junit, markdown, report_json, sarif};
use pruefstand::run::{Manifest, TargetSummary};
use pruefstand::verdict::{Admission, CaseOutcome, CaseVerdict, Counts, Overall, Verdict};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pruefstand");
/// Cases of the large report.
const CASES: usize = 50_000;
/// How often a command is started for one figure.
const STARTS: u32 = 40;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.iter().any(|a| a == "--child") {
        return child(args.iter().any(|a| a == "--formats"));
    }
    let mut failed = Vec::new();
    formats(&mut failed);
    paint(&mut failed);
    verify(&mut failed);
    for line in &failed {
        println!("OUT OF BOUNDS: {line}");
    }
    assert!(failed.is_empty(), "{} figure(s) out of bounds", failed.len());
}

fn hold(failed: &mut Vec<String>, what: &str, ok: bool, text: String) {
    println!("{what}: {text}");
    if !ok {
        failed.push(format!("{what}: {text}"));
    }
}

/// A run of so many cases, with the plan's requirements.
struct Large {
    manifest: Manifest,
    plan: TestPlan,
    verdict: Verdict,
    evidence: Evidence,
}

impl Large {
    fn new(cases: usize) -> Self {
        let plan = pruefstand::plan::load(Path::new("testplans/gewerbe/plan.toml")).unwrap();
        let like: Vec<CaseVerdict> = plan
            .case
            .iter()
            .map(|c| CaseVerdict {
                id: c.id.clone(),
                title: c.title.clone(),
                technique: c.technique,
                requirements: c.requirements.clone(),
                level: c.level,
                verdict: CaseOutcome::Passed,
                reasons: vec![],
                findings: vec![],
                not_claimed: vec![],
                waiver: None,
                attested: None,
                duration_ms: 40,
            })
            .collect();
        let all = (0..cases)
            .map(|n| {
                let mut case = like[n % like.len()].clone();
                case.id = format!("{}/{n}", case.id).into();
                case
            })
            .collect();
        let verdict = Verdict {
            format: "pruefstand/verdict/1".into(),
            overall: Overall::Passed,
            admission: Admission::Admitted,
            filtered: false,
            untested: vec![],
            not_claimed: vec![],
            counts: Counts { passed: cases, ..Counts::default() },
            left_out: 0,
            not_made: 0,
            canaries: vec![],
            cases: all,
        };
        let manifest = Manifest {
            format: "pruefstand/run/1".into(),
            harness: "pruefstand 0".into(),
            harness_sha256: Digest::of("x"),
            engines: Default::default(),
            platform: "linux".into(),
            target: TargetSummary {
                kind: "integrationsserver".into(),
                vendor: "V".into(),
                product: "P".into(),
                version: "1".into(),
                files: vec![],
            },
            target_says: String::new(),
            inputs: vec![],
            chosen: None,
            started: "2026-11-02T08:15:30Z".into(),
            ended: Some("2026-11-02T08:16:30Z".into()),
            interrupted: false,
        };
        // Cases of the plan are not needed any more, and would count as memory of the reports.
        let mut plan = plan;
        plan.case.clear();
        Self { manifest, plan, verdict, evidence: Evidence::default() }
    }

    fn material(&self) -> Material<'_> {
        Material {
            manifest: &self.manifest,
            plan: &self.plan,
            verdict: &self.verdict,
            evidence: &self.evidence,
            score: None,
        }
    }
}

/// Most memory that this process ever had, kilobytes.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// In a process of its own, since memory is counted for the whole process: all text formats, each
/// written to a file before the next.
fn child(write: bool) {
    let large = Large::new(CASES);
    let before = most_memory();
    let material = large.material();
    let file = std::env::temp_dir().join(format!("pruefstand-bench-{}", std::process::id()));
    let begun = Instant::now();
    let mut page = 0;
    if write {
        let put = |text: &str| std::fs::write(&file, text).unwrap();
        let made = html(&material, Language::De).unwrap();
        page = made.len();
        put(&made);
        drop(made);
        junit(&material, "").for_each(|xml| put(&xml.unwrap()));
        put(&report_json(&material).unwrap());
        put(&markdown(&material, Language::De));
        put(&sarif(&material).unwrap());
        put(&earl(&material).unwrap());
        std::fs::remove_file(&file).unwrap();
    }
    println!("{} {} {} {page}", begun.elapsed().as_secs_f64(), most_memory(), before);
}

fn formats(failed: &mut Vec<String>) {
    let run = |more: &[&str]| -> Vec<f64> {
        let me = std::env::current_exe().unwrap();
        let done = Command::new(me).arg("--child").args(more).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let text = String::from_utf8(done.stdout).unwrap();
        text.split_whitespace().map(|n| n.parse().unwrap()).collect()
    };
    let told = run(&["--formats"]);
    let (seconds, most, before, page) = (told[0], told[1], told[2], told[3]);
    let cases = f64::from(u32::try_from(CASES).unwrap());
    let rate = cases / seconds;
    hold(
        failed,
        "all text formats of 50,000 cases",
        rate >= 10_000.0,
        format!("{rate:.0} cases/s (bound 10,000)"),
    );
    hold(
        failed,
        "memory for it",
        most <= 150.0 * 1024.0,
        format!("{:.0} MB, {:.0} MB of it the verdict (bound 150)", most / 1024.0, before / 1024.0),
    );
    hold(
        failed,
        "page for each passed case",
        page / cases <= 1024.0,
        format!("{:.0} bytes (bound 1024)", page / cases),
    );
}

/// A module of npm that scripts/setup.sh --test installed.
fn module(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from("target/web-clients/node_modules").join(name);
    path.exists().then(|| path.canonicalize().unwrap())
}

/// How soon the report is painted, against Allure's page for the same JUnit file.
fn paint(failed: &mut Vec<String>) {
    let (Some(allure), true) = (module("allure/cli.js"), Path::new("/usr/bin/chromium").exists())
    else {
        println!("first paint: skipped, Allure or Chromium is not installed");
        return;
    };
    let large = Large::new(800);
    let folder = std::env::temp_dir().join(format!("pruefstand-paint-{}", std::process::id()));
    let results = folder.join("results");
    std::fs::create_dir_all(&results).unwrap();
    let ours = folder.join("report.html");
    std::fs::write(&ours, html(&large.material(), Language::De).unwrap()).unwrap();
    std::fs::write(
        results.join("junit.xml"),
        junit(&large.material(), "").next().unwrap().unwrap(),
    )
    .unwrap();
    std::fs::write(
        folder.join("allurerc.mjs"),
        "export default { name: \"x\", output: \"out\", plugins: { awesome: { options: { singleFile: true } } } };\n",
    )
    .unwrap();
    let done = Command::new("node")
        .arg(allure)
        .args(["generate", "results"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let theirs = ["out/index.html", "out/awesome/index.html"];
    let theirs = theirs.iter().map(|n| folder.join(n)).find(|p| p.is_file()).unwrap();
    // When something was painted at all, and when the report was: Allure begins with a splash.
    let look = |file: &Path, what: &str| -> f64 {
        // The middle one of seven.
        let mut times: Vec<f64> = (0..7)
            .map(|_| {
                let done = Command::new("node")
                    .arg("tests/web/look.js")
                    .args([Path::new("target/web-clients/node_modules"), file])
                    .arg("--content")
                    .output()
                    .unwrap();
                let told: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
                told[what].as_f64().unwrap()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[3]
    };
    let (own, other) = (look(&ours, "paint"), look(&theirs, "paint"));
    println!("first paint of 800 cases: {own:.0} ms, Allure's splash {other:.0} ms");
    let (own, other) = (look(&ours, "content"), look(&theirs, "content"));
    hold(
        failed,
        "first paint of a report on 800 cases",
        own < other / 2.0,
        format!("{own:.0} ms, Allure's single file {other:.0} ms: {:.2} (bound 0.5)", own / other),
    );
    std::fs::remove_dir_all(folder).unwrap();
}

/// `verify` without judging, against openssl over the same signature.
fn verify(failed: &mut Vec<String>) {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        println!("verify: skipped, openssl is not installed");
        return;
    }
    let folder = std::env::temp_dir().join(format!("pruefstand-verify-{}", std::process::id()));
    let run = folder.join("run");
    let done = Command::new(PROGRAM).args(["demo", "--out"]).arg(&run).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let (certificate, trust) = (run.join("certificate.dsse.json"), run.join("trust.pem"));
    let text = std::fs::read_to_string(&certificate).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let payload = STANDARD.decode(value["payload"].as_str().unwrap()).unwrap();
    let (signed, signature) = (folder.join("signed"), folder.join("signature"));
    std::fs::write(&signed, pruefstand::signing::pae(&payload)).unwrap();
    let sig = value["signatures"][0]["sig"].as_str().unwrap();
    std::fs::write(&signature, STANDARD.decode(sig).unwrap()).unwrap();
    let time = |mut command: Command| -> Duration {
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        for _ in 0..STARTS {
            assert!(command.status().unwrap().success());
        }
        begun.elapsed() / STARTS
    };
    let mut own = Command::new(PROGRAM);
    own.arg("verify").arg(&certificate).arg("--trust").arg(&trust);
    let mut other = Command::new("openssl");
    other.args(["pkeyutl", "-verify", "-pubin", "-rawin", "-inkey"]).arg(&trust);
    other.arg("-in").arg(&signed).arg("-sigfile").arg(&signature);
    let (own, other) = (time(own), time(other));
    let ratio = own.as_secs_f64() / other.as_secs_f64();
    hold(
        failed,
        "verify without judging",
        ratio <= 10.0,
        format!("{own:.1?}, openssl pkeyutl {other:.1?}: {ratio:.2} (bound 10)"),
    );
    std::fs::remove_dir_all(folder).unwrap();
}
