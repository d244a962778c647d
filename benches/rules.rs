//! Rules in figures: what the worker process costs against libxslt in the same process, how its cold
//! start compares with that of a Java machine, and what measuring a plan costs against as many runs.
//! Only ratios within one run are compared; the figures beside them are for people.
//!
//! `cargo bench --bench rules` prints all and fails when a ratio is out of bounds. With a number behind
//! it (`-- 300`) so many mutants are measured; 40 where none is given.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on must fail loudly, and it prints its figures"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pruefstand::rules::Depot;
use pruefstand::xml::{Job, TransformEnd, Worker, serve_worker};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pruefstand");
const SHEET: &str = "file:///depot/rules/fachverfahren-a.xsl";
const MESSAGE: &str = "<Gewerbeanmeldung xmlns=\"urn:pruefstand:gewerbe:1\"><Kopf><Vorgangsnummer>PS-0123456789AB</Vorgangsnummer><Leistung>99050012104000</Leistung></Kopf><Antragsteller><Vornamen>Änne</Vornamen><Familienname>Öztürk-Groß</Familienname></Antragsteller><Betrieb><Name>Seilerei</Name><Rechtsform>120</Rechtsform></Betrieb></Gewerbeanmeldung>";
/// Small messages for one figure.
const JOBS: usize = 20_000;

fn main() {
    let mutants = std::env::args().skip(1).find_map(|a| a.parse::<usize>().ok()).unwrap_or(40);
    let mut failed = Vec::new();
    worker(&mut failed);
    cold_start(&mut failed);
    measure(mutants, &mut failed);
    for line in &failed {
        println!("OUT OF BOUNDS: {line}");
    }
    assert!(failed.is_empty(), "{} ratio(s) out of bounds", failed.len());
}

fn frame(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend(bytes);
}

/// The same jobs in one thread of this process, and through the worker's pipes.
fn worker(failed: &mut Vec<String>) {
    let depot = Depot::load("gewerbe", Path::new(".")).unwrap();
    let sheets = depot.sheets();
    let params = BTreeMap::from([
        ("zeitpunkt".to_owned(), "2026-11-02T08:15:30Z".to_owned()),
        ("transaktion".to_owned(), "TX-1".to_owned()),
    ]);
    let mut jobs = Vec::new();
    let urls: Vec<&String> = sheets.files.keys().collect();
    let load = serde_json::json!({ "Load": { "set": sheets.id, "urls": urls } });
    frame(&mut jobs, load.to_string().as_bytes());
    for bytes in sheets.files.values() {
        frame(&mut jobs, bytes);
    }
    let apply =
        serde_json::json!({ "Apply": { "set": sheets.id, "sheet": SHEET, "params": params } });
    for _ in 0..JOBS {
        frame(&mut jobs, apply.to_string().as_bytes());
        frame(&mut jobs, MESSAGE.as_bytes());
    }
    let mut answers = Vec::new();
    let begun = Instant::now();
    serve_worker(&jobs[..], &mut answers).unwrap();
    let inside = begun.elapsed();
    let text = String::from_utf8_lossy(&answers[..600]).into_owned();
    assert!(text.contains("\"Output\"") && text.contains("GewerbeFall"), "{text}");

    let mut worker =
        Worker::new(Path::new(PROGRAM), &std::env::temp_dir(), Duration::from_secs(10));
    let run = |worker: &mut Worker| {
        let done = worker.transform(&sheets, SHEET, MESSAGE.as_bytes(), &params);
        assert_eq!(done.end, TransformEnd::Output, "{:?}", done.messages);
    };
    run(&mut worker);
    let jobs = vec![Job { sheet: SHEET, input: MESSAGE.as_bytes(), params: &params }; JOBS];
    let begun = Instant::now();
    let done = worker.transform_all(&sheets, &jobs);
    let outside = begun.elapsed();
    assert!(done.len() == JOBS && done.iter().all(|d| d.end == TransformEnd::Output));
    let ratio = inside.as_secs_f64() / outside.as_secs_f64();
    let rate = |d: Duration| JOBS as f64 / d.as_secs_f64();
    println!(
        "XSLT, small messages: in process {:.0}/s, through the worker {:.0}/s, ratio {ratio:.2} (bound 0.5)",
        rate(inside),
        rate(outside)
    );
    if ratio < 0.5 {
        failed.push(format!("the worker reaches {ratio:.2} of one thread in process"));
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// One transformation from nothing: our worker, and Saxon in a Java machine, where Debian's
/// `libsaxonhe-java` is there.
fn cold_start(failed: &mut Vec<String>) {
    let depot = Depot::load("gewerbe", Path::new(".")).unwrap();
    let sheets = depot.sheets();
    let params = BTreeMap::new();
    let ours = (0..9).map(|_| {
        let begun = Instant::now();
        let mut worker =
            Worker::new(Path::new(PROGRAM), &std::env::temp_dir(), Duration::from_secs(10));
        let done = worker.transform(&sheets, SHEET, MESSAGE.as_bytes(), &params);
        assert_eq!(done.end, TransformEnd::Output);
        begun.elapsed()
    });
    let ours = median(ours.collect());
    let jar = Path::new("/usr/share/java/Saxon-HE.jar");
    if !jar.exists() {
        println!("cold start: {ours:.1?}; no Saxon for Java here (libsaxonhe-java), not compared");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (sheet, message) = (folder.path().join("r.xsl"), folder.path().join("m.xml"));
    std::fs::write(&sheet, &depot.files["rules/fachverfahren-a.xsl"]).unwrap();
    std::fs::write(&message, MESSAGE).unwrap();
    let theirs = (0..3).map(|_| {
        let begun = Instant::now();
        let done = Command::new("java")
            .arg("-cp")
            .arg(jar)
            .arg("net.sf.saxon.Transform")
            .arg(format!("-s:{}", message.display()))
            .arg(format!("-xsl:{}", sheet.display()))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(done.success());
        begun.elapsed()
    });
    let theirs = median(theirs.collect());
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
    println!(
        "cold start: worker {ours:.1?}, Saxon in Java {theirs:.1?}, ratio {ratio:.3} (bound 0.1)"
    );
    if ratio > 0.1 {
        failed.push(format!("the cold start is {ratio:.3} of that of Saxon in Java"));
    }
}

/// Measuring Gewerbe with so many mutants against as many single runs, by the time of one of them.
fn measure(mutants: usize, failed: &mut Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("mass");
    let plan = Path::new(env!("CARGO_MANIFEST_DIR")).join("testplans/gewerbe/plan.toml");
    // Of all origins, in the shares in which there are mutants of them.
    let done = Command::new(PROGRAM)
        .args(["measure", "--minimum", "0", "--parallel", "6", "--mutants"])
        .arg((mutants * 2 / 3).to_string())
        .args(["--configurations", &(mutants / 10).to_string(), "--only", "-"])
        .arg("--plan")
        .arg(&plan)
        .arg("--out")
        .arg(&out)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(matches!(done.code(), Some(0 | 1)), "{done}");
    let text = std::fs::read_to_string(out.join("detection.json")).unwrap();
    let detection: serde_json::Value = serde_json::from_str(&text).unwrap();
    let number = |key: &str| detection[key].as_f64().unwrap();
    let all = detection["mutants"].as_array().unwrap().len();
    let ratio = number("seconds") / (number("intact_seconds") * all as f64);
    println!(
        "measure: {all} faults in {:.0} s, one run {:.1} s, ratio {ratio:.2} (bound 0.3)",
        number("seconds"),
        number("intact_seconds")
    );
    if ratio > 0.3 {
        failed.push(format!("measuring {all} faults takes {ratio:.2} of as many runs"));
    }
}
