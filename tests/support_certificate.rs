//! A run that passed, keys of openssl, and certificates over it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args;
use crate::support::{Sandbox, program, pruefstand, root, tool};

/// A component's whole plan, passed by our own fake, which names a file of its product.
pub struct Passed {
    pub sandbox: Sandbox,
    pub run: PathBuf,
    /// The file of the product.
    pub artifact: PathBuf,
}

impl Passed {
    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let plan = sandbox.path("plan.toml");
        let concept = root().join("testplans/gewerbe/concept.toml");
        let derive = args!["plan", "derive", "--concept", concept, "--component", "mailsystem"];
        pruefstand(derive.into_iter().chain(args!["-o", &plan])).exits(0);
        let artifact = sandbox.write("product.bin", "Version 0\n");
        let digest = pruefstand::ids::Digest::of("Version 0\n");
        let command = [program(), "fake", "up", "--system", "mail-testkirchen", "--format", "json"];
        let command = command.map(|c| format!("{c:?}")).join(", ");
        let target = sandbox.write(
            "target.toml",
            &format!(
                "format = \"pruefstand/target/1\"\n[target]\nkind = \"mailsystem\"\nvendor = \"Prüfstand\"\n\
                 product = \"Attrappe\"\nversion = \"0\"\n[[target.file]]\npath = \"product.bin\"\n\
                 sha256 = \"{digest}\"\n[interface]\nsystem = \"mail-testkirchen\"\nprotocol = \"smtp\"\n\
                 [start]\ncommand = [{command}]\n"
            ),
        );
        let run = sandbox.path("run");
        pruefstand(args!["run", "--plan", &plan, "--target", &target, "--out", &run]).exits(0);
        Self { sandbox, run, artifact }
    }

    /// A key pair of Ed25519: private and public file.
    pub fn key(&self, name: &str) -> (PathBuf, PathBuf) {
        let (private, public) = pruefstand::certificate::generate().unwrap();
        let key = self.sandbox.write(&format!("{name}.pem"), private.reveal());
        (key, self.sandbox.write(&format!("{name}.pub.pem"), &public))
    }

    /// A certificate with this key and these particulars.
    pub fn certify(&self, name: &str, key: &Path, particulars: &str) -> PathBuf {
        let out = self.sandbox.path(&format!("{name}.dsse.json"));
        let text = format!("format = \"pruefstand/particulars/1\"\n{particulars}");
        let said = self.sandbox.write(&format!("{name}.toml"), &text);
        let base = args!["certify", &self.run, "--key", key, "--out", &out];
        pruefstand(base.into_iter().chain(args!["--particulars", said])).exits(0);
        out
    }

    /// The same, signed by whoever decides as well.
    pub fn countersign(&self, certificate: &Path, key: &Path, trust: &Path) -> PathBuf {
        let out = certificate.with_extension("decided.json");
        let base = args!["countersign", certificate, "--key", key, "--trust", trust];
        pruefstand(base.into_iter().chain(args!["--out", &out])).exits(0);
        out
    }

    /// One file of several PEM files.
    pub fn together(&self, name: &str, files: &[&Path]) -> PathBuf {
        let text: String = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
        self.sandbox.write(name, &text)
    }
}

/// Runs openssl in a folder; says so where it is not there.
pub fn openssl(folder: &Path, lines: &[&str]) -> bool {
    if !tool("openssl") {
        return false;
    }
    for line in lines {
        let done = Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
    }
    true
}
