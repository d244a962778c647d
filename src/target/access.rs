//! How the harness shows who it is, and whom it trusts. Values of secrets come from the environment
//! and go nowhere but into requests to the target.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::file::Credentials;
use crate::channel::http::Header;
use crate::channel::tls::{ClientSettings, Trust, client_config, machine_config};
use crate::secret::Secret;

/// What is shown and trusted.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    /// Header fields of requests to the target.
    pub headers: Vec<Header>,
    /// TLS with the target.
    pub tls: Option<ClientSettings>,
}

/// Why something of it cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessFault {
    /// The key of the target file behind it, such as `credentials.token_env`.
    pub key: &'static str,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub help: String,
}

impl Access {
    /// Reads what a target file names, from files below `folder` and from the environment; with all
    /// that is wrong, at once. `secure` says whether TLS is needed.
    pub fn of(
        credentials: Option<&Credentials>,
        folder: &Path,
        secure: bool,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> (Self, Vec<AccessFault>) {
        let nothing = Credentials::default();
        let credentials = credentials.unwrap_or(&nothing);
        let mut faults = Vec::new();
        let mut variable = |key: &'static str, name: &Option<String>| {
            let name = name.as_ref()?;
            let value = environment(name).filter(|value| !value.is_empty());
            if value.is_none() {
                faults.push(AccessFault {
                    key,
                    problem: format!("the environment has no variable {name}, which {key} names"),
                    help: format!("set {name}, or correct {key} in the target file"),
                });
            }
            value
        };
        let user = variable("credentials.user_env", &credentials.user_env);
        let password = variable("credentials.password_env", &credentials.password_env);
        let token = variable("credentials.token_env", &credentials.token_env);
        let key_path = variable("credentials.key_env", &credentials.key_env);
        let mut headers = Vec::new();
        if let (Some(user), Some(password)) = (user, password) {
            // RFC 7617.
            let code = STANDARD.encode(format!("{user}:{password}"));
            headers.push(authorization("credentials.user_env", "Basic", &code, &mut faults));
        }
        if let Some(token) = token {
            // RFC 6750, section 2.1.
            headers.push(authorization("credentials.token_env", "Bearer", &token, &mut faults));
        }
        let headers = headers.into_iter().flatten().collect();
        let mut text = |key: &'static str, path: Option<std::path::PathBuf>| {
            let path = path?;
            std::fs::read_to_string(&path)
                .map_err(|error| {
                    faults.push(AccessFault {
                        key,
                        problem: format!("{} cannot be read: {error}", path.display()),
                        help: format!("correct {key} in the target file, or put the file there"),
                    });
                })
                .ok()
        };
        let below = |name: &Option<String>| name.as_ref().map(|name| folder.join(name));
        let trust = Trust {
            authorities: text("credentials.authorities", below(&credentials.authorities))
                .unwrap_or_default(),
            withdrawn: text("credentials.withdrawn", below(&credentials.withdrawn))
                .unwrap_or_default(),
            certificate: text("credentials.certificate", below(&credentials.certificate))
                .unwrap_or_default(),
            key: text("credentials.key_env", key_path.map(|path| folder.join(path)))
                .unwrap_or_default(),
        };
        let wanted = secure || credentials.authorities.is_some();
        if !wanted || !faults.is_empty() {
            return (Self { headers, tls: None }, faults);
        }
        let made = match credentials.authorities {
            Some(_) => client_config(&trust),
            None => machine_config(&trust),
        };
        let tls = made
            .map_err(|error| {
                faults.push(AccessFault {
                    key: "credentials",
                    problem: error.to_string(),
                    help: "authorities, withdrawn, certificate and the key must be PEM and fit each other; where authorities is absent, the machine must have some".into(),
                });
            })
            .ok();
        (Self { headers, tls }, faults)
    }
}

/// The header field, if its value can stand in one.
fn authorization(
    key: &'static str,
    scheme: &str,
    value: &str,
    faults: &mut Vec<AccessFault>,
) -> Option<Header> {
    if value.bytes().any(|byte| !(0x20..0x7f).contains(&byte)) {
        faults.push(AccessFault {
            key,
            problem: format!("the value of the variable that {key} names holds line breaks or other characters that no header field can carry"),
            help: "set the variable to the value alone; a file's last line break is a usual cause".into(),
        });
        return None;
    }
    Some(Header { name: "authorization", value: Secret::new(format!("{scheme} {value}")) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Access, Credentials};

    fn of(credentials: &Credentials, set: &[(&str, &str)]) -> (Access, Vec<&'static str>) {
        let environment =
            |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let (access, faults) =
            Access::of(Some(credentials), Path::new("/nowhere"), false, &environment);
        (access, faults.iter().map(|f| f.key).collect())
    }

    #[test]
    fn what_is_missing_is_named_all_at_once() {
        let credentials = Credentials {
            user_env: Some("U".into()),
            password_env: Some("P".into()),
            token_env: Some("T".into()),
            authorities: Some("ca.pem".into()),
            ..Credentials::default()
        };
        let (access, keys) = of(&credentials, &[("U", "me"), ("T", "")]);
        assert!(access.headers.is_empty() && access.tls.is_none());
        let wanted =
            ["credentials.password_env", "credentials.token_env", "credentials.authorities"];
        assert_eq!(keys, wanted);
    }

    #[test]
    fn values_go_into_the_header_and_print_as_stars() {
        let basic = Credentials {
            user_env: Some("U".into()),
            password_env: Some("P".into()),
            ..Credentials::default()
        };
        let (access, keys) = of(&basic, &[("U", "Aladdin"), ("P", "open sesame")]);
        assert!(keys.is_empty());
        // The example of RFC 7617, section 2.
        assert_eq!(access.headers[0].value.reveal(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(!format!("{access:?}").contains("QWxh"));
        let bearer = Credentials { token_env: Some("T".into()), ..Credentials::default() };
        let (access, keys) = of(&bearer, &[("T", "abc\n")]);
        assert!(access.headers.is_empty());
        assert_eq!(keys, ["credentials.token_env"]);
    }
}
