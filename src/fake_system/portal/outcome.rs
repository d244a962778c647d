//! What a hub's answer means: Quittung, Rückweisung, or neither.

use crate::fake_system::world::{Progress, Submission};
use crate::xml::{Element, parse};

/// Most characters of an answer that is quoted.
const MOST_QUOTED: usize = 300;

/// Notes an answer. The root element tells, not the status: what does not fit together is said.
pub(super) fn read(submission: &mut Submission, vorgang: &str, status: u16, body: &[u8]) {
    let root = parse(body).map(|d| d.root).unwrap_or_default();
    submission.transaktion = text(&root, "Transaktion");
    let good = (200..300).contains(&status);
    match root.name.as_str() {
        "Quittung" => {
            submission.progress = Progress::Angenommen;
            let number = text(&root, "Vorgangsnummer");
            submission.text = match number {
                Some(other) if other != vorgang => {
                    Some(format!("die Quittung nennt einen anderen Vorgang: {other}"))
                }
                _ if !good => Some(format!("Quittung mit dem Status {status}")),
                _ => None,
            };
        }
        "Rueckweisung" => {
            submission.progress = Progress::Zurueckgewiesen;
            submission.grund = text(&root, "Grund");
            submission.text = text(&root, "Text");
        }
        _ => {
            submission.progress = Progress::Unbeantwortet;
            let said: String = String::from_utf8_lossy(body).chars().take(MOST_QUOTED).collect();
            submission.text =
                Some(format!("Status {status}, weder Quittung noch Rueckweisung: {}", said.trim()));
        }
    }
}

/// The text of the first element of this name, in any namespace.
fn text(root: &Element, name: &str) -> Option<String> {
    let mut found = None;
    root.walk(&mut |_, element| {
        if element.name == name && found.is_none() {
            found = Some(element.text().trim().to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::fake_system::world::{Progress, Submission};

    fn after(status: u16, body: &str) -> Submission {
        let mut submission = Submission {
            portal: "portal".into(),
            application: "a".into(),
            title: "A".into(),
            nachricht: "n".into(),
            to: "http://127.0.0.1:1/".into(),
            time: jiff::Timestamp::UNIX_EPOCH,
            progress: Progress::Gesendet,
            transaktion: None,
            grund: None,
            text: None,
        };
        read(&mut submission, "PS-000000000001", status, body.as_bytes());
        submission
    }

    #[test]
    fn an_answer_is_read_by_its_root() {
        let q = "<Quittung xmlns=\"urn:q\"><Transaktion>TX-1</Transaktion><Vorgangsnummer>PS-000000000001</Vorgangsnummer></Quittung>";
        let done = after(202, q);
        assert_eq!((done.progress, done.text), (Progress::Angenommen, None));
        assert_eq!(done.transaktion.as_deref(), Some("TX-1"));
        let other = after(202, &q.replace("0001<", "0002<")).text.unwrap();
        assert!(other.ends_with("PS-000000000002"), "{other}");
        assert_eq!(after(500, q).text.as_deref(), Some("Quittung mit dem Status 500"));
        let r = "<Rueckweisung><Transaktion>TX-2</Transaktion><Grund>X001</Grund><Text>falsch</Text></Rueckweisung>";
        let done = after(422, r);
        assert_eq!(done.progress, Progress::Zurueckgewiesen);
        assert_eq!((done.grund.as_deref(), done.text.as_deref()), (Some("X001"), Some("falsch")));
        for odd in ["", "<html>502</html>", "<Quittung>"] {
            let done = after(200, odd);
            assert_eq!((done.progress, done.transaktion), (Progress::Unbeantwortet, None), "{odd}");
            assert!(done.text.unwrap().contains("weder Quittung"), "{odd}");
        }
    }
}
