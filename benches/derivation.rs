//! Derivation in figures: how it grows, what building and proving messages costs, how small the
//! covering arrays are. Only ratios within one run are compared; the figures beside them are for
//! people.
//!
//! `cargo bench --bench derivation` prints all and fails when a ratio is out of bounds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on must fail loudly, and it prints its figures"
)]

mod large_concept;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use large_concept::Size;
use pruefstand::concept::SystemConcept;
use pruefstand::ids::ComponentKind;
use pruefstand::message::build;
use pruefstand::organisation::TestOrganisation;
use pruefstand::plan::pairwise::{Factor, Model, Options, pairwise};
use pruefstand::plan::{self, Catalogue, PlanKind, Scope, Step, TestPlan};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|a| a == "--child") {
        let number = |i: usize| args[at + i].parse().unwrap();
        return child(Size { services: number(1), systems: number(2), dms: number(3) });
    }
    let mut failed = Vec::new();
    growth(&mut failed);
    messages(&mut failed);
    pairs(&mut failed);
    for line in &failed {
        println!("OUT OF BOUNDS: {line}");
    }
    assert!(failed.is_empty(), "{} ratio(s) out of bounds", failed.len());
}

fn derived(size: Size) -> TestPlan {
    let (concept, organisation) = large_concept::texts(size);
    let here = Path::new(".");
    let concept = SystemConcept::from_text("gross.toml", &concept, here)
        .unwrap_or_else(|e| panic!("{}", e.render(false)));
    let organisation = TestOrganisation::from_text("gross-organisation.toml", &organisation, here)
        .unwrap_or_else(|e| panic!("{}", e.render(false)));
    let scope =
        Scope { stage: 2, component: ComponentKind::Integrationsserver, kind: PlanKind::Zulassung };
    plan::derive(&concept, &organisation, &Catalogue::embedded().unwrap(), scope).unwrap()
}

/// One derivation in a process of its own, so that its memory is its own.
fn child(size: Size) {
    let start = Instant::now();
    let plan = derived(size);
    let text = plan.to_text().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    let kib: f64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    println!("{} {seconds} {} {}", plan.case.len(), kib / 1024.0, text.len());
}

struct Figures {
    cases: f64,
    seconds: f64,
    mb: f64,
}

fn measured(size: Size) -> Figures {
    let Size { services, systems, dms } = size;
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--child", &services.to_string(), &systems.to_string(), &dms.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|n| n.parse::<f64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let figures = Figures { cases: next(), seconds: next(), mb: next() };
    println!(
        "{services:5} services, {systems:2} Fachverfahren, {dms:2} DMS: {:7} cases, {:6.2} s, {:6.0} MB, plan {:.1} MB",
        figures.cases,
        figures.seconds,
        figures.mb,
        next() / 1e6
    );
    figures
}

/// The more of `ratio`, the worse.
fn at_most(failed: &mut Vec<String>, what: &str, ratio: f64, bound: f64) {
    println!("  {what}: {ratio:.2} (at most {bound})");
    if ratio > bound {
        failed.push(format!("{what}: {ratio:.2}, at most {bound}"));
    }
}

fn growth(failed: &mut Vec<String>) {
    println!("Derivation of a generated concept");
    let base = Size { services: 575, systems: 10, dms: 5 };
    let one = measured(base);
    let two = measured(Size { services: 2 * base.services, ..base });
    let wide = measured(Size { systems: 2 * base.systems, dms: 2 * base.dms, ..base });
    at_most(failed, "twice the services, seconds", two.seconds / one.seconds, 2.2);
    at_most(failed, "twice the services, memory", two.mb / one.mb, 2.2);
    at_most(failed, "twice the services, cases", two.cases / one.cases, 2.2);
    // N + M: what twice the systems add does not depend on the number of services times systems.
    at_most(failed, "twice the systems, cases", wide.cases / one.cases, 1.2);
}

fn messages(failed: &mut Vec<String>) {
    println!("Messages of the bundle Gewerbe");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plan = plan::load(&root.join("testplans/gewerbe/plan.toml")).unwrap();
    let uses: Vec<_> = plan
        .case
        .iter()
        .flat_map(|c| c.step.iter().map(move |s| (c, s)))
        .filter_map(|(c, s)| match s {
            Step::Send { message, .. } => Some((c, message)),
            _ => None,
        })
        .collect();
    let validators: std::collections::BTreeMap<&str, _> = plan
        .message
        .iter()
        .filter_map(|m| Some((m.id.as_str(), plan.schema_of(m)?.compile().ok()?)))
        .collect();
    let files: Vec<Vec<u8>> = uses.iter().map(|(c, m)| build(&plan, c, m).unwrap().bytes).collect();
    let rounds = 5;
    let mut found = [0_usize; 2];
    let start = Instant::now();
    for _ in 0..rounds {
        for ((_, use_), bytes) in uses.iter().zip(&files) {
            found[0] += validators[use_.message.as_str()].validate(bytes).unwrap().len();
        }
    }
    let plain = start.elapsed().as_secs_f64();
    let start = Instant::now();
    for _ in 0..rounds {
        for (case, use_) in &uses {
            let bytes = build(&plan, case, use_).unwrap().bytes;
            found[1] += validators[use_.message.as_str()].validate(&bytes).unwrap().len();
        }
    }
    let both = start.elapsed().as_secs_f64();
    assert_eq!(found[0], found[1]);
    let count = f64::from(rounds) * uses.len() as f64;
    println!(
        "  {} messages: {:.0}/s validated, {:.0}/s built and validated",
        uses.len(),
        count / plain,
        count / both
    );
    let ratio = plain / both;
    println!("  built and validated against plain validation: {ratio:.2} (at least 0.3)");
    if ratio < 0.3 {
        failed.push(format!("built and validated: {ratio:.2}, at least 0.3"));
    }
}

/// Models of the literature on covering arrays.
fn models() -> Vec<(&'static str, Vec<usize>)> {
    vec![
        ("3^4", vec![3; 4]),
        ("3^13", vec![3; 13]),
        ("4^15 3^17 2^29", [vec![4; 15], vec![3; 17], vec![2; 29]].concat()),
        ("4 3^39 2^35", [vec![4; 1], vec![3; 39], vec![2; 35]].concat()),
        ("2^100", vec![2; 100]),
        ("10^20", vec![10; 20]),
    ]
}

fn pairs(failed: &mut Vec<String>) {
    println!("Pairwise combinations against allpairspy");
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/python-clients/bin/python");
    for (name, levels) in models() {
        let start = Instant::now();
        let factors: Vec<Factor> = (0..)
            .zip(&levels)
            .map(|(i, n)| Factor {
                name: format!("f{i}"),
                levels: (0..*n).map(|l| l.to_string()).collect(),
            })
            .collect();
        let model = Model { factors: &factors, allowed: &|_| true };
        let own = pairwise(&model, &Options::default()).rows.len();
        let took = start.elapsed();
        let mut script = String::from("from allpairspy import AllPairs\n");
        let _ = write!(script, "print(len(list(AllPairs([list(range(n)) for n in {levels:?}]))))");
        let output = Command::new(&python).args(["-c", &script]).output();
        let Some(other) = output
            .ok()
            .filter(|o| o.status.success())
            .and_then(|o| String::from_utf8_lossy(&o.stdout).trim().parse::<f64>().ok())
        else {
            println!(
                "  {name}: {own} rows in {took:?}; allpairspy is not installed (scripts/setup.sh --test)"
            );
            continue;
        };
        println!("  {name}: {own} rows in {took:?}, allpairspy {other}");
        at_most(failed, "rows", own as f64 / other, 1.1);
    }
}
