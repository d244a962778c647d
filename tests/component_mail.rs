//! A mail system as target: the intact fake passes the whole plan, each of its faults is found, and so
//! is what a program of others does.

use std::collections::BTreeSet;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pruefstand::channel::smtp::{Envelope, Letter, Offers, Outgoing, SmtpError, converse};
use pruefstand::fake_system::FAKE_DEFECTS;
use pruefstand::ids::ComponentKind;

use pruefstand::secret::Secret;

use crate::support::{end, python_client};
use crate::support_component::{Component, each_is_caught};
use crate::support_mail::Post;

/// Faults, each with what it entails besides its own finding.
const DEFECTS: [(&str, &[&str]); 8] = [
    ("mail-drops", &[]),
    ("mail-stores-twice", &[]),
    ("mail-loses-attachment", &[]),
    ("mail-breaks-eight-bit", &[]),
    // Quoted-printable may break a line of an attachment before a dot.
    ("mail-eats-dots", &["mailbox.attachment-different"]),
    ("mail-takes-unknown", &["mailbox.invented"]),
    ("mail-wrong-code", &[]),
    ("mail-refuses-large", &[]),
];

fn mail() -> Component {
    Component::new("mailsystem", "mail-testkirchen", "smtp")
}

#[test]
fn the_intact_fake_passes() {
    let came = mail().fake(&[], 0);
    assert_eq!(came.verdict["overall"], "passed");
    assert!(came.findings.is_empty() && came.count("passed") > 10);
    assert_eq!(came.count("inconclusive") + came.count("not_tested"), 0);
    assert_eq!(came.verdict["untested"], serde_json::json!([]));
}

#[test]
fn each_fault_is_found_1() {
    each_is_caught(&mail(), &DEFECTS[..4]);
}

#[test]
fn each_fault_is_found_2() {
    each_is_caught(&mail(), &DEFECTS[4..]);
}

#[test]
fn a_mailbox_that_nobody_can_look_into_stays_open() {
    let post = Post::up("recipients = \"known\"");
    let came = mail().other("blind", &format!("url = \"smtp://{}\"", post.address), 2);
    assert_eq!(came.count("passed"), 0);
    assert!(came.verdict.to_string().contains("add held = "), "{}", came.verdict);
}

#[test]
fn no_fault_is_left_out() {
    let all = FAKE_DEFECTS.iter().filter(|d| d.kind == ComponentKind::Mailsystem);
    let tested: BTreeSet<&str> = DEFECTS.iter().map(|(id, _)| *id).collect();
    assert_eq!(all.map(|d| d.id).collect::<BTreeSet<_>>(), tested);
}

/// A mail server of others: aiosmtpd, with a Maildir.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts it, with a largest size of 8 MB so that a letter gets near it; nothing where the program
    /// is not there.
    fn start(maildir: &Path) -> Option<Self> {
        let python = python_client()?;
        let has = |p: &Path| Command::new(p).args(["-c", "import aiosmtpd"]).output();
        if !has(&python).is_ok_and(|o| o.status.success()) {
            eprintln!("skipped: aiosmtpd is not installed");
            return None;
        }
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(&python)
            .args(["-m", "aiosmtpd", "-n", "-s", "8000000", "-l", &format!("127.0.0.1:{free}")])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(maildir)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, port: free };
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", free)).is_ok() {
                return Some(server);
            }
            assert!(matches!(server.child.try_wait(), Ok(None)), "aiosmtpd ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("aiosmtpd does not listen");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

#[test]
fn a_server_of_others_passes_what_it_claims() {
    let component = mail();
    let maildir = component.path("postfach");
    let Some(server) = Server::start(&maildir) else { return };
    let interface =
        format!("url = \"smtp://127.0.0.1:{}\"\nheld = \"{}\"", server.port, maildir.display());
    // It takes mail for everybody, which is right for what it is and wrong for an authority's.
    let came = component.other("alles", &interface, 1);
    assert_eq!(came.count("failed"), 1);
    let expected = ["mail.not-refused", "mailbox.invented"];
    assert!(came.findings.iter().all(|f| expected.contains(&f.as_str())), "{:?}", came.findings);
    let claims =
        format!("{interface}\n[claims]\nroles = [\"annahme\", \"bestand\", \"umformung\"]");
    let came = component.other("beansprucht", &claims, 0);
    assert!(came.count("passed") > 10 && came.findings.is_empty());
    assert_eq!(came.verdict["not_claimed"], serde_json::json!(["GEW-304"]));
}

fn letter(offers: &Offers) -> Result<Outgoing, String> {
    assert!(offers.eight_bit && offers.size.is_some());
    let letter = Letter {
        from: "a@b.example".into(),
        to: "c@d.example".into(),
        subject: "Größe".into(),
        text: ".\n..Öl\n".into(),
        eight_bit: true,
        ..Letter::default()
    };
    Ok(Outgoing { message: letter.bytes()?, eight_bit: true, announced: None })
}

#[test]
fn a_password_goes_over_tls_and_into_no_record() {
    let post = Post::up("user = \"amt\"\npassword = \"geheim\"");
    let envelope = |password: &str, tls| Envelope {
        from: "a@b.example".into(),
        to: "c@d.example".into(),
        login: Some(("amt".into(), Secret::new(password))),
        tls,
    };
    let say = |envelope: &Envelope| {
        post.wait(converse(&post.address, envelope, letter, Duration::from_secs(20)))
    };
    let secure = || Some((post.tls(), "localhost".to_owned()));
    let done = say(&envelope("geheim", secure()));
    assert!(done.failure.is_none(), "{:?}", done.failure);
    let sent = String::from_utf8(done.sent).unwrap();
    assert!(sent.contains("STARTTLS\r\nEHLO "), "{sent}");
    assert!(sent.contains("AUTH PLAIN ***\r\nMAIL FROM:<a@b.example> SIZE="), "{sent}");
    assert!(sent.contains("BODY=8BITMIME") && sent.contains("\r\n..\r\n...Öl\r\n"), "{sent}");
    assert!(!sent.contains("AGFtdA"), "{sent}");
    assert_eq!(post.mailbox().letter(1).unwrap().text.trim_end(), ".\r\n..Öl");
    // The wrong password, and a server that is not the one it should be.
    let done = say(&envelope("geraten", secure()));
    assert!(matches!(done.failure, Some(SmtpError::Refused(text)) if text.starts_with("535")));
    let done = say(&envelope("geheim", Some((post.tls(), "anders.example".into()))));
    assert!(done.failure.is_some() && !String::from_utf8_lossy(&done.sent).contains("AUTH"));
    assert_eq!(post.mailbox().list().entries.len(), 1);
}
