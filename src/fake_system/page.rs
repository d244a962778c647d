//! A page for people: which systems are up, what they have been told, what they last saw, and what
//! became of each case. It listens on loopback alone and changes nothing without the token that it
//! hands out itself.

mod cases;
mod orders;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use minijinja::{AutoEscape, Environment, Value, context};

use super::Running;
use super::forms::parse_pairs;
use super::inbox::Shown;
use super::later::Later;
use super::portal::{Sender, Wanted};
use super::recent::{Recent, Seen};
use super::script::{Behaviour, Scripts, Which};
use super::world::World;
use crate::channel::http::{Handler, Reply, Request};
use crate::channel::tls::Shown as Certificates;
use crate::ids::{CertificateKind, ComponentKind, Correlator, SystemId};

const TEMPLATE: &str = include_str!("../../fake-systems/page.html");
const HELD: &str = include_str!("../../fake-systems/held.html");
/// Most characters of a thing that are shown.
const MOST_SHOWN: usize = 20_000;
/// How long the page waits for the hub's answer to an application before it shows what it knows.
const PATIENCE: Duration = Duration::from_secs(2);

/// A system as the page shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Short name.
    pub id: SystemId,
    /// Its kind.
    pub kind: ComponentKind,
    /// Where it listens.
    pub url: String,
    /// Further addresses: protocol and URL.
    pub further: Vec<(&'static str, String)>,
    /// A command that shows it at work.
    pub curl: String,
    /// User and password, where it asks for them.
    pub credentials: String,
}

/// What changes when the organisation does.
struct Content {
    systems: Vec<Listed>,
    shown: BTreeMap<SystemId, Arc<dyn Shown>>,
    senders: BTreeMap<SystemId, Arc<Sender>>,
    laters: BTreeMap<SystemId, Arc<Later>>,
    certificates: BTreeMap<SystemId, Arc<Certificates>>,
}

impl Content {
    fn of(systems: Vec<Listed>, running: &Running) -> Self {
        let (shown, senders) = (running.shown.clone(), running.senders.clone());
        let (laters, certificates) = (running.laters.clone(), running.certificates.clone());
        Self { systems, shown, senders, laters, certificates }
    }
}

/// The page; cloned freely, all clones are the same page.
#[derive(Clone)]
pub struct Page {
    content: Arc<RwLock<Arc<Content>>>,
    scripts: Scripts,
    recent: Arc<Recent>,
    world: Arc<World>,
    token: String,
}

impl Page {
    /// A page about these systems. `token` is a secret of this start.
    pub fn new(
        systems: Vec<Listed>,
        running: &Running,
        recent: Arc<Recent>,
        token: String,
    ) -> Self {
        let (scripts, world) = (running.scripts.clone(), running.world.clone());
        let content = Arc::new(RwLock::new(Arc::new(Content::of(systems, running))));
        Self { content, scripts, recent, world, token }
    }

    /// Where programs tell a system to send something, as this page's address is that.
    pub fn act_url(&self, address: &str) -> String {
        format!("{}/senden/{}", address.trim_end_matches('/'), self.token)
    }

    /// From now on the page is about these systems.
    pub fn update(&self, systems: Vec<Listed>, running: &Running) {
        let content = Arc::new(Content::of(systems, running));
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = content;
    }

    fn content(&self) -> Arc<Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self) -> Reply {
        let content = self.content();
        let systems: Vec<Value> = content
            .systems
            .iter()
            .map(|s| {
                let told = self.scripts.told(&s.id);
                let told: Vec<String> = told
                    .iter()
                    .map(|(w, b)| format!("{}: {}", which_text(w), name_of(*b)))
                    .collect();
                context! {
                    id => s.id.to_string(),
                    kind => format!("{:?}", s.kind),
                    url => s.url, further => s.further, curl => s.curl, credentials => s.credentials, told => told,
                    held => content.shown.get(&s.id).map(|shown| shown.count()),
                    certificate => content.certificates.get(&s.id).map(|c| certificate_text(c.now())),
                }
            })
            .collect();
        let exchanges: Vec<Value> = self.recent.last().iter().take(50).map(exchange).collect();
        let behaviours: Vec<&str> = BEHAVIOURS.iter().map(|(name, _)| *name).collect();
        let values = context! {
            systems, exchanges, behaviours,
            certificates => CERTIFICATES.map(|(name, _)| name),
            cases => cases::rows(&self.world, &content.shown),
            applications => cases::applications(&content.systems, &content.senders, &self.world),
            people => cases::people(&self.world),
            businesses => cases::businesses(&self.world),
            cases_count => self.world.count().0,
            cases_gone => self.world.count().1,
            token => self.token,
            count => self.recent.count(),
        };
        render(TEMPLATE, values)
    }

    /// What one system holds.
    fn held(&self, id: &str) -> Reply {
        let content = self.content();
        let found = content.shown.iter().find(|(system, _)| system.as_str() == id);
        let Some((_, shown)) = found else {
            return Reply::text(404, "text/plain", "nothing of this system can be looked at\n");
        };
        let held: Vec<Value> = shown
            .held()
            .iter()
            .map(|h| {
                let text = String::from_utf8_lossy(&h.content);
                let beginning: String = text.chars().take(MOST_SHOWN).collect();
                context! {
                    time => h.time, vorgang => h.vorgang, title => h.title,
                    aktenzeichen => h.aktenzeichen, size => h.content.len(), text => beginning,
                }
            })
            .collect();
        render(HELD, context! { id, held, gone => shown.let_go() })
    }

    /// What one system holds about one case, for programs.
    fn holding(&self, path: &str) -> Reply {
        let content = self.content();
        let (id, vorgang) = path.split_once('/').unwrap_or_default();
        let found = content.shown.iter().find(|(system, _)| system.as_str() == id);
        match found {
            Some((_, shown)) => cases::holding(vorgang, &shown.held()),
            None => Reply::text(404, "text/plain", "nothing of this system can be looked at\n"),
        }
    }

    /// The fields of a form of this page.
    fn form(&self, request: &Request) -> Result<BTreeMap<String, String>, Reply> {
        let fields = parse_pairs(&String::from_utf8_lossy(&request.body));
        let fields: BTreeMap<String, String> =
            fields.into_iter().map(|(n, v)| (n, v.trim().to_owned())).collect();
        if fields.get("token") != Some(&self.token) {
            let text = "the form is not of this page; load it again\n";
            return Err(Reply::text(403, "text/plain", text));
        }
        Ok(fields)
    }

    fn change(&self, request: &Request) -> Reply {
        let fields = match self.form(request) {
            Ok(fields) => fields,
            Err(refused) => return refused,
        };
        let get = |name: &str| fields.get(name).map(String::as_str);
        let content = self.content();
        let system = content.systems.iter().find(|s| Some(s.id.as_str()) == get("system"));
        let behaviour = get("behaviour").and_then(behaviour_of);
        let (Some(system), Some(behaviour)) = (system, behaviour) else {
            return Reply::text(400, "text/plain", "system or behaviour is not known\n");
        };
        let which = match get("which").unwrap_or_default() {
            "" => Which::All,
            // Eight digits and more are a word that may stand in a message.
            number if number.len() < 8 && number.parse::<u64>().is_ok() => {
                Which::Request(number.parse().unwrap_or_default())
            }
            word if Correlator::candidates(word.as_bytes()).eq([word]) => {
                Which::Correlator(word.to_owned())
            }
            other => {
                let text = format!(
                    "\"{other}\" kann keine Kennung sein: 8 bis 64 Buchstaben, Ziffern und Bindestriche, \
                     oder die Nummer einer Anfrage\n"
                );
                return Reply::text(400, "text/plain; charset=UTF-8", text);
            }
        };
        self.scripts.tell(&system.id, which, behaviour);
        back()
    }

    /// Lets a system show another certificate.
    fn certify(&self, request: &Request) -> Reply {
        let fields = match self.form(request) {
            Ok(fields) => fields,
            Err(refused) => return refused,
        };
        let get = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let content = self.content();
        let shown = content.certificates.get(&SystemId::from(get("system")));
        let kind = CERTIFICATES.iter().find(|(name, _)| *name == get("certificate"));
        let (Some(shown), Some((_, kind))) = (shown, kind) else {
            return Reply::text(400, "text/plain", "system or certificate is not known\n");
        };
        shown.show(*kind);
        back()
    }

    /// Lets a portal send an application.
    async fn submit(&self, request: &Request) -> Reply {
        let fields = match self.form(request) {
            Ok(fields) => fields,
            Err(refused) => return refused,
        };
        let get = |name: &str| fields.get(name).cloned().filter(|v| !v.is_empty());
        let portal = SystemId::from(get("system").unwrap_or_default());
        let Some(sender) = self.content().senders.get(&portal).cloned() else {
            return Reply::text(400, "text/plain", "portal is not known\n");
        };
        let wanted = Wanted {
            application: get("antrag").unwrap_or_default(),
            to: get("an"),
            person: get("person"),
            business: get("betrieb"),
            vorgang: get("vorgang"),
        };
        match sender.submit(wanted) {
            Ok(sent) => {
                let _ = tokio::time::timeout(PATIENCE, sent.answered).await;
                back()
            }
            Err(wrong) => {
                let text = format!("{wrong}\n");
                Reply::text(wrong.status(), "text/plain; charset=UTF-8", text)
            }
        }
    }
}

/// To the page again; loading it anew then sends nothing twice.
fn back() -> Reply {
    Reply::text(303, "text/plain", "\n").with_header("Location", "/")
}

fn render(template: &str, values: Value) -> Reply {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    let page = environment.render_named_str("page.html", template, values);
    match page {
        Ok(page) => Reply::text(200, "text/html; charset=UTF-8", page)
            .with_header("Cache-Control", "no-store")
            .with_header("X-Frame-Options", "DENY"),
        Err(error) => Reply::text(500, "text/plain", format!("{error}\n")),
    }
}

impl Handler for Page {
    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            // A name that leads here from elsewhere is not how people come to this page.
            let host = request.header("host").unwrap_or_default();
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            if !matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
                return Reply::text(421, "text/plain", "this page is called by 127.0.0.1\n");
            }
            match (request.method.as_str(), request.path.as_str()) {
                ("GET", "/") => self.show(),
                ("GET", path) if path.starts_with("/system/") => self.held(&path[8..]),
                ("GET", path) if path.starts_with("/bestand/") => self.holding(&path[9..]),
                ("GET", "/vorgaenge") => cases::json(&self.world),
                ("POST", path) if path.strip_prefix("/senden/") == Some(&self.token) => {
                    orders::send(&self.content(), &request).await
                }
                ("POST", "/verhalten") => self.change(&request),
                ("POST", "/zertifikat") => self.certify(&request),
                ("POST", "/antrag") => self.submit(&request).await,
                _ => Reply::text(404, "text/plain", "nothing here\n"),
            }
        })
    }
}

/// Behaviours by the names people choose.
const BEHAVIOURS: [(&str, Behaviour); 10] = [
    ("antworten", Behaviour::Answer),
    ("abweisen", Behaviour::Refuse),
    ("verzögern (5 s)", Behaviour::Delay(5_000)),
    ("hängen", Behaviour::Hang),
    ("abbrechen", Behaviour::Reset),
    ("verstümmeln", Behaviour::Garble),
    ("vergessen", Behaviour::Forget),
    ("kein Speicherplatz", Behaviour::NoSpace),
    ("zweimal antworten", Behaviour::Twice),
    ("nicht da", Behaviour::Down),
];

/// States of a certificate by the names people choose.
const CERTIFICATES: [(&str, CertificateKind); 7] = [
    ("gültig", CertificateKind::Valid),
    ("abgelaufen", CertificateKind::Expired),
    ("noch nicht gültig", CertificateKind::NotYetValid),
    ("gesperrt", CertificateKind::Revoked),
    ("fremd", CertificateKind::Foreign),
    ("falscher Name", CertificateKind::WrongName),
    ("selbst ausgestellt", CertificateKind::SelfSigned),
];

fn certificate_text(kind: CertificateKind) -> &'static str {
    CERTIFICATES.iter().find(|(_, k)| *k == kind).map_or("", |(name, _)| *name)
}

fn behaviour_of(name: &str) -> Option<Behaviour> {
    BEHAVIOURS.iter().find(|(n, _)| *n == name).map(|(_, b)| *b)
}

fn name_of(behaviour: Behaviour) -> String {
    match BEHAVIOURS.iter().find(|(_, b)| *b == behaviour) {
        Some((name, _)) => (*name).to_owned(),
        None => format!("{behaviour:?}"),
    }
}

fn which_text(which: &Which) -> String {
    match which {
        Which::All => "alle".into(),
        Which::Request(number) => format!("{number}. Anfrage"),
        Which::Correlator(text) => format!("mit {text}"),
    }
}

fn exchange(seen: &Seen) -> Value {
    let text = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    let first = |raw: &[u8]| text(raw).lines().next().unwrap_or_default().to_owned();
    context! {
        time => seen.time, system => seen.system.to_string(), protocol => seen.protocol,
        first => first(&seen.request),
        answer_first => seen.answer.as_deref().map_or_else(|| "…".to_owned(), first),
        request => text(&seen.request),
        answer => seen.answer.as_deref().map(text),
        size => seen.request_size,
        notes => seen.notes,
    }
}

#[cfg(test)]
mod tests {
    use super::{BEHAVIOURS, behaviour_of, certificate_text, name_of};
    use crate::ids::CertificateKind;

    #[test]
    fn every_behaviour_has_a_name_of_its_own() {
        for (name, behaviour) in BEHAVIOURS {
            assert_eq!(behaviour_of(name), Some(behaviour));
            assert_eq!(name_of(behaviour), name);
        }
        for kind in CertificateKind::ALL {
            assert!(!certificate_text(kind).is_empty(), "{kind:?}");
        }
    }
}
