//! A certificate for people: one printable page, with the digest of its file as a QR code.

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Value, context};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::Verified;
use crate::verdict::Admission;

const TEMPLATE: &str = include_str!("../../reports/templates/certificate.html");
const TEXTS: [(&str, &str); 2] = [
    ("de", include_str!("../../reports/templates/certificate-de.toml")),
    ("en", include_str!("../../reports/templates/certificate-en.toml")),
];

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template or its texts have a fault.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// Texts have a fault.
    #[error("texts: {0}")]
    Texts(#[from] toml::de::Error),
    /// The code cannot be drawn.
    #[error("QR code: {0}")]
    Code(#[from] qrcode::types::QrError),
}

/// The page. Only a proven certificate has one.
///
/// # Errors
/// When a template has a fault.
pub fn certificate_page(verified: &Verified, language: &str) -> Result<String, PageError> {
    let texts = TEXTS.iter().find(|(name, _)| *name == language).unwrap_or(&TEXTS[0]);
    let texts: BTreeMap<String, String> = toml::from_str(texts.1)?;
    let p = &verified.predicate;
    let said = &verified.statement["predicate"]["particulars"];
    let admission = texts.get(match p.admission {
        Admission::AdmittedWithConditions => "admitted_with_conditions",
        _ => "admitted",
    });
    let score =
        p.detection.as_ref().and_then(|d| d.score.map(|s| (format!("{s:.1}"), d.date.clone())));
    let german = language != "en";
    let mut environment = Environment::new();
    environment.add_filter("day", move |text: String| shown_day(&text, german));
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template("certificate.html", TEMPLATE)?;
    Ok(environment.get_template("certificate.html")?.render(context! {
        t => texts,
        lang => language,
        p => Value::from_serialize(&verified.statement["predicate"]),
        said => Value::from_serialize(said),
        admission,
        score,
        signers => verified.signers.iter().enumerate().map(|(n, s)| context! {
            id => s.id, algorithm => s.algorithm, subject => s.subject, decided => n > 0,
        }).collect::<Vec<_>>(),
        product_files => verified.product_files().map(|(n, d)| (n, d.0.clone())).collect::<Vec<_>>(),
        digest => verified.digest.0,
        code => Value::from_safe_string(code(&verified.digest.0)?),
    })?)
}

/// The day of a time as people write it.
fn shown_day(text: &str, german: bool) -> String {
    match day(text).parse::<jiff::civil::Date>() {
        Ok(d) if german => format!("{:02}.{:02}.{:04}", d.day(), d.month(), d.year()),
        _ => day(text).to_owned(),
    }
}

fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or_default()
}

/// The digest as a QR code (ISO/IEC 18004), SVG.
fn code(digest: &str) -> Result<String, PageError> {
    let code = QrCode::with_error_correction_level(format!("sha256:{digest}"), EcLevel::M)?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(160, 160).quiet_zone(true).build();
    // Only the element: within a page there is no place for an XML declaration.
    Ok(image.find("<svg").map_or(String::new(), |at| image[at..].to_owned()))
}
