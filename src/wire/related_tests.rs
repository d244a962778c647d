//! Messages of several parts, from files that broke other readers, and cut off everywhere.

use base64::Engine;

use super::xop::inline;
use super::{Breach, MediaType, Notes, Package};
use crate::xml::{Element, parse_labelled};

fn read(head: &str, body: &[u8], lenient: bool) -> Result<(Element, Vec<&'static str>), Breach> {
    let mut notes = Notes::new(lenient);
    let head = MediaType::parse(head).map_err(|e| Breach::new("", e))?;
    let package = Package::open(&head, body, &mut notes)?;
    let charset = package.root_type.parameter("charset");
    let mut root = parse_labelled(package.root(), charset).unwrap().document.root;
    inline(&mut root, Some(&package), &mut notes)?;
    Ok((root, notes.list.into_iter().map(|(clause, _)| clause).collect()))
}

fn datei(root: &Element) -> Vec<u8> {
    let text = root.elements_at("Body/Ablage/Datei")[0].text();
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

fn case(name: &str) -> Option<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/45-mtom-multipart/");
    std::fs::read(format!("{folder}{name}")).ok()
}

#[test]
fn files_that_broke_others_are_read_as_they_are_meant() {
    let head = |name: &str| {
        let text = String::from_utf8(case(name).unwrap()).unwrap();
        text.trim_end().strip_prefix("Content-Type: ").unwrap().to_owned()
    };
    if case("expected.txt").is_none() {
        eprintln!("skipped: the cases are not there");
        return;
    }
    let first = case("body-root-first.bin").unwrap();
    let last = case("body-attachment-first.bin").unwrap();
    for header in ["header-with-start.txt", "header-start-without-brackets.txt"] {
        for body in [&first, &last] {
            let (root, notes) = read(&head(header), body, false).unwrap();
            let bytes = datei(&root);
            assert_eq!(bytes.len(), 41, "{header}");
            assert!(bytes.starts_with(b"%PDF-1.4\r\n--rand_7\r\n") && bytes.ends_with(b"Ende\r\n"));
            assert_eq!(notes, Vec::<&str>::new());
        }
    }
    let without = head("header-without-start.txt");
    assert_eq!(datei(&read(&without, &first, false).unwrap().0).len(), 41);
    let fault = read(&without, &last, false).unwrap_err();
    assert!(fault.reason.contains("application/pdf"), "{}", fault.reason);
    let cut = case("body-cut-off.bin").unwrap();
    for lenient in [false, true] {
        let fault = read(&head("header-with-start.txt"), &cut, lenient).unwrap_err();
        assert_eq!(fault.reason, "multipart body ends before the closing boundary");
    }
}

const HEAD: &str = "multipart/related; boundary=b; type=\"application/xop+xml\"; start=\"<w@e>\"; start-info=\"text/xml\"";

fn root(href: &str) -> String {
    format!(
        "Content-Type: application/xop+xml; charset=UTF-8; type=\"text/xml\"\r\nContent-ID: <w@e>\r\n\r\n\
         <E><Body><Ablage><Datei><x:Include xmlns:x='http://www.w3.org/2004/08/xop/include' href='{href}'/></Datei></Ablage></Body></E>"
    )
}

fn body(parts: &[&str]) -> Vec<u8> {
    let parts: String = parts.iter().map(|p| format!("--b\r\n{p}\r\n")).collect();
    format!("{parts}--b--\r\n").into_bytes()
}

#[test]
fn every_transfer_encoding_and_order_gives_the_same_bytes() {
    for (encoding, content) in [
        ("binary", "a=Ü\r\n"),
        ("8bit", "a=Ü\r\n"),
        ("BASE64", "YT3D\r\n nA0K\r\n"),
        ("quoted-printable", "a=3D=C3=9C=\r\n\r\n"),
    ] {
        let part =
            format!("Content-Transfer-Encoding: {encoding}\r\nContent-ID: <p@e>\r\n\r\n{content}");
        for parts in [[root("cid:p@e"), part.clone()], [part.clone(), root("CID:p%40e")]] {
            let body = body(&[&parts[0], &parts[1]]);
            let (root, _) = read(HEAD, &body, false).unwrap();
            assert_eq!(datei(&root), "a=Ü\r\n".as_bytes(), "{encoding}");
            // Wherever it ends too early, it is no message.
            for end in 0..body.len() - 2 {
                let cut = read(HEAD, &body[..end], true);
                assert!(cut.is_err(), "{encoding}: cut at {end} of {}", body.len());
            }
        }
    }
}

#[test]
fn parts_that_are_missing_double_or_unreadable_are_faults() {
    let part = |lines: &str| format!("{lines}\r\n\r\nx");
    let p = part("Content-ID: <p@e>");
    let root = |href: &str| root(href);
    for (what, head, body) in [
        ("no part for", HEAD, body(&[&root("cid:q@e"), &p])),
        ("no part for", HEAD, body(&[&root("cid:w@e"), &p])),
        ("no cid:", HEAD, body(&[&root("http://e/p"), &p])),
        ("badly escaped", HEAD, body(&[&root("cid:p%4"), &p])),
        ("two parts have", HEAD, body(&[&root("cid:p@e"), &p, &p])),
        ("no part has the Content-ID of start", HEAD, body(&[&p])),
        (
            "no base64",
            HEAD,
            body(&[
                &root("cid:p@e"),
                &part("Content-ID: <p@e>\r\nContent-Transfer-Encoding: base64"),
            ]),
        ),
        (
            "uuencode is not known",
            HEAD,
            body(&[
                &root("cid:p@e"),
                &part("Content-ID: <p@e>\r\nContent-Transfer-Encoding: uuencode"),
            ]),
        ),
        (
            "stands twice",
            HEAD,
            body(&[&root("cid:p@e"), &part("Content-ID: <p@e>\r\nContent-ID: <q@e>")]),
        ),
        ("without colon", HEAD, body(&[&root("cid:p@e"), &part("Content-ID <p@e>")])),
        ("header does not end", HEAD, body(&["Content-ID: <p@e>"])),
        ("without a part", HEAD, b"--b--\r\n".to_vec()),
        ("before the closing boundary", HEAD, b"".to_vec()),
        ("is no boundary", "multipart/related; type=\"application/xop+xml\"", body(&[&p])),
    ] {
        for lenient in [false, true] {
            let fault = read(head, &body, lenient).unwrap_err();
            assert!(fault.reason.contains(what), "{what}: {}", fault.reason);
        }
    }
    // Where readers could part company, a strict one refuses and a lenient one goes on.
    let alike = format!("{p}\r\n--bb\r\ny");
    let odd = body(&[&root("cid:p@e"), &alike]);
    assert!(read(HEAD, &odd, false).unwrap_err().reason.contains("and goes on"));
    let (tree, notes) = read(HEAD, &odd, true).unwrap();
    assert_eq!((datei(&tree), notes), (b"x\r\n--bb\r\ny".to_vec(), vec!["RFC 2046, 5.1.1"]));
}
