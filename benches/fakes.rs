//! Fakes in figures: how soon they answer, what recording costs, whether they stay small. Only
//! ratios within one run are compared; the figures beside them are for people.
//!
//! `cargo bench --bench fakes` prints all and fails when a ratio is out of bounds. WireMock is
//! measured where `scripts/setup.sh --bench` could install it and Java is there; otherwise its
//! comparisons are said to be skipped. `PRUEFSTAND_BENCH_REQUESTS` sets another number of requests
//! for the memory than 1,000,000.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on must fail loudly, and it prints its figures"
)]

mod load;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use load::{BODY, Recording, answers, drive};
use pruefstand::channel::Observer;
use pruefstand::fake_system::Running;
use pruefstand::organisation::TestOrganisation;

/// A Fachverfahren of the embedded organisation.
const FV: &str = "fv-attrappenburg";
/// Connections that ask at once.
const CLIENTS: usize = 4;
/// Requests per measurement of a rate.
const REQUESTS: usize = 40_000;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|a| a == "--child") {
        return child(args[at + 1].parse().unwrap());
    }
    let mut failed = Vec::new();
    let wiremock = WireMock::jar();
    if wiremock.is_none() {
        println!("skipped: WireMock (scripts/setup.sh --bench installs it where npm and Java are)");
    }
    start(&mut failed, wiremock.as_deref());
    rate(&mut failed, wiremock.as_deref());
    memory(&mut failed);
    for line in &failed {
        println!("OUT OF BOUNDS: {line}");
    }
    assert!(failed.is_empty(), "{} ratio(s) out of bounds", failed.len());
}

fn at_most(failed: &mut Vec<String>, what: &str, ratio: f64, bound: f64) {
    println!("  {what}: {ratio:.3} (at most {bound})");
    if ratio > bound {
        failed.push(format!("{what}: {ratio:.3}, at most {bound}"));
    }
}

fn at_least(failed: &mut Vec<String>, what: &str, ratio: f64, bound: f64) {
    println!("  {what}: {ratio:.2} (at least {bound})");
    if ratio < bound {
        failed.push(format!("{what}: {ratio:.2}, at least {bound}"));
    }
}

struct WireMock {
    child: Child,
    address: String,
    ready: Duration,
    _mappings: tempfile::TempDir,
}

impl WireMock {
    /// The jar, where it is installed.
    fn jar() -> Option<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("target/bench-clients/node_modules/wiremock");
        let java = Command::new("java").arg("-version").output();
        let java = java.is_ok_and(|done| done.status.success());
        let mut left = vec![folder];
        while let (true, Some(folder)) = (java, left.pop()) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|e| e == "jar") {
                    return Some(path);
                }
            }
        }
        None
    }

    /// Starts it with one mapping and waits for its first answer.
    fn up(jar: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("mappings")).unwrap();
        let mapping = r#"{"request": {"method": "POST", "urlPath": "/vorgaenge"},
            "response": {"status": 201, "headers": {"Content-Type": "application/xml"},
            "body": "<Annahme><Aktenzeichen>GEW 0123456789AB/2026</Aktenzeichen></Annahme>"}}"#;
        std::fs::write(folder.path().join("mappings/a.json"), mapping).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let begun = Instant::now();
        let child = Command::new("java")
            .arg("-jar")
            .arg(jar)
            .args(["--bind-address", "127.0.0.1", "--port", &port.to_string(), "--root-dir"])
            .arg(folder.path())
            .args(["--disable-banner"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("127.0.0.1:{port}");
        while !answers(&address) {
            assert!(begun.elapsed() < Duration::from_secs(120), "WireMock does not answer");
            std::thread::sleep(Duration::from_millis(2));
        }
        Self { child, address, ready: begun.elapsed(), _mappings: folder }
    }
}

impl Drop for WireMock {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The middle of several measurements.
fn median(mut all: Vec<Duration>) -> Duration {
    all.sort();
    all[all.len() / 2]
}

/// From the start of the process to an answer of every system.
fn start(failed: &mut Vec<String>, wiremock: Option<&Path>) {
    println!("Start of all fakes of the embedded organisation");
    let ours = || {
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_pruefstand"))
            .args(["fake", "up", "--format", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let systems = said["systems"].as_array().unwrap();
        for system in systems {
            let url = system["url"].as_str().unwrap();
            let address = url.split('/').nth(2).unwrap();
            assert!(answers(address), "{url}");
        }
        let time = begun.elapsed();
        let _ = child.kill();
        let _ = child.wait();
        (time, systems.len())
    };
    let count = ours().1;
    let time = median((0..9).map(|_| ours().0).collect());
    println!("  {count} systems answer after {:.1} ms", time.as_secs_f64() * 1e3);
    let Some(jar) = wiremock else { return };
    let theirs = median((0..3).map(|_| WireMock::up(jar).ready).collect());
    println!("  WireMock answers after {:.0} ms", theirs.as_secs_f64() * 1e3);
    at_most(failed, "all fakes / WireMock", time.as_secs_f64() / theirs.as_secs_f64(), 0.05);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Fakes that record to disk.
fn recorded(runtime: &tokio::runtime::Runtime, folder: &Path) -> (Running, String) {
    let observer: Arc<dyn Observer> = Arc::new(Recording::to(folder));
    let organisation = TestOrganisation::embedded().unwrap();
    let running = runtime.block_on(Running::start(&organisation, observer)).unwrap();
    let address = running.urls[&FV.into()].split('/').nth(2).unwrap().to_owned();
    (running, address)
}

/// The same answer from a plain route of axum, without recording.
fn axum(runtime: &tokio::runtime::Runtime) -> String {
    let route = axum::routing::post(|body: axum::body::Bytes| async move {
        let body = std::hint::black_box(body);
        assert_eq!(body.len(), BODY.len());
        (
            axum::http::StatusCode::CREATED,
            [("content-type", "application/xml; charset=UTF-8")],
            "<Annahme><Aktenzeichen>GEW 0123456789AB/2026</Aktenzeichen></Annahme>",
        )
    });
    let app = axum::Router::new().route("/vorgaenge", route);
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    runtime.spawn(async move { axum::serve(listener, app).await });
    address
}

/// Requests per second.
fn rate(failed: &mut Vec<String>, wiremock: Option<&Path>) {
    println!("Requests per second, {CLIENTS} connections");
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let (running, fake) = recorded(&runtime, folder.path());
    let plain = axum(&runtime);
    // In turns, so that whatever else the machine does meets both.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        theirs.push(drive(&plain, CLIENTS, REQUESTS / 5));
        ours.push(drive(&fake, CLIENTS, REQUESTS / 5));
    }
    let per_second = |times: Vec<Duration>| REQUESTS as f64 / 5.0 / median(times).as_secs_f64();
    let (ours, theirs) = (per_second(ours), per_second(theirs));
    println!("  fake with evidence on disk: {ours:.0}, axum without recording: {theirs:.0}");
    at_least(failed, "fake / axum", ours / theirs, 0.5);
    runtime.block_on(running.stop());
    let Some(jar) = wiremock else { return };
    let wiremock = WireMock::up(jar);
    // The virtual machine compiles what is hot; it gets the time for it.
    drive(&wiremock.address, CLIENTS, 20_000);
    let times = (0..5).map(|_| drive(&wiremock.address, CLIENTS, REQUESTS / 5)).collect();
    let theirs = per_second(times);
    println!("  WireMock with its journal: {theirs:.0}");
    at_least(failed, "fake / WireMock", ours / theirs, 2.0);
}

/// In a process of its own: memory after a tenth of the requests, and after all.
fn child(requests: usize) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = runtime();
    let (running, fake) = recorded(&runtime, folder.path());
    drive(&fake, CLIENTS, requests / 10);
    let early = resident();
    drive(&fake, CLIENTS, requests - requests / 10);
    println!("{early} {}", resident());
    runtime.block_on(running.stop());
}

/// Resident memory of this process, MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn memory(failed: &mut Vec<String>) {
    let requests = std::env::var("PRUEFSTAND_BENCH_REQUESTS").ok();
    let requests = requests.map_or(1_000_000, |n| n.parse().unwrap());
    println!("Memory over {requests} recorded requests");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--child", &requests.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|n| n.parse().unwrap()).collect();
    println!("  {:.1} MiB after a tenth, {:.1} MiB at the end", numbers[0], numbers[1]);
    at_most(failed, "end / tenth", numbers[1] / numbers[0], 1.1);
}
