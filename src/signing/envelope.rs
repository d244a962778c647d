//! Signed envelopes: DSSE (dsse v1.0.2), in one form only.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Signer, SigningKey, TrustedKeys};

/// Media type of in-toto statements, the only payload that is signed here.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// Type of such a statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// A DSSE envelope around an in-toto statement (v1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Envelope {
    /// Media type of the payload.
    pub payload_type: String,
    /// The statement in base64.
    pub payload: String,
    /// Signatures.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Id of the key.
    pub keyid: String,
    /// The signature in base64.
    pub sig: String,
    /// X.509 chain of the key in PEM, its own certificate first, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
}

/// An envelope whose signatures were all proven.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The statement.
    pub statement: Value,
    /// Who signed, in the order of the signatures; no key twice.
    pub signers: Vec<Signer>,
}

/// Why an envelope is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is no envelope, or not in the form in which they are written.
    #[error("{0}")]
    Form(String),
    /// A signature counts for nothing.
    #[error("signature {number} (key {key}…): {why}")]
    Signature {
        /// Which one, from 1.
        number: usize,
        /// The beginning of the key id it names.
        key: String,
        /// Why.
        why: String,
    },
}

/// Pre-authentication encoding (dsse, section "Signature definition").
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let mut out =
        format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

/// The beginning of a text from outside, fit for a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(12).collect()
}

impl Envelope {
    /// Signs a statement.
    pub fn seal(statement: &Value, key: &SigningKey) -> Self {
        let payload = statement.to_string().into_bytes();
        let mut envelope = Self {
            payload_type: PAYLOAD_TYPE.into(),
            payload: STANDARD.encode(&payload),
            signatures: vec![],
        };
        envelope.sign(&payload, key);
        envelope
    }

    /// Adds a signature over the same payload.
    ///
    /// # Errors
    /// When the key has signed already: one key is one person.
    pub fn countersign(&mut self, key: &SigningKey) -> Result<(), EnvelopeError> {
        if self.signatures.iter().any(|s| s.keyid == key.id()) {
            let text = "this key has signed already; whoever decides is not whoever tested";
            return Err(EnvelopeError::Form(text.into()));
        }
        let payload = self.payload()?;
        self.sign(&payload, key);
        Ok(())
    }

    fn sign(&mut self, payload: &[u8], key: &SigningKey) {
        let sig = STANDARD.encode(key.sign(&pae(payload)));
        self.signatures.push(Signature { keyid: key.id(), sig, cert: key.chain() });
    }

    /// The bytes that are signed (before their pre-authentication encoding).
    ///
    /// # Errors
    /// When they are not base64.
    pub fn payload(&self) -> Result<Vec<u8>, EnvelopeError> {
        STANDARD.decode(&self.payload).map_err(|e| EnvelopeError::Form(format!("payload: {e}")))
    }

    /// The envelope as its file: one form only.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads an envelope without looking at its signatures.
    ///
    /// # Errors
    /// When it is none, or in another form than [`Self::to_text`] gives: signatures cover the payload
    /// only, and one form leaves nothing else to change.
    pub fn read(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let form = |why: String| EnvelopeError::Form(why);
        let envelope: Self = serde_json::from_slice(bytes).map_err(|e| form(e.to_string()))?;
        if envelope.to_text().as_bytes() != bytes {
            return Err(form("the envelope is not in the form in which it is written".into()));
        }
        if envelope.payload_type != PAYLOAD_TYPE {
            return Err(form(format!("payload type \"{}\"", plain(&envelope.payload_type))));
        }
        Ok(envelope)
    }

    /// Proves every signature, then reads the statement. `signed_at` says from the statement when it
    /// was signed: certificates of keys must have been valid then.
    ///
    /// # Errors
    /// When one signature is not proven, a key signed twice, or the payload is no statement in the form
    /// in which they are written (so without duplicate keys).
    pub fn open(
        &self,
        trust: &TrustedKeys,
        signed_at: impl Fn(&Value) -> Option<Timestamp>,
    ) -> Result<Opened, EnvelopeError> {
        let form = |why: String| EnvelopeError::Form(why);
        let payload = self.payload()?;
        // Read before it is believed, for the time alone.
        let read: Result<Value, _> = serde_json::from_slice(&payload);
        let at = read.as_ref().ok().and_then(signed_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let bytes = pae(&payload);
        let mut signers: Vec<Signer> = Vec::new();
        for (index, signature) in self.signatures.iter().enumerate() {
            let refused = |why: &str| EnvelopeError::Signature {
                number: index + 1,
                key: plain(&signature.keyid),
                why: why.to_owned(),
            };
            let sig = STANDARD.decode(&signature.sig).map_err(|e| refused(&e.to_string()))?;
            let signer = trust
                .signer(&bytes, &sig, signature.cert.as_deref(), at)
                .map_err(|why| refused(&why))?;
            // The key id is only a hint; but one that lies is a changed envelope.
            if signer.id != signature.keyid {
                return Err(refused("another key made it than it says"));
            }
            if signers.iter().any(|s| s.id == signer.id) {
                return Err(refused("the same key signed twice"));
            }
            if signer.subject.is_some() && signers.iter().any(|s| s.subject == signer.subject) {
                return Err(refused("the same person signed twice, with another key"));
            }
            signers.push(signer);
        }
        if signers.is_empty() {
            return Err(form("it has no signature".into()));
        }
        let statement = read.map_err(|e| form(format!("the payload is no JSON: {e}")))?;
        if statement.to_string().as_bytes() != payload {
            let why = "the payload is not in the form in which it is written (a duplicate key, or a \
                       number without an exact form)";
            return Err(form(why.into()));
        }
        if statement["_type"] != STATEMENT_TYPE {
            return Err(form("the payload is no in-toto statement (v1)".into()));
        }
        Ok(Opened { statement, signers })
    }
}
