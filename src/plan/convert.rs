//! How a value may change on its way.

use super::types::TestPlan;

/// What a value must look like at the receiver. `None` when the plan names a way nobody knows.
pub fn convert(plan: &TestPlan, how: &str, value: &str) -> Option<String> {
    Some(match how {
        "unchanged" => value.to_owned(),
        "date-german" => match value.split('-').collect::<Vec<_>>()[..] {
            [year, month, day] => format!("{day}.{month}.{year}"),
            _ => value.to_owned(),
        },
        "ja-nein" => match value.trim() {
            "true" | "1" => "ja".to_owned(),
            _ => "nein".to_owned(),
        },
        "decimal-comma" => value.replace('.', ","),
        table => {
            let conversion = plan.conversion.iter().find(|c| c.id == table)?;
            conversion
                .codes
                .get(value)
                .cloned()
                .unwrap_or_else(|| format!("(kein Schlüssel für {value})"))
        }
    })
}
