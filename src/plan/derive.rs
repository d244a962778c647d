//! From concept, organisation and catalogue to a plan. Same input, same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sha2::{Digest as _, Sha256};

use super::builder::CaseBuilder;
use super::case::{Expectation, Step, TestCase};
use super::catalogue::{Catalogue, Method};
use super::certifier;
use super::conditions::Rules;
use super::from_schema::{self, FromSchema};
use super::methods;
use super::own_side;
use super::pilot;
use super::planned;
use super::types::{
    EmbeddedFile, Head, NotMade, PairCoverage, PlanAuthority, PlanCodeList, PlanConversion,
    PlanKind, PlanMessage, PlanReceiver, PlanRequirement, PlanSystem, TestPlan, ValueSet,
};
use super::values::Source;
use crate::concept::{Aspect, Fault, Form, Level, LogAfter, Message, MessageKind, SystemConcept};
use crate::diagnostic::Diagnostics;
use crate::ids::{CaseId, ComponentKind, Correlator, Digest, RequirementId, SystemId};
use crate::organisation::{Authority, TestOrganisation};
use crate::xml::SchemaSet;

/// The format this version writes and reads.
pub const FORMAT: &str = "pruefstand/plan/1";

/// Why no plan could be derived.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    /// A file of the concept cannot be read.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// A schema does not load.
    #[error("message \"{message}\": {error}")]
    Schema {
        /// The message.
        message: String,
        /// Why.
        error: crate::xml::SchemaError,
    },
    /// Concept and organisation do not fit together.
    #[error("{0}")]
    Mismatch(String),
    /// The catalogue does not fit the concept.
    #[error(transparent)]
    Catalogue(#[from] Diagnostics),
}

/// What is to be derived.
#[derive(Debug, Clone, Copy)]
pub struct Scope {
    /// Highest Umsetzungsstufe.
    pub stage: u8,
    /// Component under test.
    pub component: ComponentKind,
    /// What the plan is for.
    pub kind: PlanKind,
}

/// Everything a method needs, and the plan as it grows.
pub(super) struct Derivation<'a> {
    pub concept: &'a SystemConcept,
    pub organisation: &'a TestOrganisation,
    pub source: Source<'a>,
    pub portal: SystemId,
    /// What is derived.
    pub scope: Scope,
    covers: BTreeMap<Aspect, Vec<RequirementId>>,
    /// Authorities by the services they offer.
    offers: BTreeMap<&'a str, Vec<usize>>,
    pub values: Vec<ValueSet>,
    pub cases: Vec<TestCase>,
    pub files: BTreeMap<String, Vec<u8>>,
    pub schemas: BTreeMap<String, SchemaSet>,
    /// Why the schema of a message cannot be used.
    pub unloadable: BTreeMap<String, String>,
    from_schema: BTreeMap<String, Rc<FromSchema>>,
    planned: Vec<PlanMessage>,
    /// Places in `planned`, since every case asks.
    planned_at: BTreeMap<String, usize>,
    pub rules: BTreeMap<String, Rules>,
    /// How many pairs of choices the combinations cover, by message.
    pub pairs: Vec<PairCoverage>,
    /// Cases that could not be made, with the reason.
    pub dropped: BTreeMap<CaseId, String>,
}

/// What the log must and must not show.
#[derive(Debug, Clone, Default)]
pub(super) struct LogDemand {
    pub events: Vec<String>,
    pub never: Vec<String>,
}

/// Derives a plan.
///
/// # Errors
/// When a file of the concept is missing, a schema does not load, or the organisation lacks what
/// the concept needs.
pub fn derive(
    concept: &SystemConcept,
    organisation: &TestOrganisation,
    catalogue: &Catalogue,
    scope: Scope,
) -> Result<TestPlan, DeriveError> {
    let portal = organisation.portal().ok_or_else(|| {
        DeriveError::Mismatch(
            "the organisation has no antragsportal; add a [[system]] with fake = \"antragsportal\""
                .into(),
        )
    })?;
    pilot::fits(concept, organisation, scope)?;
    let organisation = &concerned(concept, organisation);
    for system in &organisation.file.system {
        if !concept.file.receiver.iter().any(|r| r.id == system.receiver) {
            return Err(DeriveError::Mismatch(format!(
                "system \"{}\" takes format \"{}\", which the concept does not describe; add a [[receiver]] or change the system",
                system.id, system.receiver
            )));
        }
    }
    let mut covers: BTreeMap<Aspect, Vec<RequirementId>> = BTreeMap::new();
    for requirement in &concept.file.requirement {
        if requirement.component == scope.component && requirement.stage <= scope.stage {
            for aspect in &requirement.aspects {
                covers.entry(*aspect).or_default().push(requirement.id.as_str().into());
            }
        }
    }
    let parts = own_side::parts(organisation, scope.component);
    let mut d = Derivation {
        concept,
        organisation,
        source: Source { concept, organisation },
        portal: portal.id.clone(),
        scope,
        covers,
        offers: offers(organisation),
        values: Vec::new(),
        cases: Vec::new(),
        files: BTreeMap::new(),
        schemas: BTreeMap::new(),
        unloadable: BTreeMap::new(),
        from_schema: BTreeMap::new(),
        planned: vec![],
        planned_at: BTreeMap::new(),
        rules: BTreeMap::new(),
        pairs: vec![],
        dropped: BTreeMap::new(),
    };
    let all = planned::messages(&mut d)?;
    for planned in &all {
        if let Some(message) = concept.message(&planned.id).filter(|m| m.schema.is_none()) {
            d.add_rules(planned);
            for set in [d.source.minimal(message), d.source.maximal(message)] {
                let set = d.satisfying(planned, set)?;
                d.values.push(set);
            }
        }
    }
    d.planned_at = (0..).zip(&all).map(|(at, m)| (m.id.clone(), at)).collect();
    d.planned = all;
    for (number, part) in parts.iter().enumerate() {
        (d.organisation, d.offers) = (part, offers(part));
        for method in catalogue.file.method.iter().filter(|m| catalogue.applies(m)) {
            methods::apply(&mut d, method, number == 0);
        }
    }
    (d.organisation, d.offers) = (organisation, offers(organisation));
    let mut combinations: BTreeMap<String, usize> = BTreeMap::new();
    for case in d.cases.iter().filter(|c| c.method == "combination") {
        let message = case.id.0.split('/').nth(1).unwrap_or_default();
        *combinations.entry(message.to_owned()).or_default() += 1;
    }
    let (cases, left_out) = certifier::limit(std::mem::take(&mut d.cases), catalogue);
    d.cases = cases;
    d.only_used_files();
    if d.cases.is_empty() && catalogue.file.case.is_empty() {
        return Err(DeriveError::Mismatch(format!(
            "no requirement of stage {} for this component leads to a case; nothing would be tested",
            scope.stage
        )));
    }
    let mut plan = finish(d, catalogue, scope);
    plan.left_out = left_out;
    certifier::pairs_left(&mut plan, &combinations);
    certifier::add(&mut plan, catalogue)?;
    settle_requirements(&mut plan);
    pilot::only_what_is_shown(&mut plan);
    Ok(plan)
}

/// Authorities by the services they offer.
fn offers(organisation: &TestOrganisation) -> BTreeMap<&str, Vec<usize>> {
    let mut offers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, authority) in organisation.file.authority.iter().enumerate() {
        let services: BTreeSet<&String> = authority.services.iter().collect();
        for service in services {
            offers.entry(service).or_default().push(at);
        }
    }
    offers
}

/// What every case gets, whoever made it: its correlators, that nothing else happens, the
/// requirements behind its expectations, and the level that follows from them.
pub(super) fn complete(
    case: &mut TestCase,
    primary: RequirementId,
    level: impl Fn(&RequirementId) -> Option<Level>,
) {
    let sent: BTreeSet<u32> = case
        .step
        .iter()
        .filter_map(|s| match s {
            Step::Prompt { message, .. } => Some(message.number),
            other => other.sends().map(|message| message.number),
        })
        .collect();
    if case.correlators.is_empty() {
        case.correlators.extend(case.vorgaenge().into_iter().map(Correlator));
        for number in &sent {
            case.correlators.push(Correlator(nachricht_of(&case.id, *number)));
        }
    }
    // Who watches no receiver cannot say that nothing else reached one.
    if !sent.is_empty() && case.method != pilot::METHOD {
        case.expect.push(Expectation::NothingElse { requirement: primary });
    }
    for expectation in &case.expect {
        if !case.requirements.contains(expectation.requirement()) {
            case.requirements.push(expectation.requirement().clone());
        }
    }
    case.level = case.requirements.iter().filter_map(level).min().unwrap_or(Level::Kann);
}

/// Says of every requirement that has no case why, where the concept did not.
fn settle_requirements(plan: &mut TestPlan) {
    let used: BTreeSet<&RequirementId> = plan.case.iter().flat_map(|c| &c.requirements).collect();
    let left_out = !plan.left_out.is_empty();
    for requirement in &mut plan.requirement {
        if requirement.not_tested.is_none() && !used.contains(&requirement.id) {
            let limited =
                if left_out { " oder die Grenzen des Katalogs ließen keinen übrig" } else { "" };
            requirement.not_tested =
                Some(format!("kein Verfahren des Katalogs hat einen Testfall ergeben{limited}"));
        }
    }
}

/// The part of an organisation that a concept concerns: authorities that offer one of its services,
/// and the systems they use. Where a concept names no services, all of it.
fn concerned(concept: &SystemConcept, organisation: &TestOrganisation) -> TestOrganisation {
    let mut out = organisation.clone();
    if concept.file.service.is_empty() {
        return out;
    }
    let offered = |leika: &String| concept.file.service.iter().any(|s| &s.leika == leika);
    out.file.authority.retain(|a| a.services.iter().any(offered));
    let authorities = &out.file.authority;
    out.file.system.retain(|s| {
        s.kind == ComponentKind::Antragsassistent
            || authorities.iter().any(|a| {
                [&a.fachverfahren, &a.dms, &a.mailbox].into_iter().flatten().any(|id| id == &s.id)
            })
    });
    out
}

fn finish(d: Derivation<'_>, catalogue: &Catalogue, scope: Scope) -> TestPlan {
    let concept = &d.concept.file;
    let requirement = concept
        .requirement
        .iter()
        .map(|r| {
            let id = RequirementId::from(r.id.as_str());
            let not_tested = r.not_testable.clone().or_else(|| {
                if r.component != scope.component {
                    Some("betrifft eine andere Systemkomponente".to_owned())
                } else if r.stage > scope.stage {
                    Some(format!("gilt erst ab Umsetzungsstufe {}", r.stage))
                } else {
                    None
                }
            });
            PlanRequirement {
                id,
                level: r.level,
                title: r.title.clone(),
                component: r.component,
                stage: r.stage,
                roles: {
                    let roles: BTreeSet<_> = r.aspects.iter().filter_map(|a| a.role()).collect();
                    roles.into_iter().collect()
                },
                applies: r.component == scope.component && r.stage <= scope.stage,
                not_tested,
            }
        })
        .collect();
    let mut receiver: Vec<PlanReceiver> = concept
        .receiver
        .iter()
        .map(|r| PlanReceiver {
            id: r.id.clone(),
            kind: r.kind,
            form: r.form,
            root: r.root.clone(),
            namespace: r.namespace.clone(),
            order: r.order.clone(),
            own: r.own.clone(),
            documents: r.documents.clone(),
            folder: r.folder.clone(),
            lineage: concept
                .field
                .iter()
                .filter_map(|f| Some((f.id.clone(), f.arrives.get(&r.id)?.clone())))
                .collect(),
        })
        .collect();
    let hub = (scope.component != ComponentKind::Integrationsserver).then(own_side::played_hub);
    receiver.extend(hub.iter().map(|(_, receiver)| receiver.clone()));
    let head = &concept.concept;
    TestPlan {
        format: FORMAT.into(),
        plan: Head {
            id: match scope.kind {
                PlanKind::Zulassung => format!("{}-stufe-{}", head.id, scope.stage),
                PlanKind::Funktionstest => format!("{}-funktionstest", head.id),
            },
            title: pilot::title(&head.title, &d, scope),
            concept: format!("{} {}", head.id, head.version),
            concept_digest: d.concept.digest.clone(),
            organisation: format!(
                "{} {}",
                d.organisation.file.organisation.id, d.organisation.file.organisation.version
            ),
            organisation_digest: d.organisation.digest.clone(),
            catalogue: format!(
                "{} {}",
                catalogue.file.catalogue.id, catalogue.file.catalogue.version
            ),
            catalogue_digest: catalogue.digest.clone(),
            kind: scope.kind,
            test_mark: head.test_mark.clone(),
            component: scope.component,
            stage: scope.stage,
            settle_ms: catalogue.file.catalogue.settle_ms,
        },
        requirement,
        authority: d
            .organisation
            .file
            .authority
            .iter()
            .filter_map(|a| {
                Some(PlanAuthority {
                    id: a.id.clone(),
                    name: a.name.clone(),
                    ags: a.ags.clone(),
                    receiver: a.receiver()?.clone(),
                    dms: a.dms.clone(),
                    mail_address: a.mail_address.clone(),
                })
            })
            .collect(),
        system: d
            .organisation
            .file
            .system
            .iter()
            .map(|s| PlanSystem { id: s.id.clone(), kind: s.kind, receiver: s.receiver.clone() })
            .chain(hub.iter().map(|(system, _)| system.clone()))
            .collect(),
        receiver,
        code_list: concept
            .code_list
            .iter()
            .map(|l| PlanCodeList {
                id: l.id.clone(),
                uri: l.uri.clone(),
                version: l.version.clone(),
                codes: l.codes.keys().cloned().collect(),
                names: l.codes.clone(),
            })
            .collect(),
        transition: concept.transition.clone(),
        conversion: concept
            .conversion
            .iter()
            .map(|c| PlanConversion { id: c.id.clone(), codes: c.codes.clone() })
            .collect(),
        deadline: concept.deadline.clone(),
        message: d.planned,
        values: d.values,
        pairs: d.pairs,
        left_out: vec![],
        not_made: d.dropped.into_iter().map(|(case, reason)| NotMade { case, reason }).collect(),
        waiver: vec![],
        case: d.cases,
        file: d.files.into_iter().map(|(name, bytes)| embed(name, bytes)).collect(),
    }
}

fn embed(name: String, bytes: Vec<u8>) -> EmbeddedFile {
    use base64::Engine as _;
    let digest = Digest::of(&bytes);
    // TOML normalises line ends and forbids control characters in multi-line strings.
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains(['\r', '\u{FEFF}']) => {
            EmbeddedFile { name, digest, text: Some(text), base64: None }
        }
        Ok(text) => {
            let base64 = Some(base64::engine::general_purpose::STANDARD.encode(text));
            EmbeddedFile { name, digest, text: None, base64 }
        }
        Err(error) => {
            let base64 = Some(base64::engine::general_purpose::STANDARD.encode(error.as_bytes()));
            EmbeddedFile { name, digest, text: None, base64 }
        }
    }
}

/// The number of a case, derived from its id.
pub fn vorgang_of(case: &CaseId) -> String {
    let hash = Sha256::digest(format!("vorgang {case}"));
    let hex: String = hash.iter().take(6).map(|b| format!("{b:02X}")).collect();
    format!("PS-{hex}")
}

/// The number of one of several Vorgänge of a case, from 0; the first one is the case's own.
pub fn vorgang_nth(case: &CaseId, number: u32) -> String {
    match number {
        0 => vorgang_of(case),
        other => vorgang_of(&CaseId(format!("{case} {other}"))),
    }
}

/// The number of a case in the form of a UUID.
pub fn vorgang_uuid_of(case: &CaseId) -> String {
    nachricht_of(case, 0)
}

/// The id of a message in a case, in the form of a UUID; messages count from 1.
pub fn nachricht_of(case: &CaseId, number: u32) -> String {
    let hash = Sha256::digest(format!("nachricht {case} {number}"));
    let h: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..32])
}

impl<'a> Derivation<'a> {
    /// Messages of a kind that are given by groups.
    pub fn messages(&self, kind: MessageKind) -> Vec<&'a Message> {
        self.concept.file.message.iter().filter(|m| m.kind == kind && m.schema.is_none()).collect()
    }

    /// Applications that an authority takes.
    pub fn applications_of(&self, authority: &Authority) -> Vec<&'a Message> {
        let offered = |m: &&Message| self.leika(m).is_some_and(|l| authority.services.contains(&l));
        self.messages(MessageKind::Antrag).into_iter().filter(offered).collect()
    }

    /// Authorities that offer the service a message starts.
    pub fn offering(&self, message: &Message) -> Vec<&'a Authority> {
        let service = self.concept.service_of(message).map(|s| s.leika.as_str());
        let places = service.and_then(|s| self.offers.get(s));
        let all = &self.organisation.file.authority;
        places.into_iter().flatten().map(|&at| &all[at]).collect()
    }

    /// LeiKa key of the service a message starts.
    pub fn leika(&self, message: &Message) -> Option<String> {
        self.concept.service_of(message).map(|s| s.leika.clone())
    }

    /// The first authority per format, so that the work grows with formats, not with authorities.
    pub fn one_per_format(&self, message: &Message) -> Vec<&'a Authority> {
        let mut seen = BTreeSet::new();
        self.offering(message)
            .into_iter()
            .filter(|a| {
                let format = a.receiver().and_then(|r| self.organisation.system(r));
                format.is_some_and(|s| seen.insert(s.receiver.clone()))
            })
            .collect()
    }

    /// The requirement behind an aspect.
    pub fn requirement(&self, aspect: Aspect) -> Option<&RequirementId> {
        self.covers.get(&aspect).and_then(|list| list.first())
    }

    /// Starts a case, if any requirement wants it.
    pub fn case(
        &self,
        method: &Method,
        id: String,
        title: String,
        aspect: Aspect,
    ) -> Option<CaseBuilder> {
        let primary = self.requirement(aspect)?.clone();
        let requirements = self.covers.get(&aspect).cloned().unwrap_or_default();
        let id = CaseId(format!("{}/{id}", method.id));
        let case = TestCase {
            title,
            technique: method.technique,
            method: method.id.clone(),
            level: Level::Kann,
            requirements,
            correlators: vec![],
            exclusive: false,
            fresh_state: false,
            step: vec![],
            expect: vec![],
            id,
        };
        Some(CaseBuilder::new(primary, case))
    }

    /// The code a rejection must carry.
    pub fn code(&self, fault: Fault) -> Option<String> {
        self.concept.rejection_code(fault).map(str::to_owned)
    }

    /// Finishes a case.
    pub fn push(&mut self, builder: CaseBuilder) {
        let (mut case, primary) = builder.finish();
        if self.scope.component == ComponentKind::Fachverfahren {
            match own_side::of_fachverfahren(self, case) {
                Some(seen) => case = seen,
                None => return,
            }
        }
        if let Err(reason) = self.keep_rules(&mut case) {
            self.dropped.insert(case.id, reason);
            return;
        }
        self.documents_with_content(&mut case);
        complete(&mut case, primary, |id| {
            self.concept.file.requirement.iter().find(|r| r.id == id.as_str()).map(|r| r.level)
        });
        self.cases.push(case);
    }

    /// What the schema of a message gives.
    ///
    /// # Errors
    /// With the reason why it gives nothing; the same at every call.
    pub fn standard(&mut self, message: &Message) -> Result<Rc<FromSchema>, String> {
        if let Some(made) = self.from_schema.get(&message.id) {
            return Ok(made.clone());
        }
        if let Some(reason) = self.unloadable.get(&message.id) {
            return Err(reason.clone());
        }
        let made = match (&message.schema, self.schemas.get(&message.id)) {
            (Some(schema), Some(set)) => from_schema::make(message, schema, set),
            _ => Err("die Nachricht hat kein eigenes Schema".to_owned()),
        };
        match made {
            Ok(made) => {
                let made = Rc::new(made);
                self.from_schema.insert(message.id.clone(), made.clone());
                Ok(made)
            }
            Err(reason) => {
                self.unloadable.insert(message.id.clone(), reason.clone());
                Err(reason)
            }
        }
    }

    /// Drops derived messages whose cases a limit left out.
    fn only_used_files(&mut self) {
        let used: BTreeSet<&String> = self
            .cases
            .iter()
            .flat_map(|c| &c.step)
            .filter_map(|s| s.message()?.sample.as_ref())
            .collect();
        self.files.retain(|name, _| !name.starts_with(from_schema::FOLDER) || used.contains(name));
    }

    /// A message as the plan will hold it.
    pub fn planned(&self, id: &str) -> Option<&PlanMessage> {
        self.planned_at.get(id).map(|&at| &self.planned[at])
    }

    /// A value set of a message.
    pub fn value_set(&self, message: &str, name: &str) -> Option<&ValueSet> {
        self.values.iter().find(|v| v.id.strip_prefix(message) == Some(&format!("/{name}")))
    }

    /// Wherever the content of a message is compared, so are its documents.
    fn documents_with_content(&self, case: &mut TestCase) {
        use super::case::Expectation as E;
        let mut more = Vec::new();
        for expectation in &case.expect {
            let E::Content { requirement, step, system } = expectation else { continue };
            let carries = case.step.iter().any(|s| match s {
                Step::Send { name, message, .. } if name == step => {
                    self.concept.message(&message.message).is_some_and(|m| !m.documents.is_empty())
                }
                _ => false,
            });
            let there = case.expect.iter().any(|e| {
                matches!(e, E::Documents { step: s, system: t, .. } if s == step && t == system)
            });
            if carries && !there {
                more.push(E::Documents {
                    requirement: requirement.clone(),
                    step: step.clone(),
                    system: system.clone(),
                });
            }
        }
        case.expect.extend(more);
    }

    /// Log events after an accepted message at an authority.
    pub fn log_events(&self, after: LogAfter, authority: &Authority) -> LogDemand {
        let Some(profile) = self.concept.file.log.iter().find(|l| l.after == after) else {
            return LogDemand::default();
        };
        let mut out = Vec::new();
        for event in &profile.events {
            match event.as_str() {
                "{zustellung}" if authority.fachverfahren.is_none() => out.push("gemailt".into()),
                "{zustellung}" => out.push("zugestellt".into()),
                "{ablage}" if authority.dms.is_some() => out.push("abgelegt".into()),
                "{ablage}" => {}
                "umgeformt" if !self.maps(authority) => {}
                other => out.push(other.to_owned()),
            }
        }
        LogDemand { events: out, never: profile.never.clone() }
    }

    /// Whether a format of its own is made for an authority's Fachverfahren.
    fn maps(&self, authority: &Authority) -> bool {
        let system = authority.fachverfahren.as_ref().and_then(|id| self.organisation.system(id));
        let mut receivers = self.concept.file.receiver.iter();
        system.is_some_and(|s| receivers.any(|r| r.id == s.receiver && r.form == Form::Mapped))
    }

    /// A deadline of the concept.
    pub fn within(&self, kind: crate::concept::DeadlineKind) -> u32 {
        self.concept.file.deadline.iter().find(|x| x.kind == kind).map_or(10_000, |x| x.within_ms)
    }
}
