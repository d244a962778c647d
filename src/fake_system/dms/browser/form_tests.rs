use bytes::Bytes;

use super::Form;
use crate::fake_system::dms::errors::{Caller, CmisError};
use crate::wire::percent_decoded;

fn caller(lenient: bool) -> Caller {
    Caller { user: "u".into(), lenient, notes: Vec::new() }
}

fn multipart(parts: &[(&[u8], &[u8])], lenient: bool) -> Result<(Form, Caller), CmisError> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend_from_slice(b"--g\r\nContent-Disposition: form-data; ");
        body.extend_from_slice(head);
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--g--\r\n");
    let mut caller = caller(lenient);
    let form =
        Form::of_body("multipart/form-data; boundary=\"g\"", &Bytes::from(body), &mut caller)?;
    Ok((form, caller))
}

#[test]
fn percent_signs_are_decoded_where_they_stand_for_something() {
    assert_eq!(percent_decoded(b"Stra%C3%9Fe%2"), "Straße%2".as_bytes());
    assert_eq!(percent_decoded(b"100%"), b"100%");
    let form = Form::of_query("propertyId%5B0%5D=cmis%3Aname&PROPERTYVALUE%5B0%5D=a+b").unwrap();
    let given = form.properties(&mut caller(false)).unwrap();
    assert_eq!(given.0, [("cmis:name".to_owned(), vec!["a b".to_owned()])]);
}

#[test]
fn the_nearest_character_set_counts() {
    let latin = (&b"name=\"a\""[..], &b"Stra\xDFe"[..]);
    let charset = (&b"name=\"_charset_\""[..], &b"ISO-8859-1"[..]);
    let (form, caller) = multipart(&[latin, charset], false).unwrap();
    assert_eq!(form.get("a"), Some("Straße"));
    assert!(caller.notes.is_empty());
    assert!(multipart(&[latin], false).is_err());
    let (form, caller) = multipart(&[latin], true).unwrap();
    assert_eq!((form.get("a"), caller.notes.len()), (Some("Straße"), 2));
    let unknown = (&b"name=\"_charset_\""[..], &b"quatsch"[..]);
    assert!(multipart(&[latin, unknown], false).is_err());
}

#[test]
fn file_names_come_without_folders_and_quotes_as_they_are() {
    let of = |head: &[u8]| multipart(&[(head, b"x")], false).unwrap().0.content.unwrap().file_name;
    assert_eq!(of(b"name=\"content\"; filename=\"a \\\"b\\\" %22c%22.pdf\""), "a \"b\" \"c\".pdf");
    assert_eq!(of(b"name=content; filename=\"C:\\Akten\\neu.pdf\""), "neu.pdf");
    assert_eq!(of(b"name=content; filename=\"../../etc/passwd\""), "passwd");
    assert_eq!(
        of("name=content; filename=\"Maßu\u{308}bersicht.pdf\"".as_bytes()),
        "Maßu\u{308}bersicht.pdf"
    );
}

#[test]
fn arrays_have_no_gaps_and_many_values_are_a_list() {
    let form = Form::of_query(
        "propertyId[0]=a&propertyValue[0][1]=y&propertyValue[0][0]=x&propertyId[1]=b",
    );
    let given = form.unwrap().properties(&mut caller(false)).unwrap();
    assert_eq!(given.0[0].1, ["x", "y"]);
    assert!(given.0[1].1.is_empty());
    let gap = Form::of_query("propertyId[1]=a&propertyValue[1]=y").unwrap();
    assert!(gap.properties(&mut caller(false)).is_err());
    assert!(gap.properties(&mut caller(true)).is_ok());
}

#[test]
fn broken_forms_are_errors() {
    let of = |kind: &str, body: &[u8]| {
        Form::of_body(kind, &Bytes::copy_from_slice(body), &mut caller(true)).is_err()
    };
    let kind = "multipart/form-data; boundary=g";
    for body in [
        &b""[..],
        b"--g",
        b"--g\r\n",
        b"--g\r\n\r\n",
        b"--g\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx",
        b"--g\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--g--",
        b"--gg\r\n\r\nx\r\n--gg--",
        b"--g\r\nContent-Disposition: form-data\r\n\r\nx\r\n--g--",
    ] {
        assert!(of(kind, body), "{}", String::from_utf8_lossy(body));
    }
    assert!(of("multipart/form-data", b"--g--"));
    assert!(of("application/json", b"{}"));
}
