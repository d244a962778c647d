//! The cases of the world, and what can be sent, as the page shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::{Value, context};

use super::Listed;
use crate::channel::http::Reply;
use crate::fake_system::inbox::{Held, Shown};
use crate::fake_system::portal::Sender;
use crate::fake_system::world::{Case, Progress, World};
use crate::ids::SystemId;

/// Most cases that are shown.
const MOST_ROWS: usize = 50;
/// Most cases that are listed for machines.
const MOST_LISTED: usize = 1_000;

/// What a system holds about one case, oldest first, in the form `pruefstand/bestand/1`: each message
/// with its name, file number and bytes (base64). A system that holds attachments apart says what its
/// message is (`medientyp`) and lists them (`anlagen`). 404 when it holds nothing.
pub(super) fn holding(vorgang: &str, held: &[Held]) -> Reply {
    use base64::Engine as _;
    let code = base64::engine::general_purpose::STANDARD;
    let mine: Vec<&Held> = held.iter().rev().filter(|h| h.vorgang == vorgang).collect();
    let with = |message: &Held| -> Vec<serde_json::Value> {
        let attached = mine.iter().filter(|h| h.attachment && h.number == message.number);
        attached
            .map(|h| serde_json::json!({ "name": h.title, "inhalt": code.encode(&h.content) }))
            .collect()
    };
    let things: Vec<serde_json::Value> = mine
        .iter()
        .filter(|h| !h.attachment && !h.again)
        .map(|h| {
            let bytes = code.encode(h.message.as_ref().unwrap_or(&h.content));
            let mut one = serde_json::json!({
                "name": h.title, "aktenzeichen": h.aktenzeichen, "inhalt": bytes,
            });
            if !h.media_type.is_empty() {
                one["medientyp"] = h.media_type.as_str().into();
                one["anlagen"] = with(h).into();
            }
            one
        })
        .collect();
    let status = if things.is_empty() { 404 } else { 200 };
    let answer = serde_json::json!({
        "format": "pruefstand/bestand/1", "vorgang": vorgang, "nachrichten": things,
    });
    Reply::text(status, "application/json", answer.to_string())
}

/// The latest cases. Of systems in `shown` the page can show what they hold.
pub(super) fn rows(world: &World, shown: &BTreeMap<SystemId, Arc<dyn Shown>>) -> Vec<Value> {
    world.latest(MOST_ROWS).iter().map(|case| row(case, shown)).collect()
}

fn row(case: &Case, shown: &BTreeMap<SystemId, Arc<dyn Shown>>) -> Value {
    let time = |t: jiff::Timestamp| t.strftime("%H:%M:%S").to_string();
    let mut facts: Vec<_> = case.facts.iter().collect();
    facts.sort_by_key(|f| f.first);
    let facts: Vec<Value> = facts
        .iter()
        .map(|f| {
            context! {
                time => time(f.first), what => f.state.text(), system => f.system.to_string(),
                times => f.count,
            }
        })
        .collect();
    let other: Vec<String> =
        case.other_numbers().iter().map(|(s, number)| format!("{s}: {number}")).collect();
    let person = case.person.as_ref();
    let business = case.business.as_ref();
    context! {
        vorgang => case.vorgang, aktenzeichen => case.aktenzeichen, other,
        since => time(case.since), state => case.state_text(), facts,
        person => person.map(|p| format!("{} {}", p.vorname, p.familienname)),
        born => person.map(|p| p.geburtsdatum.clone()),
        business => business.map(|b| b.name.clone()),
        register => business.map(|b| b.registernummer.clone()),
        systems => case.systems.keys()
            .map(|s| context! { id => s.to_string(), open => shown.contains_key(s) })
            .collect::<Vec<_>>(),
        title => case.submissions.first().map(|s| s.title.clone()),
        trouble => case.latest().and_then(|s| {
            let parts = [s.grund.as_deref(), s.text.as_deref()];
            let text = parts.iter().flatten().copied().collect::<Vec<_>>().join(": ");
            (s.progress != Progress::Gesendet && !text.is_empty()).then_some(text)
        }),
    }
}

/// What portals can send, and where to: what the organisation says, or else what was said last.
pub(super) fn applications(
    systems: &[Listed],
    senders: &BTreeMap<SystemId, Arc<Sender>>,
    world: &World,
) -> Vec<Value> {
    let last = |portal: &SystemId| {
        let latest = world.latest(MOST_ROWS).into_iter().filter_map(|c| c.latest().cloned());
        latest.filter(|s| &s.portal == portal).map(|s| s.to).next()
    };
    let mut out = Vec::new();
    for (portal, sender) in senders {
        let url = systems.iter().find(|s| &s.id == portal).map_or("", |s| s.url.as_str());
        let url = url.trim_end_matches("/postfach").to_owned() + "/antraege";
        for o in sender.offered() {
            let mut order = serde_json::json!({ "antrag": o.id });
            if o.follows {
                order["vorgang"] = "PS-…".into();
            }
            let said = last(portal);
            if o.to.is_none() {
                // Without it the command would be refused.
                order["an"] = said.as_deref().unwrap_or("http://…/eingang/portal").into();
            }
            let to = o.to.or(said);
            // Whoever copies the command must get one command, whatever was said.
            let order = order.to_string().replace('\'', "'\\''");
            let curl = format!("curl -H 'Content-Type: application/json' -d '{order}' {url}");
            let portal = portal.to_string();
            let (id, title, follows) = (o.id, o.title, o.follows);
            out.push(context! { portal, id, title, follows, to, curl });
        }
    }
    out
}

/// Whom an application can be for.
pub(super) fn people(world: &World) -> Vec<Value> {
    let all = world.people().into_iter();
    all.map(|p| context! { id => p.id, name => format!("{} {}", p.vorname, p.familienname) })
        .collect()
}

/// What an application can be about.
pub(super) fn businesses(world: &World) -> Vec<Value> {
    world.businesses().into_iter().map(|b| context! { id => b.id, name => b.name }).collect()
}

/// For machines.
pub(super) fn json(world: &World) -> Reply {
    let cases: Vec<_> = world.latest(MOST_LISTED).iter().map(Case::to_json).collect();
    let (known, gone) = world.count();
    let value = serde_json::json!({ "vorgaenge": cases, "bekannt": known, "vergessen": gone });
    Reply::text(200, "application/json; charset=UTF-8", format!("{value:#}\n"))
        .with_header("Cache-Control", "no-store")
}
