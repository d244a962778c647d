//! Clients that want to break a mailbox, or do not know better.

use std::io::Write;
use std::time::{Duration, Instant};

use pruefstand::channel::smtp::{Account, Limits, Settings};
use pruefstand::fake_system::{Behaviour, Which};
use pruefstand::secret::Secret;

use crate::support_mail::{MAILBOX, Post};

#[test]
fn strict_closes_at_smuggling_and_lenient_reads_over_it() {
    let shapes: [&[u8]; 5] = [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r"];
    for shape in shapes {
        let name = shape.escape_ascii().to_string();
        let wire = [b"Subject: x\r\n\r\na", shape, b"MAIL FROM:<evil@x.example>\r\n.\r\n"].concat();
        let post = Post::up("");
        let mut client = post.greeted();
        let answer = client.mails(&wire);
        assert!(answer.starts_with("554 5.6.0"), "{name}: {answer}");
        assert!(client.is_left());
        assert!(post.mailbox().list().entries.is_empty());
        assert!(post.recorder.noted("RFC 5321 4.1.1.4", &name), "{name}");
        let seen = post.recorder.0.lock().unwrap();
        assert!(seen.answers[0].1.ends_with(b"not CRLF\r\n"));
        assert!(seen.requests[0].windows(shape.len()).any(|w| w == shape));
        assert_eq!(seen.observations[0].0, Some(1));
        drop(seen);

        let post = Post::up("mode = \"lenient\"");
        let mut client = post.greeted();
        let answer = client.mails(&wire);
        assert!(answer.starts_with("250"), "{name}: {answer}");
        assert!(client.says("QUIT").starts_with("221"));
        assert_eq!(post.mailbox().list().entries.len(), 1);
        assert!(post.recorder.noted("RFC 5321 4.1.1.4", &name), "{name}");
    }
}

#[test]
fn bare_line_ends_and_long_lines_are_refused_strictly_and_the_session_goes_on() {
    let long = [&[b'x'; 1000][..], b"\r\n.\r\n"].concat();
    let cases: [(&[u8], &str); 3] = [
        (b"a\nb\r\n.\r\n", "RFC 5321 2.3.8"),
        (b"a\rb\r\n.\r\n", "RFC 5321 2.3.8"),
        (&long, "RFC 5321 4.5.3.1.6"),
    ];
    let (strict, lenient) = (Post::up(""), Post::up("mode = \"lenient\""));
    for (wire, clause) in cases {
        for (post, code) in [(&strict, "554 5.6.0"), (&lenient, "250 2.0.0")] {
            let mut client = post.greeted();
            assert!(client.mails(wire).starts_with(code), "{wire:?}");
            assert!(client.mails(b"gut\r\n.\r\n").starts_with("250"));
            assert!(post.recorder.clauses().iter().any(|c| c == clause));
        }
    }
    assert_eq!(strict.mailbox().list().entries.len(), 3);
    assert_eq!(lenient.mailbox().list().entries.len(), 6);
    assert_eq!(&*lenient.mailbox().raw(1).unwrap(), b"a\nb\r\n");
}

#[test]
fn commands_hidden_in_commands_and_fields_hidden_in_fields_are_seen() {
    for mode in ["", "mode = \"lenient\""] {
        let post = Post::up(mode);
        let mut client = post.greeted();
        client.talks(&[
            ("MAIL FROM:<a@b.example>\rRCPT TO:<x@y.example>", "500 5.5.2"),
            ("MAIL FROM:<a\0@b.example>", "501 5.5.2"),
            ("MAIL FROM:<a@b.example> AUTH=<>\x1b[2J", "501 5.5.2"),
            ("MAIL FROM:<a@b.example>", "250"),
            ("RCPT TO:<>", "501"),
            ("RCPT TO:<a@b@c>", "501"),
            ("RCPT TO:<Postmaster>", "250"),
            ("DATA x", "501"),
            ("RSET", "250"),
        ]);
        assert!(post.recorder.noted("RFC 5321 2.3.8", "\\rRCPT TO"));
        let twice =
            b"Subject: a\r\nTo: c@d.example\r\nBcc: x@y.example\r\nsubject : b\r\n\r\n.\r\n";
        assert!(client.mails(twice).starts_with("250"));
        assert!(post.recorder.noted("RFC 5322 3.6", "subject : b"));
        let mut bare = post.greeted();
        bare.sends(b"NOOP\n");
        assert!(bare.hears().starts_with(if mode.is_empty() { "500" } else { "250" }));
        bare.sends(b"MAIL FROM:<\xff@b.example>\r\n");
        assert!(bare.hears().starts_with("501"));
        let mut browser = post.client();
        assert!(browser.says("POST / HTTP/1.1").starts_with("554"));
        assert!(browser.is_left());
    }
}

#[test]
fn nothing_sent_before_tls_is_taken_for_protected() {
    let post = Post::up("");
    let mut client = post.greeted();
    client.sends(b"STARTTLS\r\nRSET\r\n");
    assert!(client.hears().starts_with("554"));
    assert!(client.is_left());
    assert!(post.recorder.noted("RFC 3207 4.2", "RSET"));
    // What is no TLS afterwards ends the session, and nobody else's.
    let mut client = post.greeted();
    client.talks(&[("STARTTLS", "220")]);
    client.sends(b"MAIL FROM:<a@b.example>\r\n");
    assert!(client.is_left());
    post.greeted().talks(&[("STARTTLS", "220")]);
}

#[test]
fn commands_have_an_order() {
    let post = Post::up("");
    let mut client = post.client();
    client.talks(&[
        ("NOOP", "250"),
        ("HELP", "214"),
        ("VRFY somebody", "252"),
        ("MAIL FROM:<a@b.example>", "503"),
        ("AUTH PLAIN =", "503"),
        ("STARTTLS", "503"),
        ("EHLO", "501"),
        ("HELO test.example", "250 "),
        ("RCPT TO:<c@d.example>", "503"),
        ("DATA", "503"),
        ("EHLO test.example", "250-"),
        ("AUTH PLAIN =", "502"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<a@b.example>", "503"),
        ("DATA", "503"),
        ("STARTTLS", "503"),
        ("RCPT TO:<c@d.example>", "250"),
        ("EHLO test.example", "250-"),
        ("DATA", "503"),
        ("BDAT 3 LAST", "502"),
        ("EXPN list", "502"),
        ("WHAT", "500"),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", "555"),
        ("MAIL FROM:<a@b.example> X=Y", "555"),
        ("MAIL FROM:<a@b.example> SIZE=67108865", "552 5.3.4"),
        ("MAIL FROM:<ä@b.example>", "553 5.6.7"),
        ("MAIL FROM:<ä@b.example> SMTPUTF8 BODY=8BITMIME SIZE=100", "250"),
        ("RCPT TO:<ö@d.example>", "250"),
        ("QUIT", "221"),
    ]);
    assert!(client.is_left());
    assert!(post.recorder.noted("RFC 5321 4.1.4", "DATA"));
}

#[test]
fn authentication_is_demanded_checked_and_limited() {
    let post = Post::up("user = \"amt\"\npassword = \"geheim\"");
    let mut client = post.greeted();
    client.talks(&[
        ("MAIL FROM:<a@b.example>", "530 5.7.0"),
        ("AUTH CRAM-MD5", "504"),
        ("AUTH PLAIN", "334"),
        ("*", "501"),
        ("AUTH PLAIN ???", "501"),
        ("AUTH PLAIN AGFtdABmYWxzY2g=", "535 5.7.8"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("YW10", "334 UGFzc3dvcmQ6"),
        ("Z2VoZWlt", "235 2.7.0"),
        ("AUTH PLAIN AGFtdABnZWhlaW0=", "503"),
        ("MAIL FROM:<a@b.example> AUTH=<>", "250"),
    ]);
    let mut guesser = post.greeted();
    let wrong = "AUTH PLAIN AGFtdABmYWxzY2g=";
    guesser.talks(&[(wrong, "535"), (wrong, "535"), (wrong, "421 4.7.0")]);
    assert!(guesser.is_left());
    let mut long = post.greeted();
    let line = format!("AUTH PLAIN {}", "A".repeat(13_000));
    long.talks(&[(line.as_str(), "500"), ("NOOP", "250")]);
}

#[test]
fn limits_hold_and_time_runs_out() {
    let limits = Limits {
        message: 2000,
        recipients: 2,
        commands: 14,
        mistakes: 3,
        sessions: 3,
        idle: Duration::from_millis(500),
        ..Limits::default()
    };
    let account = Account { user: "a".into(), password: Secret::new("b") };
    let post = Post::bare(Settings { limits: limits.clone(), ..Settings::default() });
    let mut client = post.greeted();
    client.talks(&[
        ("MAIL FROM:<a@b.example> SIZE=2001", "552"),
        ("MAIL FROM:<a@b.example>", "250"),
        ("RCPT TO:<c@d.example>", "250"),
        ("RCPT TO:<e@d.example>", "250"),
        ("RCPT TO:<f@d.example>", "452 4.5.3"),
        ("DATA", "354"),
    ]);
    client.sends(&[b"x\r\n".repeat(800), b".\r\n".to_vec()].concat());
    assert!(client.hears().starts_with("552 5.3.4"));
    client.talks(&[("NOOP", "250")]);
    client.opens();
    client.sends(&b"x\r\n".repeat(1500));
    assert!(client.hears().starts_with("552 5.3.4"));
    assert!(client.is_left());

    let mut client = post.greeted();
    client.talks(&[("X", "500"), ("X", "500"), ("X", "500")]);
    assert!(client.hears().starts_with("421 4.7.0"));
    let mut client = post.greeted();
    for _ in 0..13 {
        client.talks(&[("NOOP", "250")]);
    }
    client.talks(&[("NOOP", "421 4.7.0")]);

    // A line without end, then a session without words, then one byte at a time.
    let mut client = post.greeted();
    client.talks(&[("X".repeat(100_000).as_str(), "500 5.5.2"), ("NOOP", "250")]);
    assert!(client.hears().starts_with("421 4.4.2"));
    let mut drip = post.greeted();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if drip.0.get_mut().write_all(b"x").is_err() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(start.elapsed() < Duration::from_secs(5), "one byte now and then kept it open");
    let mut silent = post.greeted();
    silent.opens();
    silent.sends(b"half a li");
    assert!(silent.hears().starts_with("421 4.4.2"));
    drop(post);

    // Nobody may come when three are there, and AUTH needs an account.
    let long = Limits { idle: Duration::from_secs(20), ..limits };
    let settings = Settings { limits: long, account: Some(account), ..Settings::default() };
    let post = Post::bare(settings);
    let there = [post.greeted(), post.greeted(), post.greeted()];
    let stream = std::net::TcpStream::connect(&post.address).unwrap();
    let mut late = crate::support_mail::Client(std::io::BufReader::new(stream));
    assert!(late.hears().starts_with("421 4.3.2"));
    drop(there);
}

#[test]
fn a_client_that_never_reads_is_given_up() {
    let limits =
        Limits { idle: Duration::from_millis(500), commands: 1_000_000, ..Limits::default() };
    let post = Post::bare(Settings { limits, ..Settings::default() });
    let mut client = post.greeted();
    let helps = b"HELP\r\n".repeat(10_000);
    let start = Instant::now();
    // The answers fill the buffers of the network; then the server must not wait for ever.
    while start.elapsed() < Duration::from_secs(20) && client.0.get_mut().write_all(&helps).is_ok()
    {
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    post.greeted().talks(&[("NOOP", "250")]);
}

#[test]
fn a_mailbox_does_what_it_was_told() {
    let post = Post::up("");
    let tell = |how| post.scripts.tell(&MAILBOX.into(), Which::All, how);
    let mail = b"Subject: x\r\n\r\ny\r\n.\r\n";
    for (how, answer, held) in [
        (Behaviour::Refuse, "451 4.3.0", 0),
        (Behaviour::NoSpace, "452 4.3.1", 0),
        (Behaviour::Forget, "250 2.0.0", 0),
        (Behaviour::Garble, "2\u{fffd}0 ", 1),
        (Behaviour::Answer, "250 2.0.0", 2),
    ] {
        tell(how);
        let heard = post.greeted().mails(mail);
        assert!(heard.starts_with(answer), "{how:?}: {heard:?}");
        assert_eq!(post.mailbox().list().entries.len(), held, "{how:?}");
    }
    tell(Behaviour::Delay(700));
    let start = Instant::now();
    assert!(post.greeted().mails(mail).starts_with("250"));
    assert!(start.elapsed() >= Duration::from_millis(700));
    tell(Behaviour::Reset);
    let mut client = post.greeted();
    assert_eq!(client.mails(mail), "");
    tell(Behaviour::Hang);
    let mut client = post.greeted();
    client.0.get_mut().set_read_timeout(Some(Duration::from_millis(700))).unwrap();
    assert_eq!(client.mails(mail), "");
    assert!(!client.is_left(), "it was to stay");
    let seen = post.recorder.0.lock().unwrap();
    assert_eq!((seen.requests.len(), seen.answers.len()), (8, 8));
    let failures: Vec<_> = seen.answers.iter().filter_map(|a| a.2.as_deref()).collect();
    assert_eq!(failures, ["closed without an answer, as told", "left without an answer, as told"]);
    drop(seen);
    // A server that hangs still stops.
    let start = Instant::now();
    drop(post);
    assert!(start.elapsed() < Duration::from_secs(4));
}
