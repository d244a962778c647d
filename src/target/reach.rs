//! Whether somebody is there who has no address to be asked.

use std::time::Duration;

use super::TargetError;
use crate::channel::file::path_of_url;

/// A connection can be opened, or the folder is there.
pub(super) async fn open(url: &str, limit: Duration) -> Result<(), TargetError> {
    let unreachable = |reason: String| TargetError::Unreachable {
        what: "the target",
        url: url.to_owned(),
        reason,
    };
    if let Some(folder) = path_of_url(url) {
        return match folder.is_dir() {
            true => Ok(()),
            false => Err(unreachable("there is no such folder".into())),
        };
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let usual = match scheme {
        "https" => 443,
        "smtp" => 25,
        _ => 80,
    };
    let address = match host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()) {
        Some(_) => host.to_owned(),
        None => format!("{host}:{usual}"),
    };
    match tokio::time::timeout(limit, tokio::net::TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(unreachable(error.to_string())),
        Err(_) => Err(unreachable(format!("no connection within {limit:?}"))),
    }
}
