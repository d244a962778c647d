use std::io::Write;

use rawzip::extra_fields::ExtraFields;

use super::{Entry, Limits, unpack};
use crate::fake_system::dms::errors::Caller;
use crate::fake_system::dms::xdomea::fault::Checked;

fn caller(lenient: bool) -> Caller {
    Caller { user: "u".into(), lenient, notes: Vec::new() }
}

fn read(body: &[u8], limits: &Limits, lenient: bool) -> Checked<Vec<Entry>> {
    unpack(body, limits, &mut caller(lenient))
}

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let files = files.iter().map(|(n, b)| ((*n).to_owned(), b.to_vec())).collect::<Vec<_>>();
    crate::wire::pack(&files).unwrap()
}

#[test]
fn what_was_packed_comes_out() {
    let body = packed(&[("a.xml", b"<a/>"), ("\u{e4}.bin", &[7; 5000])]);
    let entries = read(&body, &Limits::default(), false).unwrap();
    let names: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.bytes.len())).collect();
    assert_eq!(names, [("a.xml", 4), ("\u{e4}.bin", 5000)]);
    let _ = ExtraFields::new(&[]);
}

#[test]
fn limits_hold_while_unpacking() {
    let body = packed(&[("a", &[0; 100_000]), ("b", &[0; 100_000])]);
    let of = |limits: Limits| read(&body, &limits, true).map(|e| e.len()).map_err(|f| f.status);
    let most = Limits::default();
    assert_eq!(of(most), Ok(2));
    assert_eq!(of(Limits { entries: 1, ..most }), Err(413));
    assert_eq!(of(Limits { one: 99_999, ..most }), Err(413));
    assert_eq!(of(Limits { all: 199_999, ..most }), Err(413));
    assert_eq!(of(Limits { all: 200_000, ..most }), Ok(2));
    assert_eq!(of(Limits { ratio: 100, ratio_from: 10_000, ..most }), Err(413));
}

/// A size that the directory does not admit is found while unpacking.
#[test]
fn lies_about_sizes_do_not_help_a_bomb() {
    let mut body = packed(&[("a", &[0; 100_000])]);
    let size = 100_000_u32.to_le_bytes();
    let at: Vec<usize> = (0..body.len() - 4).filter(|i| body[*i..*i + 4] == size).collect();
    assert!(!at.is_empty());
    for at in at {
        body[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    let limits = Limits { ratio_from: 1_000, ratio: 10, ..Limits::default() };
    assert_eq!(read(&body, &limits, true).unwrap_err().status, 413);
    assert_eq!(read(&body, &Limits::default(), true).unwrap_err().status, 400);
}

/// Whatever is changed in an archive, the reader answers; and what it lets through is what the
/// archive said before.
#[test]
fn no_archive_makes_it_panic() {
    let mut stored = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut stored);
    let (mut entry, config) = archive.new_file("c.txt").start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(b"plain").unwrap();
    let (_, end) = writer.finish().unwrap();
    entry.finish(end).unwrap();
    archive.finish().unwrap();
    let one = packed(&[("a.xml", b"<a>text that repeats, text that repeats</a>"), ("b.txt", b"b")]);
    let mut accepted = 0;
    for body in [one, stored] {
        for at in 0..body.len() {
            assert!(read(&body[..at], &Limits::default(), true).is_err(), "cut at {at}");
            for value in [0, 1, 0x7F, 0x80, 0xFF, body[at] ^ 1, body[at].wrapping_add(1)] {
                let mut changed = body.clone();
                changed[at] = value;
                for lenient in [false, true] {
                    let Ok(entries) = read(&changed, &Limits::default(), lenient) else { continue };
                    accepted += 1;
                    assert!(entries.iter().all(|e| e.bytes.len() < 100));
                }
            }
        }
    }
    // Times, versions and comments may be anything.
    assert!(accepted > 100, "{accepted}");
}
