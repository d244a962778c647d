//! The decision for other tools: a verification summary (SLSA v1.0, "Verification Summary Attestation").

use serde_json::{Value, json};

use super::{Decision, Policy};
use crate::ids::Digest;
use crate::signing::STATEMENT_TYPE;

/// The statement, ready to be signed. Its subjects are the files that go into production; where none
/// were handed in, the certificates.
pub fn summary(decision: &Decision, policy: &Policy, policy_digest: &Digest) -> Value {
    let named = |list: &[(String, Digest)]| -> Vec<Value> {
        let one = |(name, digest): &(String, Digest)| json!({ "name": name, "digest": { "sha256": digest } });
        list.iter().map(one).collect()
    };
    // A statement without subjects would be about everything.
    let nothing = || vec![json!({ "name": "policy", "digest": { "sha256": policy_digest } })];
    let subjects = match decision.artifacts.is_empty() {
        true if decision.certificates.is_empty() => nothing(),
        true => named(&decision.certificates),
        false => named(&decision.artifacts),
    };
    let levels: Vec<String> = match (decision.allowed, policy.stage) {
        (true, Some(stage)) => vec![format!("PRUEFSTAND_STUFE_{stage}")],
        (true, None) => vec!["PRUEFSTAND_ADMITTED".into()],
        (false, _) => vec![],
    };
    let attestations: Vec<Value> = decision
        .certificates
        .iter()
        .map(|(name, digest)| json!({ "uri": name, "digest": { "sha256": digest } }))
        .collect();
    json!({
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": { "id": "urn:pruefstand:gate", "version": { "pruefstand": env!("CARGO_PKG_VERSION") } },
            "timeVerified": decision.at,
            "resourceUri": format!("urn:pruefstand:release:{}", policy.bundles.join("+")),
            "policy": { "digest": { "sha256": policy_digest } },
            "inputAttestations": attestations,
            "verificationResult": if decision.allowed { "PASSED" } else { "FAILED" },
            "verifiedLevels": levels,
            "slsaVersion": "1.0",
        },
    })
}
