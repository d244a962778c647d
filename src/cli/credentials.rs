//! What people need besides an address: certificates as files, and a command line that uses them.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use pruefstand::ambient::random_bytes;
use pruefstand::channel::file::path_of_url;
use pruefstand::fake_system::Running;
use pruefstand::ids::SystemId;
use pruefstand::organisation::{ExportedSystem, TestOrganisation};
use pruefstand::report::shell_word;

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
        // Keys lie in it: nobody else can have made it before, and nobody else may look into it.
        let random = random_bytes::<8>().map_err(|e| CliError::Fault(e.to_string()))?;
        let random: String = random.iter().map(|b| format!("{b:02x}")).collect();
        let folder = std::env::temp_dir().join(format!("pruefstand-certificates-{random}"));
        let cannot = |e| CliError::CannotWrite(folder.display().to_string(), e);
        std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(cannot)?;
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

/// A command that shows a system at work, with the certificates and the password that it needs.
pub fn command_line(
    organisation: &TestOrganisation,
    system: &ExportedSystem,
    certificates: Option<&CertificateFolder>,
) -> String {
    let line = curl_line(&system.protocol, &system.url);
    let Some(rest) = line.strip_prefix("curl ") else { return line };
    let mut out = "curl ".to_owned();
    if let Some(folder) = certificates.filter(|_| rest.contains("https://")) {
        let folder = folder.path().display();
        out.push_str(&format!(
            "--cacert {folder}/ca.pem --crlfile {folder}/crl.pem \
             --cert {folder}/client-valid.pem --key {folder}/client-valid.key.pem "
        ));
    }
    if let Some((user, password)) = login(organisation, &system.id) {
        out.push_str(&format!("-u {} ", shell_word(&format!("{user}:{password}"))));
    }
    out + rest
}

fn curl_line(protocol: &str, url: &str) -> String {
    match protocol {
        "smtp" => format!(
            "curl {url} --mail-from a@portal.example --mail-rcpt amt@stelle.example -T mail.eml"
        ),
        "file" => {
            let folder = path_of_url(url).unwrap_or_default();
            let at = |name: &str| shell_word(&folder.join(name).display().to_string());
            let (part, whole) = (at(".a.tmp"), at("antrag.xml"));
            format!("cp antrag.xml {part} && mv {part} {whole}")
        }
        "soap" => format!("curl '{url}?wsdl'"),
        "rest-json" => {
            format!("curl -H 'Content-Type: application/json' --data-binary @antrag.json {url}")
        }
        "cmis-browser" => format!("curl '{url}/root?cmisselector=children&succinct=true'"),
        _ => format!("curl -H 'Content-Type: application/xml' --data-binary @nachricht.xml {url}"),
    }
}

/// User and password of a system, for people.
pub fn credentials(organisation: &TestOrganisation, id: &SystemId) -> String {
    match login(organisation, id) {
        Some((user, password)) => format!("user {user}, password {password} (fictitious)"),
        None => String::new(),
    }
}

fn login<'a>(organisation: &'a TestOrganisation, id: &SystemId) -> Option<(&'a str, &'a str)> {
    let system = organisation.system(id)?;
    Some((system.user.as_deref()?, system.password.as_deref().unwrap_or_default()))
}
