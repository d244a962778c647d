//! Certificates: who can make them, what they prove, and that nothing in them can be changed.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pruefstand::certificate::{TrustedKeys, verify_bytes, verify_run};
use pruefstand::secret::Secret;
use pruefstand::signing::{Envelope, STATEMENT_TYPE, Signature, SigningKey, pae};
use serde_json::{Value, json};

use crate::args;
use crate::support::{copy, json, pruefstand, pruefstand_with, python_client};
use crate::support_certificate::{Passed, openssl};

const SAID: &str = "number = \"PB-1\"\n[tester]\nname = \"Petra Prüfer\"\n[decider]\n\
    name = \"Egon Entscheider\"\n[validity]\nevent = \"standard-change\"\n[[condition]]\n\
    text = \"Protokoll <b>aufbewahren</b>\"\ndue = \"2099-01-31\"\n";

fn now() -> Timestamp {
    pruefstand::ambient::Clock::system().now()
}

#[test]
fn tester_and_decider_sign_with_keys_of_all_kinds_and_others_can_check_it() {
    let passed = Passed::new();
    let folder = passed.sandbox.path("");
    passed.sandbox.write("plain", "basicConstraints=CA:FALSE\n");
    let made = openssl(
        &folder,
        &[
            "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.pem",
            "pkey -in ec.pem -pubout -out ec.pub.pem",
            "ec -in ec.pem -out sec1.pem",
            "pkcs8 -topk8 -in ec.pem -passout pass:geheim -out locked.pem",
            "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Wurzel",
            "req -new -key ec.pem -subj /O=Pruefstelle/CN=Entscheidung -out ec.csr",
            "x509 -req -in ec.csr -CA ca.pem -CAkey ca.key -days 20 -extfile plain -out ec.crt",
            "pkcs12 -export -inkey ec.pem -in ec.crt -passout pass:geheim -out ec.p12",
        ],
    );
    let (key, public) = passed.key("tester");
    let first = passed.certify("first", &key, SAID);
    if !made {
        return;
    }
    // The decider's key is trusted only through the authority that answers for it.
    let trust = passed.together("trust.pem", &[&public, &folder.join("ca.pem")]);
    let out = folder.join("decided.json");
    let sign = |key: &str, password: &str, code: i32| {
        let base = args!["countersign", &first, "--key", folder.join(key), "--trust", &trust];
        let all = base.into_iter().chain(args!["--out", &out]);
        pruefstand_with(all, &[("PRUEFSTAND_KEY_PASSWORD", password)]).exits(code)
    };
    assert!(sign("ec.p12", "falsch", 77).stderr.contains("password"));
    sign("ec.p12", "geheim", 0);
    let base = args!["verify", &out, "--trust", &trust, "--run", &passed.run];
    let page = folder.join("page.html");
    let more = args!["--page", &page, "--format", "json"];
    let done = pruefstand(base.into_iter().chain(more)).exits(0);
    let told: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(told["signers"].as_array().unwrap().len(), 2, "{told}");
    assert_eq!(told["signers"][1]["algorithm"], "ecdsa-p256-sha256");
    assert!(told["signers"][1]["subject"].as_str().unwrap().contains("CN=Entscheidung"));
    assert_eq!(told["predicate"]["admission"], "admitted_with_conditions");
    assert_eq!(told["predicate"]["conditions"][0]["due"], "2099-01-31");
    assert!(told["predicate"]["validity"]["until"].is_string());
    assert!(told["predicate"]["requirements"][0]["verdict"].is_string());
    assert!(told["notProven"].to_string().contains("withdrawn"), "{told}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("Egon Entscheider") && page.contains("&lt;b&gt;aufbewahren"), "{page}");
    assert!(page.contains(told["digest"].as_str().unwrap()) && page.contains("<svg"));
    // Every way in which the same key can be written makes the same signature.
    for (file, password) in [("sec1.pem", ""), ("locked.pem", "geheim"), ("ec.pem", "")] {
        let one = folder.join("one.json");
        let base = args!["certify", &passed.run, "--key", folder.join(file), "--out", &one];
        pruefstand_with(base, &[("PRUEFSTAND_KEY_PASSWORD", password)]).exits(0);
        pruefstand(args!["verify", &one, "--trust", folder.join("ec.pub.pem")]).exits(0);
    }
    pruefstand(args!["countersign", &first, "--key", &key, "--trust", &trust, "--out", &out])
        .exits(1);
    checked_by_others(&folder, &out, &public);
}

/// openssl on the signed bytes, and the DSSE of securesystemslib.
fn checked_by_others(folder: &Path, certificate: &Path, tester: &Path) {
    let envelope = json(certificate);
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    std::fs::write(folder.join("signed"), pae(&payload)).unwrap();
    let signature = |n: usize| STANDARD.decode(envelope["signatures"][n]["sig"].as_str().unwrap());
    std::fs::write(folder.join("sig1"), signature(0).unwrap()).unwrap();
    std::fs::write(folder.join("sig2"), signature(1).unwrap()).unwrap();
    openssl(
        folder,
        &[
            &format!(
                "pkeyutl -verify -pubin -inkey {} -rawin -in signed -sigfile sig1",
                tester.display()
            ),
            "dgst -sha256 -verify ec.pub.pem -signature sig2 signed",
        ],
    );
    let Some(python) = python_client() else { return };
    let script = "
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
data = json.load(open(sys.argv[1]))
ids = [s['keyid'] for s in data['signatures']]
keys = [SSlibKey.from_crypto(load_pem_public_key(open(f, 'rb').read()), keyid=i)
        for f, i in zip(sys.argv[2:], ids)]
envelope = Envelope.from_dict(data)
assert len(envelope.verify(keys, 2)) == 2
envelope.payload = envelope.payload[:-1] + b' '
try:
    envelope.verify(keys, 1)
except Exception as e:
    print(type(e).__name__)
";
    let done = Command::new(python)
        .args(["-c", script])
        .args([certificate, tester, &folder.join("ec.pub.pem")])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "VerificationError");
}

#[test]
fn time_and_people_bound_a_certificate() {
    let passed = Passed::new();
    let (key, trust) = passed.key("tester");
    let file = passed.certify("c", &key, SAID);
    let verify = |at: &str, code: i32| {
        pruefstand(args!["verify", &file, "--trust", &trust, "--at", at]).exits(code)
    };
    assert!(verify("2020-01-01T00:00:00Z", 77).stderr.contains("clock is wrong"));
    assert!(verify("2098-01-01T00:00:00Z", 77).stderr.contains("held until"));
    let text =
        "format = \"pruefstand/particulars/1\"\n[tester]\nname = \"A\"\n[decider]\nname = \"A\"\n";
    let same = passed.sandbox.write("same.toml", text);
    let over = passed.sandbox.write(
        "over.toml",
        "format = \"pruefstand/particulars/1\"\n[validity]\nuntil = \"2020-01-01\"\n",
    );
    for (said, code, why) in [(&same, 65, "tester and decider"), (&over, 1, "validity")] {
        let base = args!["certify", &passed.run, "--key", &key, "--out", "/dev/null"];
        let done = pruefstand(base.into_iter().chain(args!["--particulars", said])).exits(code);
        assert!(done.stderr.contains(why), "{}", done.stderr);
    }
}

#[test]
fn every_byte_of_a_certificate_is_refused_when_it_changes() {
    let passed = Passed::new();
    let (key, public) = passed.key("tester");
    let (other, other_public) = passed.key("decider");
    let trust_file = passed.together("trust.pem", &[&public, &other_public]);
    let file = passed.certify("c", &key, SAID);
    let file = passed.countersign(&file, &other, &trust_file);
    let trust = TrustedKeys::load(&trust_file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let right = verify_bytes("c", &bytes, &trust, now()).unwrap();
    assert_eq!(right.signers.len(), 2);
    let mut refused = 0;
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= if at % 2 == 0 { 1 } else { 0x20 };
        match verify_bytes("c", &changed, &trust, now()) {
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
            Ok(still) => {
                assert_eq!(still.statement, right.statement, "byte {at}");
                assert_eq!(still.signers, right.signers, "byte {at}");
            }
        }
        if at % 41 == 0 {
            let mut shorter = bytes.clone();
            shorter.remove(at);
            assert!(verify_bytes("c", &shorter, &trust, now()).is_err(), "without byte {at}");
        }
    }
    assert_eq!(refused, bytes.len());
}

#[test]
fn what_a_certificate_binds_cannot_be_changed_cut_off_or_added_to() {
    let passed = Passed::new();
    let (key, public) = passed.key("tester");
    let file = passed.certify("c", &key, "");
    let trust = TrustedKeys::load(&public).unwrap();
    let verified = verify_bytes("c", &std::fs::read(&file).unwrap(), &trust, now()).unwrap();
    let folder = passed.sandbox.path("copy");
    copy(&passed.run, &folder);
    let (files, besides) = verify_run(&verified, &folder).unwrap();
    assert!(files > 5, "{files}");
    assert_eq!(besides, ["junit.xml", "report.html", "target.log"]);
    let bound: Vec<String> = verified
        .subjects
        .iter()
        .map(|s| s.name.clone())
        .filter(|n| !n.starts_with("product/"))
        .collect();
    for name in ["plan.toml", "evidence.jsonl", "run.json", "verdict.json", "inputs/target.toml"] {
        assert!(bound.iter().any(|b| b == name), "{name} is not bound");
    }
    for name in &bound {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap();
        // A prime step, so that every kind of place is met.
        for at in (0..bytes.len()).step_by((bytes.len() / 23).max(1) | 1) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            assert!(verify_run(&verified, &folder).is_err(), "{name}, byte {at}");
        }
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(verify_run(&verified, &folder).is_err(), "{name}, cut off");
        std::fs::remove_file(&path).unwrap();
        assert!(verify_run(&verified, &folder).is_err(), "{name}, gone");
        std::fs::write(&path, bytes).unwrap();
    }
    verify_run(&verified, &folder).unwrap();
    let whole = |code: i32| {
        pruefstand(args!["verify", &file, "--trust", &public, "--run", &folder]).exits(code)
    };
    whole(0);
    for foreign in ["inputs/foreign.xml", "blobs/foreign"] {
        let path = folder.join(foreign);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "foreign").unwrap();
        assert!(whole(77).stderr.contains("foreign"), "{foreign}");
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::write(folder.join("note.txt"), "beside").unwrap();
    assert!(whole(0).stdout.contains("note.txt"));
}

/// A statement that a trusted key signs, put together by hand.
fn sealed(payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let envelope = Envelope {
        payload_type: pruefstand::signing::PAYLOAD_TYPE.into(),
        payload: STANDARD.encode(payload),
        signatures: vec![Signature {
            keyid: key.id(),
            sig: STANDARD.encode(key.sign(&pae(payload))),
            cert: None,
        }],
    };
    envelope.to_text().into_bytes()
}

#[test]
fn forms_of_json_keys_and_signatures_leave_no_way_round() {
    let passed = Passed::new();
    let (key_file, public) = passed.key("tester");
    let (_, other) = passed.key("other");
    let trust = TrustedKeys::load(&public).unwrap();
    let file = passed.certify("c", &key_file, "");
    let bytes = std::fs::read(&file).unwrap();
    let key = SigningKey::load(&key_file, None).unwrap();
    let verified = verify_bytes("c", &bytes, &trust, now()).unwrap();
    let payload = verified.certificate.payload().unwrap();
    let refused = |bytes: &[u8], why: &str| {
        let error = verify_bytes("c", bytes, &trust, now()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    // A duplicate key, also where a trusted key signed it; lenient readers keep the last one.
    let text = String::from_utf8(payload.clone()).unwrap();
    let twice =
        text.replacen("\"result\":\"passed\"", "\"result\":\"failed\",\"result\":\"passed\"", 1);
    assert_ne!(twice, text);
    refused(&sealed(twice.as_bytes(), &key), "duplicate key");
    refused(&sealed(text.replacen("{", "{ ", 1).as_bytes(), &key), "form in which it is written");
    let envelope = String::from_utf8(bytes.clone()).unwrap();
    let twice = envelope.replacen("{", "{\n  \"payloadType\": \"x\",", 1);
    refused(twice.as_bytes(), "duplicate field");
    // Other types, other keys, other algorithms, no signature.
    refused(
        envelope.replacen("vnd.in-toto+json", "vnd.in-toto+yaml", 1).as_bytes(),
        "payload type",
    );
    let statement =
        json!({ "_type": STATEMENT_TYPE, "subject": [], "predicateType": "x", "predicate": {} });
    refused(&sealed(statement.to_string().as_bytes(), &key), "another type");
    let mut none = verified.certificate.clone();
    none.signatures.clear();
    refused(none.to_text().as_bytes(), "no signature");
    let mut twice = verified.certificate.clone();
    twice.signatures.push(twice.signatures[0].clone());
    refused(twice.to_text().as_bytes(), "signed twice");
    let mut lies = verified.certificate.clone();
    lies.signatures[0].keyid.replace_range(..1, "x");
    refused(lies.to_text().as_bytes(), "another key");
    let mut raw = verified.certificate.clone();
    // 64 bytes that another algorithm takes for r and s.
    raw.signatures[0].sig = STANDARD.encode([7; 64]);
    refused(raw.to_text().as_bytes(), "no trusted key");
    let foreign = TrustedKeys::load(&other).unwrap();
    assert!(verify_bytes("c", &bytes, &foreign, now()).is_err());
    // A public key is no private one, and the other way round.
    let error = SigningKey::load(&public, None).unwrap_err().to_string();
    assert!(error.contains("no private key"), "{error}");
    assert!(TrustedKeys::load(&key_file).is_err());
    for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
        assert!(TrustedKeys::from_pem("x", text).is_err());
        assert!(SigningKey::from_secret("x", &Secret::new(text)).is_err());
    }
}

/// The kinds of JSON that readers take for different things, as what a trusted key signed.
#[test]
fn json_that_can_be_read_in_two_ways_is_never_believed() {
    let Some(folder) = crate::support::real_data("cases/65-signed-json-form") else { return };
    let (private, public) = pruefstand::certificate::generate().unwrap();
    let key = SigningKey::from_secret("key", &private).unwrap();
    let trust = TrustedKeys::from_pem("trust", &public).unwrap();
    let open = |text: &str| {
        let payload = format!("{{\"_type\":\"{STATEMENT_TYPE}\",\"case\":{}}}", text.trim());
        let envelope = Envelope::read(&sealed(payload.as_bytes(), &key)).unwrap();
        envelope.open(&trust, |_| None).map(|opened| opened.statement["case"].to_string())
    };
    let mut refused = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        match open(&text) {
            // What is believed is what was signed, to the byte.
            Ok(read) => assert_eq!(read, text.trim(), "{}", path.display()),
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("form in which it is written"), "{error}");
            }
        }
    }
    assert!(refused >= 2, "{refused}");
    assert_eq!(open("{\"a\":1}").unwrap(), "{\"a\":1}");
    assert!(open("{\"a\":1,\"a\":1}").is_err());
    assert!(open("{\"a\":123456789012345678901234567890}").is_err());
}

#[test]
fn a_chain_that_ends_elsewhere_or_may_not_sign_proves_nothing() {
    let passed = Passed::new();
    let folder = passed.sandbox.path("");
    let lines = [
        "genpkey -algorithm ed25519 -out key.pem",
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Wurzel",
        "req -x509 -newkey rsa:2048 -nodes -keyout no.key -out no.pem -days 30 -subj /CN=Andere",
        "req -new -key key.pem -subj /CN=Pruefer -out key.csr",
        "x509 -req -in key.csr -CA ca.pem -CAkey ca.key -days 20 -extfile plain -out good.crt",
        "x509 -req -in key.csr -CA no.pem -CAkey no.key -days 20 -extfile plain -out elsewhere.crt",
        "x509 -req -in key.csr -CA ca.pem -CAkey ca.key -days 20 -extfile purpose -out purpose.crt",
        "x509 -req -in key.csr -CA ca.pem -CAkey ca.key -days 20 -extfile usage -out usage.crt",
        "genpkey -algorithm ed25519 -out other.pem",
    ];
    passed.sandbox.write("plain", "basicConstraints=CA:FALSE\n");
    passed.sandbox.write("purpose", "extendedKeyUsage=emailProtection\n");
    passed.sandbox.write("usage", "keyUsage=keyEncipherment\n");
    if !openssl(&folder, &lines) {
        return;
    }
    let certify = |key: &str, chain: &str, code: i32| {
        let both = passed.together("both.pem", &[&folder.join(key), &folder.join(chain)]);
        let out = folder.join("c.json");
        let done = pruefstand(args!["certify", &passed.run, "--key", both, "--out", &out]);
        (done.exits(code), out)
    };
    let verify = |file: &Path, code: i32| {
        pruefstand(args!["verify", file, "--trust", folder.join("ca.pem")]).exits(code)
    };
    let (_, file) = certify("key.pem", "good.crt", 0);
    assert!(verify(&file, 0).stdout.contains("CN=Pruefer"));
    for (chain, why) in [
        ("elsewhere.crt", "refused"),
        ("purpose.crt", "refused"),
        ("usage.crt", "does not allow the key to sign"),
    ] {
        let (_, file) = certify("key.pem", chain, 0);
        let done = verify(&file, 77);
        assert!(done.stderr.contains(why), "{chain}: {}", done.stderr);
    }
    let (done, _) = certify("other.pem", "good.crt", 77);
    assert!(done.stderr.contains("not the key's own"), "{}", done.stderr);
}

/// Whoever holds the folder cannot say afterwards that something else was tested.
#[test]
fn a_manifest_that_was_changed_is_not_certified() {
    let passed = Passed::new();
    let (key, _) = passed.key("tester");
    for (number, (field, value)) in [
        ("/target/version", json!("9.9.9")),
        ("/target/files/0/sha256", json!("0".repeat(64))),
        ("/harness_sha256", json!("0".repeat(64))),
        ("/target_says", json!("ich bin ein anderer")),
        ("/started", json!("1999-01-01T00:00:00Z")),
        ("/ended", json!("1999-01-01T00:00:00Z")),
        ("/engines/libxml2", json!("99")),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = passed.sandbox.path(&format!("other-{number}"));
        copy(&passed.run, &folder);
        let mut manifest = json(&folder.join("run.json"));
        *manifest.pointer_mut(field).unwrap() = value;
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        std::fs::write(folder.join("run.json"), text + "\n").unwrap();
        let base = args!["certify", &folder, "--key", &key, "--out", "/dev/null"];
        let done = pruefstand(base).exits(65);
        assert!(done.stderr.contains("than the evidence"), "{field}: {}", done.stderr);
    }
}

#[test]
fn one_person_is_not_two_and_a_tester_is_no_authority() {
    let passed = Passed::new();
    let folder = passed.sandbox.path("");
    passed.sandbox.write("plain", "basicConstraints=CA:FALSE\n");
    let lines = [
        "genpkey -algorithm ed25519 -out a.pem",
        "genpkey -algorithm ed25519 -out b.pem",
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=Wurzel",
        "req -new -key a.pem -subj /CN=Petra -out a.csr",
        "req -new -key b.pem -subj /CN=Petra -out b.csr",
        "x509 -req -in a.csr -CA ca.pem -CAkey ca.key -days 20 -extfile plain -out a.crt",
        "x509 -req -in b.csr -CA ca.pem -CAkey ca.key -days 20 -extfile plain -out b.crt",
        "x509 -req -in b.csr -CA a.crt -CAkey a.pem -days 20 -extfile plain -out own.crt",
    ];
    if !openssl(&folder, &lines) {
        return;
    }
    let a = passed.together("a-chain.pem", &[&folder.join("a.pem"), &folder.join("a.crt")]);
    let b = passed.together("b-chain.pem", &[&folder.join("b.pem"), &folder.join("b.crt")]);
    let file = folder.join("c.json");
    pruefstand(args!["certify", &passed.run, "--key", &a, "--out", &file]).exits(0);
    let sign = |key: &Path, trust: &Path, code: i32| {
        let base = args!["countersign", &file, "--key", key, "--trust", trust];
        pruefstand(base.into_iter().chain(args!["--out", folder.join("d.json")])).exits(code)
    };
    let done = sign(&b, &folder.join("ca.pem"), 1);
    assert!(done.stderr.contains("the same person signed twice"), "{}", done.stderr);
    // A key that nobody trusts decides nothing.
    let (stranger, _) = passed.key("stranger");
    let done = sign(&stranger, &folder.join("ca.pem"), 1);
    assert!(done.stderr.contains("would not be believed"), "{}", done.stderr);
    // The tester's own certificate answers for nobody.
    let trust = passed.together("trust.pem", &[&folder.join("ca.pem"), &folder.join("a.crt")]);
    let done = pruefstand(args!["verify", &file, "--trust", &trust]).exits(77);
    assert!(done.stderr.contains("not that of an authority"), "{}", done.stderr);
}

#[test]
fn pipes_folders_and_escapes_do_no_harm() {
    let passed = Passed::new();
    let (key, public) = passed.key("tester");
    let file = passed.certify("c", &key, "");
    let pipe = passed.sandbox.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let policy = passed
        .sandbox
        .write("policy.toml", "format = \"pruefstand/policy/1\"\nbundles = [\"gewerbe\"]\n");
    for (base, code) in [
        (args!["verify", &pipe, "--trust", &public].to_vec(), 77),
        (args!["verify", &file, "--trust", &pipe].to_vec(), 77),
        (args!["verify", passed.sandbox.path(""), "--trust", &public].to_vec(), 77),
        (args!["gate", "--policy", &policy, "--trust", &public, &pipe].to_vec(), 1),
        (
            args!["gate", "--policy", &policy, "--trust", &public, "--artifact", &pipe, &file]
                .to_vec(),
            1,
        ),
        (args!["gate", "--policy", &pipe, "--trust", &public, &file].to_vec(), 65),
    ] {
        pruefstand(base).exits(code);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let evil = text.replacen("application/vnd.in-toto+json", "\\u001b[2J\\nOK yes", 1);
    let evil = passed.sandbox.write("evil.json", &evil);
    let done = pruefstand(args!["verify", evil, "--trust", &public]).exits(77);
    assert!(!done.stderr.contains('\u{1b}'), "{:?}", done.stderr);
}
