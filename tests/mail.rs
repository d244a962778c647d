//! Mail programs that nobody here wrote hand in mail; the mailbox holds what they meant.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::args;
use crate::support::{Sandbox, program, real_data, root, tool};
use crate::support_mail::{Client, MAILBOX, Post, organisation};

/// `pruefstand fake up` with these lines at the mailbox.
struct Up {
    child: Child,
    port: String,
}

impl Up {
    fn with(sandbox: &Sandbox, lines: &str) -> Self {
        let file = sandbox.write("organisation.toml", &organisation(lines));
        let mut child = Command::new(program())
            .args(args!["fake", "up", "--organisation", file, "--format", "json"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let systems: serde_json::Value = serde_json::from_str(&line).unwrap();
        let list = systems["systems"].as_array().unwrap();
        let url = list.iter().find(|s| s["id"] == MAILBOX).unwrap()["url"].as_str().unwrap();
        let port = url.rsplit(':').next().unwrap().to_owned();
        Self { child, port }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn swaks(port: &str, more: &[&str]) -> (bool, String) {
    let base = ["--server", "127.0.0.1", "--port", port, "--timeout", "10"];
    let envelope = ["--from", "a@b.example", "--to", "c@d.example,e@f.example"];
    let done = Command::new("swaks").args(base).args(envelope).args(more).output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    (done.status.success(), text + &String::from_utf8_lossy(&done.stderr))
}

#[test]
fn swaks_hands_in_mail_in_every_way() {
    if !tool("swaks") {
        return;
    }
    let sandbox = Sandbox::new();
    let up = Up::with(&sandbox, "user = \"amt\"\npassword = \"geheim\"");
    let auth = ["--auth-user", "amt", "--auth-password", "geheim"];
    for more in [
        &["--auth", "PLAIN", "--tls"][..],
        &["--auth", "LOGIN", "--tls"],
        &["--auth", "PLAIN"],
        &["--auth", "LOGIN", "--pipeline"],
        &["--auth", "PLAIN", "--tls", "--pipeline", "--body", ".dot\n..dots\n.\nend"],
    ] {
        let (well, text) = swaks(&up.port, &[more, &auth[..]].concat());
        assert!(well && text.contains("250 2.0.0 taken"), "{more:?}\n{text}");
        assert_eq!(more.contains(&"--tls"), text.contains("TLS started"), "{text}");
    }
    let wrong = ["--auth", "PLAIN", "--auth-user", "amt", "--auth-password", "falsch"];
    let (well, text) = swaks(&up.port, &wrong);
    assert!(!well && text.contains("535 5.7.8"), "{text}");
    let (well, text) = swaks(&up.port, &[]);
    assert!(!well && text.contains("530 5.7.0"), "{text}");

    let open = Up::with(&sandbox, "");
    let (well, text) = swaks(&open.port, &["--helo", "x.example", "--protocol", "SMTP"]);
    assert!(well, "{text}");
    let (well, text) =
        swaks(&open.port, &["--auth", "PLAIN", "--auth-user", "a", "--auth-password", "b"]);
    assert!(!well, "{text}");
}

#[test]
fn python_hands_in_mail_with_odd_names_and_addresses() {
    if !tool("python3") {
        return;
    }
    let post = Post::up("user = \"amt\"\npassword = \"geheim\"");
    let script = root().join("tests/clients/mail.py");
    let done = Command::new("python3").arg(script).arg(post.port()).output().unwrap();
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{text}\n{:?}", post.recorder.clauses());

    let list = post.mailbox().list();
    let subjects: Vec<_> = list.entries.iter().map(|e| e.subject.as_str()).collect();
    assert_eq!(subjects, ["Größe", "Raw UTF-8: Größe", "plain"]);
    let letter = post.mailbox().letter(1).unwrap();
    assert_eq!(letter.from, ["a@b.example"]);
    assert_eq!(letter.text.replace('\r', ""), "Grüße\n.Punkt\n");
    let named: Vec<_> = letter
        .attachments
        .iter()
        .map(|a| (a.name.as_deref().unwrap_or("-"), a.media_type.as_str(), a.content.as_slice()))
        .collect();
    let long = format!("{}ß.pdf", "sehr langer Name ".repeat(8));
    assert_eq!(
        named,
        [
            ("Maßübersicht.pdf", "application/pdf", &b"%PDF-1.4\n"[..]),
            ("a \"b\"; c.bin", "application/octet-stream", &b"\x00\xff\r\n.\r\n"[..]),
            (long.as_str(), "application/pdf", &b"x"[..]),
            ("-", "application/octet-stream", &b"y"[..]),
            ("tabelle.csv", "text/csv", "Straße;1\r\n".as_bytes()),
        ]
    );
    assert_eq!(list.entries[1].from, "müller@b.example");
    assert_eq!(list.entries[1].to, ["bürgeramt@d.example"]);
    // Python's library sends what is 8 bit without BODY=8BITMIME, and bare LFs of raw bytes as they
    // are.
    assert_eq!(post.recorder.clauses(), ["RFC 6152 3", "RFC 5321 2.3.8"]);
    // What was said within TLS is recorded as said.
    let seen = post.recorder.0.lock().unwrap();
    assert!(seen.requests.iter().all(|raw| raw.windows(10).any(|w| w == b"mail FROM:")));
    assert!(seen.requests.iter().all(|raw| raw.ends_with(b"\r\n.\r\n")));
    let taken = seen.answers.iter().map(|(_, raw, _)| raw.ends_with(b"250 2.0.0 taken\r\n"));
    assert_eq!(taken.collect::<Vec<_>>(), [true, true, false, true]);
}

/// How the bytes are cut into packets.
fn pieces(wire: &[u8], how: usize) -> Vec<&[u8]> {
    if how > 0 {
        return wire.chunks(how).collect();
    }
    // Between CR and LF, and between LF and dot.
    let cuts: Vec<usize> =
        (1..wire.len()).filter(|at| matches!(&wire[at - 1..=*at], b"\r\n" | b"\n.")).collect();
    let mut out = Vec::new();
    let mut start = 0;
    for cut in cuts.into_iter().chain([wire.len()]) {
        out.push(&wire[start..cut]);
        start = cut;
    }
    out
}

#[test]
fn dots_are_unstuffed_however_the_packets_are_cut() {
    let Some(folder) = real_data("cases/47-smtp-dot-stuffing") else { return };
    for (wire, stored) in [
        ("data-on-the-wire.raw", "stored-message.bin"),
        ("data-first-line-dot.raw", "stored-first-line-dot.bin"),
    ] {
        let wire = std::fs::read(folder.join(wire)).unwrap();
        let stored = std::fs::read(folder.join(stored)).unwrap();
        let post = Post::up("");
        let mut client = post.greeted();
        for (at, how) in [0, 1, 7, wire.len()].into_iter().enumerate() {
            client.opens();
            for piece in pieces(&wire, how) {
                client.sends(piece);
                if how != 1 {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            assert!(client.hears().starts_with("250"));
            assert_eq!(post.mailbox().list().entries.len(), at + 1);
            assert_eq!(&*post.mailbox().raw(at as u64 + 1).unwrap(), stored, "pieces of {how}");
        }
        assert!(client.says("QUIT").starts_with("221"));
        let seen = post.recorder.0.lock().unwrap();
        assert!(seen.requests.iter().all(|raw| raw.ends_with(&wire)));
        assert!(seen.observations.is_empty(), "{:?}", seen.observations);
    }
}

#[test]
fn names_of_attachments_come_out_in_every_form() {
    let Some(folder) = real_data("cases/49-attachment-names") else { return };
    let post = Post::up("");
    let mut client = post.greeted();
    for (number, (file, name, note)) in (1..).zip([
        ("1-rfc2231", "Maßübersicht Größe.pdf", ""),
        ("2-rfc2231-continued", "Maßübersicht Teil Ä.pdf", ""),
        ("3-rfc2047-in-quotes", "Maßübersicht Größe.pdf", "RFC 2047 5"),
        ("4-both-forms", "Maßübersicht.pdf", "RFC 2231 3"),
        ("5-raw-utf8", "Maßübersicht.pdf", "RFC 6532 3.2"),
        ("6-path-in-name", "..\\..\\etc/passwd", ""),
        ("7-name-on-content-type", "Maßübersicht.pdf", "RFC 2183 2.3"),
        ("8-decomposed", "Maßu\u{308}bersicht.pdf", ""),
    ]) {
        let mail = std::fs::read(folder.join(format!("{file}.eml"))).unwrap();
        assert!(!mail.windows(3).any(|w| w == b"\n.."), "the mails need no stuffing");
        assert!(client.mails(&[&mail[..], b".\r\n"].concat()).starts_with("250"), "{file}");
        assert_eq!(&*post.mailbox().raw(number).unwrap(), mail);
        let letter = post.mailbox().letter(number).unwrap();
        assert_eq!(letter.subject, "Maßübersicht für Größen");
        let [attachment] = letter.attachments.as_slice() else { panic!("{file}: {letter:?}") };
        assert_eq!(attachment.name.as_deref(), Some(name), "{file}");
        assert_eq!(attachment.content, b"%PDF-1.4\n", "{file}");
        assert_eq!(attachment.media_type, "application/pdf");
        assert!(attachment.safe_name.starts_with("anlage-1."), "{}", attachment.safe_name);
        match note {
            "" => assert!(attachment.notes.is_empty(), "{file}: {:?}", attachment.notes),
            note => assert!(attachment.notes[0].starts_with(note), "{:?}", attachment.notes),
        }
    }
    // Mail 5, whose name stands there in raw UTF-8.
    assert_eq!(post.recorder.clauses(), ["RFC 6531 3.4"]);
    assert!(post.recorder.noted("RFC 6531 3.4", "filename="));
}

#[test]
fn a_group_of_commands_is_answered_in_order() {
    let post = Post::up("");
    let mut client: Client = post.greeted();
    client.sends(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<bad\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
    let codes: Vec<String> = (0..4).map(|_| client.hears()[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "501", "250", "354"]);
    client.sends(b"Subject: x\r\n\r\ny\r\n.\r\nMAIL FROM:<a@b.example>\r\nRSET\r\nQUIT\r\n");
    let codes: Vec<String> = (0..4).map(|_| client.hears()[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "250", "221"]);
    assert_eq!(post.mailbox().list().entries[0].to, ["c@d.example"]);
}
