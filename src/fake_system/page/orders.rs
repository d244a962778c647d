//! Telling a system to send something, for programs: a Fachverfahren one of its answers, a portal what
//! stands on a data sheet. The address holds the secret of this start.

use serde::Deserialize;
use serde_json::json;

use super::Content;
use crate::channel::http::{Reply, Request};
use crate::fake_system::portal::DataSheet;
use crate::ids::SystemId;

/// What is to be sent.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The system; the only one where there is one.
    system: Option<SystemId>,
    /// Name of the answer: its file without ending.
    #[serde(default)]
    nachricht: String,
    /// The case.
    #[serde(default)]
    vorgang: String,
    /// Its file number, where it is known.
    #[serde(default)]
    aktenzeichen: String,
    /// What a portal fills in.
    datenblatt: Option<DataSheet>,
}

/// Does what is ordered: 200 when it was sent and taken, 502 when nobody took it.
pub(super) async fn send(content: &Content, request: &Request) -> Reply {
    // A data sheet may come as it is.
    let sheet = serde_json::from_slice::<DataSheet>(&request.body).ok();
    let order = match sheet {
        Some(sheet) => Ok(Order { datenblatt: Some(sheet), ..Order::default() }),
        None => serde_json::from_slice(&request.body),
    };
    let order: Order = match order {
        Ok(order) => order,
        Err(error) => return answer(400, &error.to_string()),
    };
    let id = order.system.as_ref().or_else(|| match &content.systems[..] {
        [only] => Some(&only.id),
        _ => None,
    });
    let Some(id) = id else { return answer(400, "which system? name it as \"system\"") };
    let done = match (&order.datenblatt, content.senders.get(id), content.laters.get(id)) {
        (Some(sheet), Some(sender), _) => sender.submit_sheet(sheet).await.map(|_| ()),
        (None, _, Some(later)) => {
            later.send_now(&order.nachricht, &order.vorgang, &order.aktenzeichen).await
        }
        _ => return answer(404, "this system sends nothing of the kind"),
    };
    match done {
        Ok(()) => answer(200, "gesendet"),
        Err(reason) => answer(502, &reason),
    }
}

fn answer(status: u16, text: &str) -> Reply {
    Reply::text(status, "application/json", json!({ "meldung": text }).to_string())
}
