//! The ready files for CI systems do what they say, with the reference hub as the target.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use yaml_rust2::{Yaml, YamlLoader};

use crate::args;
use crate::support::{Sandbox, derive, program, pruefstand, root};

fn example(name: &str) -> String {
    std::fs::read_to_string(root().join("examples/ci").join(name)).unwrap()
}

/// What a file makes its system do.
struct Job {
    /// How the system starts a shell.
    shell: &'static [&'static str],
    variables: BTreeMap<String, String>,
    commands: Vec<String>,
    /// Files and folders that are kept.
    kept: Vec<String>,
}

fn yaml(name: &str) -> Yaml {
    YamlLoader::load_from_str(&example(name)).unwrap().remove(0)
}

fn text(yaml: &Yaml) -> String {
    yaml.as_str().unwrap_or_else(|| panic!("{yaml:?} is no text")).to_owned()
}

fn variables(yaml: &Yaml) -> BTreeMap<String, String> {
    yaml.as_hash().unwrap().iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn gitlab() -> Job {
    let file = yaml("gitlab-ci.yml");
    let job = &file["pruefstand"];
    let artifacts = &job["artifacts"];
    assert_eq!(artifacts["when"].as_str(), Some("always"), "artifacts of failed jobs are kept");
    assert!(job["allow_failure"].is_badvalue(), "a failed run fails the job");
    let mut kept: Vec<String> = artifacts["paths"].as_vec().unwrap().iter().map(text).collect();
    kept.push(text(&artifacts["reports"]["junit"]));
    Job {
        shell: &["sh", "-e", "-c"],
        variables: variables(&job["variables"]),
        commands: job["script"].as_vec().unwrap().iter().map(text).collect(),
        kept,
    }
}

fn github() -> Job {
    let file = yaml("github-actions.yml");
    let job = &file["jobs"]["pruefstand"];
    assert!(!file["on"].is_badvalue() && job["continue-on-error"].is_badvalue());
    let steps = job["steps"].as_vec().unwrap();
    let (mut commands, mut kept, mut foreign) = (vec![], vec![], 0);
    for step in steps {
        if let Some(run) = step["run"].as_str() {
            assert!(step["continue-on-error"].is_badvalue());
            commands.push(run.to_owned());
        }
        let Some(uses) = step["uses"].as_str() else { continue };
        foreign += 1;
        let (name, pin) = uses.split_once('@').unwrap();
        assert!(pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit()), "{uses}");
        if name == "actions/upload-artifact" {
            assert_eq!(step["if"].as_str(), Some("always()"), "results of failed jobs are kept");
            kept.push(text(&step["with"]["path"]));
        }
    }
    assert_eq!(foreign, 2);
    Job { shell: &["bash", "-e", "-c"], variables: variables(&job["env"]), commands, kept }
}

/// The words in single quotes behind a step of the Jenkinsfile.
fn quoted(file: &str, before: &str) -> Vec<String> {
    let lines = file.lines().map(str::trim).filter(|l| !l.starts_with("//"));
    lines
        .filter_map(|line| {
            let rest = line.strip_prefix(before)?.strip_prefix('\'')?;
            Some(rest[..rest.find('\'').expect("a closing quote")].to_owned())
        })
        .collect()
}

fn jenkins() -> Job {
    let file = example("Jenkinsfile");
    let code: Vec<&str> = file.lines().filter(|l| !l.trim().starts_with("//")).collect();
    let count = |c| code.iter().map(|l| l.matches(c).count()).sum::<usize>();
    assert_eq!((count('{'), count('\'') % 2), (count('}'), 0));
    let always = file.split("always {").nth(1).expect("results of failed builds are kept");
    let mut kept = quoted(always, "junit testResults: ");
    kept.extend(quoted(always, "archiveArtifacts artifacts: "));
    let names = ["PLAN", "ORGANISATION", "TARGET"];
    let value = |name: &str| quoted(&file, &format!("{name} = ")).remove(0);
    Job {
        shell: &["sh", "-xe", "-c"],
        variables: names.iter().map(|n| ((*n).to_owned(), value(n))).collect(),
        commands: quoted(&file, "sh "),
        kept,
    }
}

/// A project of a vendor, with the script where the files expect it.
fn project(sandbox: &Sandbox, defects: &str) -> PathBuf {
    let folder = sandbox.path("projekt");
    pruefstand(args!["init", &folder]).exits(0);
    std::fs::create_dir(folder.join("ci")).unwrap();
    let script = root().join("examples/ci/pruefstand.sh");
    std::fs::copy(script, folder.join("ci/pruefstand.sh")).unwrap();
    derive_in(&folder);
    let target = folder.join("target.toml");
    let text = std::fs::read_to_string(&target).unwrap();
    std::fs::write(&target, text.replace("\"json\"]", &format!("\"json\"{defects}]"))).unwrap();
    folder
}

fn derive_in(folder: &Path) {
    let (concept, organisation) = (folder.join("concept.toml"), folder.join("organisation.toml"));
    derive(&concept, &organisation, &folder.join("plan.toml"));
}

fn run(folder: &Path, shell: &[&str], command: &str, set: &BTreeMap<String, String>) -> Output {
    let here = Path::new(program()).parent().unwrap().display().to_string();
    Command::new(shell[0])
        .args(&shell[1..])
        .arg(command)
        .current_dir(folder)
        .envs(set)
        .env("PATH", format!("{here}:{}", std::env::var("PATH").unwrap_or_default()))
        .env_remove("GITHUB_STEP_SUMMARY")
        .output()
        .unwrap()
}

/// All that a program said.
fn said(done: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

/// Runs the commands of a job as its system does, until one fails; gives back the exit code.
fn play(job: &Job, folder: &Path) -> (i32, String) {
    assert!(job.commands.iter().any(|c| c.contains("pruefstand.sh")), "{:?}", job.commands);
    let mut all = String::new();
    for command in &job.commands {
        let done = run(folder, job.shell, command, &job.variables);
        all.push_str(&said(&done));
        if !done.status.success() {
            return (done.status.code().unwrap(), all);
        }
    }
    (0, all)
}

fn passes_and_fails(job: &Job) {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "");
    // A result of an earlier build that must not pass for this one's.
    std::fs::create_dir(folder.join("pruefung")).unwrap();
    std::fs::write(folder.join("pruefung/junit.xml"), "alt").unwrap();
    let (code, text) = play(job, &folder);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("passed (bestanden)"), "{text}");
    let junit = std::fs::read_to_string(folder.join("pruefung/junit.xml")).unwrap();
    assert!(junit.contains("failures=\"0\" errors=\"0\"") && junit.contains("SPM-001"), "{junit}");
    kept(job, &folder);

    let sandbox = Sandbox::new();
    let folder = project(&sandbox, ", \"--defect\", \"no-rule-check\"");
    let (code, text) = play(job, &folder);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("FAILED (nicht bestanden)"), "{text}");
    let junit = std::fs::read_to_string(folder.join("pruefung/junit.xml")).unwrap();
    assert!(junit.contains("<failure"), "{junit}");
    kept(job, &folder);
}

/// What the job keeps is there, and the reports and the evidence are among it.
fn kept(job: &Job, folder: &Path) {
    for path in &job.kept {
        assert!(folder.join(path.trim_end_matches("**")).exists(), "{path}");
    }
    assert!(job.kept.iter().any(|p| p.trim_end_matches("**") == "pruefung/"), "{:?}", job.kept);
    let inside: Vec<_> =
        std::fs::read_dir(folder.join("pruefung")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(inside.iter().any(|p| p.ends_with("report.html")), "{inside:?}");
    assert!(inside.iter().any(|p| p.join("evidence.jsonl").is_file()), "{inside:?}");
}

#[test]
fn gitlab_passes_and_fails() {
    passes_and_fails(&gitlab());
}

#[test]
fn github_actions_passes_and_fails() {
    passes_and_fails(&github());
}

#[test]
fn jenkins_passes_and_fails() {
    passes_and_fails(&jenkins());
}

#[test]
fn whatever_is_not_a_pass_fails_the_job_and_says_so() {
    let sandbox = Sandbox::new();
    let folder = project(&sandbox, "");
    let script = |set: &[(&str, &str)]| {
        let set = set.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let line = "sh ci/pruefstand.sh plan.toml organisation.toml target.toml pruefung";
        let done = run(&folder, &["sh", "-c"], line, &set);
        (done.status.code().unwrap(), said(&done))
    };
    // A requirement that waits for a person keeps the result open.
    let concept = folder.join("concept.toml");
    let before = std::fs::read_to_string(&concept).unwrap();
    let more = "\n[[requirement]]\nid = \"SPM-099\"\nlevel = \"muss\"\n\
                title = \"Der Betreiber hat ein Notfallhandbuch.\"\n\
                component = \"integrationsserver\"\naspects = [\"manual\"]\n";
    std::fs::write(&concept, before + more).unwrap();
    derive_in(&folder);
    let summary = folder.join("summary.md").display().to_string();
    let (code, text) = script(&[("GITHUB_STEP_SUMMARY", &summary)]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("INCONCLUSIVE (nicht durchführbar)"), "{text}");
    assert!(folder.join("pruefung/junit.xml").is_file());

    // Nothing of it is left when the next run does not come to a result.
    let target = folder.join("target.toml");
    let good = std::fs::read_to_string(&target).unwrap();
    std::fs::write(&target, good.replace("\"pruefstand\"", "\"gibt-es-nicht\"")).unwrap();
    let (code, text) = script(&[]);
    assert_eq!(code, 69, "{text}");
    assert!(text.contains("NOT RUN: the target cannot be reached"), "{text}");
    assert!(
        !folder.join("pruefung/junit.xml").exists()
            && !folder.join("pruefung/report.html").exists()
    );
    std::fs::write(&target, good).unwrap();
    std::fs::write(folder.join("plan.toml"), "format = 1").unwrap();
    let (code, text) = script(&[]);
    assert_eq!((code, text.contains("NOT RUN: wrong usage, a bad file")), (65, true), "{text}");
    let (code, text) = script(&[("PRUEFSTAND", "gibt-es-nicht")]);
    assert_eq!((code, text.contains("not found: gibt-es-nicht")), (69, true), "{text}");
    // A program that says it is fine and leaves nothing has proven nothing.
    let (code, text) = script(&[("PRUEFSTAND", "true")]);
    assert_eq!((code, text.contains("there is no result")), (70, true), "{text}");
    let done = run(&folder, &["sh", "-c"], "sh ci/pruefstand.sh plan.toml", &BTreeMap::new());
    assert_eq!(done.status.code(), Some(64));
}

#[test]
fn the_step_summary_of_github_says_how_it_ended() {
    let sandbox = Sandbox::new();
    let summary = sandbox.path("summary.md");
    let done = Command::new("sh")
        .arg(root().join("examples/ci/pruefstand.sh"))
        .args(["p", "o", "t"])
        .arg(sandbox.path("out"))
        .env("PRUEFSTAND", "false")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    // Nothing was judged: that is no verdict about the target.
    assert_eq!(done.status.code(), Some(70));
    let text = std::fs::read_to_string(summary).unwrap();
    assert!(text.contains("Prüfstand: NOT RUN") && !text.contains("FAILED"), "{text}");
}

#[test]
fn the_files_name_no_registry() {
    for name in ["gitlab-ci.yml", "github-actions.yml", "Jenkinsfile", "pruefstand.sh", "README.md"]
    {
        let text = example(name);
        assert!(!text.contains("://") && !text.contains("image:"), "{name}");
    }
}
