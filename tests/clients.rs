//! Programs that nobody here wrote use the fake systems.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::args;
use crate::support::{Sandbox, end, program, tool};

pub struct Fakes {
    child: Child,
    pub systems: serde_json::Value,
    _folder: Option<Sandbox>,
}

impl Fakes {
    pub fn up() -> Self {
        Self::with(&[])
    }

    pub fn with(more: &[std::ffi::OsString]) -> Self {
        let mut child = Command::new(program())
            .args(args!["fake", "up", "--format", "json"])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, systems: serde_json::from_str(&line).unwrap(), _folder: None }
    }

    /// The fakes of an organisation.
    pub fn of(organisation: &str) -> Self {
        let folder = Sandbox::new();
        let file = folder.write("organisation.toml", organisation);
        let mut fakes = Self::with(&args!["--organisation", file]);
        fakes._folder = Some(folder);
        fakes
    }

    pub fn url(&self, id: &str) -> String {
        let list = self.systems["systems"].as_array().unwrap();
        list.iter().find(|s| s["id"] == id).unwrap()["url"].as_str().unwrap().to_owned()
    }
}

impl Drop for Fakes {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// curl's own exit code.
pub fn curl_code(args: &[&str]) -> i32 {
    let done = Command::new("curl").args(["-sS", "--max-time", "10"]).args(args).output().unwrap();
    done.status.code().unwrap()
}

pub fn curl(args: &[&str]) -> String {
    let done = Command::new("curl").args(["-sS", "--max-time", "10"]).args(args).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
}

#[test]
fn curl_files_posts_and_mails() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let fakes = Fakes::up();
    let fv = fakes.url("fv-attrappenburg");
    let status = ["-o", "/dev/null", "-w", "%{http_code}"];
    let good = "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"><Vorgang><Nummer>PS-0123456789AB</Nummer></Vorgang></GewerbeFall>";
    let answer = curl(&["--data-binary", good, "-H", "Content-Type: application/xml", &fv]);
    assert!(answer.contains("<Aktenzeichen>GEW 0123456789AB/2026</Aktenzeichen>"), "{answer}");
    let chunked = ["-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue"];
    let sent = curl(&[&status[..], &chunked[..], &["--data-binary", good, &fv]].concat());
    assert_eq!(sent, "201");
    assert_eq!(curl(&[&status[..], &["--http1.0", "--data-binary", good, &fv]].concat()), "201");
    assert_eq!(curl(&[&status[..], &["--data-binary", "<Anderes/>", &fv]].concat()), "400");
    assert_eq!(curl(&[&status[..], &[fv.as_str()]].concat()), "405");

    let dms = format!("{}/root", fakes.url("dms-attrappenburg"));
    let folder = [
        "-F",
        "cmisaction=createFolder",
        "-F",
        "propertyId[0]=cmis:objectTypeId",
        "-F",
        "propertyValue[0]=cmis:folder",
        "-F",
        "propertyId[1]=cmis:name",
        "-F",
        "propertyValue[1]=Gewerbe für Ölsnitz",
        "-F",
        "succinct=true",
    ];
    let made = curl(&[&folder[..], &[dms.as_str()]].concat());
    assert!(made.contains("Gewerbe für Ölsnitz"), "{made}");
    let again = curl(&[&folder[..], &[dms.as_str()]].concat());
    assert!(again.contains("nameConstraintViolation"), "{again}");
    let listed = curl(&[&format!("{dms}?cmisselector=children&succinct=true")]);
    assert!(
        listed.contains("\"numItems\":1") && listed.contains("Gewerbe für Ölsnitz"),
        "{listed}"
    );
    assert!(curl(&[&format!("{dms}/gibt/es/nicht")]).contains("objectNotFound"));

    let mail = sandbox.write("mail.eml", "Subject: Test\r\n\r\n.Punkt am Anfang\r\n");
    let smtp = fakes.url("mail-testkirchen");
    let sent = curl(&[
        "-v",
        &smtp,
        "--mail-from",
        "a@b.example",
        "--mail-rcpt",
        "c@d.example",
        "-T",
        mail.to_str().unwrap(),
    ]);
    assert!(sent.contains("250 2.0.0 taken"), "{sent}");
}

/// Whoever copies a line from the terminal sees the system at work, also behind TLS and a password.
#[test]
fn every_command_line_that_is_shown_works() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let mut text = std::fs::read_to_string(
        crate::support::root().join("fixtures/organisation/probeland.toml"),
    )
    .unwrap();
    for kind in ["fachverfahren-a", "dms", "mailbox"] {
        let line = format!("fake = \"{kind}\"\n");
        let tls =
            if kind == "mailbox" { "" } else { "tls = { client_certificate = \"required\" }\n" };
        let login = "user = \"hub\"\npassword = \"ge heim'$x\"\n";
        text = text.replace(&line, &format!("{line}{login}{tls}"));
    }
    for kind in ["soap", "json", "ablage"] {
        let entry = format!(
            "[[system]]\nid = \"fv-{kind}\"\nkind = \"fachverfahren\"\nfake = \"fachverfahren-{kind}\"\nreceiver = \"fv-a\"\n"
        );
        text = text.replacen("[[authority]]", &format!("{entry}\n[[authority]]"), 1);
    }
    let file = sandbox.write("organisation.toml", &text);
    sandbox.write(".curlrc", "fail\nsilent\nshow-error\nmax-time = 20\n");
    sandbox.write("mail.eml", "From: a@b.example\r\nSubject: x\r\n\r\nText\r\n");
    sandbox.write("antrag.json", "{\"vorgang\":\"PS-0123456789AB\",\"leistung\":\"99050012104000\",\"daten\":{},\"dokumente\":[]}");
    sandbox.write("antrag.xml", "<Antrag/>");
    let mut child = Command::new(program())
        .args(args!["fake", "up", "--organisation", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        lines.push(line.unwrap());
        if lines.last().unwrap().starts_with("(page)") {
            break;
        }
    }
    let (mut system, mut ran) = (String::new(), 0);
    for line in &lines {
        if !line.starts_with(' ') {
            system = line.split(' ').next().unwrap().to_owned();
        }
        let command = line.trim();
        if !command.starts_with("curl ") && !command.starts_with("cp ") {
            continue;
        }
        let message = match system.as_str() {
            "fv-pruefstedt" | "fv-urkundenstein" => {
                "<import xmlns=\"urn:pruefstand:fachverfahren-b:7\"/>"
            }
            _ => "<GewerbeFall xmlns=\"urn:pruefstand:fachverfahren-a:2\"/>",
        };
        sandbox.write("nachricht.xml", message);
        let done = Command::new("sh")
            .args(["-c", command])
            .current_dir(sandbox.path("."))
            .env("CURL_HOME", sandbox.path("."))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{system}: {command}\n{said}");
        ran += 1;
    }
    end(&mut child);
    assert_eq!(ran, text.matches("[[system]]").count(), "{lines:#?}");
}

/// A mailbox has a certificate as well; closing the terminal cleans up like Ctrl-C.
#[test]
fn starttls_can_be_checked_and_a_hangup_leaves_nothing() {
    if !tool("curl") {
        return;
    }
    let sandbox = Sandbox::new();
    let mail = sandbox.write("a.eml", "From: a@b.example\r\nSubject: x\r\n\r\nText\r\n");
    let mut fakes = Fakes::up();
    let folder = std::path::PathBuf::from(fakes.systems["certificates"].as_str().unwrap());
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&folder).unwrap());
    assert_eq!(mode & 0o777, 0o700, "keys are nobody else's business");
    let url = fakes.url("mail-testkirchen");
    let ca = folder.join("ca.pem").display().to_string();
    let mail = mail.display().to_string();
    let send = |ca: &str| {
        curl_code(&[
            "--ssl-reqd",
            "--cacert",
            ca,
            &url,
            "--mail-from",
            "a@b.example",
            "--mail-rcpt",
            "amt@stelle.example",
            "-T",
            &mail,
        ])
    };
    assert_eq!(send(&ca), 0);
    let other = Fakes::up();
    let foreign = format!("{}/ca.pem", other.systems["certificates"].as_str().unwrap());
    assert_eq!(send(&foreign), 60, "the authority is of the run");
    let id = rustix::process::Pid::from_raw(i32::try_from(fakes.child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::HUP).unwrap();
    fakes.child.wait().unwrap();
    assert!(!folder.exists());
}

/// A portal with a password asks for it wherever it says something.
#[test]
fn the_password_of_a_portal_guards_all_of_it() {
    if !tool("curl") {
        return;
    }
    let lines = "user = \"amt\"\npassword = \"24\"";
    let fakes = Fakes::of(&crate::support_http::organisation("portal", lines));
    let postfach = fakes.url("portal");
    let antraege = postfach.replace("/postfach", "/antraege");
    let order = ["-H", "Content-Type: application/json", "-d", "{\"antrag\":\"gewerbeanmeldung\"}"];
    let one = format!("{postfach}/PS-000000000001");
    let calls: [Vec<&str>; 3] = [vec![&antraege], vec![&one], [&order[..], &[&antraege]].concat()];
    for call in calls {
        let code = |more: &[&str]| {
            curl(&[&["-o", "/dev/null", "-w", "%{http_code}"][..], more, &call].concat())
        };
        assert_eq!(code(&[]), "401", "{call:?}");
        assert_ne!(code(&["-u", "amt:24"]), "401", "{call:?}");
    }
}
