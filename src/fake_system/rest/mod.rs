//! A Fachverfahren with JSON over HTTP: an application is posted, its state can be asked for, errors
//! are problem documents, and the contract is served as OpenAPI 3.1.

mod accept;
mod application;
mod problem;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use self::application::Application;
use self::problem::Problem;
use super::cases::Case;
use super::defect::FakeDefect;
use super::intake::{Handed, Intake};
use super::login::{CHALLENGE, Login};
use super::scripted::{Answering, Fake, Refusal, apart};
use crate::channel::Observer;
use crate::channel::http::{Reply, Request};
use crate::ids::{Correlator, SystemId};
use crate::organisation::{Mode, System};
use crate::wire::{MediaType, UNFORESEEN, read_json};

const DATA: &str = include_str!("../../../fake-systems/fachverfahren-json/system.toml");
const OPENAPI: &str = include_str!("../../../fake-systems/fachverfahren-json/openapi.json");
/// Most applications whose data are kept to be asked for.
const MOST_DATA: usize = 500;
const CONTRACT: &str = "Vertrag der Schnittstelle (openapi.json)";

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Data {
    #[expect(dead_code, reason = "the format's name is checked where the file is read by people")]
    format: String,
    #[expect(dead_code, reason = "for people")]
    title: String,
    path: String,
    max_bytes: usize,
    max_depth: u32,
    max_documents: usize,
    problems: String,
}

fn data() -> Data {
    let read = crate::diagnostic::read::<Data>("fachverfahren-json", DATA);
    // Embedded at build time; a unit test reads it.
    read.map_or_else(|e| unreachable!("{}", e.render(false)), |a| a.value)
}

/// Path under which applications are posted.
pub(super) fn path() -> String {
    data().path
}

/// One such system.
pub(super) struct Rest {
    id: SystemId,
    mode: Mode,
    data: Data,
    login: Login,
    intake: Intake,
    /// Vorgang and data of the last applications.
    kept: Mutex<VecDeque<(String, String)>>,
    observer: Arc<dyn Observer>,
}

/// What a path means.
enum Resource<'p> {
    All,
    State(&'p str),
    Data(&'p str),
    Contract,
}

impl Rest {
    pub fn new(system: &System, observer: Arc<dyn Observer>, intake: Intake) -> Self {
        let (id, mode, data) = (system.id.clone(), system.mode, data());
        let login = Login::of(system);
        Self { id, mode, data, login, intake, kept: Mutex::default(), observer }
    }

    fn reply(&self, request: &Request, keep: bool) -> Reply {
        let answered = self.route(request, keep);
        answered.unwrap_or_else(|mut problem| {
            if let Some(clause) = problem.clause {
                let mut detail = problem.detail.clone();
                for (pointer, text) in &problem.errors {
                    detail.push_str(&format!("; {pointer}: {text}"));
                }
                self.note(request, clause, &detail);
            }
            if request.method == "POST" && self.intake.has(FakeDefect::FvTakesAnything) {
                let case = self.intake.case_of("unbekannt");
                return Reply::text(201, "application/json", state(&case));
            }
            if self.intake.has(FakeDefect::FvNoWithGoodStatus) {
                problem.status = 200;
            }
            problem.reply(&self.data.problems, &request.path)
        })
    }

    fn note(&self, request: &Request, clause: &str, detail: &str) {
        self.observer.observation(&self.id, Some(request.exchange), clause, detail);
    }

    /// A deviation after which a lenient system goes on.
    fn deviation(&self, request: &Request, problem: Box<Problem>) -> Result<(), Box<Problem>> {
        if self.mode == Mode::Strict {
            return Err(problem);
        }
        self.note(request, problem.clause.unwrap_or(CONTRACT), &problem.detail);
        Ok(())
    }

    fn resource<'p>(&self, path: &'p str) -> Option<Resource<'p>> {
        if path == "/openapi.json" {
            return Some(Resource::Contract);
        }
        let rest = path.strip_prefix(&self.data.path)?;
        if rest.is_empty() {
            return Some(Resource::All);
        }
        let rest = rest.strip_prefix('/')?;
        match rest.split_once('/') {
            None if !rest.is_empty() => Some(Resource::State(rest)),
            Some((vorgang, "daten")) => Some(Resource::Data(vorgang)),
            _ => None,
        }
    }

    fn route(&self, request: &Request, keep: bool) -> Result<Reply, Box<Problem>> {
        if !self.login.allows(request) {
            let detail = "user and password are missing or wrong";
            let problem = Problem::new(401, "nicht-angemeldet", "Nicht angemeldet", detail);
            return Err(problem.header("WWW-Authenticate", CHALLENGE).breaks("RFC 7617, 2"));
        }
        let missing = |what: &str| {
            Problem::new(404, "nicht-gefunden", "Nicht gefunden", format!("there is no {what}"))
        };
        let Some(resource) = self.resource(&request.path) else {
            let problem = missing(&request.path).header(UNFORESEEN.0, UNFORESEEN.1);
            return Err(problem.breaks(CONTRACT));
        };
        let reading = matches!(request.method.as_str(), "GET" | "HEAD");
        let allowed = if matches!(resource, Resource::All) { "POST" } else { "GET, HEAD" };
        if (allowed == "POST" && request.method != "POST") || (allowed != "POST" && !reading) {
            let detail = format!("{} is not for {}", request.method, request.path);
            let title = "Methode nicht erlaubt";
            let problem = Problem::new(405, "methode-nicht-erlaubt", title, detail);
            let problem = problem.header("Allow", allowed).header(UNFORESEEN.0, UNFORESEEN.1);
            return Err(problem.breaks("RFC 9110, 15.5.6"));
        }
        if !accept::takes(request.header("accept"), "application/json") {
            let detail = "answers are application/json, errors application/problem+json";
            let title = "Nicht in dieser Form";
            let problem = Problem::new(406, "nicht-in-dieser-form", title, detail);
            self.deviation(request, problem.breaks("RFC 9110, 15.5.7"))?;
        }
        match resource {
            Resource::All => self.post(request, keep),
            Resource::Contract => Ok(Reply::text(200, "application/json", OPENAPI)),
            Resource::State(vorgang) => match self.intake.cases().by_vorgang(vorgang) {
                Some(case) => Ok(Reply::text(200, "application/json", state(&case))
                    .with_header("Cache-Control", "no-store")),
                None => Err(missing(&format!("application {vorgang}"))),
            },
            Resource::Data(vorgang) => {
                let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let found = kept.iter().rev().find(|(v, _)| v == vorgang);
                match found {
                    Some((_, data)) => Ok(Reply::text(200, "application/json", data.clone())),
                    None => Err(missing(&format!("application {vorgang}"))),
                }
            }
        }
    }

    fn post(&self, request: &Request, keep: bool) -> Result<Reply, Box<Problem>> {
        self.check_media_type(request)?;
        if request.body.len() > self.data.max_bytes {
            let detail = format!("{} bytes, {} are taken", request.body.len(), self.data.max_bytes);
            let problem = Problem::new(413, "zu-gross", "Zu groß", detail);
            return Err(problem.breaks("RFC 9110, 15.5.14"));
        }
        let unreadable = |(clause, detail): (&'static str, String)| {
            Problem::new(400, "kein-json", "Kein lesbares JSON", detail).breaks(clause)
        };
        let document = read_json(&request.body, self.data.max_depth).map_err(unreadable)?;
        for oddity in document.oddities {
            self.deviation(request, unreadable(oddity))?;
        }
        let (mut application, errors) = application::read(&document.value, self.data.max_documents);
        if !errors.is_empty() {
            let places: Vec<_> = errors.iter().map(|(at, what)| format!("{at}: {what}")).collect();
            let title = "Angaben fehlen oder sind falsch";
            let mut problem = Problem::new(422, "angaben", title, places.join("; "));
            problem.errors = errors;
            self.deviation(request, problem.breaks(CONTRACT))?;
        }
        if application.vorgang.is_empty() {
            let mut words = Correlator::candidates(&request.body);
            let found = words.find(|w| w.starts_with("PS-"));
            application.vorgang = found.unwrap_or("unbekannt").to_owned();
        }
        let case = self.take(request, application, keep)?;
        let place = format!("{}/{}", self.data.path, case.vorgang);
        Ok(Reply::text(201, "application/json", state(&case)).with_header("Location", &place))
    }

    fn take(
        &self,
        request: &Request,
        application: Application,
        keep: bool,
    ) -> Result<Case, Box<Problem>> {
        let Application { vorgang, data, documents } = application;
        if let Some(reason) = self.intake.dislikes(&request.body) {
            let title = "Angaben fehlen oder sind falsch";
            return Err(Problem::new(422, "angaben", title, reason).breaks(CONTRACT));
        }
        if !keep {
            return Ok(self.intake.case_of(&vorgang));
        }
        let handed = Handed {
            vorgang: &vorgang,
            bezug: &vorgang,
            title: "Antrag (JSON)",
            media_type: "application/json",
            content: &request.body,
            message: None,
            attachments: &documents,
        };
        let case = self.intake.take_new(&handed).map_err(|known| {
            let detail = format!("{} was taken as {}", known.vorgang, known.aktenzeichen);
            let place = format!("{}/{}", self.data.path, known.vorgang);
            Problem::new(409, "schon-da", "Schon angenommen", detail)
                .header("Location", place)
                .breaks(CONTRACT)
        })?;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == MOST_DATA {
            kept.pop_front();
        }
        kept.push_back((vorgang, data));
        Ok(case)
    }

    fn check_media_type(&self, request: &Request) -> Result<(), Box<Problem>> {
        let unsupported = |detail: String| {
            Problem::new(415, "medientyp", "Medientyp wird nicht genommen", detail)
                .header("Accept-Post", "application/json")
                .breaks("RFC 9110, 15.5.16")
        };
        if request.headers.iter().filter(|(n, _)| n == "content-type").count() > 1 {
            let detail = "the header content-type stands twice (RFC 9110, 5.3)".into();
            self.deviation(request, unsupported(detail))?;
        }
        let kind = match MediaType::parse(&request.content_type) {
            Ok(kind) => kind,
            Err(error) => return self.deviation(request, unsupported(error)),
        };
        let charset = kind.parameter("charset").unwrap_or("utf-8");
        if !charset.eq_ignore_ascii_case("utf-8") {
            let detail = format!("charset {charset}: JSON is UTF-8 (RFC 8259, 8.1)");
            self.deviation(request, unsupported(detail))?;
        }
        if kind.essence != "application/json" {
            let detail = format!("{} is not taken, application/json is", kind.essence);
            self.deviation(request, unsupported(detail))?;
        }
        Ok(())
    }
}

fn state(case: &Case) -> Vec<u8> {
    json!({
        "vorgang": case.vorgang,
        "aktenzeichen": case.aktenzeichen,
        "stand": case.stand,
        "seit": case.since,
    })
    .to_string()
    .into_bytes()
}

impl Fake for Rest {
    fn answer(&self, request: Request, keep: bool) -> Answering<'_> {
        Box::pin(async move { apart(&request, || self.reply(&request, keep)) })
    }

    fn refusal(&self, why: Refusal) -> Reply {
        let problem = match why {
            Refusal::NotNow => {
                Problem::new(503, "nicht-verfuegbar", "Zurzeit nicht verfügbar", "try again later")
                    .header("Retry-After", "5")
            }
            Refusal::NoSpace => {
                Problem::new(507, "kein-speicherplatz", "Kein Speicherplatz", "nothing was kept")
            }
        };
        problem.reply(&self.data.problems, &self.data.path)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn data_and_contract_can_be_read_and_speak_of_the_same_paths() {
        let data = super::data();
        let contract: Value = serde_json::from_str(super::OPENAPI).unwrap();
        assert_eq!(contract["openapi"], "3.1.0");
        let paths: Vec<_> = contract["paths"].as_object().unwrap().keys().cloned().collect();
        let base = &data.path;
        let below = |rest: &str| format!("{base}{rest}");
        assert_eq!(
            paths,
            [below(""), below("/{vorgang}"), below("/{vorgang}/daten"), "/openapi.json".into()]
        );
    }
}
