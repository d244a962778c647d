//! Texts that may stand in a message.

use super::version::Version;
use crate::xdomea::is_latin;

/// The text with what the version cannot say replaced: XML 1.0 knows no control characters, 2.4.0
/// only Latin ones.
pub(super) fn clean(version: Version, text: &str) -> String {
    let of = |c: char| match c {
        '\t' | '\n' | '\r' | ' '..='~' => c,
        '\0'..' ' | '\u{7F}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}' => '?',
        _ if !version.is_2() || is_latin(c) => c,
        '\u{2010}'..='\u{2015}' => '-',
        '\u{2018}'..='\u{201B}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        '\u{A0}' => ' ',
        _ => '?',
    };
    text.chars().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::clean;
    use crate::fake_system::dms::xdomea::version::Version;

    #[test]
    fn texts_keep_what_the_version_can_say() {
        let text = "Müller – „Straße“ \u{1}Ж €";
        assert_eq!(clean(Version::V3_0_0, text), "Müller – „Straße“ ?Ж €");
        assert_eq!(clean(Version::V2_4_0, text), "Müller - \"Straße\" ?? €");
    }
}
