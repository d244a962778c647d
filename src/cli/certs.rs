//! Commands about certificates.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use jiff::Timestamp;
use pruefstand::ambient::Clock;
use pruefstand::certificate::{self, SigningKey, TrustedKeys, Verified, VerifyError};
use pruefstand::judged::Judged;
use pruefstand::particulars::Particulars;
use pruefstand::secret::Secret;
use serde_json::json;

use super::args::{Format, Lang};
use super::exit::{CliError, Exit};
use super::output;
use super::runs::{judge_folder, write, write_verdict};

#[derive(Debug, ClapArgs)]
pub struct CertifyArgs {
    /// The run's folder.
    dir: PathBuf,
    /// Private key: PEM or PKCS#12, Ed25519 or P-256; a password is read from PRUEFSTAND_KEY_PASSWORD.
    #[arg(long)]
    key: PathBuf,
    /// Certificate to write.
    #[arg(long)]
    out: PathBuf,
    /// Who tested, for whom, how long it holds, on what conditions (TOML).
    #[arg(long)]
    particulars: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub struct CountersignArgs {
    /// The certificate.
    file: PathBuf,
    /// Private key of whoever decides; another one than that of whoever tested.
    #[arg(long)]
    key: PathBuf,
    /// Public keys and authorities that are trusted, PEM.
    #[arg(long)]
    trust: PathBuf,
    /// Certificate to write.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub struct VerifyArgs {
    /// The certificate.
    file: PathBuf,
    /// Public keys and authorities that are trusted, PEM.
    #[arg(long)]
    trust: PathBuf,
    /// Also hold the run's folder against it, and judge it again.
    #[arg(long)]
    run: Option<PathBuf>,
    /// As of this time (RFC 3339); now where absent.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Write the certificate for people: one printable page.
    #[arg(long)]
    page: Option<PathBuf>,
    /// Language of the page.
    #[arg(long, value_enum, default_value_t = Lang::De)]
    lang: Lang,
}

/// A private key from a file; what is locked is opened with the password from the environment.
pub fn load_key(path: &Path) -> Result<SigningKey, CliError> {
    let password = std::env::var("PRUEFSTAND_KEY_PASSWORD").ok().map(Secret::new);
    Ok(SigningKey::load(path, password.as_ref())?)
}

/// What people said; nothing where there is no file.
pub fn particulars_of(path: Option<&Path>) -> Result<Particulars, CliError> {
    Ok(path.map_or_else(|| Ok(Particulars::none()), Particulars::load)?)
}

fn parts(judged: &Judged) -> certificate::Judged<'_> {
    let Judged { manifest, plan, evidence, verdict, score } = judged;
    certificate::Judged { manifest, plan, evidence, verdict, score: score.as_ref() }
}

/// A certificate for the run in `dir`.
pub fn certify(
    judged: &Judged,
    dir: &Path,
    particulars: &Particulars,
    key: &SigningKey,
) -> Result<certificate::Certificate, certificate::IssueError> {
    certificate::issue(dir, &parts(judged), particulars, key, Clock::system().now())
}

pub fn certify_run(args: &CertifyArgs) -> Result<Exit, CliError> {
    // The key first: it must not fail after the work is done.
    let key = load_key(&args.key)?;
    let particulars = particulars_of(args.particulars.as_deref())?;
    let judged = judge_folder(&args.dir)?;
    // The verdict that is certified is the one just made, not whatever lies in the folder.
    write_verdict(&args.dir, &judged.verdict)?;
    let issued = certify(&judged, &args.dir, &particulars, &key)?;
    write(&args.out, issued.to_text().as_bytes())?;
    output::say(&format!("certificate: {}", args.out.display()));
    Ok(Exit::Passed)
}

pub fn countersign(args: &CountersignArgs) -> Result<Exit, CliError> {
    let key = load_key(&args.key)?;
    let trust = TrustedKeys::load(&args.trust)?;
    let now = Clock::system().now();
    let verified = certificate::verify(&args.file, &trust, now)?;
    let signed = certificate::countersign(&verified, &key, &trust, now)?;
    write(&args.out, signed.to_text().as_bytes())?;
    output::say(&format!(
        "certificate with the decision of key {}: {}",
        &key.id()[..12],
        args.out.display()
    ));
    Ok(Exit::Passed)
}

pub fn verify(args: &VerifyArgs, format: Format) -> Result<Exit, CliError> {
    let trust = TrustedKeys::load(&args.trust)?;
    let now = args.at.unwrap_or_else(|| Clock::system().now());
    let verified = certificate::verify(&args.file, &trust, now)?;
    let (mut proven, mut open) = (Vec::new(), Vec::new());
    from_certificate(&verified, &mut proven, &mut open);
    match &args.run {
        None => open.push("the run itself (use --run)".to_owned()),
        Some(dir) => {
            let (files, besides) = certificate::verify_run(&verified, dir)?;
            proven.push(format!("{files} files of the run are the certified ones"));
            let judged = judge_folder(dir).map_err(|e| {
                let text = e.to_string();
                VerifyError::Run(text.trim_start_matches("error: ").to_owned())
            })?;
            certificate::verify_judged(&verified, &parts(&judged))?;
            proven.push("judged again, the run gives the same result".into());
            if !besides.is_empty() {
                open.push(format!(
                    "{}: no part of what is certified (reports: write them again with `report`)",
                    besides.join(", ")
                ));
            }
        }
    }
    if let Some(path) = &args.page {
        let page = certificate::certificate_page(&verified, args.lang.name());
        write(path, page.map_err(|e| CliError::Fault(e.to_string()))?.as_bytes())?;
    }
    match format {
        Format::Json => output::json(&json!({
            "valid": true,
            "key": verified.predicate.tested_by.key,
            "signers": verified.signers.iter().map(|s| json!({
                "id": s.id, "algorithm": s.algorithm, "subject": s.subject,
            })).collect::<Vec<_>>(),
            "digest": verified.digest,
            "proven": proven,
            "notProven": open,
            "predicate": verified.statement["predicate"],
        })),
        Format::Text => {
            let not = open.iter().map(|o| format!("not looked at: {o}"));
            output::result(&proven.into_iter().chain(not).collect::<Vec<_>>().join("\n"));
        }
    }
    Ok(Exit::Passed)
}

/// What the certificate alone proves, and what it leaves open.
fn from_certificate(verified: &Verified, proven: &mut Vec<String>, open: &mut Vec<String>) {
    let p = &verified.predicate;
    for signer in &verified.signers {
        let role = if signer.id == p.tested_by.key { "tested" } else { "decided" };
        let whose = match &signer.subject {
            Some(subject) => format!("{}, for which {subject} stands", &signer.id[..12]),
            None => signer.id[..12].to_owned(),
        };
        proven.push(format!("signed by trusted key {whose} ({}, {role})", signer.algorithm));
    }
    if verified.deciders().next().is_none() {
        open.push("the decision: only whoever tested has signed".into());
    }
    let t = &p.target;
    proven.push(format!(
        "{} {} {} ({}) passed {} (Umsetzungsstufe {}) on {}",
        t.vendor,
        t.product,
        t.version,
        t.kind,
        p.plan.concept,
        p.plan.stage,
        p.time.ended.to_string().split('T').next().unwrap_or_default()
    ));
    let issued = p.issued.to_string();
    proven.push(format!("certified on {}", issued.split('T').next().unwrap_or_default()));
    match p.validity.until {
        Some(until) => {
            proven.push(format!("holds until {until}, or until {}", p.validity.ends.join(", ")))
        }
        None => proven.push(format!("holds until {}", p.validity.ends.join(", "))),
    }
    if !p.conditions.is_empty() {
        let list: Vec<_> = p.conditions.iter().map(|c| c.finding.as_str()).collect();
        proven.push(format!("admitted with {} conditions: {}", list.len(), list.join("; ")));
    }
    if !p.not_claimed.is_empty() {
        let ids: Vec<&str> = p.not_claimed.iter().map(|id| id.as_str()).collect();
        proven.push(format!("not claimed by the target, so not tested: {}", ids.join(", ")));
    }
    match &p.detection {
        Some(detection) => {
            let score = detection.score.map_or("none".to_owned(), |s| format!("{s:.1} %"));
            let day = detection.date.split('T').next().unwrap_or_default();
            proven.push(format!("fault detection of the plan: {score}, measured {day}"));
        }
        None => proven.push("not measured: how many faults the plan finds".into()),
    }
    let files = verified.product_files().count();
    match files {
        0 => open.push("files of the product: the certificate names none".into()),
        files => proven
            .push(format!("names {files} files of the product (hand them to `gate --artifact`)")),
    }
    open.push("whether it was withdrawn since (see `registry` and `gate`)".into());
}
