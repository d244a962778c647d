//! What people need besides an address: certificates as files, and a command line that uses them.

use std::path::{Path, PathBuf};

use pruefstand::fake_system::Running;

use super::exit::CliError;

/// A folder with the certificates of running fakes; it goes when this is dropped.
pub struct CertificateFolder(PathBuf);

impl CertificateFolder {
    /// Writes them; none where no system speaks TLS.
    pub fn of(running: &Running) -> Result<Option<Self>, CliError> {
        let files = running.certificate_files()?;
        if files.is_empty() {
            return Ok(None);
        }
        let name = format!("pruefstand-certificates-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let cannot = |e| CliError::CannotWrite(folder.display().to_string(), e);
        std::fs::create_dir(&folder).map_err(cannot)?;
        let kept = Self(folder.clone());
        for (name, text) in files {
            std::fs::write(folder.join(name), text).map_err(cannot)?;
        }
        Ok(Some(kept))
    }

    /// Where they are.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for CertificateFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A command line with the certificates that an `https://` address needs.
pub fn with_certificates(line: String, folder: Option<&CertificateFolder>) -> String {
    match (line.strip_prefix("curl "), folder) {
        (Some(rest), Some(folder)) if rest.contains("https://") => {
            let folder = folder.path().display();
            format!(
                "curl --cacert {folder}/ca.pem --crlfile {folder}/crl.pem \
                 --cert {folder}/client-valid.pem --key {folder}/client-valid.key.pem {rest}"
            )
        }
        _ => line,
    }
}

/// A command line with user and password, where they are asked for.
pub fn with_login(line: String, login: Option<(&str, &str)>) -> String {
    match (line.strip_prefix("curl "), login) {
        (Some(rest), Some((user, password))) => {
            let both = format!("{user}:{password}").replace('\'', "'\\''");
            format!("curl -u '{both}' {rest}")
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::with_login;

    #[test]
    fn a_command_line_says_who_asks() {
        let line = |login| with_login("curl http://x".into(), login);
        assert_eq!(line(None), "curl http://x");
        assert_eq!(line(Some(("u", "p w"))), "curl -u 'u:p w' http://x");
        assert_eq!(line(Some(("u", "it's"))), "curl -u 'u:it'\\''s' http://x");
        assert_eq!(with_login("cp a b".into(), Some(("u", "p"))), "cp a b");
    }
}
