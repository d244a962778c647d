//! Commands about certificates.

use std::path::Path;

use pruefstand::certificate::{self, SigningKey, TrustedKeys, VerifyError};

use super::args::Format;
use super::exit::{CliError, Exit};
use super::output;
use super::runs::{certify, judge_folder, write_verdict};

pub fn certify_run(dir: &Path, key: &Path, out: &Path) -> Result<Exit, CliError> {
    // The key first: it must not fail after the work is done.
    let key = SigningKey::load(key)?;
    let judged = judge_folder(dir)?;
    // The verdict that is certified is the one just made, not whatever lies in the folder.
    write_verdict(dir, &judged.verdict)?;
    let issued = certify(&judged, dir, &key)?;
    std::fs::write(out, issued.to_text())
        .map_err(|e| CliError::CannotWrite(out.display().to_string(), e))?;
    output::say(&format!("certificate: {}", out.display()));
    Ok(Exit::Passed)
}

pub fn verify(
    file: &Path,
    trust: &Path,
    run: Option<&Path>,
    format: Format,
) -> Result<Exit, CliError> {
    let trust = TrustedKeys::load(trust)?;
    let verified = certificate::verify(file, &trust)?;
    let mut proven = vec![format!("signed by trusted key {}", &verified.key[..12])];
    let unclaimed = verified.statement["predicate"]["notClaimed"].as_array();
    if let Some(list) = unclaimed.filter(|list| !list.is_empty()) {
        let ids: Vec<&str> = list.iter().filter_map(|id| id.as_str()).collect();
        proven.push(format!("not claimed by the target, so not tested: {}", ids.join(", ")));
    }
    match &verified.statement["predicate"]["detection"] {
        serde_json::Value::Object(detection) => {
            let score =
                detection["score"].as_f64().map_or("none".to_owned(), |s| format!("{s:.1} %"));
            let day = detection["date"].as_str().unwrap_or_default();
            proven.push(format!("fault detection of the plan: {score}, measured {day}"));
        }
        _ => proven.push("not measured: how many faults the plan finds".into()),
    }
    if let Some(dir) = run {
        let files = certificate::verify_run(&verified, dir)?;
        proven.push(format!("{files} files of the run are the certified ones"));
        let judged = judge_folder(dir).map_err(|e| VerifyError::Run(e.to_string()))?;
        let again = serde_json::json!([
            judged.verdict.overall,
            judged.verdict.admission,
            judged.verdict.counts
        ]);
        let predicate = &verified.statement["predicate"];
        let then =
            serde_json::json!([predicate["result"], predicate["admission"], predicate["counts"]]);
        if again != then {
            let why = format!("judged again the run gives {again}, certified was {then}");
            return Err(VerifyError::Run(why).into());
        }
        proven.push("judged again, the run gives the same result".into());
        proven.push(
            "not looked at: report.html and junit.xml (write them again with `report`)".into(),
        );
    } else {
        proven.push("not looked at: the run itself (use --run)".into());
    }
    match format {
        Format::Json => output::json(&serde_json::json!({
            "valid": true, "key": verified.key, "proven": proven,
            "predicate": verified.statement["predicate"],
        })),
        Format::Text => output::result(&proven.join("\n")),
    }
    Ok(Exit::Passed)
}
