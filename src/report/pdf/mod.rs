//! The Prüfbericht as PDF/A: the fields that ISO/IEC 17025:2017 (7.8.2 to 7.8.8), ISO/IEC 17065:2012
//! (7.4 to 7.11) and ISO/IEC/IEEE 29119-3:2021 ask of a report. What no program can know comes from the
//! particulars, and is shown as missing where they do not say it.

mod draw;
mod fonts;
mod layout;

use std::collections::{BTreeMap, HashMap};

use draw::{About, draw};
use fonts::Typeface;
use layout::{Cell, Layout, Look};

use super::missing::missing;
use super::visible::visible;
use super::{Language, Material, ReportError, overall_words, word};
use crate::concept::Level;
use crate::ids::Digest;
use crate::particulars::{Particulars, Person, Status};
use crate::verdict::{CaseOutcome, CaseVerdict, Overall, RunView, Severity, result_of};

const TEXTS_DE: &str = include_str!("../../../reports/templates/pdf-de.toml");
const TEXTS_EN: &str = include_str!("../../../reports/templates/pdf-en.toml");
/// Longest expected or actual value in a finding, characters; the whole is in `verdict.json`.
const LONGEST: usize = 600;

/// The report.
///
/// # Errors
/// When it would not keep PDF/A, or a resource is damaged.
pub fn pdf(
    material: &Material<'_>,
    particulars: &Particulars,
    language: Language,
) -> Result<Vec<u8>, ReportError> {
    let texts = if language == Language::De { TEXTS_DE } else { TEXTS_EN };
    let texts = toml::from_str(texts).map_err(|e| ReportError::Pdf(e.to_string()))?;
    let font = |bold| Typeface::load(bold).ok_or_else(|| ReportError::Pdf("font".into()));
    let (regular, bold) = (font(false)?, font(true)?);
    let mut writer =
        Writer { material, said: particulars, language, texts, out: Layout::new(&regular, &bold) };
    writer.everything();
    let Writer { texts, out, .. } = writer;
    let text = |key: &str| texts.get(key).cloned().unwrap_or_default();
    let target = &material.manifest.target;
    let title = format!("{}: {} {}", text("title"), target.product, target.version);
    let number = match &particulars.number {
        Some(number) => format!("{} {number}", text("number")),
        None => text("no_number"),
    };
    let page = text("page");
    let draft = match particulars.status {
        Some(Status::Draft) => format!("{} · ", text("draft").to_uppercase()),
        _ => String::new(),
    };
    // The number first: a long name must not push it off the page.
    let header = format!("{draft}{number} · {title}");
    let about = About {
        title: &visible(&title),
        language: if language == Language::De { "de" } else { "en" },
        header: &visible(&header),
        page: &|at, all| {
            page.replace("{page}", &at.to_string()).replace("{pages}", &all.to_string())
        },
        at: material.manifest.ended.as_deref().and_then(|t| t.parse().ok()),
    };
    draw(&out, &regular, &bold, &about)
}

struct Writer<'a> {
    material: &'a Material<'a>,
    said: &'a Particulars,
    language: Language,
    texts: BTreeMap<String, String>,
    out: Layout<'a>,
}

fn plain(text: impl AsRef<str>) -> Cell {
    Cell { text: visible(text.as_ref()), look: Look::Plain }
}

fn look(outcome: CaseOutcome) -> Look {
    match outcome {
        CaseOutcome::Passed => Look::Good,
        CaseOutcome::Failed => Look::Bad,
        CaseOutcome::Inconclusive | CaseOutcome::NotTested => Look::Open,
        CaseOutcome::NotApplicable => Look::Plain,
    }
}

fn brief(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

impl Writer<'_> {
    fn t(&self, key: &str) -> String {
        self.texts.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// What a person said, or that nobody did.
    fn said(&self, value: Option<&str>) -> Cell {
        match value {
            Some(value) if !value.trim().is_empty() => plain(value),
            _ => Cell { text: self.t("missing"), look: Look::Missing },
        }
    }

    /// What people said, line by line, or that nobody did.
    fn listed_or_missing(&self, values: &[String]) -> Cell {
        match values.is_empty() {
            true => self.said(None),
            false => plain(values.join("\n")),
        }
    }

    fn listed(&self, values: &[String], empty: &str) -> Cell {
        match values.is_empty() {
            true => plain(self.t(empty)),
            false => plain(values.join("\n")),
        }
    }

    /// A date as it is written in this language.
    fn day(&self, date: jiff::civil::Date) -> String {
        match self.language {
            Language::De => format!("{:02}.{:02}.{:04}", date.day(), date.month(), date.year()),
            Language::En => date.to_string(),
        }
    }

    fn time(&self, text: &str) -> String {
        let Ok(at) = text.parse::<jiff::Timestamp>() else { return text.to_owned() };
        let at = at.to_zoned(jiff::tz::TimeZone::UTC);
        format!(
            "{}, {:02}:{:02}:{:02} UTC",
            self.day(at.date()),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    fn fields(&mut self, rows: Vec<(&str, Cell)>) {
        let rows: Vec<_> = rows.into_iter().map(|(key, cell)| (self.t(key), cell)).collect();
        self.out.fields(&rows);
    }

    fn heading(&mut self, key: &str) {
        let text = self.t(key);
        self.out.heading(2, &text);
    }

    fn everything(&mut self) {
        let target = &self.material.manifest.target;
        let title = self.t("title");
        self.out.heading(1, &title);
        let name = format!("{} {} ({})", target.product, target.version, target.vendor);
        self.out.paragraph(&visible(&name), Look::Strong);
        let (overall, admission) = overall_words(self.material.verdict, self.language);
        let look = match self.material.verdict.overall {
            Overall::Passed => Look::Good,
            Overall::Failed => Look::Bad,
            Overall::Inconclusive => Look::Open,
        };
        self.out.paragraph(&format!("{overall} – {admission}"), look);
        self.identity();
        self.parties();
        self.object();
        self.basis();
        self.environment();
        self.plan();
        self.execution();
        self.result();
        self.requirements();
        self.findings();
        self.cases();
        self.closing();
    }

    fn identity(&mut self) {
        self.heading("identity");
        let said = self.said;
        let status = match said.status {
            Some(Status::Draft) => plain(self.t("draft")),
            Some(Status::Final) => plain(self.t("final")),
            None => self.said(None),
        };
        let replaces = match &said.replaces {
            Some(r) => plain(format!("{}: {}", r.number, r.reason)),
            None => self.said(None),
        };
        let issued = said.issued.map(|d| self.day(d));
        let rows = vec![
            ("issued", self.said(issued.as_deref())),
            ("report_number", self.said(said.number.as_deref())),
            ("edition", self.said(said.edition.as_deref())),
            ("status", status),
            ("replaces", replaces),
            ("language", plain(self.t("language_name"))),
        ];
        self.fields(rows);
    }

    fn parties(&mut self) {
        self.heading("parties");
        let said = self.said;
        let accreditation = match &said.body.accreditation {
            Some(text) => plain(text),
            None => plain(self.t("no_accreditation")),
        };
        let party = |p: &crate::particulars::Party| {
            let all: Vec<&str> = [&p.name, &p.address, &p.contact]
                .into_iter()
                .filter_map(|part| part.as_deref())
                .collect();
            all.join("\n")
        };
        let vendor = party(&said.manufacturer);
        let vendor =
            if vendor.is_empty() { self.material.manifest.target.vendor.clone() } else { vendor };
        let rows = vec![
            ("body", self.said(said.body.name.as_deref())),
            ("address", self.said(said.body.address.as_deref())),
            ("place", self.said(said.body.place.as_deref())),
            ("accreditation", accreditation),
            ("applicant", self.said(Some(&party(&said.applicant)))),
            ("manufacturer", plain(vendor)),
            ("tester", self.said(Some(&said.tester.line()))),
            ("reviewer", self.said(Some(&said.reviewer.line()))),
            ("decider", self.said(Some(&said.decider.line()))),
        ];
        self.fields(rows);
    }

    fn object(&mut self) {
        self.heading("object");
        let (manifest, said) = (self.material.manifest, self.said);
        let files: Vec<String> =
            manifest.target.files.iter().map(|f| format!("{}\n{}", f.path, f.sha256)).collect();
        let unclaimed: Vec<String> =
            self.material.verdict.not_claimed.iter().map(ToString::to_string).collect();
        let claims = match unclaimed.is_empty() {
            true => plain(self.t("all_claimed")),
            false => plain(unclaimed.join(", ")),
        };
        let received = said.object.received.map(|d| self.day(d));
        let delivered = match said.object.delivered.is_empty() {
            true => self.said(None),
            false => plain(said.object.delivered.join("\n")),
        };
        let rows = vec![
            ("name", plain(&manifest.target.product)),
            ("kind", plain(&manifest.target.kind)),
            ("version", plain(&manifest.target.version)),
            ("build", self.said(said.object.build.as_deref())),
            ("files", self.listed(&files, "no_files")),
            ("stage", plain(self.material.plan.plan.stage.to_string())),
            ("claims", claims),
            ("received", self.said(received.as_deref())),
            ("state", self.said(said.object.state.as_deref())),
            ("delivered", delivered),
            ("configuration", self.said(said.object.configuration.as_deref())),
            ("says", plain(&manifest.target_says)),
        ];
        self.fields(rows);
    }

    fn basis(&mut self) {
        self.heading("basis");
        let plan = self.material.plan;
        let standards: Vec<String> = plan
            .message
            .iter()
            .map(|m| {
                let file = plan.file.iter().find(|f| Some(&f.name) == m.schema.as_ref());
                let digest = file.map_or("–", |f| f.digest.0.as_str());
                format!("{}: {}\n{digest}", m.id, m.namespace)
            })
            .collect();
        let lists: Vec<String> =
            plan.code_list.iter().map(|l| format!("{} ({})", l.uri, l.version)).collect();
        let with_digest = |name: &str, digest: &Digest| plain(format!("{name}\n{digest}"));
        let rows = vec![
            ("concept", with_digest(&plan.plan.concept, &plan.plan.concept_digest)),
            ("catalogue", with_digest(&plan.plan.catalogue, &plan.plan.catalogue_digest)),
            ("standards", self.listed(&standards, "none")),
            ("code_lists", self.listed(&lists, "none")),
            ("decision_rule_name", plain(self.t("decision_rule"))),
        ];
        self.fields(rows);
    }

    fn environment(&mut self) {
        self.heading("environment");
        let (manifest, plan) = (self.material.manifest, self.material.plan);
        let systems: Vec<String> =
            plan.system.iter().map(|s| format!("{} ({})", s.id, s.receiver)).collect();
        let engines: Vec<String> =
            manifest.engines.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let rows = vec![
            (
                "organisation",
                plain(format!("{}\n{}", plan.plan.organisation, plan.plan.organisation_digest)),
            ),
            ("systems", self.listed(&systems, "none")),
            ("harness", plain(format!("{}\n{}", manifest.harness, manifest.harness_sha256))),
            ("platform", plain(&manifest.platform)),
            ("engines", self.listed(&engines, "none")),
            ("clock", plain(self.t("utc"))),
            ("network", plain(self.t("loopback"))),
        ];
        self.fields(rows);
    }

    fn plan(&mut self) {
        self.heading("plan");
        let (plan, verdict) = (self.material.plan, self.material.verdict);
        let digest = self.material.manifest.inputs.iter().find(|i| i.name == crate::run::PLAN);
        let digest = digest.map_or(String::new(), |i| format!("\n{}", i.sha256));
        let out = match verdict.left_out + verdict.not_made {
            0 => plain(self.t("nothing_left_out")),
            _ => plain(format!(
                "{} {}, {} {}",
                verdict.left_out,
                self.t("left_out"),
                verdict.not_made,
                self.t("not_made")
            )),
        };
        let score = match self.material.score {
            Some(score) => plain(score.line()),
            None => plain(self.t("not_measured")),
        };
        let rows = vec![
            ("plan_id", plain(format!("{}: {}{digest}", plan.plan.id, plan.plan.title))),
            ("cases", plain(plan.case.len().to_string())),
            ("out_of_scope", out),
            ("detection", score),
        ];
        self.fields(rows);
    }

    fn execution(&mut self) {
        self.heading("execution");
        let (manifest, said) = (self.material.manifest, self.said);
        let ended = manifest.ended.as_deref().map(|t| self.time(t));
        let chosen = if manifest.chosen.is_some() { "some_cases" } else { "all_cases" };
        let broken = if manifest.interrupted { "yes" } else { "none" };
        let rows = vec![
            ("started", plain(self.time(&manifest.started))),
            ("ended", self.said(ended.as_deref())),
            ("chosen", plain(self.t(chosen))),
            ("interrupted", plain(self.t(broken))),
            ("retries", plain(self.t("no_retries"))),
            ("deviations", self.listed_or_missing(&said.deviations)),
            ("subcontracted", self.listed_or_missing(&said.subcontracted)),
        ];
        self.fields(rows);
    }

    fn result(&mut self) {
        self.heading("result");
        let (verdict, said) = (self.material.verdict, self.said);
        let (overall, admission) = overall_words(verdict, self.language);
        let counts: Vec<String> = [
            (CaseOutcome::Passed, verdict.counts.passed),
            (CaseOutcome::Failed, verdict.counts.failed),
            (CaseOutcome::Inconclusive, verdict.counts.inconclusive),
            (CaseOutcome::NotApplicable, verdict.counts.not_applicable),
            (CaseOutcome::NotTested, verdict.counts.not_tested),
        ]
        .into_iter()
        .map(|(outcome, count)| format!("{}: {count}", word(outcome, self.language)))
        .collect();
        let lacks: Vec<String> =
            missing(self.material).iter().map(|m| m.line(self.language)).collect();
        let failed = verdict.cases.iter().filter(|c| c.verdict == CaseOutcome::Failed);
        let soft = failed.filter(|c| c.level != Level::Muss);
        let mut conditions: Vec<String> = soft
            .flat_map(|c| &c.findings)
            .filter(|f| f.severity == Severity::Fault)
            .map(|f| format!("[{}] {}", f.requirement, f.message))
            .collect();
        conditions.sort();
        conditions.dedup();
        conditions.extend(said.condition.iter().map(|c| match c.due {
            Some(due) => format!("{} ({} {})", c.text, self.t("due"), self.day(due)),
            None => c.text.clone(),
        }));
        let ended = self.material.manifest.ended.as_deref();
        let given = ended.and_then(|t| t.parse::<jiff::Timestamp>().ok());
        let given = given.map(|t| t.to_zoned(jiff::tz::TimeZone::UTC).date());
        let valid = match given.and_then(|day| said.validity.last_day(day)) {
            Some(day) => {
                format!("{} {}, {}", self.t("until"), self.day(day), self.t("until_version"))
            }
            None => self.t("until_version"),
        };
        let rows = vec![
            ("overall", plain(overall)),
            ("admission", plain(admission)),
            ("counts", plain(counts.join("\n"))),
            ("what_is_missing", self.listed(&lacks, "none")),
            ("conditions", self.listed(&conditions, "none")),
            ("validity", plain(valid)),
            ("surveillance", self.said(said.validity.surveillance.as_deref())),
            ("public_list", self.said(said.public_list.as_deref())),
        ];
        self.fields(rows);
    }

    fn requirements(&mut self) {
        self.heading("requirements");
        let verdict = self.material.verdict;
        let rows: Vec<Vec<Cell>> = self
            .material
            .plan
            .requirement
            .iter()
            .map(|r| {
                let result = result_of(&r.id, verdict.cases.iter());
                let mut title = r.title.clone();
                if let Some(why) = &r.not_tested {
                    title.push_str(&format!("\n{}: {why}", self.t("not_tested_because")));
                }
                let count = match result.failed.len() {
                    0 => result.cases.to_string(),
                    failed => format!("{failed} / {}", result.cases),
                };
                vec![
                    plain(r.id.as_str()),
                    plain(format!("{:?}", r.level).to_uppercase()),
                    plain(title),
                    Cell {
                        text: word(result.outcome, self.language).into(),
                        look: look(result.outcome),
                    },
                    plain(count),
                ]
            })
            .collect();
        let head = ["requirement", "level", "name", "verdict", "cases"].map(|k| self.t(k));
        self.out.table(&head, &[0.13, 0.09, 0.5, 0.17, 0.11], &rows);
    }

    fn findings(&mut self) {
        self.heading("findings");
        let rows: Vec<Vec<Cell>> = self
            .material
            .verdict
            .findings()
            .map(|(case, f)| {
                let weight = match (f.severity, case.level) {
                    (Severity::Note, _) => "note",
                    (Severity::Fault, Level::Muss) => "ko",
                    (Severity::Fault, _) => "fault",
                };
                let numbers: Vec<String> = f.evidence.iter().map(u64::to_string).collect();
                vec![
                    plain(format!("{}\n{}\n{}", self.t(weight), f.requirement, f.id)),
                    plain(format!(
                        "{}\n{}: {}\n{}: {}\n{}: {}\n{}: {}\n{}: {} {}",
                        f.message,
                        self.t("where"),
                        f.place,
                        self.t("expected"),
                        brief(&f.expected),
                        self.t("actual"),
                        brief(&f.actual),
                        self.t("hint"),
                        f.hint,
                        self.t("evidence"),
                        self.t("exchange"),
                        numbers.join(", ")
                    )),
                    plain(case.id.as_str()),
                ]
            })
            .collect();
        if rows.is_empty() {
            let none = self.t("no_findings");
            self.out.paragraph(&none, Look::Plain);
            return;
        }
        let head = ["severity", "finding", "case"].map(|k| self.t(k));
        self.out.table(&head, &[0.2, 0.52, 0.28], &rows);
    }

    fn cases(&mut self) {
        self.heading("results");
        let view = RunView::new(self.material.plan, self.material.evidence);
        let digests: HashMap<u64, String> = view
            .exchanges
            .iter()
            .map(|e| (e.number, Digest::of(&e.request).short().to_owned()))
            .collect();
        let rows: Vec<Vec<Cell>> =
            self.material.verdict.cases.iter().map(|c| self.case(c, &view, &digests)).collect();
        let head = ["case", "requirement", "verdict", "duration", "evidence"].map(|k| self.t(k));
        self.out.table(&head, &[0.42, 0.12, 0.14, 0.09, 0.23], &rows);
    }

    fn case(&self, c: &CaseVerdict, view: &RunView, digests: &HashMap<u64, String>) -> Vec<Cell> {
        let this = view.case(&c.id);
        let mut numbers: Vec<u64> =
            this.own.iter().chain(&this.received).map(|at| view.exchanges[*at].number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let evidence: Vec<String> = numbers
            .iter()
            .map(|n| format!("{n} ({})", digests.get(n).map_or("–", String::as_str)))
            .collect();
        let requirements: Vec<&str> = c.requirements.iter().map(|r| r.as_str()).collect();
        let mut text = format!("{}\n{} · {}", c.title, c.id, c.technique.name());
        for reason in &c.reasons {
            text.push_str(&format!("\n{reason}"));
        }
        for line in c.waiver.iter().map(|w| w.line()).chain(c.attested.iter().map(|a| a.line())) {
            text.push_str(&format!("\n{line}"));
        }
        vec![
            plain(text),
            plain(requirements.join(" ")),
            Cell { text: word(c.verdict, self.language).into(), look: look(c.verdict) },
            plain(format!("{} ms", c.duration_ms)),
            plain(evidence.join("\n")),
        ]
    }

    fn closing(&mut self) {
        let said = self.said;
        self.heading("opinions");
        let note = self.t("opinions_text");
        self.out.paragraph(&note, Look::Plain);
        let opinions =
            if said.opinions.is_empty() { self.t("none") } else { said.opinions.join("\n") };
        self.out.paragraph(&visible(&opinions), Look::Plain);
        self.heading("integrity");
        let head = self.material.evidence.head.as_ref().map_or("–", |d| d.0.as_str()).to_owned();
        let files: Vec<String> = self
            .material
            .manifest
            .inputs
            .iter()
            .map(|i| format!("{}\n{}", i.name, i.sha256))
            .collect();
        let alive: Vec<&str> = self
            .material
            .verdict
            .canaries
            .iter()
            .filter(|c| c.alive)
            .map(|c| c.checker.as_str())
            .collect();
        let verification =
            said.verification.clone().unwrap_or_else(|| self.t("verification_default"));
        let rows = vec![
            ("chain", plain(head)),
            ("annexes", plain(files.join("\n"))),
            ("canaries", plain(alive.join(", "))),
            ("verification", plain(verification)),
        ];
        self.fields(rows);
        let (scope, format_note) = (self.t("scope"), self.t("format_note"));
        self.out.paragraph(&scope, Look::Plain);
        self.out.paragraph(&format_note, Look::Plain);
        self.heading("authorisation");
        let line = |p: &Person| {
            let who = p.line();
            let who = if who.is_empty() { self.t("missing") } else { who };
            plain(format!("{who}\n{}: ______________________________", self.t("signature_line")))
        };
        let (tester, reviewer, decider) =
            (line(&said.tester), line(&said.reviewer), line(&said.decider));
        let rows = vec![("tester", tester), ("reviewer", reviewer), ("decider", decider)];
        self.fields(rows);
        let end = self.t("end");
        self.out.paragraph(&end, Look::Strong);
    }
}
