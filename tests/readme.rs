//! The commands of the README do what it says.

use std::process::Command;

use crate::support::{Sandbox, copy, program, root};

/// Lines of the `sh` blocks.
pub fn commands(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside && !command.is_empty() && !command.starts_with('#') => {
                out.push(command.to_owned());
            }
            _ => {}
        }
    }
    out
}

#[test]
fn every_command_of_the_readme_runs() {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sandbox = Sandbox::new();
    let folder = sandbox.path("clone");
    for name in ["testplans", "fixtures", "examples"] {
        copy(&root().join(name), &folder.join(name));
    }
    // As after a build, and with the program found by its bare name.
    let path = format!(
        "{}:{}",
        std::path::Path::new(program()).parent().unwrap().display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut ran = 0;
    for command in commands(&text) {
        if let Some(target) = command.strip_prefix("make ") {
            let done =
                Command::new("make").args(["-n", target]).current_dir(root()).output().unwrap();
            assert!(done.status.success(), "{command}");
            continue;
        }
        let (command, expected) = match command.split_once("  # exit ") {
            Some((command, code)) => (command.to_owned(), code.trim().parse().unwrap()),
            None => (command, 0),
        };
        let done = Command::new("sh")
            .args(["-c", &command])
            .current_dir(&folder)
            .env("PATH", &path)
            .output()
            .unwrap();
        assert_eq!(
            done.status.code(),
            Some(expected),
            "{command}\n{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        ran += 1;
    }
    assert!(ran >= 8, "only {ran} commands found");
    assert_eq!(
        &commands(&text)[..2],
        ["make demo", "make test"],
        "the README opens with these two"
    );
}
