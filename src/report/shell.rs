//! Words of a POSIX shell, safe to print and to paste.

use std::fmt::Write as _;

use super::visible::visible;

/// One word of a POSIX shell that stands for exactly this text. What would not be visible on a
/// terminal, or would change how the line runs, is written as `printf` makes it, so that the line
/// shows all that it does. A word cannot hold NUL (POSIX `execve`); it is left out.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.:_-=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    let mut out = String::new();
    // Whether a single quote is open.
    let mut open = false;
    let mut buffer = [0; 4];
    for c in text.chars().filter(|c| *c != '\0') {
        let own = c.encode_utf8(&mut buffer);
        // A newline within quotes stays; `$(…)` would swallow it. CR goes back over what was printed.
        let hidden = c != '\n' && (visible(own) != *own || c == '\r' || c == '\t');
        if hidden == open {
            out.push('\'');
            open = !open;
        }
        if hidden {
            out.push_str("\"$(printf '");
            for byte in own.bytes() {
                let _ = write!(out, "\\{byte:03o}");
            }
            out.push_str("')\"");
        } else if c == '\'' {
            out.push_str("'\\''");
        } else {
            out.push(c);
        }
    }
    if open {
        out.push('\'');
    }
    if out.is_empty() { "''".into() } else { out }
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_shell_reads_back_what_was_meant() {
        let hostile = [
            "",
            "plain/word:1",
            "a b\"c$d`e\\f!g",
            "it's",
            "''",
            "'; touch /tmp/never; '",
            "$(id) ${HOME} `id` && || ; | & > < * ? [a] ~ #",
            "two\nlines\n",
            "\n",
            "\u{1b}[31mred\u{1b}[0m\r\tx\u{7f}",
            "\u{1b}",
            "'\u{1b}'",
            "\u{202e}gnp.exe ü 漢 \u{feff}",
            "%s%n \\033 \\0",
            "-n",
            "@file",
            "\u{85}\u{9b}x",
        ];
        for shell in ["sh", "bash", "dash"] {
            for text in hostile {
                let word = shell_word(text);
                assert!(!word.contains(['\u{1b}', '\r', '\u{202e}', '\u{9b}']), "{word:?}");
                let script = format!("printf '%s' {word}x");
                let Ok(done) = std::process::Command::new(shell).args(["-c", &script]).output()
                else {
                    // Not every system has every shell; sh is everywhere.
                    assert_ne!(shell, "sh");
                    continue;
                };
                assert_eq!(String::from_utf8_lossy(&done.stdout), format!("{text}x"), "{script}");
            }
        }
        assert_eq!(shell_word("a\0b"), "'ab'");
    }
}
